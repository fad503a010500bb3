"""The calls a campaign wants: all its lists, read as they are asked for, or everything that is wrong with them.

Nothing is wanted while anything is wrong: leaving out a row that cannot be read would cancel its call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from reconciler.errors import Place, Problem
from reconciler.manifest.model import Campaign, PhoneList
from reconciler.phones.current import SHRINK_PCT, CurrentSuppression
from reconciler.phones.lists import Declared
from reconciler.phones.model import Chunk, Sizes
from reconciler.phones.problems import Problems
from reconciler.phones.shelf import Shelf
from reconciler.phones.stream import stream, unwatched, wanted
from reconciler.phones.suppression import read_suppressed, read_suppression
from reconciler.phones.watch import UNWATCHED, Watch

__all__ = ["ListedCalls", "check_lists", "read_suppressed", "read_suppression"]


class ListedCalls:
    """The calls of a campaign's lists, read as they are asked for: none is held.

    Is a `CallSource`. Files that several campaigns use are taken from `shelf`.
    """

    def __init__(
        self,
        campaign: Campaign,
        watch: Watch = UNWATCHED,
        shelf: Shelf | None = None,
        *,
        now_s: Callable[[], float] = time.time,
        shrink_pct: float = SHRINK_PCT,
    ) -> None:
        """`now_s` tells Unix time; `shrink_pct` is how much a suppression file may shrink while a run goes on."""
        self._campaign, self._watch, self._shelf = campaign, watch, shelf
        self._problems = Problems()
        self._rows: dict[str, int] = {}
        self._current = CurrentSuppression(
            campaign.suppress, self._problems, shelf, now_s=now_s, allowed_pct=shrink_pct
        )
        self._entries = self._current.rows(campaign.folder)
        self.suppressed = self._current.digits

    @property
    def sizes(self) -> Sizes:
        """How long the lists were when they were read last, the suppression files when they were read first."""
        return Sizes(dict(self._rows), self._entries)

    def suppressed_now(self) -> frozenset[str]:
        """All numbers suppressed by now, those too that were when this was made."""
        return self._current.now()

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls; after the last raises ManifestError with all that is wrong, also with suppression lists."""
        problems, self._problems = self._problems, Problems()
        self._watch.start(f"reading the lists of {self._campaign.name}", None)
        self._rows.clear()
        return stream(
            self._campaign, progress=self._watch.advance, problems=problems, rows=self._rows, shelf=self._shelf
        )


def check_lists(lists: Sequence[PhoneList], wave: str) -> tuple[Problem, ...]:
    """What is wrong with these lists, for a campaign whose manifest is not good enough to be read as a whole.

    When there are too many, the last problem says how many are left out.
    """
    problems = Problems()
    for _ in wanted(Declared(lists, wave, {}), problems, unwatched):
        pass
    if problems.omitted:
        last = problems.kept[-1].place.file
        problems.kept.append(Problem(Place(last), "", f"{problems.omitted} more problems in phone lists"))
    return tuple(problems.kept)
