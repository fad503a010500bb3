"""`python -m reconciler` is `campaign`."""

from reconciler.cli.main import run

run()
