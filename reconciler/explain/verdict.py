"""What the plan of a whole campaign says about a few of its calls: picked from it, never decided again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, assert_never

import msgspec

from reconciler.explain.model import Field, Planned, Said
from reconciler.explain.origins import POLICY
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallId, Header, LockedCall
from reconciler.lock.settings import remembered
from reconciler.manifest.model import Campaign
from reconciler.phones.columns import CANONICAL
from reconciler.phones.model import Call
from reconciler.plan.model import (
    Add,
    Adopt,
    Blocked,
    CallAction,
    Cancel,
    Deferred,
    Drifted,
    Frozen,
    Held,
    Note,
    Pause,
    Plan,
    Replace,
    Resume,
    Start,
    Stop,
    Unmanaged,
    adds_of,
    fresh,
    known,
)

_MOVES = (Start, Pause, Resume, Stop)  # checking against a tuple takes a quarter of the time a union takes


def planned_of(plan: Plan, ids: Collection[CallId]) -> Planned:
    """What the plan says about the calls of these ids, and of the campaign as far as it is about them."""
    return Planned(
        plan_id=plan.plan_id,
        state=plan.observed_state,
        desired_state=plan.desired_state,
        is_refreshed=plan.is_refreshed,
        moves=tuple(action for action in known(plan.actions) if isinstance(action, _MOVES)),
        guards=plan.tripped,
        about=dict(_about(plan, ids)),
        settings=plan.settings,
        rollout=plan.rollout,
    )


def _about(plan: Plan, ids: Collection[CallId]) -> Iterator[tuple[CallId, Said]]:
    """Notes first: what is done wins over what is only said, should both be about one call."""
    for note in plan.notes:
        said = _said(note)
        if said is not None and said.subject is not None and said.subject.call_id in ids:
            yield said.subject.call_id, said
    added, _ = fresh(plan.actions).apart([key for key, _ in ids])
    for action in (*known(plan.actions), *adds_of(added)):
        if not isinstance(action, _MOVES):
            yield from ((call_id, action) for call_id in _ids_of(action) if call_id in ids)


def _said(note: Note) -> Deferred | Frozen | Blocked | Drifted | None:
    """The note, where it is about single calls."""
    match note:
        case Deferred() | Frozen() | Blocked() | Drifted():
            return note
        case Unmanaged() | Held():
            return None
        case _:
            assert_never(note)


def _ids_of(action: CallAction) -> tuple[CallId, ...]:
    match action:
        case Add():
            return (action.wanted.call_id,)
        case Cancel():
            return (action.locked.call_id,)
        case Replace():
            return (action.wanted.call_id,)
        case Adopt():
            return action.wanted.call_id, action.locked.call_id
        case _:
            assert_never(action)


def is_changed_by_settings_alone(
    call: Call, fields: Iterable[Field], locked: LockedCall, header: Header, campaign: Campaign, keyer: Keyer
) -> bool:
    """Whether the call is remembered exactly as it is wanted, but for the campaign's own settings.

    The request is put together once more with the settings the lock remembers; where it knows only a digest of one,
    that cannot be told.
    """
    request: dict[str, Any] = msgspec.json.decode(call.request)
    inherited = {field.name for field in fields if field.is_of_campaign}
    now = remembered(campaign.policy, campaign.payload, keyer)
    own = {name: request[name] for name in POLICY if name in request and name not in inherited}
    said = {name: each for name, each in request.get("payload", {}).items() if f"payload.{name}" not in inherited}
    policy = _known(header.policy, now["policy"], campaign.policy) | own
    payload = _known(header.payload, now["payload"], campaign.payload) | said
    before = {"phone": call.phone, **policy} | ({"payload": payload} if payload else {})
    return keyer.request(CANONICAL.encode(before)) == locked.request


def _known(before: Mapping[str, Any], now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the campaign that were; what has not changed is taken from now, in full."""
    return {name: values[name] if name in now and now[name] == value else value for name, value in before.items()}
