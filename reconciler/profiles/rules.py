"""A profile as the checks work with it: its hours as a set of minutes, its holidays as days with names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import UNSET

from reconciler.manifest.profile import Cap, HolidayRule, ProfileSpec
from reconciler.windows.week import DAY, EVERY, NEVER, Week
from reconciler.windows.window import window_of
from reconciler.windows.zones import EPOCH

_HOUR: Final = 60
_UNITS: Final = {"h": _HOUR, "d": DAY}


class Rule(msgspec.Struct, frozen=True):
    """What a profile allows, by the clock of the person called."""

    week: Week
    holiday: Week = EVERY  # what of a day of the week is left when it is a holiday
    holidays: HolidayRule | None = None
    caps: tuple[Cap, ...] = ()
    countries: frozenset[str] = frozenset()  # of the numbers it is about; none: all numbers

    @property
    def has_hours(self) -> bool:
        """Whether it restricts hours at all."""
        return self.week != EVERY or self.holiday != EVERY


def rule_of(spec: ProfileSpec) -> Rule:
    """The rule that a profile states."""
    holidays = spec.holidays or None
    return Rule(
        week=_week(spec),
        holiday=EVERY if holidays is None else _every_day(holidays),
        holidays=holidays,
        caps=spec.caps,
        countries=frozenset(spec.countries),
    )


def _week(spec: ProfileSpec) -> Week:
    """Where a policy leaves a day to the campaign, a profile that names hours allows none, and any other all day."""
    fields: Mapping[str, Any] = msgspec.to_builtins(spec)
    window = window_of({name: fields[name] for name in ("allowedDays", "allowedTime") if name in fields})
    return window.week if spec.allowed_time else window.unsaid


def _every_day(rule: HolidayRule) -> Week:
    if rule.allowed_time is UNSET:
        return NEVER
    return window_of({"allowedTime": {"default": msgspec.to_builtins(rule.allowed_time)}}).week


def period_minutes(per: str) -> int:
    """`24h` or `7d` in minutes."""
    return int(per[:-1]) * _UNITS[per[-1]]


@cache
def days_off(country: str, subdivision: str, year: int) -> tuple[tuple[int, str], ...]:
    """The public holidays of a year: days since 1970, and the date with the holiday's name; in order."""
    import holidays  # takes longer to import than most checks take

    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=_language(country))
    return tuple(((day - EPOCH.date()).days, f"{day} ({name})") for day, name in sorted(found.items()))


@cache
def _language(country: str) -> str | None:
    """English names of a country's holidays where there are any; None: those that it uses itself."""
    import holidays

    return next((each for each in ("en_US", "en") if each in _languages(holidays, country)), None)


def _languages(library: Any, country: str) -> list[str]:
    known: list[str] = library.list_localized_countries().get(country, [])
    return known


def year_of(day: int) -> int:
    """The year of a day since 1970."""
    return date.fromordinal(EPOCH.toordinal() + day).year
