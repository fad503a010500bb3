"""A plan's actions and notes in groups: the same kind, for the same reason, with a few examples of each.

A plan may hold a million actions; a reviewer reads twenty lines. Groups refer to the actions, and only the examples
that are shown become lines. Every format (text, Markdown, HTML) walks these groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import assert_never, cast

import msgspec

from reconciler.errors import Place
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.plan.model import (
    Action,
    Add,
    Adopt,
    Blocked,
    CallAction,
    Cancel,
    Counts,
    Deferred,
    Drift,
    Drifted,
    DriftKind,
    Frozen,
    Held,
    LongActions,
    Move,
    Pause,
    Plan,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
    Subject,
    Unmanaged,
    fresh,
    known,
    subject_of,
)
from reconciler.render.rollout import aborted, to_go_on, waits_for
from reconciler.render.words import count

SAMPLE = 5
"""Examples shown of a group: enough to recognise the rows, few enough to read all groups on one screen."""

CallNote = Deferred | Frozen | Blocked | Drifted
Groupable = CallAction | CallNote | LockedCall | Subject
_IN_PROGRESS = "being called now, no further attempt"
_Found = Mapping[tuple[type, Reason], Sequence[CallAction | CallNote]]
_MOVES = (Start, Pause, Resume, Stop)  # checking against a tuple takes a quarter of the time a union takes


class Kind(msgspec.Struct, frozen=True):
    """What a group's members have in common: a name, a sign that needs no colour, and words to follow a count."""

    name: str
    sign: str
    words: str


ADD = Kind("add", "+", "to add")
REPLACE = Kind("replace", "~", "to replace")
BLOCKED = Kind("blocked", "!", "blocked")

_KIND_OF: dict[type, Kind] = {  # in the order shown: who will ring, who will not, what needs a person, what waits
    Add: ADD,
    Replace: REPLACE,
    Cancel: Kind("cancel", "-", "to cancel"),
    Adopt: Kind("adopt", "=", "to adopt"),
    Blocked: BLOCKED,
    Drifted: Kind("drifted", "!", "drifted"),
    Deferred: Kind("deferred", "·", "deferred"),
    Frozen: Kind("frozen", "·", "frozen"),
    Held: Kind("held", "·", "held"),
    Unmanaged: Kind("unmanaged", "·", "unmanaged"),
}
KINDS = tuple(_KIND_OF.values())
DONE = tuple(_KIND_OF[kind] for kind in (Add, Replace, Cancel, Adopt))
"""The kinds a plan does; the others it only says."""

_NEXT = {
    Reason.CHANGED: "cancelled first, then added again",
    Reason.KEY_CHANGED: "no request is sent",
    Reason.BEING_CALLED: "the next plan decides",
    Reason.CANCELLING: "the next plan decides",
    Reason.FOREIGN_JOB: "`campaign import` takes it over, `foreign: allow` in the manifest calls anyway",
    Reason.CAPPED: "added by a later apply, once fewer calls count",
    Reason.UNKNOWN_STATUS: "not added again by itself",
    Reason.MISSING: "not added again by itself",
    Reason.CANCELLED_BY_OTHERS: "left alone; `onExternalCancel: add` in the manifest adds it again",
    Reason.STATE_UNKNOWN: "it is not started, paused or resumed",
    Reason.START_IN_WEB: "all else is done, start it there",
}


_DRIFTED = {
    DriftKind.CANCELLED: (
        "cancelled",
        "by somebody else, perhaps on the person's wish",
        "left alone; `onExternalCancel: add` in the manifest adds it again",
    ),
    DriftKind.ENDED: ("ended", "the campaign ended before they were called", ""),
    DriftKind.MISSING: ("missing", "the server no longer reports them", "not added again by itself"),
    DriftKind.UNKNOWN: ("unknown", "the server reports a status this version does not know", ""),
}


class Entry(msgspec.Struct, frozen=True):
    """One call as it may be shown."""

    mask: str
    place: Place | None = None
    remark: str = ""
    call_id: tuple[str, str] = ("", "")  # digest of the key, and the wave
    attempts: int = 0  # made by a job that is replaced
    is_in_progress: bool = False  # being called now, so it cannot be taken back


class CallGroup(msgspec.Struct, frozen=True):
    """Actions or notes of one kind and reason. `count` is of calls; 0 where it is about the campaign itself."""

    kind: Kind
    why: str
    following: str  # what comes of it, or what a person can do
    reason: Reason | None = None  # None: for more than one
    members: Sequence[Groupable] = ()
    count: int = 0

    def entries(self, limit: int | None = SAMPLE) -> Iterator[Entry]:
        """The first `limit` calls of the group, None for all; made one by one as they are asked for."""
        return islice(filter(None, map(_entry, self.members)), limit)


class Outline(msgspec.Struct, frozen=True):
    """A plan as it is shown: moves of the campaign as a whole in the order of doing them, then calls in groups."""

    moves: tuple[Move, ...]
    groups: tuple[CallGroup, ...]
    counts: Counts


def outline(plan: Plan) -> Outline:
    """`plan` in moves and groups, in one pass over its actions."""
    moves: list[Move] = []
    actions: dict[tuple[type, Reason], list[CallAction | CallNote]] = {}
    for action in known(plan.actions):
        if isinstance(action, _MOVES):
            moves.append(action)
        else:
            actions.setdefault((type(action), action.reason), []).append(action)
    groups = (*_groups(_with_fresh(actions, plan)), *_groups(_notes(plan)), *_held(plan), *_unmanaged(plan))
    return Outline(tuple(moves), groups, plan.counts)


def _with_fresh(actions: Mapping[tuple[type, Reason], list[CallAction | CallNote]], plan: Plan) -> _Found:
    """The actions with the adds of fresh calls among those that are new."""
    added = fresh(plan.actions)
    if not added:
        return actions
    new = LongActions(cast("list[Action]", actions.get((Add, Reason.NEW), [])), added)
    return {**actions, (Add, Reason.NEW): cast("Sequence[CallAction]", new)}


def drift_groups(drift: Drift) -> tuple[CallGroup, ...]:
    """The calls and jobs that drifted, in groups; the campaign's own state is not among them."""
    groups = [_drifted(each.kind, each.calls) for each in drift.calls]
    if drift.foreign:
        jobs = [Subject(mask, ("", "")) for mask in drift.foreign]
        kind, why = Kind("foreign", "!", "foreign"), "jobs in the campaign that this lock does not own"
        groups.append(CallGroup(kind, why, "left alone", members=jobs, count=len(jobs)))
    return tuple(groups)


def _drifted(kind: DriftKind, calls: Sequence[LockedCall]) -> CallGroup:
    words, why, following = _DRIFTED[kind]
    return CallGroup(Kind(kind.value, "!", words), why, following, members=calls, count=len(calls))


def move_words(move: Move) -> tuple[str, str]:
    """The verb of a move, and what it means."""
    match move:
        case Start():
            return "start", "the new campaign begins to call"
        case Pause():
            return "pause", "no new call begins until the campaign is resumed"
        case Resume():
            return "resume", "the paused campaign goes on calling"
        case Stop():
            return "stop", "the campaign ends for good; irreversible"
        case _:
            assert_never(move)


def _notes(plan: Plan) -> _Found:
    notes: dict[tuple[type, Reason], list[CallAction | CallNote]] = {}
    for note in plan.notes:
        if not isinstance(note, Unmanaged | Held):
            notes.setdefault((type(note), note.reason), []).append(note)
    return notes


def _groups(found: _Found) -> list[CallGroup]:
    kinds, reasons = list(_KIND_OF), list(Reason)
    in_order = sorted(found, key=lambda key: (kinds.index(key[0]), reasons.index(key[1])))
    return [_group(kind, reason, found[kind, reason]) for kind, reason in in_order]


def _group(kind: type, reason: Reason, members: Sequence[CallAction | CallNote]) -> CallGroup:
    n = len(members) if _subject(members[0]) else 0
    return CallGroup(_KIND_OF[kind], reason.value, _NEXT.get(reason, ""), reason, members, n)


def _held(plan: Plan) -> list[CallGroup]:
    """Those who wait for a later step of the rollout, counted: they may be a million."""
    standing, kind = plan.rollout, _KIND_OF[Held]
    if standing is None:
        return []
    n = sum(note.count for note in plan.notes if isinstance(note, Held))
    if standing.is_aborted:
        return [CallGroup(msgspec.structs.replace(kind, sign="!"), aborted(standing), to_go_on(standing), count=n)]
    return [CallGroup(kind, waits_for(standing), "", count=n)] if n else []


def _unmanaged(plan: Plan) -> list[CallGroup]:
    counts = [note.count for note in plan.notes if isinstance(note, Unmanaged) and note.count]
    why = "jobs in the campaign that this lock does not own"
    return [CallGroup(_KIND_OF[Unmanaged], why, "left alone", count=sum(counts))] if counts else []


def _entry(item: Groupable) -> Entry | None:
    subject = _subject(item)
    if subject is None:
        return None
    attempts = item.attempts if isinstance(item, Replace) else 0
    is_in_progress = isinstance(item, Cancel) and item.locked.status is CallStatus.IN_PROCESS
    remark = _IN_PROGRESS if is_in_progress else f"after {count(attempts, 'attempt')}" if attempts else ""
    remark = item.detail if isinstance(item, Blocked) else remark
    return Entry(subject.mask, subject.place, remark, subject.call_id, attempts, is_in_progress)


def _subject(item: Groupable) -> Subject | None:
    match item:
        case Add() | Replace() | Adopt():
            return subject_of(item.wanted)
        case Cancel():
            return subject_of(item.locked)
        case LockedCall():
            return subject_of(item)
        case Subject():
            return item
        case Deferred() | Frozen() | Blocked() | Drifted():
            return item.subject
        case _:
            assert_never(item)
