"""`kind: Cap`: how often one phone may be called, over all campaigns together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reconciler.manifest.model import Campaign, Cap
from reconciler.manifest.vocabulary import Metadata, Part


class CapSpec(Part, frozen=True):
    """How many calls a phone may get in so many days, from all campaigns together."""

    calls: Annotated[int, Meta(ge=1, le=1000, description="calls to one phone, 1 to 1000")]
    per: Annotated[str, Meta(pattern="^[1-9][0-9]{0,2}d$(?!\\n)", description="days, such as 7d; 1d to 999d")]
    counts: Annotated[
        Literal["reached", "rung"],
        Meta(description="besides calls that are queued: those somebody answered, or all that rang a phone"),
    ] = "reached"


class CapDocument(Part, frozen=True):
    """`kind: Cap`: for every campaign of the run, whatever `--target` says."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Cap"]
    metadata: Metadata
    spec: CapSpec


def under_caps(campaigns: Iterable[Campaign], documents: Iterable[CapDocument]) -> tuple[Campaign, ...]:
    """The campaigns with the caps that hold for them: all of them."""
    campaigns = tuple(campaigns)
    covers = tuple(sorted((campaign.folder, campaign.name) for campaign in campaigns))
    caps = tuple(sorted((_cap(each, covers) for each in documents), key=lambda cap: cap.name))
    return tuple(msgspec.structs.replace(campaign, caps=caps) for campaign in campaigns) if caps else campaigns


def _cap(document: CapDocument, covers: tuple[tuple[Path, str], ...]) -> Cap:
    spec = document.spec
    return Cap(document.metadata.name, spec.calls, int(spec.per.removesuffix("d")), spec.counts, covers)
