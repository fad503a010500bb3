"""The state of a campaign on the server, and its jobs by status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from reconciler.calls.model import CampaignDetails, CampaignState, Dialect, JobStatus
from reconciler.plan.standing import Standing
from reconciler.render.page import BLANK, Cell, Line, columns, line
from reconciler.render.rollout import aborted, rollout_words, to_go_on
from reconciler.render.shown import host_name
from reconciler.render.words import count, moment, moment_of_ms, number

STATUS_WORDS = {  # in the order of a job's life
    JobStatus.PLANNED: "queued",
    JobStatus.ON_RETRY: "waiting for another attempt",
    JobStatus.IN_PROCESS: "being called now",
    JobStatus.TALKED_WITH_RESULT: "talked, with a result",
    JobStatus.TALKED_NO_RESULT: "talked, without a result",
    JobStatus.NO_ANSWER: "no answer",
    JobStatus.NONEXISTENT: "no such number",
    JobStatus.TECHNICAL_ERROR: "technical error",
    JobStatus.NOT_DONE: "never called, the campaign ended",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.UNKNOWN: "a status this version does not know",
}


class StatusView(msgspec.Struct, frozen=True):
    """What `status` shows of one campaign."""

    campaign: str
    host: str
    dialect: Dialect | None
    state: CampaignState | None  # None: this server does not tell
    counts: Mapping[JobStatus, int]  # jobs this lock owns, by status
    details: CampaignDetails | None = None  # None on the legacy dialect
    at: datetime | None = None  # when the server was asked; knows its zone
    in_doubt: int = 0  # calls of the lock whose outcome is unknown
    missing: int = 0  # calls of the lock whose jobs the server does not report
    rollout: Standing | None = None  # None: the manifest has none


def status_text(view: StatusView) -> Iterator[Line]:
    """The lines of `view`."""
    yield line((view.campaign, "bold"))
    yield from columns([[(name, "dim"), value] for name, value in _facts(view)], indent=2)
    yield BLANK
    yield from _jobs(view.counts)
    if view.rollout and view.rollout.is_aborted:
        yield BLANK
        yield line((f"! {aborted(view.rollout)}", "bold magenta"), f"; {to_go_on(view.rollout)}", indent=2, hang=2)
    warnings = [
        (view.missing, "missing from the server's report", "never added again by itself"),
        (view.in_doubt, "in doubt", "sent, outcome unknown; see `campaign resolve`"),
    ]
    for n, what, why in warnings:
        if n:
            yield BLANK
            yield line((f"! {count(n, 'call')} {what}", "bold magenta"), f": {why}", indent=2, hang=2)


def _facts(view: StatusView) -> Iterator[tuple[str, str]]:
    yield "host", host_name(view.host) + (f", {view.dialect} dialect" if view.dialect else "")
    yield "state", view.state.name.lower() if view.state else "this server does not tell its state"
    if view.details:
        yield from _details(view.details)
    if view.rollout:
        yield "rollout", rollout_words(view.rollout)
    if view.at:
        yield "as of", moment(view.at)


def _details(details: CampaignDetails) -> Iterator[tuple[str, str]]:
    if details.name:
        yield "name", details.name
    amounts = [
        (details.processed_numbers, "processed"),
        (details.in_process_calls, "being called"),
        (details.retry_calls, "waiting for another attempt"),
    ]
    numbers = [f"{number(n)} {what}" for n, what in amounts]
    yield "numbers", f"{number(details.total_numbers)} in the campaign, by whomever added: {', '.join(numbers)}"
    if details.max_simultaneous_calls is not None:
        yield "lines", f"{count(details.max_simultaneous_calls, 'call')} at once"
    if details.created_at_ms is not None:
        yield "created", moment_of_ms(details.created_at_ms)


def _jobs(counts: Mapping[JobStatus, int]) -> Iterator[Line]:
    total = sum(counts.values())
    if not total:
        yield line("no jobs of this lock", indent=2)
        return
    rows = [(words, counts.get(status, 0)) for status, words in STATUS_WORDS.items()]
    table: list[list[Cell]] = [[words, number(n), (_share(n, total), "dim")] for words, n in rows if n]
    table.append([("jobs", "bold"), (number(total), "bold"), ""])
    yield from columns(table, indent=2, right=" rr")


def _share(n: int, total: int) -> str:
    share = 100 * n / total
    return "<1%" if share < 1 else f"{share:.0f}%"
