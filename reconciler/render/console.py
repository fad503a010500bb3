"""The two consoles of a command: what was asked for on stdout, messages and progress on stderr.

Colours: `--no-color` and NO_COLOR switch them off, FORCE_COLOR on (for CI systems that show them), else a terminal
has them. A terminal's width is its own, and followed when it changes; anything else is 100 columns wide.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, TextIO

from rich.console import Console

WIDTH = 100
"""Columns where there is no terminal: fixed, so that logs and golden files do not depend on where they are made."""


class Consoles(NamedTuple):
    """Where a command writes."""

    out: Console
    err: Console


def make_consoles(out: TextIO, err: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> Consoles:
    """The consoles on these two streams; a stream that cannot encode a bullet gets `?` instead of an error."""
    return Consoles(*(_console(stream, environ, no_color=no_color) for stream in (out, err)))


class _PatientConsole(Console):
    """A console whose reader may go away (`campaign plan | head`) without ending the run: an apply must go on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        try:
            # What is left in the stream's buffer would raise once more when Python flushes it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
        except OSError:
            return


def _console(stream: TextIO, environ: Mapping[str, str], *, no_color: bool) -> Console:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")
    is_terminal = stream.isatty() and environ.get("TERM") != "dumb"
    return _PatientConsole(
        file=stream,
        width=None if is_terminal else WIDTH,
        force_terminal=is_terminal,
        # The sixteen colours every terminal has, in the shades its user chose.
        color_system="standard" if _has_colour(is_terminal, environ, no_color=no_color) else None,
        no_color=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        _environ=environ,
    )


def _has_colour(is_terminal: bool, environ: Mapping[str, str], *, no_color: bool) -> bool:
    if no_color or environ.get("NO_COLOR"):
        return False
    return is_terminal or environ.get("FORCE_COLOR", "") not in ("", "0", "false")
