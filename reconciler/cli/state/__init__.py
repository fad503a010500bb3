"""`campaign state …`: looking at locks, and changing them by hand. One file per command."""
