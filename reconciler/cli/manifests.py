"""Reading manifests for a command: which campaigns it is about, or every problem there is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.cli.options import Common
from reconciler.errors import ManifestError, Refusal, UsageError
from reconciler.manifest.load import load
from reconciler.manifest.model import Campaign


def read_campaigns(common: Common) -> tuple[Campaign, ...]:
    """The campaigns of `--file` that `--target` names. Raises ManifestError, or UsageError when none is meant."""
    loaded = load(common.files)
    if loaded.problems:
        raise ManifestError(loaded.problems)
    chosen = choose(loaded.campaigns, common.targets)
    # Under a cap the earlier campaign gets the call: which one that is must not depend on names of files.
    return tuple(sorted(chosen, key=lambda one: one.name)) if any(one.caps for one in chosen) else chosen


def choose(campaigns: tuple[Campaign, ...], targets: tuple[str, ...]) -> tuple[Campaign, ...]:
    """The campaigns whose names match any target; all when there is none. Raises UsageError for a target in vain."""
    for target in targets:
        if not any(fnmatchcase(campaign.name, target) for campaign in campaigns):
            names = ", ".join(campaign.name for campaign in campaigns) or "none"
            raise UsageError(f"{target}: no campaign of that name; there are: {names}")
    return tuple(c for c in campaigns if not targets or any(fnmatchcase(c.name, target) for target in targets))


def refuse_shared_tokens(campaigns: tuple[Campaign, ...], tokens: dict[str, str]) -> None:
    """Raises Refusal when two manifests lead to the same campaign on the server. `tokens` are by campaign name."""
    seen: dict[tuple[str, str], str] = {}
    for campaign in campaigns:
        if campaign.name not in tokens:
            continue
        other = seen.setdefault((campaign.host, tokens[campaign.name]), campaign.name)
        if other != campaign.name:
            raise Refusal(
                f"campaigns {other} and {campaign.name} have the same host and token: both would manage the same "
                "campaign on the server and call everybody twice; give each a token of its own"
            )


def lock_folder(campaign: Campaign, lock_store: Path | None) -> Path:
    """Where the campaign's lockfile is. Raises UsageError when that is no folder."""
    folder = lock_store or campaign.folder
    if not folder.is_dir():
        raise UsageError(f"--lock-store {folder}: not a folder")
    return folder
