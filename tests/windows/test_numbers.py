"""Where the person behind a number may be, by the number alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import phonenumbers
import pytest
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from reconciler.windows.numbers import PREFIX, Origins, key_of, origin_of, zones_of_code

RUSSIA = {"Europe/Moscow", "Asia/Yekaterinburg", "Asia/Kamchatka"}


@pytest.mark.parametrize(
    ("phone", "zones", "countries"),
    [
        ("16502530000", {"America/Los_Angeles"}, {"US"}),
        ("16500000001", {"America/Los_Angeles"}, {"US"}),  # no such exchange; the area says enough
        ("12125550100", {"America/New_York"}, {"US"}),
        ("12195550100", {"America/Chicago", "America/New_York"}, {"US"}),  # Indiana, on both sides of the border
        ("16025550100", {"America/Phoenix"}, {"US"}),  # Arizona
        ("19285550100", {"America/Denver", "America/Phoenix"}, {"US"}),  # the Navajo Nation changes its clocks
        ("555536826000", {"America/Manaus", "America/Sao_Paulo"}, {"BR"}),  # places of eight digits and more
        ("14165550100", {"America/Toronto"}, {"CA"}),
        ("17875550100", {"America/Puerto_Rico"}, {"PR"}),
        ("74012000000", {"Europe/Bucharest"}, {"RU"}),  # Kaliningrad, in libphonenumber's words
        ("77272345678", {"Asia/Almaty"}, {"KZ"}),
        ("33123456789", {"Europe/Paris"}, {"FR"}),
        ("919876543210", {"Asia/Calcutta"}, {"IN"}),
        ("61293744000", {"Australia/Sydney"}, {"AU"}),
    ],
)
def test_a_number_of_a_place_has_its_zones_and_country(phone: str, zones: set[str], countries: set[str]) -> None:
    origin = origin_of(key_of(phone))
    assert set(origin.zones) == zones
    assert origin.countries == countries


@pytest.mark.parametrize(("phone", "some"), [("79161234567", RUSSIA), ("61412345678", {"Australia/Perth"})])
def test_a_mobile_number_may_be_anywhere_in_the_country(phone: str, some: set[str]) -> None:
    assert set(origin_of(key_of(phone)).zones) > some


def test_a_toll_free_number_may_be_anywhere_in_north_america() -> None:
    origin = origin_of(key_of("18002345678"))
    assert {"America/New_York", "Pacific/Honolulu"} < set(origin.zones)
    assert {"US", "CA"} <= origin.countries or origin.countries == {"US"}


@pytest.mark.parametrize("phone", ["999", "0", "21000000", "8881234567890"])
def test_a_number_of_no_country_has_no_zone(phone: str) -> None:
    origin = origin_of(key_of(phone))
    assert origin.zones == ()


def valid_numbers() -> Iterator[tuple[str, phonenumbers.PhoneNumber]]:
    """Some numbers of every prefix that libphonenumber knows a zone of."""
    dice = Random(7)
    for prefix in sorted(TIMEZONE_DATA):
        for digits in (10, 11, 12):
            phone = prefix + "".join(dice.choices("0123456789", k=digits - len(prefix)))
            with suppress(phonenumbers.NumberParseException):
                number = phonenumbers.parse(f"+{phone}")
                if phonenumbers.is_valid_number(number) and str(number.national_number) in phone:
                    yield phone, number


def test_no_zone_that_libphonenumber_knows_is_missing() -> None:
    """Where it believes in an area code of North America less than we do, ours is one of its."""
    count = 0
    for phone, number in valid_numbers():
        theirs, ours = set(time_zones_for_number(number)), set(origin_of(key_of(phone)).zones)
        assert theirs <= ours or (phone[0] == "1" and ours <= theirs), phone[:7]
        count += 1
    assert count > 2_000


def test_numbers_that_begin_alike_are_looked_up_once() -> None:
    origins = Origins()
    numbers = ["16502530000", "16502530001", "16502540000", "12125550100"]
    found = [*map(origins.__getitem__, map(key_of, numbers))]
    assert found == [0, 0, 0, 1]
    assert len(origins) == 3
    assert origins.origin(1).zones == ("America/New_York",)
    assert len(key_of(numbers[0])) == len(numbers[0])
    assert key_of(numbers[0])[:PREFIX] == numbers[0][:PREFIX]


def test_a_calling_code_has_the_zones_of_all_who_share_it() -> None:
    assert {"America/Toronto", "Pacific/Guam"} < set(zones_of_code("US"))
    assert zones_of_code("XX") == ()
