"""Moves of the campaign itself: desired state against what the server reports, or else what is remembered."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState, Dialect
from reconciler.errors import Refusal
from reconciler.lock.model import CallStatus
from reconciler.plan.diff import Observed
from reconciler.plan.state import DOUBTFUL, NEVER_RAN, START_REFUSED
from tests.plan.values import Stance, call, campaign, done, lock_of, observed, planned, remembered, said

NEW, SCHEDULED, RUNNING = CampaignState.NEW, CampaignState.SCHEDULED, CampaignState.RUNNING
PAUSED, FINISHED, UNKNOWN = CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.UNKNOWN

REPORTED: list[tuple[Stance, CampaignState, list[str]]] = [
    ("running", NEW, ["Start"]),
    ("running", SCHEDULED, []),
    ("running", RUNNING, []),
    ("running", PAUSED, ["Resume"]),
    ("running", FINISHED, []),
    ("running", UNKNOWN, ["Blocked: STATE_UNKNOWN"]),
    ("paused", NEW, []),
    ("paused", SCHEDULED, ["Pause"]),
    ("paused", RUNNING, ["Pause"]),
    ("paused", PAUSED, []),
    ("paused", FINISHED, []),
    ("paused", UNKNOWN, ["Pause"]),
    ("stopped", NEW, ["Stop"]),
    ("stopped", SCHEDULED, ["Stop"]),
    ("stopped", RUNNING, ["Stop"]),
    ("stopped", PAUSED, ["Stop"]),
    ("stopped", FINISHED, []),
    ("stopped", UNKNOWN, ["Stop"]),
]
REMEMBERED: list[tuple[Stance, str, list[str]]] = [
    ("running", "", ["Start"]),
    ("running", "start", []),
    ("running", "resume", []),
    ("running", "pause", ["Resume"]),
    ("running", "stop", []),
    ("running", NEVER_RAN, ["Start"]),
    ("running", START_REFUSED, ["Blocked: START_IN_WEB"]),
    ("running", DOUBTFUL, ["Start"]),
    ("paused", "", ["Pause"]),
    ("paused", "start", ["Pause"]),
    ("paused", "resume", ["Pause"]),
    ("paused", "pause", []),
    ("paused", "stop", []),
    ("paused", NEVER_RAN, []),
    ("paused", START_REFUSED, []),
    ("paused", DOUBTFUL, ["Pause"]),
    ("stopped", "", ["Stop"]),
    ("stopped", "start", ["Stop"]),
    ("stopped", "resume", ["Stop"]),
    ("stopped", "pause", ["Stop"]),
    ("stopped", "stop", []),
    ("stopped", NEVER_RAN, ["Stop"]),
    ("stopped", START_REFUSED, ["Stop"]),
    ("stopped", DOUBTFUL, ["Stop"]),
]


@pytest.mark.parametrize(("desired", "state", "says"), REPORTED, ids=[f"{d}, is {s}" for d, s, _ in REPORTED])
def test_a_move_of_the_campaign_where_its_state_is_reported(
    desired: Stance, state: CampaignState, says: list[str]
) -> None:
    plan = planned([], lock_of(), observed(state=state), campaign(desired))
    assert said(plan) == says
    assert (plan.desired_state, plan.observed_state) == (desired, state)


@pytest.mark.parametrize(
    ("desired", "control", "says"), REMEMBERED, ids=[f"{d}, last control {c or 'none'}" for d, c, _ in REMEMBERED]
)
def test_a_move_of_the_campaign_where_only_the_last_control_is_known(
    desired: Stance, control: str, says: list[str]
) -> None:
    seen = Observed(dialect=Dialect.LEGACY, is_refreshed=True)
    assert said(planned([], lock_of(control=control), seen, campaign(desired))) == says


def test_what_the_server_reports_counts_more_than_the_last_control() -> None:
    assert said(planned([], lock_of(control="start"), observed(state=PAUSED))) == ["Resume"]


def test_a_new_campaign_whose_start_was_refused_is_started_in_the_web_interface() -> None:
    assert said(planned([], lock_of(control=START_REFUSED), observed(state=NEW))) == ["Blocked: START_IN_WEB"]


def test_a_campaign_that_was_started_after_all_needs_nothing() -> None:
    assert said(planned([], lock_of(control=START_REFUSED), observed(state=RUNNING))) == []


@pytest.mark.parametrize("desired", ["running", "paused", "stopped"])
def test_a_deleted_campaign_is_refused(desired: Stance) -> None:
    with pytest.raises(Refusal, match="promo is deleted on the server"):
        planned([], lock_of(), observed(state=CampaignState.DELETED), campaign(desired))


@pytest.mark.parametrize("desired", ["running", "paused"])
def test_a_finished_campaign_takes_no_more_calls(desired: Stance) -> None:
    with pytest.raises(Refusal, match="promo is finished and takes no more calls, but 1 would"):
        planned([call()], lock_of(), observed(state=FINISHED), campaign(desired))


def test_a_campaign_that_was_stopped_from_here_takes_no_more_calls() -> None:
    with pytest.raises(Refusal, match="finished"):
        planned([call()], lock_of(control="stop"), Observed(dialect=Dialect.LEGACY))


def test_a_replacement_in_a_finished_campaign_is_refused() -> None:
    lock = lock_of(remembered(call(data="x"), CallStatus.PLANNED))
    with pytest.raises(Refusal, match="but 1 would"):
        planned([call(data="y")], lock, Observed(state=FINISHED))


def test_a_finished_campaign_with_nothing_to_add_is_as_desired() -> None:
    lock = lock_of(remembered(call(), CallStatus.NO_ANSWER))
    assert said(planned([call()], lock, observed(state=FINISHED))) == []


def test_a_campaign_to_be_stopped_is_only_stopped() -> None:
    ann, bob, cyd = call("ann", 1), call("bob", 2), call("cyd", 3)
    lock = lock_of(remembered(ann, CallStatus.PLANNED), remembered(call("bob", 2, "old"), CallStatus.PLANNED))
    plan = planned([bob, cyd], lock, of=campaign("stopped"))
    assert done(plan) == ["Stop"]
    assert said(plan) == ["Blocked bob/1: CAMPAIGN_STOPPED", "Blocked cyd/1: CAMPAIGN_STOPPED", "Stop"]


def test_a_campaign_that_is_stopped_adds_nothing_and_is_no_error() -> None:
    plan = planned([call()], lock_of(), observed(state=FINISHED), campaign("stopped"))
    assert said(plan) == ["Blocked ann/1: CAMPAIGN_STOPPED"]


def test_a_new_key_is_still_remembered_in_a_campaign_to_be_stopped() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.NO_ANSWER))
    plan = planned([call("bob", 1)], lock, of=campaign("stopped"))
    assert done(plan) == ["Stop", "Adopt bob/1: KEY_CHANGED"]


def test_calls_are_added_while_the_state_of_the_campaign_is_unknown() -> None:
    plan = planned([call()], lock_of(), observed(state=UNKNOWN))
    assert said(plan) == ["Add ann/1: NEW", "Blocked: STATE_UNKNOWN"]
