"""Whether a run is at work on campaigns that are paused in an emergency: its plan is older, and may undo the pause.

Nothing here waits for such a run. Where nobody can look, that is said as if there was one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from reconciler.lock.stores.repository import Repository
    from reconciler.manifest.model import Campaign

_END_IT = "end that run, then halt again"
_UNSEEN = "make sure that none is, then halt again"


class AtWork(msgspec.Struct, frozen=True):
    """Why a campaign may be started again, and what to do."""

    what: str
    hint: str = _END_IT


class Runs:
    """The runs on these campaigns, as far as their locks show them, in folders or in a branch on the remote."""

    def __init__(self, campaigns: Iterable[Campaign] = (), lock_store: Path | None = None) -> None:
        from reconciler.cli.stores import git_branch

        self._campaigns = {campaign.name: campaign for campaign in campaigns}
        self._folder, self._branch = lock_store, git_branch(lock_store)

    def in_folder(self, name: str) -> AtWork | None:
        """The run that holds this campaign's lock in a folder now; None also where its lock is in Git or not known.

        To be asked after the pause: a run that takes the lock later makes its plan later, too.
        """
        if name not in self._campaigns or self._branch is not None:
            return None
        from reconciler.lock.stores.files import FileStore

        folder = self._folder or self._campaigns[name].folder
        try:
            if not folder.is_dir():
                return _unseen("--lock-store is not a folder")
            is_held, told = FileStore(folder, name).holder()
        except OSError as error:
            return _unseen(error.strerror or type(error).__name__)
        return AtWork(f"a run is at work on it; its lock is held {told}") if is_held else None

    def in_git(self, names: Iterable[str], timeout_s: float) -> dict[str, AtWork]:
        """The runs that claim locks of these campaigns on the remote now, by campaign; none for locks in folders.

        Each git command may take `timeout_s`; Ctrl-C ends the looking, not the program.
        """
        folders: dict[Path, list[str]] = {}
        for name in names if self._branch is not None else ():
            folders.setdefault(self._campaigns[name].folder, []).append(name)
        remotes = _Remotes(self._branch or "", timeout_s)
        found: dict[str, AtWork] = {}
        try:
            for folder, there in folders.items():
                found |= remotes.claims(folder, there)
        except KeyboardInterrupt:
            left = [name for of_folder in folders.values() for name in of_folder if name not in found]
            found |= dict.fromkeys(left, _unseen("stopped before Git answered"))
        return found


class _Remotes:
    """The claims on the remotes of clones. Each remote is asked once, also one that does not answer."""

    def __init__(self, branch: str, timeout_s: float) -> None:
        self._branch, self._timeout_s = branch, timeout_s
        self._refs: dict[Path, frozenset[str] | Exception] = {}

    def claims(self, folder: Path, names: Iterable[str]) -> Mapping[str, AtWork]:
        """The runs that claim locks of these campaigns, whose manifests are in `folder`."""
        from reconciler.errors import LockError
        from reconciler.lock.stores.git import claim_ref
        from reconciler.lock.stores.repository import Repository

        repository = Repository(folder, patience_s=self._timeout_s)
        try:
            refs, inner = self._asked(repository), repository.inner_path()
        except (LockError, OSError, ValueError) as error:  # the pauses are still to be summed up
            why = str(error) if isinstance(error, LockError) else type(error).__name__
            return dict.fromkeys(names, _unseen(why))
        return {name: _claimed(name) for name in names if claim_ref(self._branch, inner, name) in refs}

    def _asked(self, repository: Repository) -> frozenset[str]:
        from reconciler.errors import LockError
        from reconciler.lock.stores.git import CLAIMS

        clone = repository.own_folder()
        if clone not in self._refs:
            try:
                self._refs[clone] = repository.refs(f"{CLAIMS}/*")
            except LockError as error:
                self._refs[clone] = error
        if isinstance(refs := self._refs[clone], Exception):
            raise refs
        return refs


def _claimed(name: str) -> AtWork:
    says_which = f"`campaign state unlock {name}` with the same --lock-store says which run, and asks before it acts"
    return AtWork("a run is at work on it; its lock in Git is claimed", f"{says_which}; {_END_IT}")


def _unseen(why: str) -> AtWork:
    return AtWork(f"nobody can see whether a run is at work on it ({why})", _UNSEEN)
