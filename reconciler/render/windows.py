"""In which hours the calls of a campaign may begin, day by day: what its call policies say, as values.

Local time of the called person, or of the zone the policy names. A policy that says nothing about a day or its hours
leaves them to the campaign's own settings on the server, which cannot be seen from here: that is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reconciler.manifest.model import Campaign, PhoneList
from reconciler.windows.week import DAYS

BY_ROW = "by row"
"""Stands for a value that comes from a column of the list, so that each row may have another."""

_OF_WINDOWS = ("allowedDays", "allowedTime", "gmtZone", "startDateTime", "finishDateTime")


class Hours(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """From and to, local time; the end is after the start."""

    start: Annotated[str, Meta(description='"HH:MM"')]
    end: Annotated[str, Meta(description='"HH:MM"')]

    def __str__(self) -> str:
        return f"{self.start}–{self.end}"

    @property
    def minutes(self) -> tuple[int, int]:
        """From and to in minutes since midnight."""
        (h1, m1), (h2, m2) = (map(int, time.split(":")) for time in (self.start, self.end))
        return 60 * h1 + m1, 60 * h2 + m2


class Day(msgspec.Struct, frozen=True):
    """One day of the week. null: the campaign's settings on the server decide."""

    day: Annotated[str, Meta(extra_json_schema={"enum": list(DAYS)})]
    is_open: bool | None
    hours: Annotated[tuple[Hours, ...] | None, Meta(description="in order; empty on a day that is closed")]


class Week(msgspec.Struct, frozen=True):
    """When the calls of these lists may begin."""

    lists: Annotated[tuple[str, ...], Meta(description="names of phone lists; empty: the campaign has none")]
    zone: Annotated[str, Meta(description='of the hours; "": the zone of each number; "by row": a column\'s')]
    start: Annotated[str, Meta(description='ISO 8601, no call before; "": no such limit')]
    finish: Annotated[str, Meta(description='ISO 8601, no call after; "": no such limit')]
    days: Annotated[tuple[Day, ...], Meta(min_length=7, max_length=7, description="mon to sun")]
    may_differ: Annotated[bool, Meta(description="some calls have windows of their own")] = False


def weeks(campaign: Campaign) -> tuple[Week, ...]:
    """The windows of `campaign`'s lists, lists with the same ones together; the campaign's own when it has no list."""
    found: dict[Week, list[str]] = {}
    for each in campaign.lists:
        found.setdefault(_week(each.policy, may_differ=_differ(each)), []).append(each.name)
    named = [msgspec.structs.replace(week, lists=tuple(names)) for week, names in found.items()]
    return tuple(named) or (_week(campaign.policy),)


def _differ(phone_list: PhoneList) -> bool:
    return any(name in policy for policy in phone_list.inline_policies for name in _OF_WINDOWS)


def _week(policy: Mapping[str, Any], *, may_differ: bool = False) -> Week:
    zone, start, finish = (_text(policy.get(name, "")) for name in ("gmtZone", "startDateTime", "finishDateTime"))
    return Week((), zone, start, finish, tuple(_day(day, policy) for day in DAYS), may_differ)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else BY_ROW


def _day(day: str, policy: Mapping[str, Any]) -> Day:
    allowed = policy.get("allowedDays")
    if allowed is not None and day not in allowed:
        return Day(day, False, ())
    times = policy.get("allowedTime") or {}
    windows = times.get(day) or times.get("default")
    hours = [Hours(window["localTimeFrom"], window["localTimeTo"]) for window in windows or ()]
    is_open = None if allowed is None else True
    return Day(day, is_open, tuple(sorted(hours, key=lambda each: each.minutes)) if windows else None)
