"""Campaigns, calls and locks the plan tests are made of. People are named by key: ann, bob, cyd, dan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from reconciler.calls.model import CampaignState, Job, JobStatus
from reconciler.errors import Place
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, FormerJob, Header, Lock, LockedCall
from reconciler.manifest.model import Campaign, Guards, TokenSource
from reconciler.phones.model import Call, Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed, refreshed
from reconciler.plan.model import Action, Held, Note, Plan, Subject, Unmanaged, subject_of
from reconciler.plan.wanted import Wanted

KEYER = Keyer(None, "5a" * 16)
NAMES = {KEYER.key(name): name for name in ("ann", "bob", "cyd", "dan", "eve", "fay")}
Stance = Literal["running", "paused", "stopped"]


def call(
    key: str = "ann", phone: int = 1, data: str = "x", *, wave: str = "1", row: int = 2, shares_phone: bool = False
) -> Call:
    """A wanted call; `data` stands for its payload and policy."""
    digits = f"1650777{phone:04}"
    request = f'{{"payload":{{"data":"{data}"}},"phone":"{digits}"}}'.encode()
    return Call(key, wave, digits, request, "leads.csv", row, shares_phone)


def wanted(one: Call) -> Wanted:
    """The call with its digests."""
    return Wanted(one, KEYER.key(one.key), KEYER.phone(one.phone), KEYER.request(one.request))


def remembered(one: Call, status: CallStatus, job: str = "", former: tuple[FormerJob, ...] = ()) -> LockedCall:
    """The lock's entry for that call. Its job is named after its key and wave, unless it can have none."""
    jobless = status in (CallStatus.REJECTED, CallStatus.IN_DOUBT, CallStatus.VOUCHED)
    job_id = "" if jobless else job or f"job-{one.key}-{one.wave}"
    known = wanted(one)
    return LockedCall(known.key, one.wave, known.phone, known.request, job_id, status, "1650•••0000", former)


def lock_of(*calls: LockedCall, control: str = "", is_new: bool = False) -> Lock:
    """A lock that remembers these."""
    header = Header(1, "promo", "lineage", 7, "https://calls.example", salt="5a" * 16, control=control)
    return Lock(header, {each.call_id: each for each in calls}, is_new)


def campaign(
    state: Stance = "running",
    *,
    wave: str = "1",
    guards: Guards | None = None,
    foreign: str = "block",
    on_external_cancel: str = "keep",
    policy: Mapping[str, object] | None = None,
    payload: Mapping[str, object] | None = None,
) -> Campaign:
    """A campaign; the guards let everything pass unless given."""
    return Campaign(
        name="promo",
        place=Place("promo.yaml", 1, 1),
        folder=Path(),
        host="https://calls.example",
        token=TokenSource(env="PROMO_TOKEN"),
        dialect="auto",
        state=state,
        wave=wave,
        policy=dict(policy or {}),
        payload=dict(payload or {}),
        lists=(),
        suppress=(),
        guards=guards or Guards(new_calls=1_000_000, cancel_percent=100.0, replace_percent=100.0),
        foreign=foreign,
        on_external_cancel=on_external_cancel,
    )


def job(job_id: str, phone: int, status: JobStatus, *, attempts: int = 0, was_reached: bool = False) -> Job:
    """A job as the server reports it."""
    return Job(job_id, f"1650777{phone:04}", status, attempts, was_reached)


def observed(
    *jobs: Job,
    lock: Lock | None = None,
    state: CampaignState | None = CampaignState.RUNNING,
    foreign: Iterable[Job] = (),
) -> Observed:
    """What the server said when it was asked for these jobs and all of the lock's that are not final."""
    asked = {job.job_id for job in jobs}
    for each in lock.calls.values() if lock else ():
        if each.job_id and not each.status.is_final:
            asked.add(each.job_id)
    return Observed(
        state=state,
        jobs={job.job_id: job for job in jobs},
        asked=frozenset(asked),
        foreign=tuple(foreign),
        is_refreshed=True,
    )


def planned(
    calls: Iterable[Call],
    lock: Lock,
    seen: Observed | None = None,
    of: Campaign | None = None,
    *,
    suppressed: Iterable[int] = (),
    allowed: Mapping[str, float] | None = None,
) -> Plan:
    """The plan; without `seen` the campaign is running and all stands on the server as the lock remembers it."""
    found = seen or Observed(state=CampaignState.RUNNING)
    desired = Desired(tuple(calls), frozenset(f"1650777{phone:04}" for phone in suppressed))
    return make_plan(of or campaign(), desired, refreshed(lock, found), found, KEYER, allowed=allowed)


def said(plan: Plan) -> list[str]:
    """The plan's actions and notes in words, sorted: `Add ann/1: new`."""
    return sorted(map(in_words, (*plan.actions, *plan.notes)))


def done(plan: Plan) -> list[str]:
    """The plan's actions in words, in their order."""
    return [in_words(action) for action in plan.actions]


def in_words(item: Action | Note) -> str:
    """One action or note."""
    verb = type(item).__name__
    if isinstance(item, Unmanaged | Held):
        return f"{verb} {item.count}"
    reason = getattr(item, "reason", None)
    if reason is None:
        return verb
    subject: Subject | None = getattr(item, "subject", None) or _subject(item)
    who = f" {NAMES[subject.call_id[0]]}/{subject.call_id[1]}" if subject else ""
    return f"{verb}{who}: {reason.name}"


def _subject(item: object) -> Subject | None:
    who = getattr(item, "wanted", None) or getattr(item, "locked", None)
    return subject_of(who) if who else None
