"""A call policy's values as people read them: days as a range, hours without braces."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.render.shown import plain, without_phones
from reconciler.windows.week import DAYS, days_text


def value_words(name: str, value: Any) -> str:
    """The value of a field of a call policy."""
    if name == "allowedDays":
        return days_text(sorted(DAYS.index(day) for day in value))
    if name == "allowedTime":
        return _times(value)
    if name == "retryIntervalInMinutes":
        return f"{value} min"
    return without_phones(plain(value if isinstance(value, str) else json.dumps(value)))


def _times(value: Mapping[str, Sequence[Mapping[str, str]]]) -> str:
    order = ("default", *DAYS)
    days = sorted(value, key=order.index)
    return ", ".join(f"{'' if day == 'default' else f'{day.capitalize()} '}{_hours(value[day])}" for day in days)


def _hours(windows: Sequence[Mapping[str, str]]) -> str:
    ordered = sorted(windows, key=lambda each: each["localTimeFrom"])
    return " and ".join(f"{each['localTimeFrom']}–{each['localTimeTo']}" for each in ordered)
