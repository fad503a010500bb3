"""Changes of the campaign-level policy and payload, shown old and new by their path."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import Lock
from reconciler.lock.settings import remembered
from reconciler.plan.model import SettingChange
from reconciler.plan.settings import setting_changes
from tests.plan.values import KEYER, campaign, lock_of, planned

OLD: dict[str, Any] = {
    "maxAttempts": 3,
    "allowedDays": ["mon", "tue"],
    "allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]},
}


def lock_with(policy: dict[str, Any], payload: dict[str, Any]) -> Lock:
    """A lock that was written with these settings, as it is read again."""
    lock = lock_of()
    header = msgspec.structs.replace(lock.header, **remembered(policy, payload, KEYER))
    return decode_lock(encode_lock(Lock(header, {})), campaign="promo", shown="promo.lock.jsonl")


@pytest.mark.parametrize(
    ("policy", "payload", "changes"),
    [
        (OLD, {"brand": "Acme"}, []),
        ({**OLD, "maxAttempts": 5}, {"brand": "Acme"}, [SettingChange("policy.maxAttempts", 3, 5)]),
        (OLD, {"brand": "Apex"}, [SettingChange("payload.brand", "Acme", "Apex")]),
        (OLD, {}, [SettingChange("payload.brand", "Acme", None)]),
        (OLD, {"brand": "Acme", "no": 1}, [SettingChange("payload.no", None, 1)]),
        (OLD, {"brand": 7}, [SettingChange("payload.brand", "Acme", 7)]),
        ({**OLD, "allowedDays": ["mon"]}, {"brand": "Acme"}, [SettingChange("policy.allowedDays[1]", "tue", None)]),
        (
            {**OLD, "allowedTime": {"default": [{"localTimeFrom": "09:00", "localTimeTo": "18:00"}]}},
            {"brand": "Acme"},
            [SettingChange("policy.allowedTime.default[0].localTimeFrom", "10:00", "09:00")],
        ),
        (
            {**OLD, "maxAttempts": 5},
            {"brand": "Apex"},
            [SettingChange("payload.brand", "Acme", "Apex"), SettingChange("policy.maxAttempts", 3, 5)],
        ),
    ],
)
def test_settings_that_differ_are_shown_by_path(
    policy: dict[str, Any], payload: dict[str, Any], changes: list[SettingChange]
) -> None:
    lock = lock_with(OLD, {"brand": "Acme"})
    assert list(setting_changes(lock, remembered(policy, payload, KEYER))) == changes
    assert list(planned([], lock, of=campaign(policy=policy, payload=payload)).settings) == changes


def test_a_first_plan_shows_no_changes_of_settings() -> None:
    assert planned([], lock_of(is_new=True), of=campaign(payload={"brand": "Acme"})).settings == ()


def test_a_changed_secret_is_seen_and_not_shown() -> None:
    check = {"externalCheck": {"externalCheckUrl": "https://check.example/s3cret"}}
    lock = lock_with(check, {})
    plan = planned([], lock, of=campaign(policy={"externalCheck": {"externalCheckUrl": "https://check.example/other"}}))
    (change,) = plan.settings
    assert change.path == "policy.externalCheck.externalCheckUrl"
    assert "example" not in f"{change.old} {change.new}"
