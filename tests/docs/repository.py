"""This repository's own pages, and the environment their commands run in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.docs.helptexts import Help

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("*.md", "docs/**/*.md", "examples/**/*.md", "bench/**/*.md")
PAGES = tuple(sorted(path for name in NAMES for path in ROOT.glob(name)))


def environment() -> dict[str, str]:
    """A terminal of 110 columns without colours, our `campaign` on the path, none of the developer's settings.

    Nor is coverage measured in there: it doubles the time of every command, and it is measured elsewhere.
    """
    ours = ("CAMPAIGN_", "PYTEST_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return {**kept, "PATH": path, "COLUMNS": "110", "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def campaign_help() -> Help:
    """The help of the `campaign` that is installed."""
    return Help(("campaign",), environment())
