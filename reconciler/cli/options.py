"""Options that several commands share. Every option can also be given as a `CAMPAIGN_…` variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

F = TypeVar("F", bound=Callable[..., Any])


class Common(msgspec.Struct, frozen=True):
    """What was said about where things are and how to talk."""

    files: tuple[Path, ...]
    targets: tuple[str, ...]
    lock_store: Path | None
    timeout_s: float
    is_quiet: bool
    verbosity: int
    no_color: bool


class Seconds(click.FloatRange):
    """A number of seconds in a range. NaN is refused: it is in every range, and no wait for it ever ends or begins."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The seconds; fails with what would be right."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail("is not a number of seconds", param, ctx)
        return seconds


def option(*names: str, variable: str = "", **settings: Any) -> Callable[[F], F]:
    """A click option that may also be given as a variable, named after its first long name unless said otherwise."""
    long_name = next(name for name in names if name.startswith("--")).split("/")[0]
    named = variable or "CAMPAIGN_" + long_name.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=named, show_envvar=True, **settings)


file_option = option(
    "-f",
    "--file",
    "files",
    multiple=True,
    default=(".",),
    show_default="the current folder",
    type=click.Path(path_type=Path),
    help="Manifest file or folder; may be given several times.",
)
target_option = option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    help="Only campaigns of this name; * and ? stand for parts of it.",
)
lock_store_option = option(
    "--lock-store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER|git:BRANCH",
    help="Folder of the lockfiles, or the branch they are kept in on the remote. Default: beside each manifest.",
)
timeout_option = option(
    "--timeout",
    "timeout_s",
    type=Seconds(min=1, max=3600),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long one request may take.",
)
_TALK = (
    option("-q", "--quiet", "is_quiet", is_flag=True, help="No progress and no messages, only results and errors."),
    option("-v", "--verbose", "verbosity", count=True, help="Say more; -vv also names every request."),
    option("--no-color", is_flag=True, help="No colours. NO_COLOR and FORCE_COLOR are respected too."),
)


def talk_options(command: F) -> F:
    """Gives a command the options that say how to talk: `is_quiet`, `verbosity` and `no_color`."""
    return _with(command, _TALK)


def _with(command: F, options: Iterable[Callable[[Any], Any]]) -> F:
    """`command` with options, shown in this order."""
    wrapped: Any = command
    for add in reversed(tuple(options)):
        wrapped = add(wrapped)
    return wrapped  # type: ignore[no-any-return]


def common_options(command: F) -> F:
    """Gives a command the options of `Common`, and hands them to it as its first argument."""

    @wraps(command)
    def gathered(
        files: tuple[Path, ...],
        targets: tuple[str, ...],
        lock_store: Path | None,
        timeout_s: float,
        is_quiet: bool,
        verbosity: int,
        no_color: bool,
        **rest: Any,
    ) -> Any:
        return command(Common(files, targets, lock_store, timeout_s, is_quiet, verbosity, no_color), **rest)

    wrapped: Any = gathered
    return _with(wrapped, (file_option, target_option, lock_store_option, timeout_option, *_TALK))  # type: ignore[no-any-return]
