"""Where a command writes: results to stdout, messages and progress to stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from copy import copy
from typing import TYPE_CHECKING, TextIO

from reconciler.render.console import make_consoles
from reconciler.render.messages import error_text, warning_text
from reconciler.render.page import BLANK, Line, about, line, write
from reconciler.render.progress import Progress, for_terminal

if TYPE_CHECKING:
    from reconciler.render.several import Several

NAMES_REQUESTS = 2
"""Verbosity from which every request is named."""


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
        self._name = ""
        self._shown = [""]  # whose result was written last; one list for all that write to these consoles
        if verbosity >= NAMES_REQUESTS:
            _log_to_stderr()

    def about(self, name: str) -> Terminal:
        """The same, for one campaign of several: its messages begin with its name."""
        named = copy(self)
        named._name = name
        return named

    def held(self, keep: Callable[[Callable[[], None]], None], progress: Callable[[], Progress]) -> Terminal:
        """One for a thread: it writes nothing, but hands what is to be done for it to `keep`, ready to be written."""
        return _Held(self, keep, progress)

    def show(self, lines: Iterable[Line]) -> None:
        """Writes a result."""
        self._write(lines, is_result=True)

    def show_text(self, text: str) -> None:
        """Writes a result of one line."""
        self.show([line(text)])

    def say(self, message: str) -> None:
        """Writes a message for the person watching, unless quiet."""
        if not self._is_quiet:
            self._write([line(message)])

    def detail(self, message: str) -> None:
        """Writes a message for somebody who asked for more."""
        if self._verbosity:
            self.say(message)

    def warn(self, what: str, hint: str = "") -> None:
        """Writes a warning, also when quiet."""
        self._write(warning_text(what, hint))

    def error(self, error: BaseException) -> None:
        """Writes what went wrong."""
        self._write(error_text(error))

    def progress(self) -> Progress:
        """A progress bar, lines, or nothing, as suits the terminal."""
        return for_terminal(self._consoles.err, quiet=self._is_quiet, verbose=self._verbosity > 0)

    def several(self, label: str, total: int) -> Several:
        """The progress of so many campaigns that are worked on at once."""
        from reconciler.render.several import Several  # rich's bars are slow to import

        # Names of requests are written as they come: a bar would be torn.
        is_bar = self._consoles.err.is_terminal and self._verbosity < NAMES_REQUESTS
        is_shown = not self._is_quiet and (is_bar or self._verbosity > 0)
        return Several(self._consoles.err, label, total, is_bar=is_bar) if is_shown else Several(None, label, total)

    def _write(self, lines: Iterable[Line], *, is_result: bool = False) -> None:
        if is_result:
            if self._name and self._shown[0] not in ("", self._name):
                write(self._consoles.out, [BLANK])
            self._shown[0] = self._name
            write(self._consoles.out, lines)
        else:
            write(self._consoles.err, about(self._name, lines) if self._name else lines)


class _Held(Terminal):
    """Writes nothing: a console is of one thread."""

    def __init__(
        self, real: Terminal, keep: Callable[[Callable[[], None]], None], progress: Callable[[], Progress]
    ) -> None:
        vars(self).update(vars(real))
        self._keep, self._progress = keep, progress

    def progress(self) -> Progress:
        """This campaign's part in the progress of all."""
        return self._progress()

    def _write(self, lines: Iterable[Line], *, is_result: bool = False) -> None:
        ready = tuple(lines)
        self._keep(lambda: super(_Held, self)._write(ready, is_result=is_result))


def _log_to_stderr() -> None:
    """Shows our own log records: names of requests, never a URL."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    ours = logging.getLogger("reconciler")
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
