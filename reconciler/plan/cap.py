"""Caps: how often one phone may be called over all campaigns together. Pure: what other locks know is given.

A cap holds back new calls and nothing else. What counts are calls that may still ring, whatever their campaign, and
those of the last days that reached somebody, or that rang, as the cap says.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple, Protocol

from reconciler.lock.days import OPEN, days_of
from reconciler.lock.model import CallStatus, Header, LockedCall
from reconciler.manifest.model import Cap
from reconciler.plan.model import Add, Adopt, Blocked, Cancel, Reason, Replace, subject_of

_UNREACHED: Final = frozenset({CallStatus.NO_ANSWER, CallStatus.NONEXISTENT, CallStatus.TECHNICAL_ERROR})
RUNG: Final = frozenset(
    status for status in CallStatus if status.is_called and status not in _UNREACHED - {CallStatus.NO_ANSWER}
)
REACHED: Final = RUNG - {CallStatus.NO_ANSWER}
CallAction = Add | Cancel | Replace | Adopt

COUNTED: Final = RUNG | OPEN
"""Calls with other statuses count towards no cap."""


def counted_by(caps: Iterable[Cap]) -> frozenset[CallStatus]:
    """The statuses that some of these caps counts."""
    return OPEN | REACHED | (RUNG if any(cap.counts == "rung" for cap in caps) else frozenset())


class Use(NamedTuple):
    """One call that a phone got, or may get."""

    day: int  # it counts as made on, from 1970-01-01
    campaign: str
    status: CallStatus

    def counts(self, cap: Cap) -> bool:
        """Whether the cap counts calls of this status."""
        return self.status in OPEN or self.status in (REACHED if cap.counts == "reached" else RUNG)


class Usage(Protocol):
    """The caps that are in force, and what the other campaigns' locks know."""

    @property
    def caps(self) -> Sequence[Cap]:
        """By name."""
        ...

    @property
    def today(self) -> int:
        """Days since 1970-01-01, UTC."""
        ...

    def of(self, phones: Mapping[str, str]) -> Mapping[str, Sequence[Use]]:
        """The calls of other campaigns to these phones (E.164 digits, by digest), by the same digest."""
        ...


def hold_caps(
    usage: Usage | None, actions: list[CallAction], own: Iterable[LockedCall], header: Header
) -> tuple[list[CallAction], list[Blocked]]:
    """The actions that keep the caps, and a note for each call that is held back; `own` are the lock's calls."""
    if usage is None or not usage.caps:
        return actions, []
    new = [one for one in actions if isinstance(one, Add) or (isinstance(one, Replace) and not _keeps_phone(one))]
    phones = {action.wanted.phone: action.wanted.call.phone for action in new}
    uses = {phone: [*found] for phone, found in usage.of(phones).items()}
    for phone, use in _own_uses(actions, own, header, usage.today):
        uses.setdefault(phone, []).append(use)
    held: dict[tuple[str, str], Blocked] = {}
    # In an order that does not depend on that of the rows: two calls may share a phone.
    for action in sorted(new, key=lambda one: one.wanted.call_id):
        counted = uses.setdefault(action.wanted.phone, [])
        why = next(filter(None, (_over(cap, counted, usage.today) for cap in usage.caps)), "")
        if why:
            held[action.wanted.call_id] = Blocked(subject_of(action.wanted), Reason.CAPPED, why)
        else:
            counted.append(Use(usage.today, header.campaign, CallStatus.PLANNED))
    return [*_kept(actions, held)], [*held.values()]


def _keeps_phone(action: Replace) -> bool:
    """Whether the phone has not a call more than before."""
    return action.wanted.phone == action.locked.phone


def _kept(actions: Iterable[CallAction], held: Container[tuple[str, str]]) -> Iterator[CallAction]:
    """What is left; of a replacement that is held back, that the old phone must not ring."""
    for action in actions:
        if not isinstance(action, Add | Replace) or action.wanted.call_id not in held:
            yield action
        elif isinstance(action, Replace):
            yield Cancel(action.locked, Reason.REMOVED)


def _own_uses(
    actions: Iterable[CallAction], own: Iterable[LockedCall], header: Header, today: int
) -> Iterator[tuple[str, Use]]:
    """What the campaign's own calls count, by phone; those the plan takes back do not."""
    gone = {
        action.locked.call_id
        for action in actions
        if isinstance(action, Cancel) or (isinstance(action, Replace) and not _keeps_phone(action))
        if action.locked.status.is_waiting
    }
    calls = [call for call in own if call.status in COUNTED and call.call_id not in gone]
    for call, day in zip(calls, days_of(header, calls, today), strict=True):
        yield call.phone, Use(day, header.campaign, call.status)


def _over(cap: Cap, uses: Iterable[Use], today: int) -> str:
    """Until when one more call would be over the cap; "" when it is not."""
    counted = sorted(use for use in uses if use.counts(cap) and today - use.day <= cap.days)
    if len(counted) < cap.calls:
        return ""
    decisive = counted[len(counted) - cap.calls]  # once this one no longer counts there is room for one
    if decisive.status in OPEN:
        return f"until a call of {decisive.campaign} is over"
    free = date(1970, 1, 1).toordinal() + decisive.day + cap.days + 1
    return f"until {date.fromordinal(free).isoformat()}"
