"""What the shell and `man` know of sleevewalk."""
