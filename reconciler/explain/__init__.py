"""One call from all sides: its request, its hours, what is known of it, what a plan would do with it and why."""
