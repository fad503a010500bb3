"""The calls a campaign wants: all its lists read, or everything that is wrong with them.

Nothing is wanted while anything is wrong: leaving out a row that cannot be read would cancel its call. `stream.py`
gives the same calls without holding them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.errors import Place, Problem
from reconciler.manifest.model import Campaign, PhoneList
from reconciler.phones.lists import Declared, Progress
from reconciler.phones.model import Chunk, Desired
from reconciler.phones.problems import Problems
from reconciler.phones.shelf import Shelf
from reconciler.phones.stream import stream, unwatched, wanted
from reconciler.phones.suppression import collect_suppressed, read_suppressed, read_suppression
from reconciler.phones.watch import UNWATCHED, Watch

__all__ = ["check_lists", "read_desired", "read_suppressed", "read_suppression"]


def read_desired(campaign: Campaign, *, progress: Progress | None = None) -> Desired:
    """All calls of the campaign's lists, in the order of lists and rows, and all suppressed numbers.

    `progress` is told now and then how many rows were read since it was last told. Raises ManifestError with what
    is wrong: the first 10,000 problems, and the number of the others.
    """
    problems = Problems()
    suppressed = collect_suppressed(campaign.suppress, problems)
    chunks = stream(campaign, progress=progress, problems=problems)
    return Desired(tuple(call for chunk in chunks for call in chunk.calls()), suppressed)


class ListedCalls:
    """The calls of a campaign's lists, read as they are asked for: none is held.

    Is a `CallSource`. Files that several campaigns use are taken from `shelf`.
    """

    def __init__(self, campaign: Campaign, watch: Watch = UNWATCHED, shelf: Shelf | None = None) -> None:
        self._campaign, self._watch, self._shelf = campaign, watch, shelf
        self._problems = Problems()
        self.suppressed = collect_suppressed(campaign.suppress, self._problems, shelf)

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls; after the last raises ManifestError with all that is wrong, also with suppression lists."""
        problems, self._problems = self._problems, Problems()
        self._watch.start(f"reading the lists of {self._campaign.name}", None)
        return stream(self._campaign, progress=self._watch.advance, problems=problems, shelf=self._shelf)


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
