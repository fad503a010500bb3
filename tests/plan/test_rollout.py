"""A rollout: who is added in which step, when the next one begins, what ends it, and how a person goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus, Lock, LockedCall, RolloutMark
from reconciler.manifest.model import Campaign, Guards
from reconciler.manifest.rollout import AbortIf, Rollout, RolloutGate, RolloutSpec, RolloutStep, made
from reconciler.phones.model import Call, Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed
from reconciler.plan.model import Add, Cancel, Held, Pause, Plan, Replace, Resume
from reconciler.plan.rollout import SAMPLE, standing, steps_digest, token
from reconciler.plan.standing import Standing, Verdict
from tests.plan.values import KEYER, call, campaign, lock_of, remembered

NOW_MS = 1_700_000_000_000
HALF_AN_HOUR_MS = 30 * 60 * 1000
TALKED, NO_NUMBER, FAILED = CallStatus.TALKED_WITH_RESULT, CallStatus.NONEXISTENT, CallStatus.TECHNICAL_ERROR
PLANNED = CallStatus.PLANNED
TWENTY = tuple(call(f"c-{n}", n) for n in range(20))


def spec(*steps: str, **gate: object) -> RolloutSpec:
    """A rollout; steps are calls (`5`) or shares (`10%`)."""
    parts = [RolloutStep(share=step) if "%" in step else RolloutStep(calls=int(step)) for step in steps]
    return RolloutSpec(tuple(parts), RolloutGate(**gate))  # type: ignore[arg-type]


FIVE_THEN_HALF = made(
    spec("5", "50%", "100%", wait="30m", abort_if=AbortIf(technical_error=">5%", nonexistent_number=">20%"))
)


def rolling(rollout: Rollout | None = FIVE_THEN_HALF, **changes: object) -> Campaign:
    """A campaign that has a rollout."""
    return replace(campaign(), rollout=rollout, **changes)


def plan_of(
    calls: Sequence[Call], lock: Lock, of: Campaign | None = None, now_ms: int = NOW_MS, **seen: object
) -> Plan:
    """The plan at `now_ms`; the server has what the lock remembers, and runs."""
    found = Observed(**{"state": CampaignState.RUNNING, **seen})  # type: ignore[arg-type]
    return make_plan(of or rolling(), Desired(tuple(calls)), lock, found, KEYER, now_ms=now_ms)


def added(plan: Plan) -> list[str]:
    """The keys of the calls that are added."""
    return [action.wanted.call.key for action in plan.actions if isinstance(action, Add)]


def held(plan: Plan) -> int:
    """How many wait."""
    return sum(note.count for note in plan.notes if isinstance(note, Held))


def stands(plan: Plan) -> Standing:
    """Where the rollout stands."""
    assert plan.rollout is not None
    return plan.rollout


def after(plan: Plan, lock: Lock, status: CallStatus = PLANNED) -> Lock:
    """The lock once the plan was applied and its adds came to that status."""
    calls = {**lock.calls}
    for action in plan.actions:
        if isinstance(action, Add):
            locked = action.wanted.locked(f"job-{action.wanted.call.key}", status, action.before)
            calls[locked.call_id] = locked
    return Lock(replace(lock.header, rollout=stands(plan).mark), calls)


def with_results(lock: Lock, *statuses: CallStatus) -> Lock:
    """The lock whose calls came out like this, in the order of their keys."""
    calls = sorted(lock.calls.values(), key=lambda each: each.key)
    now = dict(zip((each.call_id for each in calls), statuses, strict=True))
    return Lock(lock.header, {each.call_id: each.with_status(now[each.call_id]) for each in calls})


def in_line(calls: Sequence[Call] = TWENTY) -> list[str]:
    """The keys in the order of their digests."""
    return sorted((each.key for each in calls), key=KEYER.key)


def canary(*statuses: CallStatus) -> Lock:
    """A lock after the first step, half an hour ago, with these results."""
    return with_results(after(plan_of(TWENTY, lock_of(), now_ms=NOW_MS - HALF_AN_HOUR_MS), lock_of()), *statuses)


GOOD = canary(*[TALKED] * 5)
BAD = canary(TALKED, TALKED, NO_NUMBER, NO_NUMBER, FAILED)

# ------------------------------------------------------------------------------------------------------- who is added


def test_the_first_step_adds_the_calls_whose_keys_have_the_lowest_digests_and_holds_all_others() -> None:
    plan = plan_of(TWENTY, lock_of())
    assert sorted(added(plan)) == sorted(in_line()[:5])
    assert held(plan) == 15
    assert stands(plan).verdict is Verdict.ADDING


def test_a_campaign_without_a_rollout_adds_everybody_at_once() -> None:
    plan = plan_of(TWENTY, lock_of(), campaign())
    assert len(added(plan)) == 20
    assert plan.rollout is None


def test_a_campaign_that_is_to_be_stopped_has_no_rollout() -> None:
    assert plan_of(TWENTY, lock_of(), rolling(state="stopped")).rollout is None


@pytest.mark.parametrize(
    ("steps", "wanted", "reaches"),
    [
        (("50", "10%", "100%"), 1000, [50, 100, None]),
        (("50", "10%", "100%"), 100, [50, 50, None]),
        (("10%", "100%"), 5, [1, None]),
        (("0.5%", "33.33%", "100%"), 1001, [6, 334, None]),
        (("100%",), 7, [None]),
    ],
    ids=["rising", "a share below the calls before it", "rounded up", "fractions", "everybody"],
)
def test_a_step_reaches_as_far_as_it_says_and_never_less_far_than_one_before(
    steps: tuple[str, ...], wanted: int, reaches: list[int | None]
) -> None:
    calls = [call(f"c-{n}", n) for n in range(wanted)]
    rollout, lock, found = made(spec(*steps)), lock_of(), []
    for step in range(1, len(steps) + 1):
        mark = RolloutMark("1", steps_digest(rollout), step, 0, 0)
        plan = plan_of(calls, Lock(replace(lock.header, rollout=mark), {}), rolling(rollout))
        found.append(None if not held(plan) else len(added(plan)))
    assert found == reaches


def test_a_call_of_the_step_that_was_removed_and_never_called_makes_room_for_the_next_in_line() -> None:
    lock = with_results(GOOD, CallStatus.CANCELLED, *[PLANNED] * 4)
    gone = in_line()[0]
    plan = plan_of([each for each in TWENTY if each.key != gone], lock)
    assert added(plan) == [in_line()[5]]


def test_calls_that_are_no_longer_wanted_but_were_called_still_count_for_the_step() -> None:
    lock = with_results(GOOD, *[TALKED] * 4, CallStatus.IN_PROCESS)
    plan = plan_of([each for each in TWENTY if each.key not in in_line()[:3]], lock, now_ms=NOW_MS - 1)
    assert added(plan) == []


def test_replacing_a_queued_call_of_the_step_is_not_held() -> None:
    lock = with_results(GOOD, *[PLANNED] * 5)
    changed = [replace(each, request=each.request.replace(b'"x"', b'"y"')) for each in TWENTY]
    plan = plan_of(changed, lock)
    assert sum(isinstance(action, Replace) for action in plan.actions) == 5
    assert held(plan) == 15


def test_a_number_of_the_step_that_was_rejected_is_added_again_once_its_data_changes_and_takes_no_further_room() -> (
    None
):
    lock = with_results(GOOD, CallStatus.REJECTED, *[PLANNED] * 4)
    changed = [replace(each, request=each.request + b" ") if each.key == in_line()[0] else each for each in TWENTY]
    assert added(plan_of(changed, lock)) == [in_line()[0]]


@given(
    st.sets(st.integers(0, 400), min_size=1, max_size=60),
    st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True),
    st.randoms(use_true_random=False),
)
def test_steps_only_ever_grow_whatever_the_order_of_the_list_and_no_step_adds_more_than_it_says(
    numbers: set[int], sizes: list[int], random: object
) -> None:
    rollout = made(spec(*map(str, sorted(sizes)), "100%"))
    calls = [call(f"c-{n}", n) for n in sorted(numbers)]
    lock, so_far = lock_of(), set[str]()
    for size in [*sorted(sizes), len(calls)]:
        random.shuffle(calls)  # type: ignore[attr-defined]
        plan = plan_of(calls, lock, rolling(rollout))
        random.shuffle(calls)  # type: ignore[attr-defined]
        assert set(added(plan_of(calls, lock, rolling(rollout)))) == set(added(plan))
        so_far |= set(added(plan))
        assert so_far == set(in_line(calls)[: min(size, len(calls))])
        lock = after(plan, lock, TALKED)


@given(st.lists(st.sampled_from(sorted(CallStatus)), min_size=5, max_size=5), st.integers(0, 7_200_000))
def test_whatever_became_of_the_calls_and_whenever_it_is_asked_no_plan_exceeds_its_step(
    results: list[CallStatus], later_ms: int
) -> None:
    lock = with_results(GOOD, *results)
    plan = plan_of(TWENTY, lock, now_ms=NOW_MS + later_ms)
    used = sum(not status.is_free for status in results)
    now = used + sum(a.before is None or a.before.status.is_free for a in adds_of(plan))
    assert now <= {1: 5, 2: 10, 3: 20}[stands(plan).step]
    assert plan == plan_of(TWENTY, lock, now_ms=NOW_MS + later_ms)


def adds_of(plan: Plan) -> list[Add]:
    """The adds."""
    return [action for action in plan.actions if isinstance(action, Add)]


# ------------------------------------------------------------------------------------------------------------ the gate


def test_the_next_step_begins_when_the_gate_holds_and_adds_the_next_in_line() -> None:
    plan = plan_of(TWENTY, GOOD)
    assert sorted(added(plan)) == sorted(in_line()[5:10])
    assert (stands(plan).step, stands(plan).came_from, held(plan)) == (2, 1, 10)
    assert stands(plan).mark.begun_ms == NOW_MS


@pytest.mark.parametrize(
    ("results", "now_ms", "opens"),
    [
        ([TALKED] * 5, NOW_MS, True),
        ([TALKED] * 5, NOW_MS - 1, False),
        ([TALKED] * 4 + [PLANNED], NOW_MS, True),
        ([TALKED] * 3 + [PLANNED] * 2, NOW_MS, False),
        ([TALKED] * 3 + [CallStatus.IN_DOUBT, CallStatus.MISSING], NOW_MS, False),
        ([TALKED] * 3 + [CallStatus.VOUCHED, CallStatus.CANCELLED_BY_OTHERS], NOW_MS, True),
        ([TALKED] * 4 + [NO_NUMBER], NOW_MS, True),
    ],
    ids=[
        "waited and finished",
        "a millisecond too early",
        "exactly the share",
        "less than the share",
        "in doubt is not over",
        "vouched and cancelled by others are over",
        "exactly at a limit",
    ],
)
def test_the_gate_holds_when_it_has_waited_enough_is_finished_and_no_limit_is_exceeded(
    results: list[CallStatus], now_ms: int, opens: bool
) -> None:
    plan = plan_of(TWENTY, with_results(GOOD, *results), now_ms=now_ms)
    assert bool(added(plan)) is opens
    assert stands(plan).step == (2 if opens else 1)
    assert stands(plan).verdict is (Verdict.ADDING if opens else Verdict.WAITING)


def test_the_wait_begins_anew_with_every_add_of_the_step() -> None:
    lock = with_results(GOOD, CallStatus.CANCELLED, *[TALKED] * 4)
    plan = plan_of([each for each in TWENTY if each.key != in_line()[0]], lock)
    assert added(plan) == [in_line()[5]]
    assert stands(plan).mark.last_add_ms == NOW_MS
    assert stands(plan).mark.begun_ms == NOW_MS - HALF_AN_HOUR_MS


def test_a_list_that_is_shorter_than_the_first_step_stays_in_it_and_more_rows_fill_it_up() -> None:
    few = TWENTY[:3]
    lock = after(plan_of(few, lock_of(), now_ms=0), lock_of(), TALKED)
    assert stands(plan_of(few, lock)).step == 1
    plan = plan_of(TWENTY, lock)
    assert len(added(plan)) == 2
    assert stands(plan).step == 1


def test_nothing_called_opens_no_gate() -> None:
    lock = after(plan_of((), lock_of(), now_ms=0), lock_of())
    assert stands(plan_of((), lock)).step == 1
    assert len(added(plan_of(TWENTY, lock))) == 5


def test_a_rollout_of_nobody_is_not_over() -> None:
    everybody = rolling(made(spec("100%")))
    lock = after(plan_of((), lock_of(), everybody, now_ms=0), lock_of())
    assert stands(plan_of((), lock, everybody)).verdict is Verdict.WAITING


def test_a_step_that_holds_no_more_than_was_called_is_passed_over() -> None:
    rollout = made(spec("5", "10%", "50%", "100%"))
    lock = after(plan_of(TWENTY, lock_of(), rolling(rollout)), lock_of(), TALKED)
    plan = plan_of(TWENTY, lock, rolling(rollout))
    assert (stands(plan).step, len(added(plan))) == (3, 5)


def test_the_rollout_is_over_when_the_gate_of_the_last_step_holds_and_then_new_rows_are_called_at_once() -> None:
    lock = GOOD
    for now_ms in (NOW_MS, NOW_MS + HALF_AN_HOUR_MS):
        lock = after(plan_of(TWENTY, lock, now_ms=now_ms), lock, TALKED)
    assert stands(plan_of(TWENTY, lock, now_ms=NOW_MS + 2 * HALF_AN_HOUR_MS - 1)).verdict is Verdict.WAITING
    over = plan_of(TWENTY, lock, now_ms=NOW_MS + 2 * HALF_AN_HOUR_MS)
    assert stands(over).verdict is Verdict.OVER
    lock = with_results(after(over, lock), *[FAILED] * 20)
    plan = plan_of([*TWENTY, call("late", 99)], lock, now_ms=NOW_MS)
    assert added(plan) == ["late"]
    assert stands(plan).verdict is Verdict.OVER


def test_rows_that_come_during_the_last_step_are_called_at_once() -> None:
    lock = after(plan_of(TWENTY, GOOD), GOOD, TALKED)
    lock = after(plan_of(TWENTY, lock, now_ms=NOW_MS + HALF_AN_HOUR_MS), lock)
    assert added(plan_of([*TWENTY, call("late", 99)], lock, now_ms=NOW_MS + HALF_AN_HOUR_MS)) == ["late"]


# ----------------------------------------------------------------------------------------------------------- the abort


def test_results_over_a_limit_pause_the_campaign_and_nobody_more_is_added() -> None:
    plan = plan_of(TWENTY, BAD)
    assert plan.actions == (Pause(),)
    assert held(plan) == 15
    assert plan.is_held_back
    assert stands(plan).mark.aborted == "20% technicalError, more than 5% and 40% nonexistentNumber, more than 20%"


def test_an_abort_stands_whatever_the_results_become_until_a_person_says_so() -> None:
    lock = with_results(after(plan_of(TWENTY, BAD), BAD), *[TALKED] * 5)
    plan = plan_of(TWENTY, lock, state=CampaignState.PAUSED, now_ms=NOW_MS + 99 * HALF_AN_HOUR_MS)
    assert plan.actions == ()
    assert stands(plan).is_aborted
    assert stands(plan).mark == lock.header.rollout


def test_on_abort_hold_keeps_the_campaign_running_and_adds_nobody() -> None:
    plan = plan_of(TWENTY, BAD, rolling(replace(FIVE_THEN_HALF, pauses=False)))
    assert plan.actions == ()
    assert held(plan) == 15
    assert stands(plan).is_aborted


def test_a_campaign_that_is_new_or_paused_already_needs_no_pause() -> None:
    for state in (CampaignState.NEW, CampaignState.PAUSED):
        assert plan_of(TWENTY, BAD, state=state).actions == ()


def test_after_an_abort_calls_are_still_taken_back() -> None:
    lock = with_results(GOOD, PLANNED, TALKED, NO_NUMBER, FAILED, FAILED)
    plan = plan_of([each for each in TWENTY if each.key != in_line()[0]], lock)
    assert [type(action) for action in plan.actions] == [Pause, Cancel]


def test_the_text_that_the_abort_showed_resumes_the_campaign_and_the_next_step_waits_once_more() -> None:
    aborted = plan_of(TWENTY, BAD)
    lock = after(aborted, BAD)
    of = rolling(replace(FIVE_THEN_HALF, resume=stands(aborted).resume))
    resumed = plan_of(TWENTY, lock, of, state=CampaignState.PAUSED)
    assert resumed.actions == (Resume(),)
    assert stands(resumed).verdict is Verdict.WAITING
    plan = plan_of(TWENTY, after(resumed, lock), of, now_ms=NOW_MS + HALF_AN_HOUR_MS)
    assert len(added(plan)) == 5


def test_results_that_were_accepted_are_not_judged_again_and_later_ones_are_by_themselves() -> None:
    aborted = plan_of(TWENTY, BAD)
    of = rolling(replace(FIVE_THEN_HALF, resume=stands(aborted).resume))
    lock = after(aborted, BAD)
    lock = after(plan_of(TWENTY, lock, of), lock)
    second = after(plan_of(TWENTY, lock, of, now_ms=NOW_MS + HALF_AN_HOUR_MS), lock, TALKED)
    later = NOW_MS + 2 * HALF_AN_HOUR_MS
    assert len(added(plan_of(TWENTY, second, of, now_ms=later))) == 10
    wrong = next(call for call in second.calls.values() if call.call_id not in lock.calls)
    worse = second.with_calls([wrong.with_status(FAILED)])
    again = plan_of(TWENTY, worse, of, now_ms=later)
    assert stands(again).mark.aborted == "20% technicalError, more than 5%"
    assert stands(again).resume != stands(aborted).resume


@pytest.mark.parametrize("written", ["", "yes", "0" * 8], ids=["nothing", "a word", "another text"])
def test_any_other_text_resumes_nothing(written: str) -> None:
    lock = after(plan_of(TWENTY, BAD), BAD)
    plan = plan_of(TWENTY, lock, rolling(replace(FIVE_THEN_HALF, resume=written)), state=CampaignState.PAUSED)
    assert plan.actions == ()


def test_a_text_that_resumed_once_does_not_resume_after_the_next_abort() -> None:
    mark = RolloutMark("1", steps_digest(FIVE_THEN_HALF), 1, 0, 0, aborted="was bad", aborts=2)
    lock = Lock(replace(BAD.header, rollout=mark), BAD.calls)
    used = token(lock.header.lineage, 1)
    assert plan_of(TWENTY, lock, rolling(replace(FIVE_THEN_HALF, resume=used))).actions == (Pause(),)


@pytest.mark.parametrize(
    ("bad", "finished", "of", "aborts"),
    [
        (1, 3, 100, False),
        (5, 5, 100, False),
        (6, 6, 100, True),
        (3, SAMPLE - 1, 1000, False),
        (3, SAMPLE, 1000, True),
        (2, SAMPLE, 1000, False),
        (5, 80, 100, True),
        (4, 80, 100, False),
    ],
    ids=[
        "one of the first three says nothing",
        "at most the limit of all",
        "more than the limit of all, whatever comes",
        "too few are over to be believed",
        "enough are over, whatever share of all they are",
        "exactly the limit at enough",
        "of those over, once the share that has to be is",
        "exactly the limit of those",
    ],
)
def test_what_is_judged_are_the_calls_that_are_over_once_these_say_something_and_before_that_all(
    bad: int, finished: int, of: int, aborts: bool
) -> None:
    rollout = made(spec("5000", "100%", abort_if=AbortIf(technical_error="5%")))
    statuses = {FAILED: bad, TALKED: finished - bad, PLANNED: of - finished}
    mark = RolloutMark("1", steps_digest(rollout), 1, 0, 0)
    found = standing(rollout, replace(lock_of().header, rollout=mark), "1", statuses, NOW_MS)
    assert found.is_aborted is aborts


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("technical_error", CallStatus.TECHNICAL_ERROR),
        ("nonexistent_number", CallStatus.NONEXISTENT),
        ("no_answer", CallStatus.NO_ANSWER),
        ("rejected", CallStatus.REJECTED),
        ("cancelled_by_others", CallStatus.CANCELLED_BY_OTHERS),
        ("cancelled_by_others", CallStatus.CANCELLED_BY_OTHERS_REACHED),
    ],
)
def test_each_limit_counts_the_calls_that_came_out_like_that(name: str, status: CallStatus) -> None:
    rollout = made(spec("5", "100%", abort_if=AbortIf(**{name: ">39%"})))
    assert not standing(rollout, lock_of().header, "1", {status: 1, TALKED: 4}, 0).is_aborted
    assert standing(rollout, lock_of().header, "1", {status: 2, TALKED: 3}, 0).is_aborted
    assert not standing(rollout, lock_of().header, "1", {TALKED: 5}, 0).is_aborted


# ------------------------------------------------------------------------------------------ another wave, other steps


def other_steps(*steps: str) -> Campaign:
    """A campaign whose steps were changed."""
    return rolling(made(spec(*steps, wait="30m")))


def test_a_new_wave_begins_the_rollout_again() -> None:
    again = [replace(each, wave="2") for each in TWENTY]
    lock = after(plan_of(TWENTY, GOOD), GOOD, TALKED)
    plan = plan_of(again, lock, rolling(wave="2"))
    assert sorted(added(plan)) == sorted(in_line()[:5])
    assert stands(plan).mark.wave == "2"


def test_an_abort_in_an_older_wave_does_not_hold_the_new_one_and_its_text_resumes_nothing_there() -> None:
    aborted = plan_of(TWENTY, BAD)
    again = [replace(each, wave="2") for each in TWENTY]
    plan = plan_of(again, after(aborted, BAD), rolling(wave="2"))
    assert len(added(plan)) == 5
    assert stands(plan).mark.aborts == 1


@pytest.mark.parametrize("steps", [("10", "100%"), ("100%",), ("3", "100%")], ids=["more", "everybody", "fewer"])
def test_changed_steps_add_nobody_before_the_gate_of_those_who_were_called_has_held(steps: tuple[str, ...]) -> None:
    early = plan_of(TWENTY, GOOD, other_steps(*steps), now_ms=NOW_MS - 1)
    assert added(early) == []
    assert stands(early).step == 0
    unfinished = with_results(GOOD, *[TALKED] * 3, PLANNED, PLANNED)
    assert added(plan_of(TWENTY, unfinished, other_steps(*steps))) == []


def test_changed_steps_go_on_with_the_first_that_is_larger_than_what_was_called() -> None:
    plan = plan_of(TWENTY, GOOD, other_steps("3", "10", "100%"))
    assert (stands(plan).step, len(added(plan))) == (2, 5)


def test_steps_that_change_before_anybody_was_called_simply_apply() -> None:
    lock = after(plan_of((), lock_of()), lock_of())
    assert len(added(plan_of(TWENTY, lock, other_steps("7", "100%")))) == 7


def test_changed_steps_do_not_lift_an_abort() -> None:
    plan = plan_of(TWENTY, after(plan_of(TWENTY, BAD), BAD), other_steps("10", "100%"), state=CampaignState.PAUSED)
    assert plan.actions == ()
    assert stands(plan).is_aborted


def test_a_changed_gate_counts_at_once() -> None:
    plan = plan_of(TWENTY, GOOD, rolling(replace(FIVE_THEN_HALF, wait_s=3600)))
    assert added(plan) == []
    assert stands(plan).wait_left_s == 1800


def test_a_rollout_declared_when_calls_were_added_already_begins_with_their_gate() -> None:
    lock = lock_of(*(remembered(each, TALKED) for each in TWENTY[:8]))
    first = plan_of(TWENTY, lock)
    assert added(first) == []
    later = plan_of(TWENTY, after(first, lock), now_ms=NOW_MS + HALF_AN_HOUR_MS)
    assert (stands(later).step, len(added(later))) == (2, 2)


def test_removing_the_rollout_calls_the_rest_at_once() -> None:
    assert len(added(plan_of(TWENTY, GOOD, campaign()))) == 15


# ---------------------------------------------------------------------------------------------------------- the others


@pytest.mark.parametrize(("rows", "is_tripped"), [(60, False), (160, True)], ids=["as they were", "many more"])
def test_a_step_is_held_against_the_rows_that_were_there_and_not_against_the_step_before(
    rows: int, is_tripped: bool
) -> None:
    people = tuple(call(f"c-{n}", n) for n in range(rows))
    all_after_five = made(spec("5", "100%", wait="0s"))
    first = plan_of(people[:60], lock_of(), rolling(all_after_five))
    lock = after(first, lock_of(), TALKED)
    lock = replace(lock, header=replace(lock.header, lists={"a digest": 60}))
    plan = plan_of(people, lock, rolling(all_after_five))
    assert len(added(plan)) == rows - 5
    assert [guard.name for guard in plan.tripped] == (["newCallsPercent"] if is_tripped else [])


def test_guards_count_only_what_the_step_adds() -> None:
    plan = plan_of(TWENTY, lock_of(), rolling(guards=Guards(new_calls=5)))
    assert not plan.tripped


def test_what_is_remembered_alone_tells_where_the_rollout_stands_but_not_how_many_wait() -> None:
    seen: Mapping[CallStatus, int] = GOOD.statuses("1")
    found = standing(FIVE_THEN_HALF, GOOD.header, "1", seen, NOW_MS)
    assert (found.step, found.added, found.finished, found.held) == (1, 5, 5, None)
    assert found.verdict is Verdict.WAITING


def test_calls_of_another_wave_are_not_counted() -> None:
    other: LockedCall = remembered(call("ann", 1, wave="0"), FAILED)
    assert lock_of(other, remembered(call("ann", 1), TALKED)).statuses("1") == {TALKED: 1}
