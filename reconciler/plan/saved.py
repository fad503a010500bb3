"""A saved plan: what it allows, and whether what is needed now is among it. Pure.

An action is kept as a line of digests, about fifty bytes: the call it is about, what would be sent for it, and the job
it takes back or follows. That job makes the line good for once: after an action was done its call has another job, so
the same line never allows a second call of a person. Whoever holds the file learns no number and nothing that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import assert_never

import msgspec

from reconciler.calls.model import Control
from reconciler.errors import StalePlan
from reconciler.plan.model import (
    Add,
    Adopt,
    CallAction,
    Cancel,
    Counts,
    GuardResult,
    Move,
    Pause,
    Plan,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
    known,
    subject_of,
)

Lines = Callable[[], Iterable[bytes]]
"""The lines of a saved plan, read anew each time it is called."""

SAMPLE = 3
"""Calls named of each kind that a saved plan does not hold."""

_MOVES = (Start, Pause, Resume, Stop)
_RUNS = (Control.START, Control.RESUME)
_CALL_AT = len('["') + 16  # end of a call's digest in its line

_encode = msgspec.json.Encoder().encode


class Basis(msgspec.Struct, frozen=True):
    """What a plan was computed from. All but serial and control are keyed digests, or random."""

    lineage: str  # of the lockfile; "" where there was none yet
    serial: int
    control: str  # the last one the lockfile remembers
    check: str  # tells whether the digests were made with the same key
    host: str
    token: str
    remote: str  # of the campaign on the server; "" where it has none to tell
    desired: str  # of the manifest, its lists and suppression lists


class HeldGuard(msgspec.Struct, frozen=True):
    """A guard as it was held against the plan, `--allow` included."""

    name: str
    limit: float
    is_tripped: bool


class SavedPlan(msgspec.Struct, frozen=True):
    """A plan as it is saved, but for the lines of its actions on calls."""

    campaign: str
    plan_id: str
    basis: Basis
    moves: tuple[str, ...]
    calls: Counts
    allowed: dict[str, float]
    guards: tuple[HeldGuard, ...]

    @property
    def actions(self) -> int:
        """How many actions it allows."""
        calls = self.calls
        return calls.add + calls.cancel + calls.replace + calls.adopt + calls.move


def saved_plan(plan: Plan, basis: Basis, allowed: dict[str, float]) -> SavedPlan:
    """`plan` as it is saved; `allowed` is what `--allow` said."""
    moves = tuple(_verb(action) for action in known(plan.actions) if isinstance(action, _MOVES))
    guards = tuple(HeldGuard(guard.name, guard.limit, guard.is_tripped) for guard in plan.guards)
    return SavedPlan(plan.campaign, plan.plan_id, basis, moves, plan.counts, allowed, guards)


def action_lines(plan: Plan) -> list[bytes]:
    """A line for each action on a call, in order; newlines included."""
    return sorted(map(_line, _on_calls(plan)))


def _on_calls(plan: Plan) -> Iterator[CallAction]:
    return (action for action in plan.actions if not isinstance(action, _MOVES))


def _line(action: CallAction) -> bytes:
    match action:
        case Add(wanted, _, before):
            return _encoded(*wanted.call_id, "+", wanted.request, before.job_id if before else "")
        case Replace(wanted, locked):
            return _encoded(*wanted.call_id, "~", wanted.request, locked.job_id)
        case Cancel(locked):
            return _encoded(*locked.call_id, "-", locked.job_id)
        case Adopt(wanted, locked):
            return _encoded(*wanted.call_id, "=", locked.key, locked.job_id)
        case _:
            assert_never(action)


def _encoded(*parts: str) -> bytes:
    return _encode(parts) + b"\n"


# ------------------------------------------------------------------------------------------------ does it still fit?


def approved(saved: SavedPlan, lines: Lines, plan: Plan, now: Basis) -> Plan:
    """`plan`, made now, as far as the saved one speaks for it: guards that it passed then do not hold it back.

    Raises StalePlan when it was made on something else, or when an action is needed that it does not hold.
    """
    other = _other_origin(saved.basis, now)
    if other:
        raise StalePlan(plan.campaign, [other])
    strays = [*_strays(lines, plan)]
    moves = [move for move in known(plan.actions) if isinstance(move, _MOVES) and not _holds_move(saved, move, now)]
    if strays or moves:
        said = [*_described(strays), *map(_move_described, moves), _since(saved.basis, now)]
        raise StalePlan(plan.campaign, said)
    return msgspec.structs.replace(plan, guards=tuple(_passed(saved, guard) for guard in plan.guards))


def _other_origin(then: Basis, now: Basis) -> str:
    """How the plan was made on something else than there is now; "" when it was not."""
    if then.check != now.check:
        return "its digests were made with another CAMPAIGN_LOCK_SECRET, or for another token"
    if then.lineage and then.lineage != now.lineage:
        gone = "there is none now" if not now.lineage else "not on the one there is now"
        return f"it was made on another lockfile, {gone}"
    if then.lineage and then.serial > now.serial:
        return "the lockfile is older than the one it was made on; bring the newer one back"
    has_remote = bool(then.remote and now.remote)
    is_same = then.remote == now.remote if has_remote else (then.token, then.host) == (now.token, now.host)
    return "" if is_same else "its token leads to another campaign on the server"


def _strays(lines: Lines, plan: Plan) -> Iterator[tuple[CallAction, bool]]:
    """The actions on calls that no line allows, each with whether there is a line about its call."""
    missing = {_line(action): action for action in _on_calls(plan)}
    halves = {_replacing(action): line for line, action in missing.items() if isinstance(action, Add) and action.before}
    for line in lines():
        if missing.pop(line, None) is None and line in halves:
            missing.pop(halves[line], None)
    if missing:
        calls = {line[:_CALL_AT] for line in missing}
        held = {line[:_CALL_AT] for line in lines() if line[:_CALL_AT] in calls}
        yield from ((action, line[:_CALL_AT] in held) for line, action in missing.items())


def _replacing(add: Add) -> bytes:
    """The line of the replacement that this add would be the second half of: what it cancels is cancelled already."""
    return _encoded(*add.wanted.call_id, "~", add.wanted.request, add.before.job_id if add.before else "")


def _holds_move(saved: SavedPlan, move: Move, now: Basis) -> bool:
    """Whether the saved plan allows the move now. What makes phones ring has to be as it was when it was planned."""
    if _verb(move) not in saved.moves:
        return False
    if isinstance(move, Pause | Stop):
        return True
    then = saved.basis
    # The lockfile says that it runs, so it was paused by hand: whether that was before or after is not known.
    is_repeated = now.control in _RUNS and (then.lineage, then.serial) != (now.lineage, now.serial)
    return then.control == now.control and not is_repeated


def _passed(saved: SavedPlan, guard: GuardResult) -> GuardResult:
    """The guard; not tripped when the plan passed it, with the same limit, before some of its calls dropped out."""
    held = next((each for each in saved.guards if each.name == guard.name), None)
    if held is None or held.is_tripped or held.limit != guard.limit:
        return guard
    return msgspec.structs.replace(guard, is_tripped=False)


# ---------------------------------------------------------------------------------------------------- in words


_TO_DO: dict[type[CallAction], str] = {
    Add: "to add",
    Replace: "to replace",
    Cancel: "to cancel",
    Adopt: "to adopt",
}


def _described(strays: Sequence[tuple[CallAction, bool]]) -> Iterator[str]:
    """The actions by kind and reason, with a few of their calls."""
    groups: dict[tuple[type[CallAction], Reason, bool], list[CallAction]] = {}
    for action, is_known in strays:
        groups.setdefault((type(action), action.reason, is_known), []).append(action)
    for (kind, reason, is_known), actions in groups.items():
        how = "which it allows something else for" if is_known else "which it does not hold"
        more = f", … and {len(actions) - SAMPLE:,} more" if len(actions) > SAMPLE else ""
        yield f"{len(actions):,} {_TO_DO[kind]}, {how}: {reason}: {', '.join(map(_named, actions[:SAMPLE]))}{more}"


def _named(action: CallAction) -> str:
    subject = subject_of(action.locked if isinstance(action, Cancel) else action.wanted)
    return f"{subject.mask} ({subject.place})" if subject.place else subject.mask


def _move_described(move: Move) -> str:
    return f"to {_verb(move)} the campaign, which it does not hold: the campaign's state is another than it was then"


def _since(then: Basis, now: Basis) -> str:
    written = now.serial - then.serial
    changes = ["the manifest or its lists changed"] if then.desired != now.desired else []
    if written:
        changes.append("the lockfile was written" if then.lineage else "there is a lockfile, which there was not")
    said = " and ".join(changes) or "something changed on the server"
    return f"since it was made {said}"


def _verb(move: Move) -> str:
    return type(move).__name__.lower()


class DemandedPlan(msgspec.Struct, frozen=True):
    """The id of the plan that somebody saw."""

    plan_id: str

    def hold(self, plan: Plan, *_: object) -> Plan:
        """`plan`, if it is that one; its id speaks for what it was computed from. Raises StalePlan for another."""
        if plan.plan_id != self.plan_id:
            raise StalePlan(plan.campaign, [f"its id is {plan.plan_id} now, and {self.plan_id} was asked for"])
        return plan
