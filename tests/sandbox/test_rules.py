"""What addPhones refuses, and as what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reconciler.sandbox import Campaign, World
from reconciler.sandbox.answers import RefusedError

PHONE = "16500000000"


@pytest.fixture
def campaign() -> Campaign:
    return World(["demo:rejects=16500000013"]).campaign("demo")


def refusal(campaign: Campaign, body: object) -> dict[str, Any]:
    with pytest.raises(RefusedError) as caught:
        campaign.add(body)
    assert caught.value.answer.status == 400
    refused: dict[str, Any] = msgspec.json.decode(caught.value.answer.content)
    assert refused["message"]
    assert campaign.jobs == ()
    return refused


def hours(begin: object, end: object) -> dict[str, object]:
    return {"localTimeFrom": begin, "localTimeTo": end}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"payload": {"first_name": "Ann", "deep": [{"x": None}]}},
        {"payload": None, "maxAttempts": None},
        {"startDateTime": "2024-01-01T10:00:00Z", "finishDateTime": "2024-01-01T10:00:01+00:00"},
        {"allowedDays": ["mon"]},
        {"allowedDays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
        {"allowedTime": {"default": [hours("00:00", "23:59")]}},
        {"allowedTime": {"mon": [hours("12:00", "14:00"), hours("09:00", "12:00")], "sun": [hours("10:00", "11:00")]}},
        {"retryIntervalInMinutes": 1},
        {"retryIntervalInMinutes": 2880},
        {"maxAttempts": 1},
        {"maxAttempts": 50},
        {"gmtZone": "Z"},
        {"gmtZone": ""},
        {"gmtZone": "+18:00"},
        {"gmtZone": "-18:00"},
        {"gmtZone": "Europe/Berlin"},
        {"dialerPriority": 1},
        {"dialerPriority": 5},
        {"externalCheck": {"externalCheckUrl": "https://example.com/check"}},
        {"externalCheck": {"externalCheckUrl": "https://example.com/check", "externalCheckMaxRetries": 3}},
        {"localTimeFrom": "10:00", "localTimeTo": "18:00"},
    ],
    ids=str,
)
def test_what_the_api_allows_is_accepted(campaign: Campaign, fields: dict[str, object]) -> None:
    assert len(campaign.add([{"phone": PHONE, **fields}])) == 1


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("phone.gmtZone.bad.format", {"gmtZone": "+18:01"}),
        ("phone.gmtZone.bad.format", {"gmtZone": "+3:00"}),
        ("phone.gmtZone.bad.format", {"gmtZone": "Mars/Olympus"}),
        ("phone.gmtZone.bad.format", {"gmtZone": "../../etc/passwd"}),
        ("phone.gmtZone.bad.format", {"gmtZone": "America"}),
        ("phone.gmtZone.bad.format", {"gmtZone": 3}),
        ("invalid.call.allowed.time", {"allowedTime": {"mon": [hours("10:00", "12:00"), hours("11:59", "13:00")]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": [hours("18:00", "10:00")]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": [hours("10:00", "10:00")]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": [hours("10:00", "24:00")]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": [hours("9:00", "10:00")]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": [hours(540, 600)]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": [{"localTimeFrom": "10:00"}]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": ["10:00"]}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": []}}),
        ("invalid.call.allowed.time", {"allowedTime": {"default": None}}),
        ("invalid.call.allowed.time", {"allowedTime": {"monday": [hours("10:00", "11:00")]}}),
        ("invalid.call.allowed.time", {"allowedTime": "always"}),
        ("invalid.call.allowed.time", {"localTimeFrom": "10:00"}),
        ("invalid.call.allowed.time", {"localTimeFrom": "18:00", "localTimeTo": "10:00"}),
        ("invalid.dialer_priority", {"dialerPriority": 0}),
        ("invalid.dialer_priority", {"dialerPriority": 6}),
        ("invalid.dialer_priority", {"dialerPriority": "1"}),
        ("invalid.dialer_priority", {"dialerPriority": True}),
        ("request.invalid", {"retryIntervalInMinutes": 0}),
        ("request.invalid", {"retryIntervalInMinutes": 2881}),
        ("request.invalid", {"maxAttempts": 0}),
        ("request.invalid", {"maxAttempts": 51}),
        ("request.invalid", {"maxAttempts": "3"}),
        ("request.invalid", {"allowedDays": []}),
        ("request.invalid", {"allowedDays": ["mon"] * 8}),
        ("request.invalid", {"allowedDays": ["Monday"]}),
        ("request.invalid", {"startDateTime": "2024-01-02T00:00:00Z", "finishDateTime": "2024-01-02T00:00:00Z"}),
        ("request.invalid", {"startDateTime": "tomorrow"}),
        ("request.invalid", {"finishDateTime": "2024-01-02"}),
        ("request.invalid", {"externalCheck": {"externalCheckMaxRetries": 3}}),
        ("request.invalid", {"payload": "text"}),
        ("request.invalid", {"maxAttempt": 3}),
    ],
    ids=str,
)
def test_a_broken_rule_is_refused_with_its_type(campaign: Campaign, kind: str, fields: dict[str, object]) -> None:
    assert refusal(campaign, [{"phone": PHONE, **fields}])["type"] == kind


@pytest.mark.parametrize(
    "phone",
    [
        "+16500000000",
        "1650",
        "016500000000",
        "1650000000",
        "165000000000",
        "7999000000",
        "1-650",
        "1234567890123456",
        "",
    ],
    ids=len,
)
def test_a_phone_the_country_cannot_have_is_refused_by_name(campaign: Campaign, phone: str) -> None:
    refused = refusal(campaign, [{"phone": PHONE}, {"phone": phone}])
    assert (refused["type"], refused["phone"]) == ("phone.bad.format", phone)


def test_a_phone_the_sandbox_is_told_to_reject_is_refused_as_badly_formatted(campaign: Campaign) -> None:
    assert refusal(campaign, [{"phone": "16500000013"}])["type"] == "phone.bad.format"


def test_a_phone_can_be_rejected_from_now_on(campaign: Campaign) -> None:
    campaign.reject(PHONE)
    assert refusal(campaign, [{"phone": PHONE}])["type"] == "phone.bad.format"
    assert refusal(campaign, [{"phone": "16500000013"}])["type"] == "phone.bad.format"


def test_a_bad_zone_names_the_phone_and_the_zone(campaign: Campaign) -> None:
    refused = refusal(campaign, [{"phone": PHONE, "gmtZone": "Mars"}])
    assert (refused["phone"], refused["gmtZone"]) == (PHONE, "Mars")


def test_numbers_that_repeat_in_one_request_are_listed_once_each(campaign: Campaign) -> None:
    other = "16500000001"
    refused = refusal(campaign, [{"phone": p} for p in (PHONE, other, PHONE, PHONE, other, "16500000002")])
    assert refused["type"] == "phone.duplicated"
    assert refused["phone"] == PHONE
    assert refused["phonesDuplicates"] == [PHONE, other]


@pytest.mark.parametrize("body", [{}, None, "text", [PHONE], [{}], [{"phone": 16500000000}]], ids=list("abcdef"))
def test_a_body_of_another_shape_is_refused(campaign: Campaign, body: object) -> None:
    assert refusal(campaign, body)["type"] == "request.invalid"


def test_one_bad_number_refuses_the_whole_request(campaign: Campaign) -> None:
    refusal(campaign, [{"phone": PHONE}, {"phone": "16500000001", "maxAttempts": 99}])


def test_a_number_added_again_in_a_later_request_gets_a_second_job(campaign: Campaign) -> None:
    first, second = campaign.add([{"phone": PHONE}]), campaign.add([{"phone": PHONE}])
    assert first != second
    assert [job.phone for job in campaign.jobs] == [PHONE, PHONE]


def test_an_empty_request_adds_nothing(campaign: Campaign) -> None:
    assert campaign.add([]) == ()


def test_no_printed_form_shows_a_phone_a_payload_or_a_token(campaign: Campaign) -> None:
    from reconciler.sandbox.rules import Wanted

    campaign.add([{"phone": PHONE, "payload": {"name": "Ann"}}])
    wanted = Wanted(PHONE, {"name": "Ann"}, None)
    printed = f"{campaign!r} {campaign.jobs!r} {campaign.settings!r} {wanted!r}"
    assert not any(secret in printed for secret in (PHONE, "Ann", "demo"))
