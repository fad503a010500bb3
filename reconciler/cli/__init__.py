"""The command line: one file a command. Parse, call, exit; what is heavy is imported inside the commands."""
