"""Calls nobody can tell the outcome of: whom they are about, what was asked of the server, and what it answered."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

import msgspec

from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus
from reconciler.render.page import Line, columns, line
from reconciler.render.words import count

_REMEMBERED = {
    CallStatus.IN_DOUBT: "sent by an earlier run whose journal is gone: no telling whether they were added",
    CallStatus.MISSING: "added earlier, and missing from the server's report",
    CallStatus.UNKNOWN: "added earlier, and reported in a status this version does not know",
}


class DoubtView(msgspec.Struct, frozen=True):
    """One call in doubt, as it may be shown. `request` is None when only the lockfile remembers it."""

    mask: str
    shown_id: str
    status: CallStatus
    request: OpenIntent | None = None


def doubts_text(name: str, doubts: Sequence[DoubtView], unconfirmed: Sequence[OpenIntent] = ()) -> Iterator[Line]:
    """The lines for campaign `name`: every call in doubt under what was asked; `unconfirmed` cancels and moves last."""
    said = f"{count(len(doubts), 'call')} in doubt" if doubts else "no call is in doubt"
    yield line((name, "bold"), f": {said}")
    for reason, calls in groupby(sorted(doubts, key=_order), key=_reason):
        yield line(reason, indent=2, hang=2)
        yield from columns([[doubt.mask, (doubt.shown_id, "dim")] for doubt in calls], indent=6)
    for entry in unconfirmed:
        yield line(f"{_asked(entry)}; the next apply reads what became of it", indent=2, hang=2)


def _order(doubt: DoubtView) -> tuple[int, str]:
    """Requests in the order in which they were sent, then what only the lockfile remembers."""
    return (doubt.request.seq, "") if doubt.request else (sys.maxsize, doubt.status)


def _reason(doubt: DoubtView) -> str:
    return _asked(doubt.request) if doubt.request else _REMEMBERED[doubt.status]


def _asked(entry: OpenIntent) -> str:
    """What was asked of the server, when, and what came back."""
    intent = entry.intent
    about = f"{intent.operation} of {count(len(intent.calls), 'call')}" if intent.calls else intent.move
    at = datetime.fromtimestamp(intent.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{about} at {at}: {_answer(entry)}"


def _answer(entry: OpenIntent) -> str:
    if entry.job_ids:
        return f"{count(len(entry.job_ids), 'id')} answered, not confirmed by the server's report"
    return entry.why or "the process ended before an answer came"
