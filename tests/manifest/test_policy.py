"""A call policy is checked by every rule of the Calls API before anything is sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest import model
from reconciler.manifest.policy import RANGES, check_policy
from reconciler.windows.week import DAYS


def window(start: str, end: str) -> dict[str, str]:
    return {"localTimeFrom": start, "localTimeTo": end}


def on_monday(*windows: Any) -> dict[str, Any]:
    return {"allowedTime": {"mon": list(windows)}}


GOOD: dict[str, dict[str, Any]] = {
    "nothing": {},
    "one day": {"allowedDays": ["mon"]},
    "all days": {"allowedDays": list(DAYS)},
    "touching windows": on_monday(window("10:00", "12:00"), window("12:00", "14:00")),
    "windows in any order": on_monday(window("15:00", "16:00"), window("10:00", "12:00")),
    "the longest window": on_monday(window("00:00", "23:59")),
    "the same hours on two days": {"allowedTime": {day: [window("10:00", "12:00")] for day in (*DAYS, "default")}},
    "a window for a day not allowed": {"allowedDays": ["tue"], **on_monday(window("10:00", "12:00"))},
    "lowest numbers": {name: lowest for name, (lowest, _) in RANGES.items()},
    "highest numbers": {name: highest for name, (_, highest) in RANGES.items()},
    "zone of the number": {"gmtZone": ""},
    "Z": {"gmtZone": "Z"},
    "lowest offset": {"gmtZone": "-18:00"},
    "highest offset": {"gmtZone": "+18:00"},
    "offset": {"gmtZone": "+05:45"},
    "IANA zone": {"gmtZone": "America/Argentina/Buenos_Aires"},
    "IANA zone without area": {"gmtZone": "UTC"},
    "zoned period": {"startDateTime": "2024-05-01T10:00:00Z", "finishDateTime": "2024-05-01T10:00:01Z"},
    "naive period": {"startDateTime": "2024-05-01T10:00", "finishDateTime": "2024-05-01T10:01:00.5"},
    "compared with offsets": {
        "startDateTime": "2024-05-01T10:00:00+03:00",
        "finishDateTime": "2024-05-01T08:00:00+00:00",
    },
    "only a start": {"startDateTime": "2024-05-01T10:00:00+03:00"},
    "external check": {"externalCheck": {"externalCheckUrl": "https://u:p@check.example.com/x?y=z"}},
    "external check with retries": {
        "externalCheck": {"externalCheckUrl": "http://10.0.0.1:8080/", "externalCheckMaxRetries": 0}
    },
    "unknown fields": {"other": 1},
}

BAD: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # name: policy, where, what, fix
    "no days": ({"allowedDays": []}, "allowedDays", "is empty", "write a list"),
    "days as text": ({"allowedDays": "mon"}, "allowedDays", "is text", "write a list"),
    "unknown day": ({"allowedDays": ["mon", "tues"]}, "allowedDays[1]", '"tues" is no day', "did you mean tue?"),
    "no day at all": (
        {"allowedDays": [7]},
        "allowedDays[0]",
        "7 is no day",
        "write mon, tue, wed, thu, fri, sat or sun",
    ),
    "a day twice": ({"allowedDays": ["mon", "tue", "mon"]}, "allowedDays[2]", "mon is there twice", "keep one"),
    "no times": ({"allowedTime": {}}, "allowedTime", "is empty", "write {default: "),
    "times as a list": ({"allowedTime": []}, "allowedTime", "is a list", "write {default: "),
    "times of no day": ({"allowedTime": {"mo": []}}, "allowedTime.mo", "is no day", "did you mean mon?"),
    "a day without windows": (on_monday(), "allowedTime.mon", "is empty", "write a list"),
    "a day as a window": ({"allowedTime": {"mon": {}}}, "allowedTime.mon", "is a mapping", "write a list"),
    "a window as text": (on_monday("10-12"), "allowedTime.mon[0]", "is text", "write {localTimeFrom: "),
    "hour 24": (
        on_monday(window("10:00", "24:00")),
        "allowedTime.mon[0].localTimeTo",
        '"24:00" is no time of day',
        "HH:MM",
    ),
    "one digit": (on_monday(window("9:00", "10:00")), "allowedTime.mon[0].localTimeFrom", '"9:00" is no time', "HH:MM"),
    "a time as number": (
        on_monday({"localTimeFrom": 600, "localTimeTo": "10:00"}),
        "allowedTime.mon[0].localTimeFrom",
        "600 is no time of day",
        "HH:MM",
    ),
    "an open window": (on_monday({"localTimeFrom": "10:00"}), "allowedTime.mon[0].localTimeTo", "is missing", "HH:MM"),
    "a trailing line feed": (on_monday(window("10:00", "11:00\n")), "allowedTime.mon[0].localTimeTo", "is no time", ""),
    "backwards": (
        on_monday(window("18:00", "10:00")),
        "allowedTime.mon[0].localTimeTo",
        "is not after",
        "past midnight",
    ),
    "no length": (on_monday(window("10:00", "10:00")), "allowedTime.mon[0].localTimeTo", "is not after", ""),
    "overlap": (
        on_monday(window("10:00", "12:00"), window("11:59", "14:00")),
        "allowedTime.mon[1]",
        "overlaps window 1",
        "join the two",
    ),
    "overlap written the other way": (
        on_monday(window("11:00", "14:00"), window("10:00", "12:00")),
        "allowedTime.mon[1]",
        "overlaps window 1",
        "",
    ),
    "overlap with one further back": (
        on_monday(window("10:00", "18:00"), window("08:00", "09:00"), window("17:00", "19:00")),
        "allowedTime.mon[2]",
        "overlaps window 1",
        "",
    ),
    "a window inside another": (
        on_monday(window("10:00", "18:00"), window("11:00", "12:00"), window("18:00", "19:00")),
        "allowedTime.mon[1]",
        "overlaps window 1",
        "",
    ),
    "zone as a number": ({"gmtZone": 3}, "gmtZone", "is a whole number", "write an offset"),
    "short offset": ({"gmtZone": "+3"}, "gmtZone", "is no time zone", "write an offset from -18:00 to +18:00"),
    "offset too large": ({"gmtZone": "+18:01"}, "gmtZone", "is no time zone", ""),
    "offset with minute 60": ({"gmtZone": "+03:60"}, "gmtZone", "is no time zone", ""),
    "misspelt zone": ({"gmtZone": "Europe/Moskow"}, "gmtZone", "is no time zone", "did you mean Europe/Moscow?"),
    "an area": ({"gmtZone": "America"}, "gmtZone", "is no time zone", "write an offset"),
    "an area with a slash": ({"gmtZone": "Europe/"}, "gmtZone", "is no time zone", "write an offset"),
    "a folder of zones": ({"gmtZone": "America/Argentina"}, "gmtZone", "is no time zone", ""),
    "a path": ({"gmtZone": "../../etc/passwd"}, "gmtZone", "is no time zone", "write an offset"),
    "the machine's own zone": ({"gmtZone": "localtime"}, "gmtZone", "is no time zone", ""),
    "a date": ({"startDateTime": "2024-05-01"}, "startDateTime", "is not a date and time", "ISO 8601"),
    "a day that is not": ({"finishDateTime": "2024-02-30T10:00:00Z"}, "finishDateTime", "is not a date and time", ""),
    "a moment as number": ({"startDateTime": 1714557600}, "startDateTime", "is not a date and time", ""),
    "basic format": ({"startDateTime": "20240501T100000Z"}, "startDateTime", "is not a date and time", ""),
    "finish before start": (
        {"startDateTime": "2024-05-01T10:00:00+03:00", "finishDateTime": "2024-05-01T07:00:00Z"},
        "finishDateTime",
        "is not after startDateTime",
        "",
    ),
    "one with a zone, one without": (
        {"startDateTime": "2024-05-01T10:00:00", "finishDateTime": "2024-05-02T10:00:00Z"},
        "finishDateTime",
        "cannot be compared",
        "write the zone in both",
    ),
    "check as text": ({"externalCheck": "https://x"}, "externalCheck", "is text", "write {externalCheckUrl"),
    "check without URL": ({"externalCheck": {}}, "externalCheck.externalCheckUrl", "is missing or not text", ""),
    "check by FTP": (
        {"externalCheck": {"externalCheckUrl": "ftp://example.com"}},
        "externalCheck.externalCheckUrl",
        "is not an http or https URL",
        "",
    ),
    "check with a wrong count": (
        {"externalCheck": {"externalCheckUrl": "https://example.com", "externalCheckMaxRetries": -1}},
        "externalCheck.externalCheckMaxRetries",
        "is no count",
        "",
    ),
}


@pytest.mark.parametrize("fields", GOOD.values(), ids=GOOD.keys())
def test_a_policy_the_api_accepts_has_no_problem(fields: dict[str, Any]) -> None:
    assert list(check_policy(fields)) == []


@pytest.mark.parametrize(("fields", "where", "what", "fix"), BAD.values(), ids=BAD.keys())
def test_a_policy_the_api_refuses_has_one_problem_at_the_right_place(
    fields: dict[str, Any], where: str, what: str, fix: str
) -> None:
    ((got_where, got_what, got_fix),) = check_policy(fields)
    assert got_where == where
    assert what in got_what
    assert fix in got_fix


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("beyond", ["below", "above", "boolean", "fraction", "text", "null", "list"])
def test_a_number_out_of_its_range_is_a_problem(name: str, beyond: str) -> None:
    lowest, highest = RANGES[name]
    value = {"below": lowest - 1, "above": highest + 1, "boolean": True, "fraction": 1.0, "text": "1", "null": None}
    ((where, _, fix),) = check_policy({name: value.get(beyond, [1])})
    assert (where, fix) == (name, f"write a whole number from {lowest} to {highest}")


def test_all_problems_of_a_policy_come_at_once() -> None:
    everything = {name: value for fields, _, _, _ in BAD.values() for name, value in fields.items()}
    everything |= {"startDateTime": "soon", "finishDateTime": "later", **dict.fromkeys(RANGES, 0)}
    assert {where.split(".")[0].split("[")[0] for where, _, _ in check_policy(everything)} == everything.keys()


@pytest.mark.parametrize("value", ["+16500000042", "16500000042", 16500000042, "Jane Doe", [16500000042], {"1650": 1}])
def test_no_value_that_may_identify_somebody_is_repeated(value: object) -> None:
    names = ["startDateTime", "allowedDays", "allowedTime", "gmtZone", "externalCheck", *RANGES]
    said = " ".join(what + fix for _, what, fix in check_policy(dict.fromkeys(names, value)))
    assert "0042" not in said
    assert "Jane" not in said


@pytest.mark.parametrize("policy", [model.Policy, model.ListPolicy])
def test_the_ranges_are_those_of_the_schema(policy: type[msgspec.Struct]) -> None:
    schema = msgspec.json.schema(policy)["$defs"][policy.__name__]["properties"]
    for name, limits in RANGES.items():
        of_schema = schema[name].get("anyOf", [schema[name]])[0]
        assert (of_schema["minimum"], of_schema["maximum"]) == limits


NAMES = st.sampled_from(
    [*RANGES, "startDateTime", "finishDateTime", "allowedDays", "allowedTime", "gmtZone", "externalCheck"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
WORDS = st.sampled_from(
    [*DAYS, "default", "localTimeFrom", "localTimeTo", "10:00", "12:00", "externalCheckUrl", "http://["]
)
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_whatever_the_fields_hold_the_answer_is_a_list_of_problems_and_always_the_same(fields: dict[str, Any]) -> None:
    found = list(check_policy(fields))
    assert found == list(check_policy(fields))
    assert all(where and what for where, what, _ in found)
