"""Options that several commands share. Every option can also be given as a `CAMPAIGN_…` variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from reconciler.cli.shard import Shard, ShardType

if TYPE_CHECKING:
    from reconciler.cli.shared import Shared

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
    parallelism: int
    shard: Shard | None
    shared: Shared


class _Real(click.FloatRange):
    """A number in a range. NaN is refused: it is in every range, and no wait for it ever ends or begins."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; fails with what would be right."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"is not a number of {self.name}", param, ctx)
        return number


class Seconds(_Real):
    """A number of seconds."""

    name = "seconds"


class Rate(_Real):
    """A number of requests a second."""

    name = "requests a second"


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


def campaign_names(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 - what click hands over
    incomplete: str,
) -> list[str]:
    """Names of campaigns for the shell to complete; those of manifests with errors are left out."""
    from reconciler.manifest.load import load

    loaded = load([*map(Path, context.params.get("files") or (".",))])
    return [campaign.name for campaign in loaded.campaigns if campaign.name.startswith(incomplete)]


target_option = option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    shell_complete=campaign_names,
    help="Only campaigns of this name; * and ? stand for parts of it.",
)
lock_store_option = option(
    "--lock-store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER|git:BRANCH",
    help="Folder of the lockfiles, or the branch they are kept in on the remote. Default: beside each manifest.",
)


def seconds_option(name: str, default: float, what: str, *, least: float = 1, most: float = 3600) -> Callable[[F], F]:
    """An option for a time: `--timeout` is handed over as `timeout_s`."""
    given = Seconds(min=least, max=most)
    target = f"{name.removeprefix('--')}_s"
    return option(name, target, type=given, default=default, show_default=True, metavar="SECONDS", help=what)


timeout_option = seconds_option("--timeout", 60, "How long one request may take.")
parallelism_option = option(
    "--parallelism",
    type=click.IntRange(min=1, max=32),
    default=4,
    show_default=True,
    metavar="N",
    help="Requests of one campaign under way at once.",
)
rate_option = option(
    "--rate",
    type=Rate(min=0.01, max=10_000),
    metavar="R",
    help="At most so many requests a second, all campaigns of the run together. Default: no limit.",
)
shard_option = option(
    "--shard",
    type=ShardType(),
    help="Only part I of N of the campaigns, for runs that share them; by name, so that each is in one part only.",
)
jobs_option = option(
    "--jobs",
    type=click.IntRange(min=1, max=64),
    default=4,
    show_default=True,
    metavar="N",
    help="Campaigns worked on at once.",
)
_TALK = (
    option("-q", "--quiet", "is_quiet", is_flag=True, help="No progress and no messages, only results and errors."),
    option("-v", "--verbose", "verbosity", count=True, help="Say more; -vv also names every request."),
    option("--no-color", is_flag=True, help="No colours. NO_COLOR and FORCE_COLOR are respected too."),
)


_WHERE = (file_option, target_option, shard_option, lock_store_option)
_HOW = (timeout_option, parallelism_option, rate_option)


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
        parallelism: int,
        rate: float | None,
        shard: Shard | None,
        **rest: Any,
    ) -> Any:
        from reconciler.cli.shared import Shared

        where, talk = (files, targets, lock_store, timeout_s), (is_quiet, verbosity, no_color)
        return command(Common(*where, *talk, parallelism, shard, Shared.at(rate)), **rest)

    wrapped: Any = gathered
    return _with(wrapped, (*_WHERE, *_HOW, *_TALK))  # type: ignore[no-any-return]


settle_option = seconds_option(
    "--settle",
    120,
    "How long a request whose answer was lost may still take effect; nothing is sent again before.",
    least=0,
    most=86_400,
)

_SENDING = (
    option(
        "--batch",
        type=click.IntRange(min=1, max=100_000),
        default=2000,
        show_default=True,
        metavar="N",
        help="Calls per request.",
    ),
    settle_option,
    # No variable: left in an environment it would wave through what it is there to stop.
    click.option(
        "--first", "is_first", is_flag=True, help="Nobody was ever added to this campaign: it needs no lockfile yet."
    ),
)


def sending_options(command: F) -> F:
    """Gives a command the options of whoever adds calls: `batch`, `settle_s` and `is_first`."""
    return _with(command, _SENDING)
