"""Guards: what makes a plan too large, how an amount is allowed, and what may be done all the same."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus, Lock
from reconciler.manifest.model import Guards
from reconciler.phones.model import Call
from reconciler.plan.guards import GUARD_OPTIONS, Change, Scope, hold_guards, permitted
from reconciler.plan.model import (
    Action,
    Add,
    Adopt,
    Cancel,
    GuardResult,
    Pause,
    Plan,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
)
from tests.plan.values import call as named
from tests.plan.values import campaign, observed, planned, remembered, wanted
from tests.plan.values import lock_of as lock_of_calls

DEFAULTS = Guards()


def call(n: int, data: str = "x") -> Call:
    """One of many calls, each with a phone of its own."""
    return named(f"customer {n}", n, data)


def queued(count: int, status: CallStatus = CallStatus.PLANNED) -> Lock:
    """A lock with so many calls."""
    return lock_of_calls(*(remembered(call(n), status) for n in range(count)))


def plan_with(
    guards: Guards,
    lock: Lock,
    calls: list[Call],
    allowed: dict[str, float] | None = None,
    suppressed: tuple[int, ...] = (),
) -> Plan:
    """The plan of a campaign with these guards."""
    return planned(calls, lock, of=campaign(guards=guards), allowed=allowed, suppressed=suppressed)


def tripped(plan: Plan) -> list[str]:
    """The guards the plan does not pass."""
    return [guard.name for guard in plan.tripped]


def guard(plan: Plan, name: str) -> GuardResult:
    """One guard held against the plan."""
    return next(each for each in plan.guards if each.name == name)


def removing(count: int, of: int) -> list[Call]:
    """What is left of `of` calls when `count` are removed."""
    return [call(n) for n in range(count, of)]


def changing(count: int, of: int) -> list[Call]:
    """`of` calls of which `count` are changed."""
    return [call(n, "y" if n < count else "x") for n in range(of)]


def test_a_plan_shows_every_guard_with_its_amount_and_limit() -> None:
    plan = plan_with(DEFAULTS, queued(20), [*changing(3, 20)[2:], call(99)])
    assert plan.guards == (
        GuardResult("newCalls", "new-calls", 1, 10_000, False, False, 1),
        GuardResult("newCallsPercent", "new-calls-percent", 5, 100, True, False, 1, 20),
        GuardResult("cancelPercent", "cancel-percent", 10, 30, True, False, 2, 20),
        GuardResult("replacePercent", "replace-percent", 5, 30, True, False, 1, 20),
        GuardResult("movedPayloads", "moved-payloads", 0, 0, False, False, 0),
        GuardResult("listShrinkPercent", "list-shrink-percent", 0, 50, True, False, 0),
        GuardResult("listGrowthPercent", "list-growth-percent", 0, 50, True, False, 0),
        GuardResult("releases", "releases", 0, 10_000, False, False, 0),
        GuardResult("suppressionShrinkPercent", "suppression-shrink-percent", 0, 50, True, False, 0),
    )


def test_the_names_that_can_be_allowed_are_those_of_the_guards() -> None:
    assert tuple(guard.option for guard in plan_with(DEFAULTS, queued(0), []).guards) == GUARD_OPTIONS


@pytest.mark.parametrize(("count", "trips"), [(10_000, []), (10_001, ["newCalls"])])
def test_ten_thousand_calls_may_be_added_by_default(count: int, trips: list[str]) -> None:
    assert tripped(plan_with(DEFAULTS, queued(0), [call(n) for n in range(count)])) == trips


@pytest.mark.parametrize(("limit", "trips"), [(3, []), (2, ["newCalls"]), (0, ["newCalls"])])
def test_a_declared_number_of_new_calls_is_held_to_the_letter(limit: int, trips: list[str]) -> None:
    assert tripped(plan_with(Guards(new_calls=limit), queued(0), [call(n) for n in range(3)])) == trips


@pytest.mark.parametrize(("amount", "trips"), [(3, []), (2, ["newCalls"])])
def test_allowing_an_amount_raises_the_limit_to_it(amount: int, trips: list[str]) -> None:
    calls = [call(n) for n in range(3)]
    assert tripped(plan_with(Guards(new_calls=1), queued(0), calls, {"new-calls": amount})) == trips


def test_allowing_less_than_the_manifest_does_not_lower_the_limit() -> None:
    assert tripped(plan_with(Guards(new_calls=3), queued(0), [call(n) for n in range(3)], {"new-calls": 1})) == []


@pytest.mark.parametrize(("count", "trips"), [(6, []), (7, ["cancelPercent"])])
def test_thirty_percent_may_be_cancelled_by_default(count: int, trips: list[str]) -> None:
    assert tripped(plan_with(DEFAULTS, queued(20), removing(count, 20))) == trips


@pytest.mark.parametrize(("count", "trips"), [(6, []), (7, ["replacePercent"])])
def test_thirty_percent_may_be_replaced_by_default(count: int, trips: list[str]) -> None:
    assert tripped(plan_with(DEFAULTS, queued(20), changing(count, 20))) == trips


@pytest.mark.parametrize(("size", "trips"), [(4, []), (5, ["cancelPercent"])])
def test_the_default_percentages_let_a_handful_of_calls_pass(size: int, trips: list[str]) -> None:
    assert tripped(plan_with(DEFAULTS, queued(size), [])) == trips


def test_a_declared_percentage_holds_even_a_single_call() -> None:
    assert tripped(plan_with(Guards(cancel_percent=0.0), queued(4), removing(1, 4))) == ["cancelPercent"]
    assert tripped(plan_with(Guards(replace_percent=24.0), queued(4), changing(1, 4))) == ["replacePercent"]


@pytest.mark.parametrize(("amount", "trips"), [(100, []), (50, []), (49, ["cancelPercent"])])
def test_allowing_a_percentage_raises_the_limit_to_it(amount: float, trips: list[str]) -> None:
    assert tripped(plan_with(DEFAULTS, queued(20), removing(10, 20), {"cancel-percent": amount})) == trips


def test_percentages_are_of_the_calls_that_are_live() -> None:
    lock = lock_of_calls(
        *(remembered(call(n), CallStatus.PLANNED) for n in range(10)),
        *(remembered(call(n), CallStatus.NO_ANSWER) for n in range(10, 100)),
    )
    cancels = guard(plan_with(DEFAULTS, lock, [call(n) for n in range(5, 100)]), "cancelPercent")
    assert (cancels.amount, cancels.base, cancels.is_tripped) == (50, 10, True)


def test_nothing_live_is_no_percentage_at_all() -> None:
    cancels = guard(plan_with(DEFAULTS, queued(9, CallStatus.NO_ANSWER), []), "cancelPercent")
    assert (cancels.amount, cancels.affected, cancels.is_tripped) == (0, 0, False)


def test_calls_of_a_status_nobody_knows_are_taken_back_too_so_they_count_as_live() -> None:
    lock = lock_of_calls(remembered(call(0), CallStatus.PLANNED), remembered(call(1), CallStatus.UNKNOWN))
    cancels = guard(plan_with(Guards(cancel_percent=100.0), lock, []), "cancelPercent")
    assert (cancels.amount, cancels.affected, cancels.base, cancels.is_tripped) == (100, 2, 2, False)


def test_suppressed_calls_do_not_count_as_cancelled() -> None:
    plan = plan_with(Guards(cancel_percent=0.0), queued(4), [call(n) for n in range(4)], suppressed=(0, 1, 2))
    assert (plan.counts.cancel, tripped(plan)) == (3, [])


ONE = wanted(call(1))
LOCKED = remembered(call(1), CallStatus.PLANNED)
ADD, REPLACE, ADOPT = Add(ONE, Reason.NEW), Replace(ONE, LOCKED), Adopt(ONE, LOCKED)
REMOVED, SUPPRESSED = Cancel(LOCKED, Reason.REMOVED), Cancel(LOCKED, Reason.SUPPRESSED)
ALL = (Pause(), Stop(), ADOPT, REMOVED, SUPPRESSED, REPLACE, ADD, Start(), Resume())
SAFE = (Pause(), Stop(), ADOPT, REMOVED, SUPPRESSED)


def results(*tripped: str) -> tuple[GuardResult, ...]:
    """All guards, these of them tripped."""
    names = [result.name for result in hold_guards(DEFAULTS, (), Scope(), {})]
    return tuple(GuardResult(name, name, 1, 0, False, name in tripped, 1) for name in names)


def test_all_is_permitted_when_no_guard_is_tripped() -> None:
    assert permitted(ALL, results()) == ALL


@pytest.mark.parametrize("guard", ["newCalls", "replacePercent"])
def test_pausing_stopping_and_cancelling_are_not_held_by_guards_about_ringing(guard: str) -> None:
    assert permitted(ALL, results(guard)) == SAFE


@pytest.mark.parametrize("guards", [("cancelPercent",), ("cancelPercent", "newCalls")])
def test_a_suppressed_call_is_cancelled_whatever_the_guards_say(guards: tuple[str, ...]) -> None:
    assert permitted(ALL, results(*guards)) == (Pause(), Stop(), ADOPT, SUPPRESSED)


# ------------------------------------------------------------------------- releases, lists, and what was remembered


def released(lock: Lock, calls: list[Call], guards: Guards = DEFAULTS) -> GuardResult:
    """The guard of what a start sets free."""
    return guard(planned(calls, lock, observed(state=CampaignState.PAUSED), of=campaign(guards=guards)), "releases")


def test_a_resume_sets_free_what_is_queued_and_not_taken_back() -> None:
    lock = lock_of_calls(
        *(remembered(call(n), CallStatus.PLANNED) for n in range(6)),
        remembered(call(6), CallStatus.ON_RETRY),
        *(remembered(call(n), CallStatus.NO_ANSWER) for n in range(7, 9)),
    )
    wanted_now = [call(0, "changed"), *(call(n) for n in range(2, 9))]
    assert released(lock, wanted_now).amount == 5


def test_a_plan_that_neither_starts_nor_resumes_sets_nobody_free() -> None:
    assert guard(plan_with(Guards(releases=0), queued(9), removing(0, 9)), "releases").amount == 0


@pytest.mark.parametrize(("limit", "is_tripped"), [(9, False), (8, True)])
def test_more_than_may_be_set_free_is_held_back(limit: int, is_tripped: bool) -> None:
    result = released(queued(9), removing(0, 9), guards=Guards(releases=limit))
    assert (result.is_tripped, result.affected) == (is_tripped, 9)


def test_ten_thousand_may_be_set_free_by_default() -> None:
    assert released(queued(1), removing(0, 1)).limit == 10_000


@pytest.mark.parametrize(("count", "trips"), [(40, []), (41, ["newCallsPercent"])])
def test_as_many_calls_may_be_new_as_are_remembered(count: int, trips: list[str]) -> None:
    calls = [call(n) for n in range(40 + count)]
    assert tripped(plan_with(DEFAULTS, queued(40, CallStatus.NO_ANSWER), calls)) == trips


def test_the_first_calls_of_a_campaign_are_no_percentage_of_any() -> None:
    assert tripped(plan_with(Guards(new_calls_percent=0), queued(0), [call(n) for n in range(50)])) == []


def test_a_few_new_calls_pass_by_default_whatever_their_percentage() -> None:
    assert tripped(plan_with(DEFAULTS, queued(1), [call(n) for n in range(20)])) == []
    assert tripped(plan_with(Guards(new_calls_percent=100), queued(1), [call(n) for n in range(20)])) == [
        "newCallsPercent"
    ]


ADDS, TAKES = (Add(wanted(call(1)), Reason.NEW),), (Cancel(remembered(call(1), CallStatus.PLANNED), Reason.REMOVED),)


def of_lists(
    before: int, now: int, actions: tuple[Action, ...], guards: Guards = DEFAULTS, **allowed: float
) -> list[str]:
    """The guards that are tripped when a list changed so much."""
    scope = Scope(live=1000, remembered=1000, lists=(Change("leads", before, now), Change("vip", 10, 10)))
    amounts = {name.replace("_", "-"): amount for name, amount in allowed.items()}
    return [result.name for result in hold_guards(guards, actions, scope, amounts) if result.is_tripped]


def test_a_list_exported_twice_as_long_is_held_back() -> None:
    assert of_lists(100, 200, ADDS) == ["listGrowthPercent"]
    assert of_lists(100, 200, ADDS, list_growth_percent=100) == []


@pytest.mark.parametrize(("now", "trips"), [(150, []), (151, ["listGrowthPercent"])])
def test_a_list_may_grow_by_half(now: int, trips: list[str]) -> None:
    assert of_lists(100, now, ADDS) == trips


@pytest.mark.parametrize(("now", "trips"), [(50, []), (49, ["listShrinkPercent"])])
def test_a_list_may_lose_half(now: int, trips: list[str]) -> None:
    assert of_lists(100, now, TAKES) == trips


def test_a_few_rows_more_or_less_pass_by_default() -> None:
    assert of_lists(10, 29, ADDS) == []
    assert of_lists(19, 0, TAKES) == []
    assert of_lists(10, 29, ADDS, Guards(list_growth_percent=50)) == ["listGrowthPercent"]


def test_a_list_that_changed_holds_back_only_what_comes_of_it() -> None:
    assert of_lists(100, 300, TAKES) == []
    assert of_lists(100, 0, ADDS) == []


def test_the_list_that_changed_most_is_named() -> None:
    scope = Scope(lists=(Change("leads", 100, 160), Change("vip", 100, 400), Change("new", 0, 9)))
    grown = next(r for r in hold_guards(DEFAULTS, ADDS, scope, {}) if r.name == "listGrowthPercent")
    assert (grown.about, grown.amount, grown.affected, grown.base) == ("vip", 300, 300, 100)


def test_a_list_that_shrank_holds_cancels_but_not_those_of_suppressed_people() -> None:
    assert permitted(ALL, results("listShrinkPercent")) == (Pause(), Stop(), ADOPT, SUPPRESSED)


@pytest.mark.parametrize(("now", "is_tripped"), [(5, False), (4, True), (0, True)])
def test_a_suppression_list_that_lost_more_than_half_is_held_to_the_letter(now: int, is_tripped: bool) -> None:
    result = hold_guards(DEFAULTS, (), Scope(suppressions=(Change("never.txt", 10, now),)), {})[-1]
    assert (result.name, result.is_tripped, result.about) == ("suppressionShrinkPercent", is_tripped, "never.txt")


def test_a_short_suppression_list_passes_once_somebody_names_how_much_is_gone() -> None:
    scope = Scope(suppressions=(Change("never.txt", 3, 1),))
    trips = [hold_guards(DEFAULTS, (), scope, {"suppression-shrink-percent": pct})[-1].is_tripped for pct in (66, 67)]
    assert trips == [True, False]


@pytest.mark.parametrize("name", ["newCallsPercent", "listGrowthPercent", "releases", "suppressionShrinkPercent"])
def test_no_guard_about_ringing_holds_up_the_safe_direction(name: str) -> None:
    assert permitted(ALL, results(name)) == SAFE
