"""What all campaigns of a run do together, held against the guards of the run."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus
from reconciler.manifest.model import RunGuards
from reconciler.plan.model import Plan
from reconciler.plan.together import RUN_OPTIONS, Together
from tests.plan.values import call, campaign, lock_of, observed, planned, remembered

LIMITS = (RunGuards(new_calls=5, cancels=2, replaces=1, releases=3),)


def adding(count: int) -> Plan:
    return planned([call(f"c{n}", n) for n in range(count)], lock_of())


def cancelling(count: int, suppressed: tuple[int, ...] = ()) -> Plan:
    lock = lock_of(*(remembered(call(f"c{n}", n), CallStatus.PLANNED) for n in range(count)))
    return planned([], lock, suppressed=suppressed)


def replacing(count: int) -> Plan:
    lock = lock_of(*(remembered(call(f"c{n}", n), CallStatus.PLANNED) for n in range(count)))
    return planned([call(f"c{n}", n, "changed") for n in range(count)], lock)


def releasing(count: int) -> Plan:
    calls = [call(f"c{n}", n) for n in range(count)]
    lock = lock_of(*(remembered(each, CallStatus.PLANNED) for each in calls))
    return planned(calls, lock, observed(state=CampaignState.PAUSED), of=campaign(state="running"))


def tripped(plan: Plan) -> list[str]:
    return [guard.name for guard in plan.tripped]


def test_the_campaign_that_would_exceed_what_the_run_may_do_is_held_back() -> None:
    together = Together()
    held = [together.hold(adding(count), LIMITS, {}) for count in (3, 3, 2)]
    assert [tripped(plan) for plan in held] == [[], ["run.newCalls"], []]
    guard = held[1].tripped[0]
    assert (guard.option, guard.amount, guard.limit) == ("run-new-calls", 6, 5)


@pytest.mark.parametrize(
    ("plan", "name"),
    [(cancelling(3), "run.cancels"), (replacing(2), "run.replaces"), (releasing(4), "run.releases")],
    ids=["cancels", "replaces", "releases"],
)
def test_cancels_replaces_and_releases_are_counted_too(plan: Plan, name: str) -> None:
    assert tripped(Together().hold(plan, LIMITS, {})) == [name]


def test_cancelled_for_suppression_is_not_counted() -> None:
    assert tripped(Together().hold(cancelling(3, suppressed=(0, 1, 2)), LIMITS, {})) == []


def test_a_named_amount_lets_the_run_pass() -> None:
    assert tripped(Together().hold(adding(6), LIMITS, {"run-new-calls": 6})) == []


def test_of_several_documents_the_smallest_limit_counts() -> None:
    both = (RunGuards(new_calls=9), RunGuards(new_calls=2), RunGuards(releases=0))
    assert tripped(Together().hold(adding(3), both, {})) == ["run.newCalls"]


def test_without_a_document_a_run_may_do_ten_times_what_a_campaign_may() -> None:
    held = Together().hold(adding(1), (), {})
    assert [(guard.option, guard.limit) for guard in held.guards[-4:]] == [(option, 100_000) for option in RUN_OPTIONS]


def test_what_was_not_approved_is_not_counted() -> None:
    together = Together()
    together.give_back(together.hold(adding(5), LIMITS, {}))
    assert tripped(together.hold(adding(5), LIMITS, {})) == []


def test_what_was_held_back_has_nothing_to_give_back() -> None:
    together = Together()
    together.give_back(together.hold(adding(6), LIMITS, {}))
    assert tripped(together.hold(adding(5), LIMITS, {})) == []


def test_a_campaign_that_adds_nothing_is_not_held_back_for_what_others_did() -> None:
    together = Together()
    together.hold(adding(6), (), {})
    assert tripped(together.hold(cancelling(1), LIMITS, {})) == []
