"""What draws the covers of the demo library, and makes the shard that ships with it."""
