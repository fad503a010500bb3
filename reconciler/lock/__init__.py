"""What is remembered between runs: the lockfile, the journal of the run in flight, and the mutex around both."""
