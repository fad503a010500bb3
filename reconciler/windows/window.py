"""What a merged call policy says about time, as values.

A day that no policy narrows is left to the campaign's own settings on the server, which cannot be seen from here. It is
told apart from a day that is open: it may be closed, and it may be open all night.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from reconciler.windows.week import DAY, DAYS, NEVER, Span, Week


class Window(msgspec.Struct, frozen=True):
    """When the calls of one policy may begin, by the clock of `zone`; "" stands for the zone of each number."""

    week: Week = NEVER  # minutes that the policy allows
    unsaid: Week = NEVER  # whole days on which the campaign's own settings decide
    zone: str = ""
    start: datetime | None = None  # no call before; without a zone of its own: by the clock of `zone`
    finish: datetime | None = None  # no call from then on


def window_of(policy: Mapping[str, Any]) -> Window:
    """The window of a merged policy: API names, JSON values, all of them right by the rules of the API."""
    allowed = policy.get("allowedDays") or DAYS
    spans: list[Span] = []
    unsaid: list[int] = []
    for number, day in enumerate(DAYS):
        hours = _hours(policy, day) if day in allowed else ()
        if hours is None:
            unsaid.append(number)
        else:
            spans += ((number * DAY + start, number * DAY + end) for start, end in hours)
    return Window(
        week=Week.of(spans),
        unsaid=Week.of_days(unsaid),
        zone=policy.get("gmtZone") or "",
        start=_moment(policy.get("startDateTime")),
        finish=_moment(policy.get("finishDateTime")),
    )


def ignored_days(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """Days that `allowedTime` names although `allowedDays` does not have them: the server ignores their hours."""
    allowed = policy.get("allowedDays")
    return tuple(d for d in DAYS if allowed and d not in allowed and d in (policy.get("allowedTime") or {}))


def _hours(policy: Mapping[str, Any], day: str) -> tuple[Span, ...] | None:
    """The hours of an allowed day, None where no policy says any."""
    times = policy.get("allowedTime") or {}
    windows = times.get(day) or times.get("default") or _deprecated(policy)
    return tuple((minute_of(w["localTimeFrom"]), minute_of(w["localTimeTo"])) for w in windows) or None


def _deprecated(policy: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """`localTimeFrom` and `localTimeTo` as a window; only one of them, or the wrong way round, says nothing sure."""
    start, end = policy.get("localTimeFrom"), policy.get("localTimeTo")
    return [{"localTimeFrom": start, "localTimeTo": end}] if start and end and start < end else []


def minute_of(time: str) -> int:
    """Minutes since midnight of `HH:MM`."""
    return int(time[:2]) * 60 + int(time[3:])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
