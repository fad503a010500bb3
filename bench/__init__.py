"""What the program costs, beside the least it could cost: `make bench`."""
