"""What is remembered of campaigns and calls, in words: for `campaign state` and `campaign import`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from reconciler.lock.model import CallStatus, Header, LockedCall
from reconciler.render.page import BLANK, Cell, Line, columns, line
from reconciler.render.shown import host_name
from reconciler.render.words import count, number

STATUS_WORDS = {  # in the order of a call's life
    CallStatus.PLANNED: "queued",
    CallStatus.ON_RETRY: "waiting for another attempt",
    CallStatus.IN_PROCESS: "being called",
    CallStatus.TALKED_WITH_RESULT: "talked, with a result",
    CallStatus.TALKED_NO_RESULT: "talked, without a result",
    CallStatus.NO_ANSWER: "no answer",
    CallStatus.NONEXISTENT: "no such number",
    CallStatus.TECHNICAL_ERROR: "technical error",
    CallStatus.NOT_DONE: "never called, the campaign ended",
    CallStatus.CANCELLING: "cancellation asked for",
    CallStatus.CANCELLED: "cancelled",
    CallStatus.CANCELLED_REACHED: "cancelled after somebody was reached",
    CallStatus.CANCELLED_BY_OTHERS: "cancelled by somebody else",
    CallStatus.CANCELLED_BY_OTHERS_REACHED: "cancelled by somebody else after somebody was called",
    CallStatus.REJECTED: "refused by the server",
    CallStatus.UNKNOWN: "a status this version does not know",
    CallStatus.MISSING: "missing from the server's report",
    CallStatus.VOUCHED: "sent, as a person decided",
    CallStatus.IN_DOUBT: "in doubt",
}


def status_rows(counts: Mapping[CallStatus, int]) -> list[list[Cell]]:
    """Rows of how many calls have which status, in the order of a call's life."""
    return [[number(counts[status]), words] for status, words in STATUS_WORDS.items() if counts.get(status)]


class LockView(msgspec.Struct, frozen=True):
    """One campaign's lock, as it may be shown."""

    campaign: str
    file: str
    header: Header | None = None  # None: there is no lockfile, or it cannot be read
    counts: Mapping[CallStatus, int] = {}
    bytes: int = 0
    open_requests: int = 0
    problem: str = ""  # why it cannot be read
    has_manifest: bool = True

    @property
    def calls(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def live(self) -> int:
        """Those that may still ring."""
        return sum(n for status, n in self.counts.items() if status.is_live)

    @property
    def protection(self) -> str:
        """What the digests were made with."""
        if self.header is None:
            return ""
        if self.header.rekeyed:
            return "secret, changed"
        return "secret" if self.header.secret_check else "salt"


class CallView(msgspec.Struct, frozen=True):
    """One call of a lock, as it may be shown."""

    shown_id: str
    call: LockedCall


def locks_text(views: Sequence[LockView]) -> Iterator[Line]:
    """A table of locks, and under it what is wrong with any."""
    names = ("campaign", "calls", "live", "serial", "lineage", "made with", "size", "open requests", "")
    heads: list[Cell] = [(name, "dim") for name in names]
    yield from columns([heads, *map(_lock_cells, views)], right=" rrr  rr")
    for view in views:
        if view.problem:
            yield line(("!", "bold magenta"), f" {view.problem}", hang=2)


def _lock_cells(view: LockView) -> list[Cell]:
    note = "" if view.has_manifest else "no manifest"
    if view.header is None:
        return [view.campaign, "", "", "", "", "", "", "", "cannot be read" if view.problem else "no lockfile"]
    return [
        view.campaign,
        number(view.calls),
        number(view.live),
        str(view.header.serial),
        view.header.lineage[:8],
        view.protection,
        size(view.bytes),
        str(view.open_requests),
        note,
    ]


def size(n: int) -> str:
    """`n` bytes as people read them."""
    if n < 1000:
        return f"{n} B"
    return f"{n / 1000:.0f} kB" if n < 1_000_000 else f"{n / 1_000_000:.1f} MB"


def lock_text(view: LockView) -> Iterator[Line]:
    """One lock in full: its header, its calls by status, what people decided."""
    yield line((view.campaign, "bold"))
    if view.header is None:
        yield line(view.problem or f"there is no lockfile {view.file}", indent=2)
        return
    yield from columns([[(name, "dim"), value] for name, value in _facts(view, view.header)], indent=2)
    yield BLANK
    yield from columns([*status_rows(view.counts), [number(view.calls), ("calls", "bold")]], indent=2, right="r")
    for decision in view.header.decisions:
        about = count(len(decision.calls), "call")
        yield line(f"{decision.at}  {decision.who}: {decision.verdict}, {about}: {decision.why}", indent=2, hang=2)


def _facts(view: LockView, header: Header) -> Iterator[tuple[str, str]]:
    yield "file", f"{view.file}, {size(view.bytes)}, format {header.format}"
    yield "lineage", header.lineage
    yield "serial", str(header.serial)
    yield "host", host_name(header.host)
    yield "made with", view.protection
    yield "last move", header.control or "none"
    yield "open requests", str(view.open_requests)


def calls_text(views: Sequence[CallView]) -> Iterator[Line]:
    """Everything that is remembered of these calls."""
    for view in views:
        call = view.call
        yield line((call.mask, "bold"), f"  {view.shown_id}")
        facts: list[list[Cell]] = [
            [("wave", "dim"), call.wave],
            [("status", "dim"), STATUS_WORDS[call.status]],
            [("job", "dim"), call.job_id or "none"],
            [("former jobs", "dim"), ", ".join(job.job_id for job in call.former)],
        ]
        yield from columns([fact for fact in facts if fact[1]], indent=2)
