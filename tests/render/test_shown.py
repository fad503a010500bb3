"""What may be shown at all: no control characters, secrets, phones or URLs."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.model import SettingChange
from reconciler.render.shown import host_name, plain, setting, without_phones


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë’s leads.csv", "Zoë’s leads.csv"),
        ("two\nlines\tand\rmore", "two lines and more"),
        ("\x1b[2Jgone", "\\u001b[2Jgone"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("half \ud800 pair", "half \\ud800 pair"),
        ("no\u00a0break", "no\u00a0break"),
    ],
    ids=["letters", "line ends", "escape", "reversed writing", "lone surrogate", "odd space"],
)
def test_text_is_shown_on_one_line_without_control_characters(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("https://app.jaicp.com", "app.jaicp.com"),
        ("app.jaicp.com", "app.jaicp.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://ann:secret@app.jaicp.com/api/calls/campaign/token?x#y", "app.jaicp.com"),
    ],
)
def test_a_host_is_shown_without_credentials_and_path(host: str, shown: str) -> None:
    assert host_name(host) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 16507770042 now", "call 1650•••0042 now"),
        ("+1 (650) 777-0042", "+1650•••0042"),
        ("00 44 7700 900123", "0044••••••0123"),
        ("from 2024-05-01T10:00:00 on", "from 2024-05-01T10:00:00 on"),
        ("from 2024-05-01 10:00 to 18:00", "from 2024-05-01 10:00 to 18:00"),
        ("120 minutes, 3 times", "120 minutes, 3 times"),
        ("2024-05-01-77", "2024•••177"),
    ],
)
def test_digits_that_could_be_a_phone_are_masked_and_dates_are_not(text: str, shown: str) -> None:
    assert without_phones(text) == shown


SECRET = "https://check.example/?key=planted"


@pytest.mark.parametrize(
    ("path", "old", "new", "shown"),
    [
        pytest.param("policy.maxAttempts", 3, 5, ("3", "5"), id="numbers"),
        pytest.param("policy.maxAttempts", None, 5, ("(none)", "5"), id="added"),
        pytest.param("payload.brand", "Acme", None, ('"Acme"', "(none)"), id="removed"),
        pytest.param("payload.vip", True, False, ("true", "false"), id="booleans"),
        pytest.param("payload.limit", 1.5, 2500, ("1.5", "2500"), id="fractions"),
        pytest.param("payload.hotline", 16507770042, 1, ('"1650•••0042"', "1"), id="a number that could be a phone"),
        pytest.param("policy.allowedDays", ("mon",), ["tue"], ('["mon"]', '["tue"]'), id="lists"),
        pytest.param("x.externalCheckUrl", "a", "b", ("(secret)", "(another secret)"), id="secret by its path"),
        pytest.param("x.externalCheckUrl", None, "b", ("(none)", "(secret)"), id="secret added"),
        pytest.param("payload.text", SECRET, "none", ("(secret)", '"none"'), id="a URL anywhere"),
        pytest.param(
            "policy.externalCheck",
            None,
            {"externalCheckUrl": "abc", "externalCheckMaxRetries": 2},
            ("(none)", '{"externalCheckUrl": "(secret)", "externalCheckMaxRetries": 2}'[:59] + "…"),
            id="secret inside",
        ),
        pytest.param("payload.text", "x" * 90, "y", ('"' + "x" * 58 + "…", '"y"'), id="long"),
        pytest.param("payload.odd", object(), 1, ('"…"', "1"), id="not JSON"),
    ],
)
def test_a_setting_is_shown_old_and_new_without_what_must_stay_hidden(
    path: str, old: Any, new: Any, shown: tuple[str, str]
) -> None:
    assert setting(SettingChange(path, old, new))[1:] == shown


def test_long_values_that_differ_only_in_what_is_cut_off_say_so() -> None:
    _, old, new = setting(SettingChange("payload.text", "x" * 90 + "a", "x" * 90 + "b"))
    assert new == f"{old} (differs further on)"


def test_a_phone_in_the_name_of_a_payload_field_is_masked() -> None:
    path, _, new = setting(SettingChange("payload.16507770042", None, {"16507770042": 1}))
    assert path == "payload.1650•••0042"
    assert new == '{"1650•••0042": 1}'
