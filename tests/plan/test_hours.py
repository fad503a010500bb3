"""Warnings about when calls may begin, by the policies of the wanted calls and the places of their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from reconciler.errors import Place
from reconciler.manifest.model import Campaign, PhoneList, PhoneListSpec
from reconciler.phones.model import Call, Chunk, Desired
from reconciler.plan.hours import hours_warnings
from reconciler.plan.survey import EXACT, Survey, Surveyed
from reconciler.plan.warnings import PlanWarning
from tests.plan.values import campaign

NOW = datetime(2030, 3, 6, 12, tzinfo=UTC)  # a Wednesday; on Sunday the clocks of North America change
NEW_YORK, PHOENIX, BERLIN = "12125550100", "16025550100", "4930123456"
NINE_TO_FIVE = {"default": [{"localTimeFrom": "09:00", "localTimeTo": "17:00"}]}
Policy = dict[str, Any]


def chunk(policy: Policy, phones: Iterable[str], source: str = "leads.csv", row: int = 2) -> Chunk:
    """Calls of one policy to these numbers."""
    some = [*phones]
    head, _, tail = msgspec.json.encode(policy | {"payload": {}, "phone": "#"}, order="deterministic").partition(
        b'"payload"'
    )
    tails = [b'"payload"' + tail.replace(b"#", phone.encode()) for phone in some]
    return Chunk(source, "1", False, some, some, tails, range(row, row + len(some)), head)


def surveyed(*chunks: Chunk) -> Survey:
    """What was counted in these."""
    survey = Survey()
    for each in chunks:
        survey.add(each)
    return survey


def warned(policy: Policy, *phones: str, of: Campaign | None = None) -> list[PlanWarning]:
    """The warnings about calls of this policy to these numbers."""
    return [*hours_warnings(of or campaign(), surveyed(chunk(policy, phones or (NEW_YORK,))).groups(), NOW)]


def codes(policy: Policy, *phones: str) -> list[str]:
    """Their codes."""
    return [each.code for each in warned(policy, *phones)]


@pytest.mark.parametrize(
    ("policy", "is_shut"),
    [
        ({}, False),
        ({"finishDateTime": "2030-03-06T11:00:00Z"}, True),
        ({"finishDateTime": "2030-03-06T13:00:00Z"}, False),
        ({"finishDateTime": "2030-03-06T13:00:00Z", "allowedTime": NINE_TO_FIVE}, True),  # eight in New York by then
        ({"finishDateTime": "2030-03-06T15:00:00Z", "allowedTime": NINE_TO_FIVE}, False),
        ({"finishDateTime": "2030-03-06T09:00:00"}, False),  # by the clock of New York
        ({"allowedDays": ["sun"], "finishDateTime": "2030-03-09T23:00:00"}, True),
        ({"allowedDays": ["sun"], "finishDateTime": "2030-03-11T00:00:00"}, False),
        ({"allowedDays": ["wed"], "gmtZone": "Europe/Berlin", "finishDateTime": "2030-03-06T12:00:00"}, True),
    ],
)
def test_a_window_that_never_opens_again_is_told(policy: Policy, is_shut: bool) -> None:
    assert codes(policy) == (["never-opens"] if is_shut else [])


def test_calls_that_never_begin_are_counted_by_list_and_placed_at_the_first() -> None:
    over = {"finishDateTime": "2030-03-01T00:00:00Z"}
    survey = surveyed(
        chunk({}, [NEW_YORK]),
        chunk(over, [NEW_YORK, PHOENIX], row=3),
        chunk(over, [NEW_YORK], "vip.csv"),
    )
    found = hours_warnings(campaign(), survey.groups(), NOW)
    assert [(each.place, each.calls) for each in found] == [(Place("leads.csv", 3), 2), (Place("vip.csv", 2), 1)]


def test_a_window_that_is_open_in_one_of_a_numbers_zones_is_open() -> None:
    moscow_to_kamchatka = "79161234567"
    policy = {"finishDateTime": "2030-03-06T13:00:00Z", "allowedTime": NINE_TO_FIVE}
    assert codes(policy, moscow_to_kamchatka) == []


def test_a_fixed_offset_over_a_change_of_clocks_is_told_with_the_day_and_the_zone() -> None:
    (found,) = warned({"gmtZone": "-05:00"}, NEW_YORK, PHOENIX)
    assert (found.code, found.calls) == ("clock-change", 1)
    assert "gmtZone -05:00 does not follow the clocks of America/New_York, which change on 2030-03-10" in found.what
    assert found.fix.startswith("write the zone's name")


@pytest.mark.parametrize(
    ("policy", "phone"),
    [
        pytest.param({"gmtZone": "America/New_York"}, NEW_YORK, id="a zone by name"),
        pytest.param({}, NEW_YORK, id="the number's own zone"),
        pytest.param({"gmtZone": "-07:00"}, PHOENIX, id="clocks that never change"),
        pytest.param({"gmtZone": "-05:00"}, BERLIN, id="an offset of another place"),
        pytest.param({"gmtZone": "+01:00"}, BERLIN, id="a change after the two weeks that are looked at"),
        pytest.param({"gmtZone": "-05:00", "finishDateTime": "2030-03-09T00:00:00"}, NEW_YORK, id="over before"),
        pytest.param({"gmtZone": "-04:00", "startDateTime": "2030-03-11T00:00:00"}, NEW_YORK, id="begun after"),
    ],
)
def test_an_offset_that_stays_right_is_no_matter(policy: Policy, phone: str) -> None:
    assert codes(policy, phone) == []


def test_a_long_campaign_is_looked_at_to_its_end() -> None:
    assert codes({"gmtZone": "+01:00", "finishDateTime": "2030-04-02T00:00:00"}, BERLIN) == ["clock-change"]


def with_list(policy: Policy, *inline: Policy, own: Policy | None = None) -> Campaign:
    """A campaign with a list of this merged policy, and phones in the manifest with theirs."""
    place = Place("promo.yaml", 9, 7)
    found = PhoneList("leads", place, PhoneListSpec("leads"), None, "leads.csv", policy, {}, inline)
    return replace(campaign(policy=own), lists=(found,))


MON_TUE: Policy = {"allowedDays": ["mon", "tue"]}
SUNDAY = {"default": NINE_TO_FIVE["default"], "sun": NINE_TO_FIVE["default"]}


def test_hours_for_days_on_which_nobody_is_called_are_told_at_the_list() -> None:
    (found,) = warned({}, of=with_list(MON_TUE | {"allowedTime": SUNDAY}))
    assert (found.code, found.place) == ("ignored-hours", Place("promo.yaml", 9, 7))
    assert found.what == "allowedTime has hours for Sun, which allowedDays leaves out: they are ignored"


def test_hours_of_a_phone_in_the_manifest_are_looked_at_under_its_lists_policy() -> None:
    assert [each.code for each in warned({}, of=with_list(MON_TUE, {"allowedTime": SUNDAY}))] == ["ignored-hours"]
    assert warned({}, of=with_list({"allowedTime": SUNDAY}, MON_TUE | {"allowedTime": NINE_TO_FIVE})) == []


def test_a_campaign_without_lists_is_looked_at_itself() -> None:
    (found,) = hours_warnings(campaign(policy=MON_TUE | {"allowedTime": SUNDAY}), (), NOW)
    assert found.place == Place("promo.yaml", 1, 1)


def test_a_campaign_that_is_to_be_stopped_has_no_hours() -> None:
    assert warned({"finishDateTime": "2030-03-01T00:00:00Z"}, of=campaign("stopped")) == []


# ---------------------------------------------------------------------------------------------------------- the survey


def test_rows_with_policies_of_their_own_are_counted_by_policy() -> None:
    calls = [
        Call(f"{n}", "1", NEW_YORK, b'{"maxAttempts":%d,"phone":"1"}' % (1 + n % 3), "leads.csv", n) for n in range(7)
    ]
    survey = surveyed(*Desired(tuple(calls)).chunks())
    assert [(group.attempts, group.calls) for group in survey.groups()] == [(1, 3), (2, 2), (3, 2)]


def test_places_are_told_apart_only_where_they_matter() -> None:
    survey = surveyed(chunk({}, [NEW_YORK, BERLIN]))
    assert [(group.zones, group.calls) for group in survey.groups()] == [((), 2)]
    with_load = survey.groups(is_load_worth=True)
    assert [group.zones for group in with_load] == [("America/New_York",), ("Europe/Berlin",)]
    named = surveyed(chunk({"gmtZone": "Europe/Berlin"}, [NEW_YORK]), chunk({}, [BERLIN]))
    assert [group.zones for group in named.groups(is_load_worth=True)] == [(), ("Europe/Berlin",)]


def test_of_very_many_rows_some_stand_for_the_others() -> None:
    survey = surveyed(*(chunk({}, [NEW_YORK] * 1000, row=1000 * n) for n in range(EXACT // 1000 + 16)))
    (group,) = survey.groups()
    assert group.calls == pytest.approx(EXACT + 16_000, rel=0.01)


def test_more_policies_than_are_remembered_are_counted_all_the_same() -> None:
    calls = (
        Call("k", "1", NEW_YORK, b'{"finishDateTime":"2030-04-%02dT%02d:%02d:%02dZ","phone":"1"}' % at, "leads.csv", 2)
        for at in ((1 + n // 86_400, n // 3600 % 24, n // 60 % 60, n % 60) for n in range(10_002))
    )
    survey = surveyed(*Desired(tuple(calls)).chunks())
    assert len(survey.groups()) == 500


def test_a_chunk_of_which_nobody_is_left_counts_for_nothing() -> None:
    assert surveyed(chunk({}, [])).groups() == ()


def test_suppressed_people_are_not_counted_and_a_second_reading_is_not_either() -> None:
    called: list[str] = []
    calls = tuple(Call(phone, "1", phone, b'{"phone":"1"}', "leads.csv", 2) for phone in (NEW_YORK, PHOENIX))
    source = Surveyed(Desired(calls, frozenset({PHOENIX})), called.extend)
    for _ in range(2):
        assert [*source.chunks()] == [*Desired(calls).chunks()]
    assert [group.calls for group in source.survey.groups()] == [1]
    assert called == [NEW_YORK]
    assert (source.suppressed, source.suppressed_now()) == (frozenset({PHOENIX}),) * 2
    assert source.sizes == Desired(calls).sizes
