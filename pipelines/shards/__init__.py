"""From a table of albums to Parquet shards with covers and latents, on one machine or many, and into a library."""
