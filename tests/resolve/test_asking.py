"""Whom `campaign resolve` asks, and what it will not do unasked. The dialect makes no difference to this."""

from __future__ import annotations

import pytest

from tests.resolve.conftest import OpenPlace
from tests.resolve.place import Place, phone


@pytest.fixture
def place(open_place: OpenPlace) -> Place:
    """A place."""
    return open_place()


# ------------------------------------------------------------------------------------------------------------- asking


@pytest.mark.parametrize("verdict", ["--adopt", "--sent", "--not-sent"])
def test_without_a_terminal_nothing_is_done_unless_it_is_approved(place: Place, verdict: str) -> None:
    place.in_doubt(1)
    before = place.lock(), place.journal.read_bytes()
    ran = place.run("resolve", verdict, "--why", "asked")
    assert ran.code == 64
    assert "--auto-approve" in ran.err
    assert (place.lock(), place.journal.read_bytes()) == before


@pytest.mark.parametrize("verdict", ["--adopt", "--sent"])
def test_whoever_says_no_changes_nothing(place: Place, verdict: str) -> None:
    place.in_doubt(1)
    before = place.lock(), place.journal.read_bytes()
    ran = place.run_on_a_terminal("n", "resolve", verdict, "--why", "asked")
    assert ran.code == 4
    assert "[y/N]" in ran.err
    assert (place.lock(), place.journal.read_bytes()) == before


@pytest.mark.parametrize("verdict", ["--adopt", "--sent"])
def test_whoever_says_yes_has_it_done(place: Place, verdict: str) -> None:
    place.in_doubt(1)
    assert place.run_on_a_terminal("y", "resolve", verdict, "--why", "asked", "--settle", "0.2", "-vv").code == 0
    assert place.run("resolve").code == 0


# ---------------------------------------------------------------------------------------------------------- wrong usage


@pytest.mark.parametrize("verdict", ["--sent", "--not-sent"])
def test_a_decision_needs_a_reason(place: Place, verdict: str) -> None:
    place.in_doubt(1)
    ran = place.resolve(verdict)
    assert ran.code == 64
    assert "--why" in ran.err
    assert place.run("resolve").code == 4


@pytest.mark.parametrize("both", [("--sent", "--not-sent"), ("--adopt", "--sent")], ids=" ".join)
def test_verdicts_that_contradict_each_other_are_refused(place: Place, both: tuple[str, str]) -> None:
    place.in_doubt(1)
    ran = place.resolve(*both, "--why", "asked")
    assert ran.code == 64
    assert "contradict" in ran.err
    assert place.run("resolve").code == 4


@pytest.mark.parametrize("arguments", [[], ["--adopt"]], ids=["showing", "asking"])
def test_only_a_decision_can_be_about_one_call(place: Place, arguments: list[str]) -> None:
    place.in_doubt(1)
    assert place.resolve(*arguments, "--call", "abcdefgh/1").code == 64


@pytest.mark.parametrize("named", ["abcdefgh/1", phone(1)], ids=["other", "phone"])
def test_an_id_that_is_not_in_doubt_is_refused_and_nothing_is_decided(place: Place, named: str) -> None:
    place.in_doubt(1)
    ran = place.resolve("--sent", "--why", "asked", "--call", named)
    assert ran.code == 64
    assert "1 of the ids given are of no call in doubt" in ran.err
    assert place.lock().header.decisions == ()


@pytest.mark.parametrize(
    "why",
    [f"asked +{phone(1)}", f"asked {phone(1)[1:4]} {phone(1)[4:7]}-{phone(1)[7:]}", "/api/calls/campaign/something"],
    ids=["phone", "national", "url"],
)
def test_a_reason_that_may_name_a_phone_or_a_token_is_not_kept(place: Place, why: str) -> None:
    place.in_doubt(1)
    ran = place.resolve("--sent", "--why", why)
    assert ran.code == 64
    assert "--why" in ran.err
    assert place.run("resolve").code == 4
    place.assert_clean()
