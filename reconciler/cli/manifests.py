"""Reading manifests for a command: which campaigns it is about, or every problem there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.cli.options import Common
from reconciler.errors import ManifestError, Refusal, UsageError
from reconciler.manifest.load import load
from reconciler.manifest.model import Campaign
from reconciler.manifest.token import read_token


def read_campaigns(common: Common) -> tuple[Campaign, ...]:
    """The campaigns of `--file` that `--target` and `--shard` mean, by name.

    Raises ManifestError, or UsageError for a target that means none. A shard may be empty.
    """
    return read_all(common)[0]


def read_all(common: Common) -> tuple[tuple[Campaign, ...], tuple[Campaign, ...]]:
    """The same, and beside them the campaigns of the manifests that this run leaves alone."""
    loaded = load(common.files)
    if loaded.problems:
        raise ManifestError(loaded.problems)
    chosen = choose(loaded.campaigns, common.targets)
    if common.shard:
        chosen = tuple(campaign for campaign in chosen if common.shard.has(campaign.name))
    common.shared.shelf.expect(chosen)
    names = {campaign.name for campaign in chosen}
    others = tuple(campaign for campaign in loaded.campaigns if campaign.name not in names)
    return tuple(sorted(chosen, key=lambda campaign: campaign.name)), others


def choose(campaigns: tuple[Campaign, ...], targets: tuple[str, ...]) -> tuple[Campaign, ...]:
    """The campaigns whose names match any target; all when there is none. Raises UsageError for a target in vain."""
    for target in targets:
        if not any(fnmatchcase(campaign.name, target) for campaign in campaigns):
            names = ", ".join(campaign.name for campaign in campaigns) or "none"
            raise UsageError(f"{target}: no campaign of that name; there are: {names}")
    return tuple(c for c in campaigns if not targets or any(fnmatchcase(c.name, target) for target in targets))


def readable_tokens(campaigns: Iterable[Campaign]) -> dict[str, str]:
    """The tokens that can be read, by campaign name. A campaign without one fails by itself when its turn comes."""
    tokens: dict[str, str] = {}
    for campaign in campaigns:
        with suppress(ManifestError):
            tokens[campaign.name] = read_token(campaign)
    return tokens


def refuse_shared_tokens(
    campaigns: Iterable[Campaign], tokens: Mapping[str, str], others: Iterable[Campaign] = ()
) -> None:
    """Raises Refusal when two manifests lead to the same campaign on the server. `tokens` are by campaign name.

    `others` are not of this run, which may be one part of several: their tokens are looked at where they are there.
    """
    seen: dict[tuple[str, str], str] = {}
    for campaign in others:
        with suppress(ManifestError):
            seen.setdefault((campaign.host, read_token(campaign)), campaign.name)
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
