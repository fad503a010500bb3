"""Where a command writes: results to stdout, messages and progress to stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from typing import TextIO

from reconciler.render.console import make_consoles
from reconciler.render.messages import error_text, warning_text
from reconciler.render.page import Line, line, write
from reconciler.render.progress import Progress, for_terminal


def can_ask() -> bool:
    """Whether somebody can answer: stdin is a terminal. Services may run without any stdin."""
    # typeshed knows no closed stdin: Python sets it to None.
    stdin: TextIO | None = sys.stdin
    return stdin is not None and stdin.isatty()


class Terminal:
    """The two streams of a command, and how much is said on them."""

    def __init__(self, *, is_quiet: bool = False, verbosity: int = 0, no_color: bool = False) -> None:
        self._consoles = make_consoles(sys.stdout, sys.stderr, os.environ, no_color=no_color)
        self._is_quiet, self._verbosity = is_quiet, verbosity
        if verbosity > 1:
            _log_to_stderr()

    def show(self, lines: Iterable[Line]) -> None:
        """Writes a result."""
        write(self._consoles.out, lines)

    def show_text(self, text: str) -> None:
        """Writes a result of one line."""
        self.show([line(text)])

    def say(self, message: str) -> None:
        """Writes a message for the person watching, unless quiet."""
        if not self._is_quiet:
            write(self._consoles.err, [line(message)])

    def detail(self, message: str) -> None:
        """Writes a message for somebody who asked for more."""
        if self._verbosity:
            self.say(message)

    def warn(self, what: str, hint: str = "") -> None:
        """Writes a warning, also when quiet."""
        write(self._consoles.err, warning_text(what, hint))

    def error(self, error: BaseException) -> None:
        """Writes what went wrong."""
        write(self._consoles.err, error_text(error))

    def progress(self) -> Progress:
        """A progress bar, lines, or nothing, as suits the terminal."""
        return for_terminal(self._consoles.err, quiet=self._is_quiet, verbose=self._verbosity > 0)


def _log_to_stderr() -> None:
    """Shows our own log records: names of requests, never a URL."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    ours = logging.getLogger("reconciler")
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
