"""A real process, a real server and a real disk, struck at every effect."""
