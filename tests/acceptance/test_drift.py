"""`plan --drift` tells what was changed on the server by hand from what a commit changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.render import schema
from tests.acceptance.workshop import Ran, Workshop, people, phone

CHECK = ("plan", "--drift", "--detailed-exitcode")


def drifted(work: Workshop) -> Any:
    """The drift in the JSON plan, which is valid by the schema, with its calls."""
    document = json.loads(work.run("plan", "--drift", "--format", "json").out)
    Draft202012Validator(schema.document()).validate(document)
    [planned] = document["campaigns"]
    return planned["drift"] | {"calls": [(row["kind"], row["phone"]) for row in planned["drifted"]]}


@pytest.fixture
def applied(workshop: Workshop) -> Workshop:
    """Five calls that were added."""
    workshop.people(people(5))
    assert workshop.apply().code == 0
    return workshop


def in_step(ran: Ran) -> None:
    """There is no drift, and that is said."""
    assert ran.code == 0, ran.text
    assert "No drift: nothing changed on the server without an apply from here." in ran.out


def test_calls_that_go_their_way_and_pending_changes_are_no_drift(applied: Workshop) -> None:
    applied.remote.set_status(phone(1), "longCallWithResult")
    applied.remote.set_status(phone(2), "onRetry")
    applied.people(people(7, 2))
    ran = applied.run(*CHECK)
    in_step(ran)
    assert "3 phones will ring" in ran.out
    assert applied.run("plan", "--detailed-exitcode").code == 2


def test_a_call_that_somebody_cancelled_is_drift_until_an_apply_takes_note(applied: Workshop) -> None:
    applied.remote.set_status(phone(3), applied.remote.style.cancelled)
    ran = applied.run(*CHECK)
    assert ran.code == 2, ran.text
    assert "Drift, without an apply from here: 1 call changed.\n\n  ! 1 cancelled: by somebody else" in ran.out
    assert drifted(applied)["calls"] == [("cancelled", "1650•••0003")]
    assert applied.apply().code == 0
    in_step(applied.run(*CHECK))


def test_an_unknown_status_and_a_missing_job_are_drift(applied: Workshop) -> None:
    applied.remote.set_status(phone(1), "somethingNew")
    gone = applied.remote.jobs_of(phone(2))[0]
    del applied.remote.jobs[gone.id]
    ran = applied.run(*CHECK)
    assert ran.code == 2, ran.text
    assert sorted(drifted(applied)["calls"]) == [("missing", "1650•••0002"), ("unknown", "1650•••0001")]


def test_a_state_that_was_flipped_by_hand_is_drift(current: Workshop) -> None:
    current.people(people(5))
    assert current.apply().code == 0
    current.remote.state = "paused"
    ran = current.run(*CHECK)
    assert ran.code == 2, ran.text
    assert "Drift, without an apply from here: the campaign was running and is paused." in ran.out
    assert drifted(current)["state"] == {"then": "running", "now": "paused"}
    assert current.apply().code == 0
    in_step(current.run(*CHECK))


def test_a_state_that_a_commit_changes_is_not(current: Workshop) -> None:
    current.people(people(5))
    assert current.apply().code == 0
    current.manifest(state="paused")
    in_step(current.run(*CHECK))
    assert current.apply().code == 0
    assert current.remote.state == "paused"
    in_step(current.run(*CHECK))


def test_jobs_of_somebody_else_are_drift(current: Workshop) -> None:
    current.people(people(5))
    assert current.apply().code == 0
    current.remote.seed("16507319999")
    ran = current.run(*CHECK)
    assert ran.code == 2, ran.text
    assert "! 1 foreign: jobs in the campaign that this lock does not own" in ran.out
    assert drifted(current)["calls"] == [("foreign", "1650•••9999")]
    assert "16507319999" not in ran.text
    current.manifest(foreign="allow")
    in_step(current.run(*CHECK))


def test_drift_comes_before_a_guard_in_the_exit_code(applied: Workshop) -> None:
    applied.manifest(guards={"newCalls": 0})
    applied.people(people(6))
    assert applied.run(*CHECK).code == 3
    applied.remote.set_status(phone(3), applied.remote.style.cancelled)
    assert applied.run(*CHECK).code == 2
    assert applied.run("plan", "--drift").code == 3


def test_a_long_lockfile_is_held_against_the_report_too(current: Workshop) -> None:
    current.people(people(5200))
    assert current.apply().code == 0
    for n in (17, 5100):
        current.remote.set_status(phone(n), "canceled")
    found = drifted(current)
    assert found["calls"] == [("cancelled", "1650•••0017"), ("cancelled", "1650•••5100")] or found["calls"] == [
        ("cancelled", "1650•••5100"),
        ("cancelled", "1650•••0017"),
    ]


def test_without_the_server_there_is_nothing_to_compare(current: Workshop) -> None:
    current.people(people(1))
    for option in (["--drift"], ["--out", "x.plan"]):
        ran = current.run("plan", "--no-refresh", *option)
        assert ran.code == 64
        assert f"{option[0]} needs the server: leave out --no-refresh" in ran.err
    assert not (current.folder / "x.plan").exists()


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_every_format_has_a_section_of_its_own_for_it(current: Workshop, format: str) -> None:
    current.people(people(5))
    assert current.apply().code == 0
    assert "Drift" not in current.run("plan", "--format", format).out
    calm = current.run("plan", "--drift", "--format", format).out
    current.remote.set_status(phone(3), "canceled")
    current.remote.state = "paused"
    found = current.run("plan", "--drift", "--format", format).out
    assert "the campaign was running and is paused and 1 call changed" in found
    assert "by somebody else" in found
    assert "1650•••0003" in found
    head = {"markdown": "#### Drift", "html": "<h3>Drift</h3>"}[format]
    assert head in found
    assert ("No drift" in calm) == (format == "html")
