"""Where the person behind a number may be, by the number alone: time zones and countries.

The map from prefixes to zones is libphonenumber's. What a prefix says is only believed where numbers of its kind stay
in a place: a Russian mobile number, whose prefix is filed under Moscow, may be anywhere from Kaliningrad to Kamchatka.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneNumber,
    PhoneNumberType,
    is_number_type_geographical,
    number_type,
    region_code_for_number,
)
from phonenumbers.tzdata import TIMEZONE_DATA

from reconciler.windows.prefix import PREFIX, key_of

__all__ = ["PREFIX", "Origin", "Origins", "key_of", "origin_of", "zones_of_code"]

_NANP: Final = 1  # the United States, Canada and neighbours
_AREA: Final = 4  # digits of 1 and an area code, which lies in one country
_SUBSCRIBER: Final = "2345678"  # a subscriber's number that is good in every area


class Origin(NamedTuple):
    """Where a number may be: IANA zones, none when unknown; countries (ISO 3166), none when unknown."""

    zones: tuple[str, ...]
    countries: frozenset[str]


class Origins(dict[str, int]):
    """The origin of each key of a number as a small number, which `origin` turns into what it stands for.

    Made for long lists: `map(origins.__getitem__, map(key_of, phones))` asks once for each key.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Origin, int] = {}
        self._origins: list[Origin] = []

    def __missing__(self, key: str) -> int:
        origin = origin_of(key)
        at = self._known.setdefault(origin, len(self._origins))
        if at == len(self._origins):
            self._origins.append(origin)
        self[key] = at
        return at

    def origin(self, at: int) -> Origin:
        """What a value stands for."""
        return self._origins[at]


def origin_of(phone: str) -> Origin:
    """Where a number (E.164 digits) may be."""
    code = _calling_code(phone)
    if not code:
        return Origin((), frozenset())
    if code == _NANP:
        # Area codes are places here, whatever a number is used for; a national code has no zones of its own.
        return Origin(_of_place(phone), _of_area(phone[:_AREA]))
    number = PhoneNumber(country_code=code, national_number=int(phone[len(str(code)) :] or 0))
    return Origin(_zones(phone, code, number), _countries(code, number))


def zones_of_code(country: str) -> tuple[str, ...]:
    """All zones of the calling code of a country (ISO 3166): those of the country, and of others that share it."""
    code = next((code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if country in regions), 0)
    return TIMEZONE_DATA.get(str(code), ())


def _zones(phone: str, code: int, number: PhoneNumber) -> tuple[str, ...]:
    everywhere, here = TIMEZONE_DATA.get(str(code), ()), _of_place(phone)
    if here == everywhere:
        return here
    kind = number_type(number)
    is_of_place = kind != PhoneNumberType.UNKNOWN and is_number_type_geographical(kind, code)
    return here if is_of_place else everywhere


def _of_place(phone: str) -> tuple[str, ...]:
    """The zones of the longest prefix that is known, and of longer ones than `PREFIX` that begin like the number.

    In North America those of all parts of the area code: where a part is filed under another zone, as in Indiana or
    the Navajo Nation, a part that is not filed at all may be in either.
    """
    prefixes = (phone[:digits] for digits in range(PREFIX, 0, -1))
    prefix = next((prefix for prefix in prefixes if prefix in TIMEZONE_DATA), "")
    zones: tuple[str, ...] = TIMEZONE_DATA.get(prefix, ())
    finer = _finer().get(prefix if prefix.startswith(str(_NANP)) else phone[:PREFIX])
    return tuple(sorted(finer.union(zones))) if finer else zones


@cache
def _finer() -> dict[str, frozenset[str]]:
    """The zones of all longer prefixes that are known, by what they begin with."""
    found: dict[str, set[str]] = {}
    for prefix, zones in TIMEZONE_DATA.items():
        for shorter in (prefix[:digits] for digits in range(_AREA, len(prefix))):
            found.setdefault(shorter, set()).update(zones)
    return {prefix: frozenset(zones) for prefix, zones in found.items()}


def _calling_code(phone: str) -> int:
    """The country calling code, 0 if there is none: no code begins with another one."""
    codes = (int(phone[:digits]) for digits in (1, 2, 3))
    return next((code for code in codes if code in COUNTRY_CODE_TO_REGION_CODE), 0)


@cache
def _of_area(area: str) -> frozenset[str]:
    return _countries(_NANP, PhoneNumber(country_code=_NANP, national_number=int(area[1:] + _SUBSCRIBER)))


def _countries(code: int, number: PhoneNumber) -> frozenset[str]:
    """The country of a number; all that share its calling code when the number is of no known kind."""
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    region = region_code_for_number(number) if len(regions) > 1 else regions[0]
    return frozenset([region] if region else regions)
