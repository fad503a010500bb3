"""From what is wanted, remembered, reported and planned to what is said of one person in one campaign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from reconciler.calls.model import JobReport
from reconciler.errors import UnknownItems
from reconciler.explain.levels import Written
from reconciler.explain.memories import memories
from reconciler.explain.model import Explanation, Planned, Row, Sighting
from reconciler.explain.rows import row_of
from reconciler.explain.verdict import is_changed_by_settings_alone, planned_of
from reconciler.lock.journal import OpenIntent
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallId, Header, LockedCall
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Call
from reconciler.plan.model import Plan, Replace

MOST_JOBS = 20
"""Jobs that are asked for one by one, because nobody knows their phone."""


class Reporter(Protocol):
    """Whoever can report jobs by id or phone: the client, or a fake of it."""

    def reports(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[JobReport, ...]:
        """The jobs; raises UnknownItems when any item is unknown."""
        ...


class Known(msgspec.Struct, frozen=True):
    """What is known of the calls of one person in a campaign, before it is put into words."""

    campaign: Campaign
    lockfile: str
    header: Header
    opened: tuple[OpenIntent, ...]
    keyer: Keyer
    calls: tuple[Call, ...]  # wanted
    remembered: tuple[LockedCall, ...]
    suppressed: frozenset[str]  # all of the campaign's suppressed numbers
    typed: str = ""  # the number in full, where somebody typed it

    def __repr__(self) -> str:
        return f"Known({self.campaign!r}, {len(self.calls)} calls)"


def explanation(
    known: Known,
    written: Written,
    now: datetime,
    *,
    plan: Plan | None,
    reports: Sequence[JobReport] | None,
    problem: str = "",
) -> Explanation:
    """All of it; without a plan, or without reports, `problem` says why."""
    keyer, campaign = known.keyer, known.campaign
    rows = tuple(
        row_of(campaign, call, written, keyer, now, suppressed=known.suppressed, typed=known.typed)
        for call in known.calls
    )
    owned = {job.job_id for call in known.remembered for job in call.job_history()}
    return Explanation(
        campaign=campaign.name,
        lockfile=known.lockfile,
        rows=rows,
        memories=tuple(memories(known.remembered, known.header, known.opened)),
        jobs=None if reports is None else tuple(_sighting(each, owned) for each in reports),
        planned=None if plan is None else _planned(known, rows, plan),
        problem=problem,
        typed=known.typed,
    )


def _planned(known: Known, rows: Sequence[Row], plan: Plan) -> Planned:
    ids = {row.call_id for row in rows} | {call.call_id for call in known.remembered}
    planned = planned_of(plan, ids)
    return msgspec.structs.replace(planned, changed_alone=frozenset(_changed_alone(known, rows, planned)))


def _changed_alone(known: Known, rows: Sequence[Row], planned: Planned) -> Iterator[CallId]:
    for call, row in zip(known.calls, rows, strict=True):
        found = planned.about.get(row.call_id)
        if isinstance(found, Replace) and is_changed_by_settings_alone(
            call, row.fields, found.locked, known.header, known.campaign, known.keyer
        ):
            yield row.call_id


def reports_of(client: Reporter, phones: Iterable[str], remembered: Iterable[LockedCall]) -> tuple[JobReport, ...]:
    """Every job that the server has of these phones and of these calls, the newest last. Raises CallsError."""
    found: dict[str, JobReport] = {}
    for phone in sorted(phones):
        found |= _by_id(_reports(client, phones=[phone]))
    unseen = [call.job_id for call in remembered if call.job_id and call.job_id not in found]
    for job_id in unseen[:MOST_JOBS]:
        found |= _by_id(_reports(client, job_ids=[job_id]))
    return tuple(sorted(found.values(), key=lambda each: (each.job.created_at_ms or 0, each.job.job_id)))


def _reports(client: Reporter, **items: Sequence[str]) -> tuple[JobReport, ...]:
    """The reports of one item: a report of several fails when any of them is unknown."""
    try:
        return client.reports(**items)
    except UnknownItems:
        return ()


def _by_id(reports: Iterable[JobReport]) -> Mapping[str, JobReport]:
    return {each.job.job_id: each for each in reports}


def _sighting(report: JobReport, owned: set[str]) -> Sighting:
    job = report.job
    return Sighting(
        job_id=job.job_id,
        status=job.status,
        attempts=job.attempts,
        was_reached=job.was_reached,
        created_ms=job.created_at_ms,
        finished_ms=report.finished_at_ms,
        talked_s=report.call_duration_s,
        is_owned=job.job_id in owned,
    )
