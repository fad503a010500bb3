"""A real browser that opens a page without a window: Chromium, where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",  # where the console of the page is written to
)


class Seen(NamedTuple):
    """What a page became, and what its console said: script errors, and everything its policy refused."""

    dom: str
    console: list[str]


def chromium() -> str | None:
    """The browser's path, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def opened(page: Path, profile: Path, fragment: str = "", *flags: str) -> Seen:
    """The page once it is loaded and its script has run."""
    path = chromium()
    assert path is not None
    address = page.as_uri() + (f"#{fragment}" if fragment else "")
    arguments = [path, *FLAGS, f"--user-data-dir={profile}", *flags, "--dump-dom", address]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120)
    return Seen(ran.stdout, re.findall(r"CONSOLE[^\]]*\] (.*)", ran.stderr))
