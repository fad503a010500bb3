"""The Calls API's rules for a call policy, as a pure function of its fields.

A policy written in a manifest and one put together from the columns of a row go through the same check, before
anything is sent: one bad policy would make the server refuse a whole request and name only one number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from reconciler.manifest.addresses import wrong_with_url
from reconciler.manifest.document import Finding
from reconciler.manifest.wording import did_you_mean, kind_of, listed, path_text, quoted
from reconciler.windows.week import DAYS

RANGES = {"retryIntervalInMinutes": (1, 2880), "maxAttempts": (1, 50), "dialerPriority": (1, 5)}  # the API's, inclusive

_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-7]):[0-5][0-9]|18:00)")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
# Files beside the zones on many systems, which zoneinfo opens too.
_NO_ZONES = re.compile(r"(?:posix|right)/.*|localtime|posixrules|Factory")
_MOMENT_FIX = "write an ISO 8601 date and time such as 2024-05-01T10:00:00+03:00"
_ZONE_FIX = "write an offset from -18:00 to +18:00, Z, or an IANA name such as Europe/Berlin"


def check_policy(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Everything wrong with a call policy: where in it (`allowedTime.mon[1]`), what, and what would be right.

    `fields` are API names with JSON values; unknown fields are not looked at. The same fields give the same answer,
    and no value in it that could identify anybody.
    """
    return ((path_text(path), what, fix) for path, what, fix in policy_findings(fields))


def policy_findings(fields: Mapping[str, Any]) -> Iterator[Finding]:
    """As `check_policy`, with the places as paths."""
    for name, check in _CHECKS.items():
        if name in fields:
            yield from (finding.under((name,)) for finding in check(fields[name]))
    for name, (lowest, highest) in RANGES.items():
        if name in fields:
            yield from (finding.under((name,)) for finding in _check_number(fields[name], lowest, highest))
    yield from period_findings(fields)


def period_findings(fields: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong between `startDateTime` and `finishDateTime` when each of them is right by itself."""
    start, finish = (_moment(fields.get(name)) for name in ("startDateTime", "finishDateTime"))
    if start is None or finish is None:
        return
    if (start.tzinfo is None) != (finish.tzinfo is None):
        what = "cannot be compared with startDateTime: one of the two has a zone, the other has none"
        yield Finding(("finishDateTime",), what, "write the zone in both, or in neither")
    elif start >= finish:
        yield Finding(("finishDateTime",), "is not after startDateTime", "write a later date, or an earlier start")


def _moment(value: object) -> datetime | None:
    """The date-time that ISO 8601 text means, with its zone if it has one; None if it means none."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _check_moment(value: object) -> Iterator[Finding]:
    if _moment(value) is None:
        yield Finding((), "is not a date and time", _MOMENT_FIX)


def _check_number(value: object, lowest: int, highest: int) -> Iterator[Finding]:
    fix = f"write a whole number from {lowest} to {highest}"
    if type(value) is not int:  # a boolean is an int to Python, not to the API
        yield Finding((), f"is {kind_of(value)}", fix)
    elif not lowest <= value <= highest:
        yield Finding((), f"{quoted(value)} is out of range", fix)


def _check_days(value: object) -> Iterator[Finding]:
    if not isinstance(value, list) or not value:
        yield Finding((), "is empty" if value == [] else f"is {kind_of(value)}", "write a list such as [mon, tue]")
        return
    seen: set[str] = set()
    for index, day in enumerate(value):
        if day not in DAYS:
            yield Finding((index,), f"{quoted(day)} is no day", _day_fix(day, DAYS))
        elif day in seen:
            yield Finding((index,), f"{day} is there twice", "keep one of them")
        else:
            seen.add(day)


def _day_fix(day: object, known: tuple[str, ...]) -> str:
    meant = did_you_mean(day, known) if isinstance(day, str) else ""
    return meant or f"write {listed(known)}"


def _check_times(value: object) -> Iterator[Finding]:
    if not isinstance(value, dict) or not value:
        what = "is empty" if value == {} else f"is {kind_of(value)}"
        yield Finding((), what, 'write {default: [{localTimeFrom: "10:00", localTimeTo: "18:00"}]}')
        return
    for day, windows in value.items():
        if day not in DAYS and day != "default":
            yield Finding((day,), "is no day", _day_fix(day, (*DAYS, "default")))
        elif not isinstance(windows, list) or not windows:
            what = "is empty" if windows == [] else f"is {kind_of(windows)}"
            yield Finding((day,), what, 'write a list such as [{localTimeFrom: "10:00", localTimeTo: "18:00"}]')
        else:
            yield from (finding.under((day,)) for finding in windows_findings(windows))


def windows_findings(windows: list[Any]) -> Iterator[Finding]:
    """The windows of one day: each must run forwards, and no two may overlap."""
    good: list[tuple[str, str, int]] = []  # from, to, index
    for index, window in enumerate(windows):
        found = list(_check_window(window))
        yield from (finding.under((index,)) for finding in found)
        if not found:
            good.append((window["localTimeFrom"], window["localTimeTo"], index))
    latest_end, latest = "", 0
    for start, end, index in sorted(good):
        if start < latest_end:
            one, other = sorted((latest, index))
            yield Finding(
                (other,), f"overlaps window {one + 1} of the same day", "join the two, or let one end earlier"
            )
        if end > latest_end:
            latest_end, latest = end, index


def _check_window(window: object) -> Iterator[Finding]:
    if not isinstance(window, dict):
        yield Finding((), f"is {kind_of(window)}", 'write {localTimeFrom: "10:00", localTimeTo: "18:00"}')
        return
    is_good = True
    for name in ("localTimeFrom", "localTimeTo"):
        time = window.get(name)
        if not isinstance(time, str) or not _TIME.fullmatch(time):
            is_good = False
            what = "is missing" if name not in window else f"{quoted(time)} is no time of day"
            yield Finding((name,), what, 'write "HH:MM", 00:00 to 23:59')
    if is_good and window["localTimeFrom"] >= window["localTimeTo"]:
        yield Finding(("localTimeTo",), "is not after localTimeFrom", "a window past midnight is two, one for each day")


def _check_zone(value: object) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield Finding((), f"is {kind_of(value)}", _ZONE_FIX)
    elif value not in ("", "Z") and not _OFFSET.fullmatch(value) and not _is_zone(value):
        yield Finding((), "is no time zone", _nearly(value) or _ZONE_FIX)


@lru_cache(maxsize=1024)  # comparing with every zone takes milliseconds, and a wrong column is wrong in every row
def _nearly(name: str) -> str:
    """The zone that was meant, as a question; only for what looks like Area/City, since a row may hold anything."""
    return did_you_mean(name, _zones(), cutoff=0.8) if "/" in name and _ZONE_NAME.fullmatch(name) else ""


@cache
def _zones() -> frozenset[str]:
    """The names of all zones; finding them means opening hundreds of files."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)  # a list has a handful of zones, and looking up one that does not exist is slow
def _is_zone(name: str) -> bool:
    """Whether this is the name of a time zone in the IANA data of the system or of the tzdata package."""
    if not _ZONE_NAME.fullmatch(name) or _NO_ZONES.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, such as America, is an OSError
        return False
    return True


def _check_external(value: object) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield Finding((), f"is {kind_of(value)}", "write {externalCheckUrl: https://…}")
        return
    url = value.get("externalCheckUrl")
    wrong = wrong_with_url(url) if isinstance(url, str) else ("is missing or not text", "write https://…")
    if wrong:
        yield Finding(("externalCheckUrl",), *wrong)
    retries = value.get("externalCheckMaxRetries", 0)
    if type(retries) is not int or retries < 0:
        yield Finding(("externalCheckMaxRetries",), "is no count", "write a whole number from 0 on")


_CHECKS: dict[str, Callable[[object], Iterator[Finding]]] = {
    "startDateTime": _check_moment,
    "finishDateTime": _check_moment,
    "allowedDays": _check_days,
    "allowedTime": _check_times,
    "gmtZone": _check_zone,
    "externalCheck": _check_external,
}
