"""Which locks a cap is about: those of all campaigns of the run, and all others that lie beside them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from reconciler.cli.options import Common
from reconciler.cli.stores import open_store
from reconciler.lock.days import day_of
from reconciler.lock.stores import Store
from reconciler.manifest.model import Campaign
from reconciler.read.usage import Neighbourhood

_LOCK = ".lock.jsonl"


def lock_secret() -> str | None:
    """What the digests of locks are made with; None where nothing is configured."""
    return os.environ.get("CAMPAIGN_LOCK_SECRET") or None


def neighbourhood(campaigns: Sequence[Campaign], common: Common) -> Neighbourhood | None:
    """What these campaigns share where a cap is in force; None where none is."""
    capped = next((campaign for campaign in campaigns if campaign.caps), None)
    if capped is None:
        return None
    places = sorted({place for cap in capped.caps for place in cap.covers})
    return Neighbourhood(lambda: stores_of(places, capped, common), lock_secret(), day_of(int(1000 * time.time())))


def stores_of(places: Iterable[tuple[Path, str]], like: Campaign, common: Common) -> Mapping[str, Store]:
    """The stores of the campaigns with these folders and names, and of every lock beside those, by the name.

    A manifest may be gone while the people it called are still remembered.
    """
    found: dict[str, Store] = {}
    for folder, name in places:
        found[name] = store = _open(like, common, folder=folder, name=name)
        for file, _ in store.neighbours():
            beside = file.removesuffix(_LOCK)
            found.setdefault(beside, _open(like, common, folder=folder, name=beside))
    return found


def _open(like: Campaign, common: Common, **where: object) -> Store:
    return open_store(msgspec.structs.replace(like, **where), common.lock_store)
