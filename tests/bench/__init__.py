"""What the app sends and how long it takes, in a real pseudo-terminal: `python -m tests.bench`."""
