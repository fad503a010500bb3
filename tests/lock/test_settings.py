"""Campaign-level settings in the lockfile: readable, except for what could be a credential or a phone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.lock.settings import DIGESTED, remembered
from tests.lock.samples import KEYER

KEPT: list[Any] = [
    "Acme",
    "20% off",
    "",
    "10:00",
    "Europe/Berlin",
    "+03:00",
    "2024-01-31T10:00:00Z",
    "2024-01-31T10:00:00.123456+03:00",
    "2024-01-31T10:00",
    123_456,
    -99_999,
    1.5,
    True,
    None,
    [],
    {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]},
    ["mon", "tue"],
]
DIGESTED_VALUES: list[Any] = [
    "https://check.example/token",
    "postgres://user:word@db",
    "16507770042",
    "+1 (650) 777-00-42",
    "call +1.650.777.0042 now",
    "0650/777 0042",
    "650_777_0042",
    "650‑777‑0042",
    "650\u00a0777\u00a00042",
    "٠١٢٣٤٥٦٧",
    "2024-01-31T16507770042",
    16_507_770_042,
    16_507_770_042.5,
    -1_650_777,
]


def kept(value: Any) -> Any:
    """What the lock holds of one payload value."""
    return remembered({}, {"value": value}, KEYER)["payload"]["value"]


@pytest.mark.parametrize("value", KEPT, ids=repr)
def test_a_harmless_setting_is_kept_as_it_is(value: Any) -> None:
    assert kept(value) == value
    assert type(kept(value)) is type(value)


@pytest.mark.parametrize("value", DIGESTED_VALUES, ids=range(len(DIGESTED_VALUES)))
def test_a_url_or_a_phones_worth_of_digits_is_digested(value: Any) -> None:
    found = kept(value)
    assert found.startswith(DIGESTED)
    assert str(value) not in found


def test_a_secret_is_found_at_any_depth_and_in_names() -> None:
    planted = "16507770042"
    policy = {"externalCheck": {"externalCheckUrl": f"https://check.example/{planted}"}}
    payload = {"list": [[planted], {"deep": (planted, 1)}], planted: "value"}
    found = json.dumps(remembered(policy, payload, KEYER))
    assert planted not in found
    assert "check.example" not in found
    assert found.count(DIGESTED) == 4


def test_a_changed_secret_changes_its_digest_and_an_unchanged_one_does_not() -> None:
    assert kept("https://one.example") == kept("https://one.example") != kept("https://two.example")


def test_policy_and_payload_stay_apart() -> None:
    assert remembered({"maxAttempts": 3}, {"brand": "Acme"}, KEYER) == {
        "policy": {"maxAttempts": 3},
        "payload": {"brand": "Acme"},
    }
