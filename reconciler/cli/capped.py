"""Which locks a cap is about: those of all campaigns of the run, and all others that lie beside them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock as Mutex
from typing import TYPE_CHECKING, Final

import msgspec

from reconciler.manifest.model import Campaign

if TYPE_CHECKING:  # most runs have no cap
    from reconciler.cli.options import Common
    from reconciler.lock.stores import Store
    from reconciler.plan.cap import Usage
    from reconciler.plan.model import Plan
    from reconciler.read.usage import Neighbourhood

_LOCK = ".lock.jsonl"
GATE: Final = "all.caps"
"""Whose mutex a run holds while it applies a campaign under a cap. No campaign's name has a dot."""
_GATED: Final = "what is under a cap here"


def one_by_one(campaigns: Sequence[Campaign], jobs: int) -> int:
    """How many campaigns are worked on at once: one under a cap, where each counts what those before it did."""
    return 1 if any(campaign.caps for campaign in campaigns) else jobs


def refuse_parts(campaigns: Sequence[Campaign], common: Common) -> None:
    """Raises UsageError for a part of the campaigns under a cap: runs side by side do not count each other's calls."""
    if common.shard and any(campaign.caps for campaign in campaigns):
        from reconciler.errors import UsageError

        raise UsageError("a cap counts the calls of all campaigns, so they are applied in one run: leave out --shard")


def gates(campaigns: Iterable[Campaign], lock_store: Path | None) -> list[Campaign]:
    """For each place with locks that these caps count, one that stands for what is held there together."""
    from reconciler.cli.stores import git_branch

    covered = {folder: campaign for campaign in campaigns for cap in campaign.caps for folder, _ in cap.covers}
    found = [msgspec.structs.replace(covered[folder], folder=folder, name=GATE) for folder in sorted(covered)]
    return found[:1] if lock_store and git_branch(lock_store) is None else found  # one folder for all


class Hood:
    """The locks around the campaigns of a run, which they share: opened when the first campaign under a cap asks."""

    def __init__(self) -> None:
        self._opening = Mutex()
        self._neighbours: Neighbourhood | None = None

    def usage(self, campaign: Campaign, common: Common) -> Usage | None:
        """What counts towards the caps besides the campaign's own calls; None where there is no cap.

        Raises LockError when a lock of another campaign cannot be read.
        """
        return self._around(campaign, common).usage(campaign.name, campaign.caps) if campaign.caps else None

    @contextmanager
    def alone(self, campaign: Campaign, common: Common, command: str, *, who: str = "") -> Iterator[None]:
        """For the time from counting to calling: what another run calls meanwhile would not be counted.

        Raises LockHeld while another run is about a campaign under a cap whose lock is in one of the same places.
        """
        with ExitStack() as held:
            for gate in gates([campaign], common.lock_store):
                held.enter_context(_open(gate, common, who=who, what=_GATED).hold(command))
            yield

    def plans(self, campaign: Campaign, plan: Plan, common: Common) -> None:
        """Takes note of what is planned for a campaign and not done: later campaigns count it."""
        if campaign.caps:
            self._around(campaign, common).plans(campaign.name, plan)

    def _around(self, campaign: Campaign, common: Common) -> Neighbourhood:
        with self._opening:
            if self._neighbours is None:
                self._neighbours = _neighbourhood(campaign, common)
            return self._neighbours


def _neighbourhood(capped: Campaign, common: Common) -> Neighbourhood:
    from reconciler.cli.stores import lock_secret
    from reconciler.lock.days import day_of
    from reconciler.read.usage import Neighbourhood

    places = sorted({place for cap in capped.caps for place in cap.covers})
    return Neighbourhood(lambda: stores_of(places, capped, common), lock_secret(), day_of(int(1000 * time.time())))


def stores_of(places: Iterable[tuple[Path, str]], like: Campaign, common: Common) -> Mapping[str, Store]:
    """The stores of the campaigns with these folders and names, and of every lock beside those, by the name.

    A manifest may be gone while the people it called are still remembered.
    """
    found: dict[str, Store] = {}
    looked: set[Path] = set()
    for folder, name in places:
        found[name] = store = _open(like, common, folder=folder, name=name)
        lies_in = common.lock_store or folder
        if lies_in in looked:
            continue
        looked.add(lies_in)
        for file, _ in store.neighbours():
            beside = file.removesuffix(_LOCK)
            found.setdefault(beside, _open(like, common, folder=folder, name=beside))
    return found


def _open(like: Campaign, common: Common, *, who: str = "", what: str = "", **where: object) -> Store:
    from reconciler.cli.stores import open_store

    named = msgspec.structs.replace(like, **where)
    return open_store(named, common.lock_store, who=who, what=what, heads=common.shared.heads)
