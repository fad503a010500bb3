"""What `campaign resolve` shows, whom it asks, and what it will not do unasked."""

from __future__ import annotations

import re

import pytest

from tests.resolve.place import Place, mask, phone


def test_each_call_in_doubt_is_shown_masked_under_what_was_asked_when_and_what_came_back(place: Place) -> None:
    place.in_doubt(1, 2, 3)
    shown = place.run("resolve")
    assert shown.code == 4
    head, asked, *calls = shown.out.splitlines()
    assert head == "spring: 3 calls in doubt"
    assert re.fullmatch(
        r"  addPhones of 3 calls at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: no usable answer from 127\.0\.0\.1:\d+ \(.+\)",
        asked,
    )
    assert sorted(line.split()[0] for line in calls) == [mask(1), mask(2), mask(3)]
    assert len({line.split()[1] for line in calls}) == 3


def test_calls_that_were_answered_and_are_not_reported_are_shown_with_how_many_ids_came(place: Place) -> None:
    place.declare([1, 2])
    place.fault("missing-from-report:getReport:forever:n=2", "missing-from-report:getReportByDate:forever:n=2")
    assert place.apply().code == 4
    assert "2 ids answered, not confirmed by the server's report" in place.run("resolve").out


def test_jobs_the_server_no_longer_knows_or_calls_by_a_strange_word_are_shown_as_such(place: Place) -> None:
    place.declare([1, 2, 3])
    place.apply()
    place.remote.forget(place.jobs_of(1)[0].id)
    place.remote.set_status(place.jobs_of(2)[0].id, "beamedUp")
    place.apply()
    shown = place.run("resolve")
    assert shown.code == 4
    lines = [line.split("  ")[0] for line in map(str.strip, shown.out.splitlines())]
    assert lines == [
        "spring: 2 calls in doubt",
        "added earlier, and missing from the server's report",
        mask(1),
        "added earlier, and reported in a status this version does not know",
        mask(2),
    ]


def test_where_nothing_is_in_doubt_it_says_so(place: Place) -> None:
    place.declare([1])
    assert place.run("resolve").out == "spring: no call is in doubt\n"
    place.apply()
    shown = place.run("resolve", "--adopt", "--auto-approve")
    assert (shown.code, shown.out) == (0, "spring: no call is in doubt\n")


def test_showing_changes_nothing(place: Place) -> None:
    place.in_doubt(1, 2)
    before = place.lock(), place.journal.read_bytes()
    place.run("resolve")
    assert (place.lock(), place.journal.read_bytes()) == before


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
    assert place.run_on_a_terminal("y", "resolve", verdict, "--why", "asked", "-vv").code == 0
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
