"""One campaign looked through for one person: its lock first, then its lists while they are read for a plan."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.calls.masks import mask
from reconciler.errors import Place
from reconciler.explain.asked import NearCall, Spotted, asked
from reconciler.explain.memories import remembered_of
from reconciler.explain.model import Looked, Near
from reconciler.explain.rows import suppressors
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import Lock, LockedCall
from reconciler.manifest.model import Campaign
from reconciler.phones.lists import Declared
from reconciler.phones.model import Call, CallSource
from reconciler.phones.problems import Problems
from reconciler.phones.stream import unwatched


class Search:
    """What was found so far."""

    def __init__(self, who: str, campaign: Campaign, lock: Lock, keyer: Keyer) -> None:
        self._campaign, self._lock, self._keyer = campaign, lock, keyer
        self._asked = asked(who, campaign)
        self._known = remembered_of(lock, keyer, self._asked)
        self._spotted: Spotted | None = None

    def through(self, source: CallSource) -> CallSource:
        """The lists, watched. They end with Absent where nobody is in them or in the lock."""
        self._spotted = Spotted(source, self._asked, is_known=bool(self._known))
        return self._spotted

    @property
    def has_any(self) -> bool:
        """Whether anything was found."""
        return bool(self._known or self.calls)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The wanted calls."""
        return self._spotted.found if self._spotted else ()

    @property
    def remembered(self) -> tuple[LockedCall, ...]:
        """The remembered calls, by the phones and keys of the wanted ones too."""
        return remembered_of(self._lock, self._keyer, self._asked, self.calls)

    @property
    def suppressed(self) -> frozenset[str]:
        """All numbers nobody may call."""
        return self._spotted.suppressed if self._spotted else frozenset()

    @property
    def phones(self) -> frozenset[str]:
        """The numbers that are known in full: of the wanted calls, and as it was typed."""
        return frozenset(call.phone for call in self.calls) | ({self.typed} if self.typed else frozenset())

    @property
    def typed(self) -> str:
        """The number of the calls, where it is what was typed; else ""."""
        wanted = {call.phone for call in self.calls}
        known = {call.phone for call in self._known}
        readings = sorted(self._asked.readings)
        return next((each for each in readings if each in wanted or self._keyer.phone(each) in known), "")

    def _left_out(self) -> Iterator[NearCall]:
        """The calls asked about that are in a list and not wanted: `duplicates: first` takes an earlier row."""
        lists = [each for each in self._campaign.lists if each.spec.duplicates == "first"]
        for _, chunk in Declared(lists, self._campaign.wave, self._campaign.policy).chunks(Problems(0), unwatched):
            for at in self._asked.positions(chunk):
                what = "is left out: an earlier row has its key, and the list says duplicates: first"
                yield NearCall(mask(chunk.phones[at]), Place(chunk.source, chunk.rows[at]), what)

    def looked(self) -> Looked:
        """What was looked through, and what comes near."""
        near = (*self._left_out(), *(self._spotted.near if self._spotted else ())) if not self.has_any else ()
        met = self._asked.readings & self.suppressed
        return Looked(
            campaign=self._campaign.name,
            lists=len(self._campaign.lists),
            calls=self._spotted.calls if self._spotted else 0,
            remembered=len(self._lock.calls),
            near=tuple(Near(self._campaign.name, each.mask, each.place, each.what) for each in near),
            suppressed=suppressors(self._campaign.suppress, met) if met else (),
        )
