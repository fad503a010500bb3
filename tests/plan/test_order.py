"""In which order a plan does things, and the id it is known by."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus, Lock
from reconciler.plan.model import Counts
from tests.plan.values import Stance, call, campaign, done, lock_of, observed, planned, remembered

QUEUED = lock_of(
    remembered(call("ann", 1), CallStatus.PLANNED),
    remembered(call("bob", 2, "old"), CallStatus.PLANNED),
    remembered(call("cyd", 3), CallStatus.NO_ANSWER),
)
BOB, DAN, EVE = call("bob", 2, "new"), call("dan", 3), call("eve", 5)


@pytest.mark.parametrize(
    ("desired", "state", "first", "last"),
    [
        ("running", CampaignState.NEW, [], ["Start"]),
        ("running", CampaignState.PAUSED, [], ["Resume"]),
        ("paused", CampaignState.RUNNING, ["Pause"], []),
    ],
)
def test_the_safe_direction_comes_first(
    desired: Stance, state: CampaignState, first: list[str], last: list[str]
) -> None:
    seen = msgspec.structs.replace(observed(), state=state)
    plan = planned([EVE, BOB, DAN], QUEUED, seen, campaign(desired))
    between = ["Adopt dan/1: KEY_CHANGED", "Cancel ann/1: REMOVED", "Replace bob/1: CHANGED", "Add eve/1: NEW"]
    assert done(plan) == [*first, *between, *last]


def test_actions_are_counted_by_kind() -> None:
    plan = planned([EVE, BOB, DAN], QUEUED, observed(state=CampaignState.PAUSED))
    assert plan.counts == Counts(add=1, cancel=1, replace=1, adopt=1, move=1)
    assert (plan.counts.rings, plan.counts.taken_back) == (2, 1)


def test_the_plan_id_does_not_depend_on_the_order_of_rows() -> None:
    ids = {planned(rows, QUEUED).plan_id for rows in itertools.permutations([EVE, BOB, DAN])}
    assert len(ids) == 1


def test_the_plan_id_is_one_short_word() -> None:
    assert len(planned([EVE], QUEUED).plan_id) == 16


def test_every_different_set_of_actions_has_its_own_plan_id() -> None:
    one = lock_of(remembered(call("ann", 1), CallStatus.PLANNED))
    paused = observed(state=CampaignState.PAUSED)
    plans = [
        planned([call("ann", 1)], one),
        planned([], one),
        planned([call("ann", 1, "y")], one),
        planned([call("ann", 1, "z")], one),
        planned([call("bob", 1)], one),
        planned([call("ann", 1), call("bob", 2)], one),
        planned([call("ann", 1), call("bob", 2, "y")], one),
        planned([call("ann", 1), call("cyd", 2)], one),
        planned([call("ann", 1)], one, paused),
        planned([call("ann", 1)], one, paused, campaign("stopped")),
        planned([call("ann", 1)], one, of=campaign("paused")),
        planned([call("ann", 1)], one, observed(state=CampaignState.NEW)),
    ]
    assert len({plan.plan_id for plan in plans}) == len(plans)


@pytest.mark.parametrize("change", [{"serial": 8}, {"lineage": "another"}])
def test_the_plan_id_changes_with_the_lock(change: dict[str, object]) -> None:
    later = Lock(msgspec.structs.replace(QUEUED.header, **change), QUEUED.calls)
    assert planned([EVE], later).plan_id != planned([EVE], QUEUED).plan_id


def test_two_plans_of_a_campaign_without_a_lockfile_agree() -> None:
    one, two = lock_of(is_new=True), lock_of(is_new=True)
    two = msgspec.structs.replace(two, header=msgspec.structs.replace(two.header, lineage="drawn anew"))
    assert planned([EVE], one).plan_id == planned([EVE], two).plan_id


def test_a_plan_in_step_does_nothing_at_all() -> None:
    plan = planned([call("ann", 1)], lock_of(remembered(call("ann", 1), CallStatus.PLANNED)))
    assert (plan.actions, plan.notes, plan.counts) == ((), (), Counts())
