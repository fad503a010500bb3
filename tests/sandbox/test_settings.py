"""How a campaign is described in short."""

from __future__ import annotations

import pytest

from reconciler.sandbox.settings import Settings, seconds, settings


def test_a_bare_token_is_a_new_campaign_named_after_it() -> None:
    made = settings("demo").complete("current", 4001)
    assert (made.token, made.name, made.id, made.dialect, made.state) == ("demo", "demo", 4001, "current", "new")


def test_every_option_is_read_from_the_short_form() -> None:
    text = (
        "t0ken:name=demo:id=7:dialect=legacy:state=paused:lines=5:attempts=2:retry=30m:zone=+03:00:ids=number"
        ":order=shuffled:spelling=cyrillic:extra=true:times=iso:status=text:keys=ignored:start=404"
        ":inprocess=omitted:visible=90s:commit=250ms:outcome=noAnswer:rejects=16500000000,16500000001"
    )
    assert settings(text) == Settings(
        token="t0ken",
        name="demo",
        id=7,
        dialect="legacy",
        state="paused",
        lines=5,
        attempts=2,
        retry=1800,
        zone="+03:00",
        ids="number",
        order="shuffled",
        spelling="cyrillic",
        extra=True,
        times="iso",
        status="text",
        keys="ignored",
        start=404,
        inprocess="omitted",
        visible=90,
        commit=0.25,
        outcome="noAnswer",
        rejects="16500000000,16500000001",
    )


def test_settings_and_mappings_describe_a_campaign_too() -> None:
    assert settings({"token": "demo", "visible": 2}) == settings(Settings(token="demo", visible=2))


@pytest.mark.parametrize(("dialect", "spelling"), [("legacy", "old"), ("current", "new")])
def test_each_dialect_has_the_spelling_of_its_time(dialect: str, spelling: str) -> None:
    assert settings(f"demo:dialect={dialect}").complete("current", 1).spelling == spelling


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "token"),
        ("a/b", "token"),
        ("s3cret:name=a b", "name"),
        ("s3cret:colour=red", "colour"),
        ("s3cret:state=asleep", "state"),
        ("s3cret:start=500", "start"),
        ("s3cret:legacy", "key=value"),
        ("s3cret:=x", "key=value"),
        ("s3cret:lines=0", "lines"),
        ("s3cret:visible=soon", "duration"),
        ("s3cret:outcome=happy", "outcome"),
        ("s3cret:zone=Mars", "zone"),
    ],
)
def test_a_description_that_makes_no_sense_says_why_and_keeps_the_token_to_itself(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        settings(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("text", "value"), [("2", 2), ("1.5s", 1.5), ("250ms", 0.25), ("3m", 180), ("1h", 3600)])
def test_durations_have_units(text: str, value: float) -> None:
    assert seconds(text) == value
