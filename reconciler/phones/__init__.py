"""Phone lists: files and inline phones in, the calls that are wanted out."""
