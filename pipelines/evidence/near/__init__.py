"""Whether neighbourhoods are any good, by what they were not shown."""
