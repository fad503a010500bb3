"""`--lock-store`: which store a campaign's lock is in. A folder, or `git:BRANCH`."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.cli.manifests import lock_folder
from reconciler.lock.stores import Store
from reconciler.lock.stores.files import FileStore
from reconciler.lock.stores.heads import Heads
from reconciler.manifest.model import Campaign

GIT = "git:"


def lock_secret() -> str | None:
    """What the digests of locks are made with; None where nothing is configured."""
    return os.environ.get("CAMPAIGN_LOCK_SECRET") or None


def git_branch(lock_store: Path | None) -> str | None:
    """The branch that `git:BRANCH` names; None for a folder."""
    text = str(lock_store or "")
    return text.removeprefix(GIT) if text.startswith(GIT) else None


def open_store(
    campaign: Campaign, lock_store: Path | None, *, who: str = "", what: str = "", heads: Heads | None = None
) -> Store:
    """The store of the campaign's lock. Raises UsageError for what is none, LockError when Git cannot be used.

    `who` names the run to others that find the lock held, and `what` what it holds, if that is not the campaign.
    `heads` are first lines that several campaigns look at.
    """
    branch = git_branch(lock_store)
    if branch is None:
        return FileStore(lock_folder(campaign, lock_store), campaign.name, heads, what=what)
    from reconciler.errors import UsageError
    from reconciler.lock.stores.git import GitStore
    from reconciler.lock.stores.repository import Repository

    if not branch or branch.startswith("-") or any(sign in branch for sign in " ~^:?*[\\"):
        raise UsageError("--lock-store git:BRANCH: name a branch, such as git:main")
    return GitStore(Repository(campaign.folder), branch, campaign.name, who=who, what=what, heads=heads)
