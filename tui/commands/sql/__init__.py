"""Commands about hearing: what plays, what was played, and where it comes from."""
