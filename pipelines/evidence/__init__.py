"""The evidence: does a sleeve say anything about the music? Measured, with its baselines, and written as a report."""
