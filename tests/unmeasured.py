"""Processes that are not measured for coverage, which takes them twice as long."""

from __future__ import annotations

import os


def environment() -> dict[str, str]:
    """This process's environment, without what makes a Python that is started with it measure what it covers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
