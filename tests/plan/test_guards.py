"""Guards: what makes a plan too large, how an amount is allowed, and what may be done all the same."""

from __future__ import annotations

import pytest

from reconciler.lock.model import CallStatus, Lock
from reconciler.manifest.model import Guards
from reconciler.phones.model import Call
from reconciler.plan.guards import GUARD_OPTIONS, permitted
from reconciler.plan.model import Add, Adopt, Cancel, GuardResult, Pause, Plan, Reason, Replace, Resume, Start, Stop
from tests.plan.values import call as named
from tests.plan.values import campaign, planned, remembered, wanted
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
    cancels = guard(plan_with(DEFAULTS, queued(9, CallStatus.UNKNOWN), []), "cancelPercent")
    assert (cancels.amount, cancels.affected, cancels.is_tripped) == (0, 9, False)


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
    """All three guards, these of them tripped."""
    names = ("newCalls", "cancelPercent", "replacePercent")
    return tuple(GuardResult(name, name, 1, 0, False, name in tripped, 1) for name in names)


def test_all_is_permitted_when_no_guard_is_tripped() -> None:
    assert permitted(ALL, results()) == ALL


@pytest.mark.parametrize("guard", ["newCalls", "replacePercent"])
def test_pausing_stopping_and_cancelling_are_not_held_by_guards_about_ringing(guard: str) -> None:
    assert permitted(ALL, results(guard)) == SAFE


@pytest.mark.parametrize("guards", [("cancelPercent",), ("cancelPercent", "newCalls")])
def test_a_suppressed_call_is_cancelled_whatever_the_guards_say(guards: tuple[str, ...]) -> None:
    assert permitted(ALL, results(*guards)) == (Pause(), Stop(), ADOPT, SUPPRESSED)
