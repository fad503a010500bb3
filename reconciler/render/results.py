"""What an apply did: a short account of one campaign, and a table when there were several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from reconciler.render.groups import SAMPLE
from reconciler.render.page import Cell, Line, columns, line
from reconciler.render.words import count, duration, listing, number

_PAST = {"start": "started", "pause": "paused", "resume": "resumed", "stop": "stopped for good"}
_STYLE_OF_SIGN = {"!": "bold magenta", "·": "dim"}
_STYLE_OF_OUTCOME = {
    **dict.fromkeys(("done", "running"), "green"),
    **dict.fromkeys(("nothing to do", "nothing in doubt", "shown", "new", "planned", "finished", "deleted"), "dim"),
    **dict.fromkeys(("changes", "paused", "not applied", "not begun"), "yellow"),
    **dict.fromkeys(("unknown", "in doubt"), "bold magenta"),
}


class Rejection(msgspec.Struct, frozen=True):
    """A call the server refused. `reason` is the server's word for it, such as `phone.bad.format`."""

    mask: str
    reason: str


class ApplyView(msgspec.Struct, frozen=True):
    """What is said after an apply: calls by what became of them, and the mutating requests it took."""

    campaign: str
    added: int = 0
    cancelled: int = 0
    cancelling: int = 0  # asked for, in progress still
    replaced: int = 0
    adopted: int = 0
    moves: tuple[str, ...] = ()  # done, as verbs: start, pause, resume, stop
    rejected: int = 0
    rejections: tuple[Rejection, ...] = ()  # a sample of the rejected ones
    deferred: int = 0
    unknown: int = 0  # the outcome of their request is not known
    withheld: int = 0  # not done because a guard said no
    suppressed: int = 0  # not added: on a suppression list since the plan was made
    is_cut_short: bool = False  # an error or a signal ended it before its end
    add_requests: int = 0
    cancel_requests: int = 0
    control_requests: int = 0
    duration_s: float = 0


class SummaryRow(msgspec.Struct, frozen=True):
    """One campaign of several: how it went, and a message if there is one."""

    campaign: str
    outcome: str  # a word or two: done, nothing to do, failed, unknown, refused
    added: int = 0
    cancelled: int = 0
    replaced: int = 0
    message: str = ""


def result_text(result: ApplyView) -> Iterator[Line]:
    """The lines of `result`: what was done and the requests it took, then every call that was not done, and why."""
    outcome = "Not finished" if result.unknown or result.is_cut_short else "Done in part" if result.withheld else "Done"
    yield line((result.campaign, "bold"))
    yield line((f"{outcome}:", "bold"), f" {_done(result)}")
    for sign, n, words, why in _not_done(result):
        if n:
            yield line((f"{sign} {number(n)} {words}", _STYLE_OF_SIGN[sign]), f": {why}", indent=2, hang=2)
    yield from _rejections(result)


DONE = ("added", "cancelled", "replaced")
PLANNED = ("to add", "to cancel", "to replace")


def summary_table(rows: Sequence[SummaryRow], heads_of_calls: Sequence[str] = DONE) -> Iterator[Line]:
    """A line for each campaign: how it went, its calls unless they have no heads, and the message if there is one."""
    heads = [(head, "dim") for head in ("campaign", "outcome", *heads_of_calls, "")]
    return columns([heads, *(_summary_cells(row, len(heads_of_calls)) for row in rows)], right="  rrr")


def _summary_cells(row: SummaryRow, numbers: int) -> list[Cell]:
    outcome = (row.outcome, _STYLE_OF_OUTCOME.get(row.outcome, "bold red"))
    amounts = (row.added, row.cancelled, row.replaced)[:numbers]
    return [row.campaign, outcome, *map(number, amounts), row.message]


def _done(result: ApplyView) -> str:
    amounts = [(result.added, "added"), (result.cancelled, "cancelled"), (result.replaced, "replaced")]
    amounts += [(result.adopted, "adopted")]
    parts = [f"{number(n)} {what}" for n, what in amounts if n]
    parts += [f"the campaign {_PAST.get(move, move)}" for move in result.moves]
    requests = _requests(result)
    if parts:
        took = f", in {requests}" if requests else ", without a request"
    else:
        parts, took = ["nothing changed" if requests else "nothing to do"], f" by {requests}" if requests else ""
    return f"{listing(parts)}{took}; {duration(result.duration_s)}."


def _requests(result: ApplyView) -> str:
    sent = [
        (result.add_requests, "addPhones request"),
        (result.cancel_requests, "cancel request"),
        (result.control_requests, "control request"),
    ]
    return listing(count(n, what) for n, what in sent if n)


def _not_done(result: ApplyView) -> list[tuple[str, int, str, str]]:
    """Sign, number of calls, what they are, and what follows from it."""
    return [
        (
            "!",
            result.unknown,
            "unknown",
            "sent, and no telling whether it took effect; apply again asks once more, `campaign resolve` decides",
        ),
        ("!", result.withheld, "withheld", "a guard held them back; nothing was sent for them"),
        ("·", result.suppressed, "suppressed", "on a suppression list since the plan was made; not added"),
        ("·", result.cancelling, "being cancelled", "a call in progress is finished first and not tried again"),
        ("·", result.deferred, "deferred", "not possible just now; the next apply decides"),
        ("!", result.rejected, "rejected", "refused by the server; not tried again until their data changes"),
    ]


def _rejections(result: ApplyView) -> Iterator[Line]:
    shown = result.rejections[:SAMPLE]
    yield from columns([[each.mask, (each.reason, "dim")] for each in shown], indent=6)
    if shown and result.rejected > len(shown):
        yield line((f"… and {number(result.rejected - len(shown))} more", "dim"), indent=6)
