"""What a saved plan speaks for: its own actions, each once, on the lockfile and campaign it was made on."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
import pytest

from reconciler.calls.model import CampaignState, JobStatus
from reconciler.errors import StalePlan
from reconciler.lock.model import CallStatus
from reconciler.manifest.model import Guards
from reconciler.plan.model import Plan
from reconciler.plan.saved import Basis, DemandedPlan, action_lines, approved, saved_plan
from tests.plan.values import call, campaign, job, lock_of, observed, planned, remembered

THEN = Basis("lineage", 7, "", "check", "host", "token", "remote", "desired")


def held(then: Plan, now: Plan, before: Basis = THEN, after: Basis = THEN) -> Plan:
    """The plan made now, as the one made then speaks for it."""
    lines = action_lines(then)
    return approved(saved_plan(then, before, {}), lambda: lines, now, after)


def stale(then: Plan, now: Plan, before: Basis = THEN, after: Basis = THEN) -> str:
    """Why the one made then does not speak for it."""
    with pytest.raises(StalePlan) as caught:
        held(then, now, before, after)
    return str(caught.value)


def but(**changes: str | int) -> Basis:
    """The basis with something else in it."""
    return msgspec.structs.replace(THEN, **changes)


NOTHING = planned([], lock_of())
ANN = planned([call("ann")], lock_of())
BOTH = planned([call("ann"), call("bob", 2)], lock_of())


def test_a_plan_speaks_for_itself_and_for_every_part_of_it() -> None:
    assert held(BOTH, BOTH) == BOTH
    assert held(BOTH, ANN) == ANN
    assert held(BOTH, NOTHING) == NOTHING


def test_no_part_speaks_for_the_whole() -> None:
    assert "1 to add, which it does not hold: new: 1650•••0002 (leads.csv:2)" in stale(ANN, BOTH)


def test_the_same_call_with_other_data_is_another_action() -> None:
    other = planned([call("ann", data="y")], lock_of())
    assert "1 to add, which it allows something else for: new: 1650•••0001" in stale(ANN, other)


def test_no_line_is_about_a_number_or_a_name() -> None:
    assert all(re.fullmatch(rb'\["[\w-]{16}","1","\+","[\w-]{12}",""\]\n', line) for line in action_lines(BOTH))


CANCELLED = remembered(call("ann"), CallStatus.CANCELLED, "job-1")
AGAIN = planned([call("ann")], lock_of(CANCELLED))


def test_an_add_is_good_for_one_job() -> None:
    assert "wanted again; cancelled before anybody was reached" in stale(ANN, AGAIN)
    assert held(AGAIN, AGAIN) == AGAIN
    later = planned([call("ann")], lock_of(msgspec.structs.replace(CANCELLED, job_id="job-2")))
    assert "which it allows something else for" in stale(AGAIN, later)


def test_a_replacement_speaks_for_its_second_half_and_not_for_its_first() -> None:
    old = call("ann", data="old")
    replace = planned([call("ann")], lock_of(remembered(old, CallStatus.PLANNED, "job-1")))
    half = planned([call("ann")], lock_of(remembered(old, CallStatus.CANCELLED, "job-1")))
    removed = planned([], lock_of(remembered(old, CallStatus.PLANNED, "job-1")))
    assert held(replace, half) == half
    assert "1 to cancel, which it allows something else for: no longer in the lists" in stale(replace, removed)


def test_a_cancel_is_the_same_whatever_the_reason() -> None:
    lock = lock_of(remembered(call("ann"), CallStatus.PLANNED))
    suppressed = planned([call("ann")], lock, suppressed=[1])
    assert held(planned([], lock), suppressed) == suppressed


def test_a_cancel_is_of_one_job() -> None:
    first, second = (planned([], lock_of(remembered(call("ann"), CallStatus.PLANNED, job))) for job in ("a", "b"))
    assert "1 to cancel, which it allows something else for" in stale(first, second)


def test_a_move_to_a_new_key_is_of_one_old_key() -> None:
    bob, cyd = (
        planned([call("ann")], lock_of(remembered(call(key), CallStatus.PLANNED, "j"))) for key in ("bob", "cyd")
    )
    assert held(bob, bob) == bob
    assert "1 to adopt, which it allows something else for: same phone under a new key" in stale(bob, cyd)


def test_only_a_few_calls_of_many_are_named_and_all_are_counted() -> None:
    many = planned([call(f"k{n}", n) for n in range(1, 1202)], lock_of())
    said = stale(ANN, many)
    assert "1,201 to add, which it does not hold: new:" in said
    assert "… and 1,198 more" in said
    assert said.count("•••") == 3


# -- what it was made on


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (THEN, but(check="other"), "another CAMPAIGN_LOCK_SECRET, or for another token"),
        (THEN, but(lineage="other"), "it was made on another lockfile, not on the one there is now"),
        (THEN, but(lineage="", serial=0), "it was made on another lockfile, there is none now"),
        (THEN, but(serial=6), "the lockfile is older than the one it was made on"),
        (THEN, but(remote="other"), "its token leads to another campaign"),
        (but(remote=""), but(remote="", token="other"), "its token leads to another campaign"),
        (but(remote=""), but(remote="", host="other"), "its token leads to another campaign"),
        (but(remote=""), but(token="other"), "its token leads to another campaign"),
    ],
)
def test_on_anything_else_not_even_nothing_is_done(before: Basis, after: Basis, said: str) -> None:
    assert said in stale(NOTHING, NOTHING, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (THEN, but(serial=9)),
        (THEN, but(token="other", host="other")),
        (THEN, but(desired="other")),
        (but(lineage="", serial=0), THEN),
        (but(lineage="", serial=0), but(lineage="", serial=0)),
        (but(remote=""), THEN),
    ],
    ids=["newer lockfile", "token changed, same campaign", "lists", "first lockfile", "still none", "dialect"],
)
def test_other_differences_do_no_harm_while_the_actions_are_held(before: Basis, after: Basis) -> None:
    assert held(ANN, ANN, before, after) == ANN


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (THEN, "since it was made something changed on the server"),
        (but(desired="other"), "since it was made the manifest or its lists changed"),
        (but(serial=8), "since it was made the lockfile was written"),
        (
            but(serial=8, desired="x"),
            "since it was made the manifest or its lists changed and the lockfile was written",
        ),
    ],
)
def test_it_says_what_changed_since(after: Basis, said: str) -> None:
    assert said in stale(ANN, BOTH, THEN, after)


def test_a_first_lockfile_is_named_as_such() -> None:
    said = stale(ANN, BOTH, but(lineage="", serial=0), THEN)
    assert "there is a lockfile, which there was not" in said


# -- moves


def moving(state: CampaignState, *, paused: bool = False) -> Plan:
    """A plan for a campaign that is found in this state."""
    return planned([], lock_of(), observed(state=state), campaign("paused" if paused else "running"))


RESUME = moving(CampaignState.PAUSED)


def test_a_move_it_does_not_hold_makes_it_stale() -> None:
    said = stale(NOTHING, RESUME)
    assert "to resume the campaign, which it does not hold: the campaign's state is another than it was then" in said
    assert "to resume the campaign" in stale(moving(CampaignState.NEW), RESUME)


@pytest.mark.parametrize(
    ("before", "after", "fits"),
    [
        (THEN, THEN, True),
        (but(control="pause"), but(control="pause", serial=9), True),
        (but(control="pause"), but(control="resume", serial=9), False),
        (but(control="start"), but(control="start"), True),
        (but(control="start"), but(control="start", serial=8), False),
        (but(control=""), but(control="pause", serial=8), False),
    ],
)
def test_a_resume_is_held_until_somebody_has_resumed_or_paused_since(before: Basis, after: Basis, fits: bool) -> None:
    if fits:
        assert held(RESUME, RESUME, before, after) == RESUME
    else:
        assert "to resume the campaign" in stale(RESUME, RESUME, before, after)


def test_a_pause_is_held_whatever_was_done_since() -> None:
    pause = moving(CampaignState.RUNNING, paused=True)
    assert held(pause, pause, but(control="start"), but(control="resume", serial=12)) == pause


# -- guards


def limited(calls: Iterable[str], lock_size: int, limit: float) -> Plan:
    """A plan that cancels all but these of so many queued calls."""
    lock = lock_of(*(remembered(call(f"k{n}", n), CallStatus.PLANNED) for n in range(lock_size)))
    wanted = [call(key, int(key[1:])) for key in calls]
    return planned(wanted, lock, None, campaign(guards=Guards(cancel_percent=limit)))


def test_a_guard_that_it_passed_is_not_tripped_by_what_is_left_of_it() -> None:
    then, now = limited([f"k{n}" for n in range(3, 10)], 10, 30.0), limited(["k3"], 4, 30.0)
    assert [guard.name for guard in now.tripped] == ["cancelPercent"]
    assert held(then, now).tripped == ()


def test_a_guard_that_has_another_limit_now_is_held_anew() -> None:
    then, now = limited([f"k{n}" for n in range(3, 10)], 10, 30.0), limited(["k3"], 4, 25.0)
    assert [guard.name for guard in held(then, now).tripped] == ["cancelPercent"]


def test_a_guard_that_it_did_not_pass_is_held_anew() -> None:
    then = limited([], 10, 30.0)
    assert [guard.name for guard in held(then, then).tripped] == ["cancelPercent"]
    now = limited(["k1", "k2", "k3"], 4, 30.0)
    assert held(then, now).tripped == ()


# -- ids


def test_the_plan_of_an_id_is_that_plan_and_no_other() -> None:
    assert DemandedPlan(ANN.plan_id).hold(ANN, THEN) is ANN
    with pytest.raises(StalePlan, match=f"its id is {BOTH.plan_id} now, and {ANN.plan_id} was asked for"):
        DemandedPlan(ANN.plan_id).hold(BOTH, THEN)


def test_calls_that_finished_drop_out() -> None:
    lock = lock_of(*(remembered(call(key, n), CallStatus.PLANNED) for n, key in enumerate(("ann", "bob"))))
    then = planned([], lock)
    now = planned([], lock, observed(job("job-ann-1", 0, JobStatus.NO_ANSWER), job("job-bob-1", 1, JobStatus.PLANNED)))
    assert (then.counts.cancel, now.counts.cancel) == (2, 1)
    assert held(then, now) == now
