"""All the calls a campaign wants, as a stream of chunks, in memory that hardly depends on how many they are.

Where the time of a million rows goes: `delimited.py` splits the file and turns rows into columns, `Template.chunk` in
`build.py` turns columns into keys, phones and requests, and `tally.py` remembers who was met. Each is a handful of
calls per column that loop in C. Nothing there is done row by row, except for rows that are out of the ordinary.

Nothing is wanted while anything is wrong, and that is known only after the last row. So chunks are provisional: whoever
takes them may act on them only once the stream has ended without an error.

Declared that allow nobody twice, the common case, are read once. Should somebody have been met twice, a second reading
tells both places. Where a list has other wishes (`duplicates: first`, `samePhone: allow`), a later row decides about an
earlier one: such a campaign is read first to see who is repeated, and once more for its chunks.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.manifest.model import Campaign
from reconciler.phones.lists import Declared, Progress
from reconciler.phones.model import Chunk
from reconciler.phones.problems import Problems
from reconciler.phones.roster import Roster
from reconciler.phones.shelf import Shelf
from reconciler.phones.tally import Tally

__all__ = ["Chunk", "stream"]


def stream(
    campaign: Campaign,
    *,
    progress: Progress | None = None,
    problems: Problems | None = None,
    rows: dict[str, int] | None = None,
    shelf: Shelf | None = None,
) -> Iterator[Chunk]:
    """All calls of the campaign's lists, in the order of lists and rows, provisional until the stream has ended.

    `progress` is told now and then how many rows were read since it was last told. After the last row raises
    ManifestError with what is wrong: the first 10,000 problems and the number of the others, those included that
    were in `problems` before. `rows` is filled with how many calls each list has, by name. Files that several campaigns
    use are taken from `shelf`.
    """
    problems = Problems() if problems is None else problems
    declared = Declared(campaign.lists, campaign.wave, campaign.policy, shelf)
    yield from wanted(declared, problems, progress or unwatched, rows)
    problems.raise_if_any()


def wanted(
    declared: Declared, problems: Problems, progress: Progress, rows: dict[str, int] | None = None
) -> Iterator[Chunk]:
    """As `stream`, but all that is wrong goes to `problems`."""
    are_strict = all(one.spec.duplicates == "error" and one.spec.same_phone == "error" for one in declared.lists)
    read = _counted(declared, problems, progress, {} if rows is None else rows)
    return _once(declared, read, problems) if are_strict else _screened(declared, read, problems)


def _counted(declared: Declared, problems: Problems, progress: Progress, rows: dict[str, int]) -> Iterator[Chunk]:
    rows.update({one.name: 0 for one in declared.lists})
    for phone_list, chunk in declared.chunks(problems, progress):
        rows[phone_list.name] += len(chunk.keys)
        yield chunk


def unwatched(rows: int) -> None:
    """Progress that nobody watches."""


def _once(declared: Declared, read: Iterator[Chunk], problems: Problems) -> Iterator[Chunk]:
    tally = Tally()
    for chunk in read:
        tally.add(chunk)
        yield chunk
    _ruled(declared, tally, problems)


def _screened(declared: Declared, read: Iterator[Chunk], problems: Problems) -> Iterator[Chunk]:
    tally = Tally()
    for chunk in read:
        tally.add(chunk)
    roster = _ruled(declared, tally, problems)
    if problems.kept:
        return
    again, count = Tally(), 0
    for _, chunk in declared.chunks(Problems(0), unwatched):
        again.add(chunk)
        yield from roster.wanted(chunk, count)
        count += len(chunk.keys)
    _compare(tally, again, declared, problems)


def _ruled(declared: Declared, tally: Tally, problems: Problems) -> Roster:
    """The roster of all who are repeated: where there are any, the lists are read again for it."""
    repeated = tally.repeated()
    roster = Roster(problems, repeated)
    if any(repeated):
        again = Tally()
        for phone_list, chunk in declared.chunks(Problems(0), unwatched):
            again.add(chunk)
            roster.add(chunk, phone_list)
        _compare(tally, again, declared, problems)
    return roster


def _compare(tally: Tally, again: Tally, declared: Declared, problems: Problems) -> None:
    # Somebody who was not there the first time could be called twice.
    if tally.order != again.order:
        what, fix = "its phone lists changed while they were read", "run this again when nobody writes to them"
        problems.add(Problem(declared.lists[0].place, "", what, fix))
