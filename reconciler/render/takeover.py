"""What `campaign import` found: which jobs the lockfile takes over, and everything that did not match."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from reconciler.plan.takeover import Sample, Taken
from reconciler.render.page import Cell, Line, columns, line
from reconciler.render.remembered import status_rows
from reconciler.render.words import count, number


class TakeoverView(msgspec.Struct, frozen=True):
    """An import before it is done. `asked` are the phones a legacy server was asked about."""

    campaign: str
    taken: Taken
    jobs: int
    wave: str
    asked: int | None = None
    is_merging: bool = False
    is_changed: bool = False
    owned: int = 0  # jobs the lock has already


def takeover_text(view: TakeoverView) -> Iterator[Line]:
    """The lines of `view`."""
    taken = view.taken
    yield line((view.campaign, "bold"), f": {_found(view)}")
    paired = sum(taken.paired.values())
    if paired:
        yield line(f"{count(paired, 'call')} of the lists, wave {view.wave}, taken over with their jobs", indent=2)
        yield from columns(status_rows(taken.paired), indent=6, right="r")
    for sign, sample, one, many, why in _findings(view):
        yield from _finding(sign, sample, one, many, why)
    if taken.erased:
        yield line(f"· {count(len(taken.erased), 'job')} of people who were erased: known by their ids alone", indent=2)
    if taken.former:
        yield line(f"· {count(taken.former, 'older job')} of these phones kept as former jobs", indent=2)
    if taken.shared:
        what = count(taken.shared, "phone is", "phones are")
        yield line(f"· {what} wanted under several keys: which job is whose, no report tells", indent=2, hang=2)
    if taken.calls:
        yield line(_origin(view), indent=2)


def _found(view: TakeoverView) -> str:
    said = f"{count(view.jobs, 'job')} on the server"
    if view.is_merging:
        said += f", {number(view.owned)} of them in the lockfile"
    if view.asked is not None:
        return f"{said} for the {count(view.asked, 'phone')} of the lists; this server does not list others"
    return said


def _origin(view: TakeoverView) -> str:
    if view.is_changed:
        return "They are remembered as created from other data: a plan replaces those still queued."
    return "They are remembered as created from what the lists say now: no report tells what they were created from."


_Finding = tuple[str, Sample, str, str, str]


def _findings(view: TakeoverView) -> Iterator[_Finding]:
    taken = view.taken
    yield "·", taken.unpaired, "call of the lists has", "calls of the lists have", "no job: the next apply adds it"
    yield (
        "·",
        taken.several,
        "phone has",
        "phones have",
        "several jobs: what may ring is taken before what is over, the newest first",
    )
    yield (
        "!",
        taken.surplus,
        "further job",
        "further jobs",
        "may still ring for a phone that has one already: taken back by the next apply",
    )
    yield (
        "!",
        taken.suppressed,
        "job",
        "jobs",
        "may still ring for a phone that is suppressed or was erased: taken back by the next apply",
    )
    yield (
        "!",
        taken.in_doubt,
        "call",
        "calls",
        "of a request that an earlier run left open, and without a job: in doubt, see `campaign resolve`",
    )
    yield "·", taken.unlisted, "job", "jobs", "of phones in no list: left alone, unmanaged"
    yield (
        "!",
        taken.unlisted_taken,
        "job",
        "jobs",
        "of phones in no list taken over: the next apply takes back what is still queued",
    )


def _finding(sign: str, sample: Sample, one: str, many: str, why: str) -> Iterator[Line]:
    if not sample.count:
        return
    style = "bold magenta" if sign == "!" else "dim"
    yield line((f"{sign} {count(sample.count, one, many)}", style), f" {why}", indent=2, hang=2)
    rows: list[list[Cell]] = [
        [subject.mask, (str(subject.place) if subject.place else "", "dim")] for subject in sample.first
    ]
    yield from columns(rows, indent=6)
    if sample.count > len(rows):
        yield line((f"… and {number(sample.count - len(rows))} more", "dim"), indent=6)
