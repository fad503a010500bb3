"""Reading: what the lock remembers and what the server reports, with every check that they belong together."""
