"""Running, paused, stopped: what a manifest wants of a campaign, against every state a server can be in."""

from __future__ import annotations

import pytest

from tests.acceptance.other_campaign import RUNNING_WORDS
from tests.acceptance.workshop import Workshop, people

CONTROLS = ("control/start", "control/pause", "control/resume", "control/stop")


def controls(work: Workshop) -> list[str]:
    """The moves that were asked for, in order."""
    return [asked.endpoint.removeprefix("control/") for asked in work.server.log if asked.endpoint in CONTROLS]


@pytest.mark.parametrize(
    ("before", "wanted", "moves", "after"),
    [
        ("inProgress", "running", [], "inProgress"),
        ("planned", "running", [], "planned"),
        ("paused", "running", ["resume"], "inProgress"),
        ("inProgress", "paused", ["pause"], "paused"),
        ("planned", "paused", ["pause"], "paused"),
        ("paused", "paused", [], "paused"),
        ("new", "paused", [], "new"),
        ("inProgress", "stopped", ["stop"], "finished"),
        ("finished", "stopped", [], "finished"),
    ],
)
def test_a_current_campaign_is_moved_only_when_its_state_is_not_the_wanted_one(
    current: Workshop, before: str, wanted: str, moves: list[str], after: str
) -> None:
    current.remote.state = before
    current.manifest(state=wanted)
    current.people(people(2))
    ran = current.apply()
    assert ran.code == 0, ran.text
    assert controls(current) == moves
    assert current.remote.state == after


@pytest.mark.parametrize("word", sorted(RUNNING_WORDS))
def test_a_running_campaign_needs_no_move_however_its_state_is_spelled(current: Workshop, word: str) -> None:
    current.remote.state = word
    current.people(people(1))
    assert current.apply().code == 0
    assert controls(current) == []


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("new", "running", "inProgress"),
        ("paused", "running", "inProgress"),
        ("inProgress", "running", "inProgress"),
        ("new", "paused", "new"),
        ("inProgress", "paused", "paused"),
        ("inProgress", "stopped", "finished"),
    ],
)
def test_a_legacy_campaign_is_moved_once_and_then_left_alone(
    legacy: Workshop, before: str, wanted: str, after: str
) -> None:
    legacy.remote.state = before
    legacy.manifest(state=wanted)
    legacy.people(people(2))
    ran = legacy.apply()
    assert ran.code == 0, ran.text
    assert legacy.remote.state == after
    legacy.server.forget()
    assert legacy.apply().code == 0
    assert not legacy.server.mutations


def test_pausing_comes_before_adding_so_that_nobody_new_is_called(workshop: Workshop) -> None:
    workshop.manifest(state="paused")
    workshop.people(people(3))
    assert workshop.apply().code == 0
    order = [asked.endpoint for asked in workshop.server.log if asked.is_mutation]
    assert order == ["control/pause", "addPhones"]


def test_starting_comes_after_everything_else(legacy: Workshop) -> None:
    legacy.remote.state = "new"
    legacy.people(people(3))
    assert legacy.apply().code == 0
    order = [asked.endpoint for asked in legacy.server.log if asked.is_mutation]
    assert order == ["addPhones", "control/start"]


def test_a_stopped_campaign_gets_no_calls(workshop: Workshop) -> None:
    workshop.manifest(state="stopped")
    workshop.people(people(3))
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    assert workshop.remote.state == "finished"
    assert not workshop.remote.jobs
    assert "irreversible" in ran.out


def test_a_new_campaign_that_only_the_web_interface_can_start_is_filled_and_the_rest_is_said(current: Workshop) -> None:
    current.remote.state = "new"
    current.people(people(3))
    ran = current.apply()
    assert ran.code == 0, ran.text
    assert len(current.remote.jobs) == 3
    assert "start it there" in ran.err
    current.server.forget()
    again = current.apply()
    assert again.code == 0
    assert not current.server.mutations
    assert "web interface" in again.text


def test_a_finished_campaign_satisfies_running_when_nobody_is_to_be_added(current: Workshop) -> None:
    current.people(people(2))
    assert current.apply().code == 0
    for job in current.remote.jobs.values():
        job.status = "noAnswer"
    current.remote.state = "finished"
    current.server.forget()
    ran = current.apply()
    assert ran.code == 0, ran.text
    assert not current.server.mutations


def test_adding_to_a_finished_campaign_is_refused_with_an_explanation(workshop: Workshop) -> None:
    workshop.remote.state = "finished"
    workshop.people(people(2))
    ran = workshop.apply()
    assert ran.code == 1, ran.text
    assert "finished" in ran.err.lower()
    assert not workshop.remote.jobs
    assert controls(workshop) == []


def test_a_deleted_campaign_is_refused(current: Workshop) -> None:
    current.remote.state = "deleted"
    current.people(people(2))
    ran = current.apply()
    assert ran.code == 1
    assert "deleted" in ran.err
    assert not current.server.mutations
