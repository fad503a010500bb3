"""Where the locks are that a command is about: those of the manifests, and lockfiles whose manifest is gone."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
import msgspec

from reconciler.cli.options import file_option, lock_store_option, talk_options

if TYPE_CHECKING:
    from reconciler.lock.stores.files import FileStore
    from reconciler.lock.stores.git import GitStore

NAME = re.compile(r"[a-z0-9-]{1,63}")
"""What a campaign may be called: never a path to somewhere else."""

F = TypeVar("F", bound=Callable[..., Any])


class Talk(msgspec.Struct, frozen=True):
    """Where the locks are, and how to talk."""

    files: tuple[Path, ...]
    lock_store: Path | None
    is_quiet: bool
    verbosity: int
    no_color: bool


def state_options(command: F) -> F:
    """Gives a command the options of `Talk`, and hands them to it as its first argument."""

    @wraps(command)
    def gathered(
        files: tuple[Path, ...], lock_store: Path | None, is_quiet: bool, verbosity: int, no_color: bool, **rest: Any
    ) -> Any:
        return command(Talk(files, lock_store, is_quiet, verbosity, no_color), **rest)

    wrapped: Any = gathered
    return file_option(lock_store_option(talk_options(wrapped)))  # type: ignore[no-any-return]


def held_stores(talk: Talk, name: str) -> list[GitStore | FileStore]:
    """The store of this campaign; of what is under a cap, one for each place. Raises UsageError when there is none."""
    from reconciler.cli.capped import GATE, gates
    from reconciler.cli.stores import git_branch, open_store
    from reconciler.lock.stores.files import FileStore
    from reconciler.manifest.load import load

    if name != GATE and git_branch(talk.lock_store) is None:
        return [FileStore(locate(talk, name), name)]
    campaigns = load(talk.files).campaigns
    chosen = gates(campaigns, talk.lock_store) if name == GATE else [each for each in campaigns if each.name == name]
    if not chosen:
        what = "no campaign here is under a cap"
        raise click.UsageError(what if name == GATE else "there is no campaign of that name among the manifests")
    return [cast("GitStore | FileStore", open_store(campaign, talk.lock_store)) for campaign in chosen]


def refuse_git(talk: Talk) -> None:
    """Raises UsageError where the locks are in Git: what is done by hand is done to files."""
    from reconciler.cli.stores import git_branch

    if git_branch(talk.lock_store) is not None:
        raise click.UsageError(
            "this works on lockfiles in a folder: check the branch out, and name its folder with --lock-store"
        )


def locks(talk: Talk) -> dict[str, tuple[Path, bool]]:
    """By name of the campaign: the folder its lock is in, and whether there is a manifest of it."""
    from reconciler.lock.stores.files import lock_names

    refuse_git(talk)
    declared = _declared(talk)
    folders = [talk.lock_store] if talk.lock_store else [*dict.fromkeys([*declared.values(), *_given(talk)])]
    found = {name: folder for folder in folders if folder.is_dir() for name in lock_names(folder)}
    return {name: (folder, name in declared) for name, folder in sorted((found | declared).items())}


def locate(talk: Talk, name: str) -> Path:
    """The folder of this campaign's lock. Raises UsageError when no manifest and no lockfile has the name."""
    known = locks(talk)
    if name not in known:
        # Only the names that exist are repeated: what was given could be anything.
        raise click.UsageError(f"there is no campaign and no lockfile of that name; there are: {_names(known)}")
    return known[name][0]


def _names(known: dict[str, tuple[Path, bool]]) -> str:
    return ", ".join(known) or "none"


def _declared(talk: Talk) -> dict[str, Path]:
    """The campaigns of the manifests; of broken ones, those that can be read: their locks are needed all the same."""
    from reconciler.manifest.load import load

    return {campaign.name: talk.lock_store or campaign.folder for campaign in load(talk.files).campaigns}


def _given(talk: Talk) -> list[Path]:
    return [path if path.is_dir() else path.parent for path in talk.files]
