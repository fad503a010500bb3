"""A number's call policy, checked by the rules of the API and turned into what the dialer works with.

Most numbers of a request share one policy, so each distinct policy is read once (`PolicyBook`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timedelta, timezone, tzinfo
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from reconciler.sandbox.answers import RefusedError, malformed, refused
from reconciler.sandbox.clock import parse_iso
from reconciler.sandbox.windows import ALL_DAY, FOREVER_MS, WEEKDAYS, Interval, Window

MIDDLE_PRIORITY = 3
MINUTE_MS = 60_000
_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

Minutes = Annotated[int, msgspec.Meta(ge=1, le=2880)]
Attempts = Annotated[int, msgspec.Meta(ge=1, le=50)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Days = Annotated[tuple[Day, ...], msgspec.Meta(min_length=1, max_length=7)]


class ExternalCheck(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Asked before each call; the sandbox accepts it and never calls the URL."""

    external_check_url: str
    external_check_max_retries: int | None = None


class Policy(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The policy fields of addPhones as they travel. Fields with an error type of their own are checked by hand."""

    start_date_time: str | None = None
    finish_date_time: str | None = None
    allowed_days: Days | None = None
    allowed_time: Any = None
    retry_interval_in_minutes: Minutes | None = None
    max_attempts: Attempts | None = None
    gmt_zone: Any = None
    dialer_priority: Any = None
    external_check: ExternalCheck | None = None
    local_time_from: str | None = None
    local_time_to: str | None = None


class Terms(msgspec.Struct, frozen=True):
    """A policy with the campaign's own settings filled in. `is_own`: the number has policy fields of its own."""

    window: Window
    attempts: int
    retry_ms: int
    priority: int = MIDDLE_PRIORITY
    is_own: bool = False


class PolicyBook:
    """Terms for each distinct policy of a campaign whose own settings are `default`."""

    def __init__(self, default: Terms) -> None:
        self._default = default
        self._terms: dict[bytes, Terms] = {}

    def terms(self, policy: Mapping[str, Any] | None) -> Terms:
        """The terms of one number; raises RefusedError for a policy that breaks a rule of the API."""
        if not policy:
            return self._default
        key = msgspec.json.encode(policy)
        known = self._terms.get(key)
        if known is None:
            known = self._terms[key] = _read(policy, self._default)
        return known


def _read(fields: Mapping[str, Any], default: Terms) -> Terms:
    try:
        policy = msgspec.convert(dict(fields), Policy)
    except msgspec.ValidationError as error:
        raise malformed(str(error)) from None
    return Terms(
        window=_window(policy, default.window.zone),
        attempts=policy.max_attempts or default.attempts,
        retry_ms=policy.retry_interval_in_minutes * MINUTE_MS if policy.retry_interval_in_minutes else default.retry_ms,
        priority=_priority(policy.dialer_priority),
        is_own=True,
    )


def _priority(value: object) -> int:
    if value is None:
        return MIDDLE_PRIORITY
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 5:
        raise refused("invalid.dialer_priority", "dialerPriority must be an integer from 1 to 5")
    return value


def _window(policy: Policy, default_zone: tzinfo) -> Window:
    from_ms = _moment("startDateTime", policy.start_date_time) or 0
    until_ms = _moment("finishDateTime", policy.finish_date_time) or FOREVER_MS
    if from_ms >= until_ms:
        raise malformed("startDateTime must be before finishDateTime")
    return Window(_zone(policy.gmt_zone, default_zone), _week(policy), from_ms, until_ms)


def _moment(name: str, text: str | None) -> int | None:
    try:
        return parse_iso(text) if text is not None else None
    except ValueError:
        raise malformed(f"{name} must be an ISO 8601 date-time") from None


# ------------------------------------------------------------------------------------------------------------- zones


def _zone(value: object, default: tzinfo) -> tzinfo:
    if value is None or value == "":
        return default
    zone = zone_named(value) if isinstance(value, str) else None
    if zone is None:
        raise refused("phone.gmtZone.bad.format", "gmtZone must be an offset, Z or an IANA zone", gmtZone=value)
    return zone


def zone_of(text: str) -> tzinfo:
    """The zone of `Z`, of an offset or of an IANA name; ValueError for anything else."""
    zone = zone_named(text)
    if zone is None:
        raise ValueError("a zone is Z, an offset such as +03:00, or an IANA zone name")
    return zone


def zone_named(text: str) -> tzinfo | None:
    """The zone of `Z`, of an offset from -18:00 to +18:00 or of an IANA name; None for anything else."""
    if text == "Z":
        return UTC
    if offset := _OFFSET.fullmatch(text):
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-shift if offset[1] == "-" else shift) if shift <= timedelta(hours=18) else None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


# -------------------------------------------------------------------------------------------------------- day hours

_bad_time = partial(refused, "invalid.call.allowed.time")


def _week(policy: Policy) -> tuple[tuple[Interval, ...], ...]:
    hours = _hours(policy.allowed_time)
    usual = hours.get("default", _deprecated_hours(policy))
    days = policy.allowed_days or WEEKDAYS
    return tuple(hours.get(day, usual) if day in days else () for day in WEEKDAYS)


def _deprecated_hours(policy: Policy) -> tuple[Interval, ...]:
    if policy.local_time_from is None and policy.local_time_to is None:
        return ALL_DAY
    return (_interval({"localTimeFrom": policy.local_time_from, "localTimeTo": policy.local_time_to}),)


def _hours(value: object) -> dict[str, tuple[Interval, ...]]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not set(value) <= {*WEEKDAYS, "default"}:
        raise _bad_time("allowedTime must be an object with the keys mon to sun and default")
    return {day: _intervals(items) for day, items in value.items()}


def _intervals(items: object) -> tuple[Interval, ...]:
    if not isinstance(items, list) or not items:
        raise _bad_time("Each day of allowedTime needs at least one interval")
    intervals = tuple(sorted(_interval(item) for item in items))
    for (_, end), (begin, _) in pairwise(intervals):
        if begin < end:
            raise _bad_time("The intervals of one day must not overlap")
    return intervals


def _interval(item: object) -> Interval:
    if not isinstance(item, dict) or set(item) != {"localTimeFrom", "localTimeTo"}:
        raise _bad_time("An interval has localTimeFrom and localTimeTo")
    begin, end = _minute(item["localTimeFrom"]), _minute(item["localTimeTo"])
    if begin >= end:
        raise _bad_time("localTimeFrom must be before localTimeTo")
    return begin, end


def _minute(text: object) -> int:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise _bad_time("A time of day is written HH:MM")
    return int(found[1]) * 60 + int(found[2])


def with_phone(error: RefusedError, phone: str) -> RefusedError:
    """The refusal again, naming the number when it is of a type that does (`phone.…`)."""
    body = msgspec.json.decode(error.answer.content)
    kind: str = body.pop("type")
    if not kind.startswith("phone."):
        return error
    return refused(kind, body.pop("message"), phone=phone, **body)
