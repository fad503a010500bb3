"""From what is wanted, seen and remembered to a plan. Pure: no I/O, no clock, no randomness."""
