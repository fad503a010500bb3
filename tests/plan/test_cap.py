"""Caps: which new calls are held back, why, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus, Lock, LockedCall, Span
from reconciler.manifest.model import Cap
from reconciler.manifest.rollout import ALL, Rollout, Step
from reconciler.phones.model import Call, Desired
from reconciler.plan.build import make_plan
from reconciler.plan.cap import Use
from reconciler.plan.diff import Observed
from reconciler.plan.model import Blocked, Plan
from tests.plan.values import KEYER, call, campaign, lock_of, remembered, said

TODAY = 100
WEEK = Cap("week", 1, 7, "reached")
ANN, BOB = call("ann", 1), call("bob", 2)


class Others:
    """What other campaigns' locks know, as a test says; phones by number."""

    def __init__(self, *caps: Cap, uses: Mapping[int, Sequence[Use]] | None = None) -> None:
        self.caps, self.today = caps, TODAY
        self._uses = {KEYER.phone(f"1650777{n:04}"): found for n, found in (uses or {}).items()}

    def of(self, phones: Mapping[str, str]) -> Mapping[str, Sequence[Use]]:
        """The calls to these phones."""
        return {phone: found for phone, found in self._uses.items() if phone in phones}


def capped(calls: Sequence[Call], lock: Lock, others: Others) -> Plan:
    """The plan under these caps."""
    return make_plan(
        campaign(), Desired(tuple(calls)), lock, Observed(state=CampaignState.RUNNING), KEYER, usage=others
    )


def details(plan: Plan) -> list[str]:
    """Until when calls are held back."""
    return [note.detail for note in plan.notes if isinstance(note, Blocked)]


def use(day: int, status: CallStatus = CallStatus.TALKED_WITH_RESULT, of: str = "other") -> Use:
    """A call of another campaign."""
    return Use(day, of, status)


def own(*calls: LockedCall, over: int = 95) -> Lock:
    """A lock whose calls were over on that day."""
    lock = lock_of(*calls)
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, added=(Span(0, 90, over),)))


def test_a_phone_another_campaign_reached_within_the_days_is_held_back_and_others_are_not() -> None:
    plan = capped([ANN, BOB], lock_of(), Others(WEEK, uses={1: [use(98)]}))
    assert said(plan) == ["Add bob/1: NEW", "Blocked ann/1: CAPPED"]
    assert details(plan) == ["until 1970-04-17"]  # day 106: the seven days after day 98 are over


@pytest.mark.parametrize(("day", "is_held"), [(93, True), (92, False)])
def test_a_call_counts_on_its_day_and_on_so_many_days_after_it(day: int, is_held: bool) -> None:
    plan = capped([ANN], lock_of(), Others(WEEK, uses={1: [use(day)]}))
    assert bool(details(plan)) == is_held


def test_a_call_that_may_still_ring_counts_until_it_is_over() -> None:
    plan = capped([ANN], lock_of(), Others(WEEK, uses={1: [use(TODAY, CallStatus.PLANNED, of="autumn")]}))
    assert details(plan) == ["until a call of autumn is over"]


@pytest.mark.parametrize(
    ("counts", "status", "is_held"),
    [
        ("reached", CallStatus.TALKED_NO_RESULT, True),
        ("reached", CallStatus.CANCELLED_REACHED, True),
        ("reached", CallStatus.CANCELLED_BY_OTHERS_REACHED, True),
        ("reached", CallStatus.VOUCHED, True),
        ("reached", CallStatus.IN_DOUBT, True),
        ("reached", CallStatus.NO_ANSWER, False),
        ("rung", CallStatus.NO_ANSWER, True),
        ("rung", CallStatus.NONEXISTENT, False),
        ("rung", CallStatus.TECHNICAL_ERROR, False),
        ("rung", CallStatus.CANCELLED, False),
        ("rung", CallStatus.NOT_DONE, False),
        ("rung", CallStatus.REJECTED, False),
    ],
)
def test_what_counts_is_what_reached_somebody_or_what_rang(counts: str, status: CallStatus, is_held: bool) -> None:
    cap = Cap("week", 1, 7, "reached" if counts == "reached" else "rung")
    plan = capped([ANN], lock_of(), Others(cap, uses={1: [use(98, status)]}))
    assert bool(details(plan)) == is_held


def test_earlier_waves_of_the_campaign_itself_count() -> None:
    lock = own(remembered(ANN, CallStatus.TALKED_WITH_RESULT))
    plan = capped([call("ann", 1, wave="2")], lock, Others(WEEK))
    assert said(plan) == ["Blocked ann/2: CAPPED"]
    assert details(plan) == ["until 1970-04-14"]


def test_an_earlier_wave_that_is_taken_back_by_the_plan_does_not_count() -> None:
    lock = own(remembered(ANN, CallStatus.PLANNED))
    plan = capped([call("ann", 1, wave="2")], lock, Others(WEEK))
    assert said(plan) == ["Add ann/2: NEW_WAVE", "Cancel ann/1: OLDER_WAVE"]


def test_a_call_that_is_only_replaced_is_not_one_more() -> None:
    lock = own(remembered(ANN, CallStatus.PLANNED))
    plan = capped([call("ann", 1, "y")], lock, Others(WEEK, uses={1: [use(98)]}))
    assert said(plan) == ["Replace ann/1: CHANGED"]


def test_a_replacement_under_another_phone_is_held_back_and_the_old_phone_does_not_ring() -> None:
    lock = own(remembered(ANN, CallStatus.PLANNED))
    plan = capped([call("ann", 2)], lock, Others(WEEK, uses={2: [use(98)]}))
    assert said(plan) == ["Blocked ann/1: CAPPED", "Cancel ann/1: REMOVED"]


def test_two_new_calls_that_share_a_phone_count_each_other_whatever_their_order() -> None:
    rows = [call("ann", 1, shares_phone=True), call("bob", 1, shares_phone=True)]
    plans = [capped(some, lock_of(), Others(WEEK)) for some in (rows, rows[::-1])]
    assert said(plans[0]) == said(plans[1])
    assert (plans[0].counts.add, details(plans[0])) == (1, ["until a call of promo is over"])


def test_with_several_calls_allowed_the_oldest_that_matters_says_until_when() -> None:
    cap = Cap("month", 3, 30, "reached")
    uses = [use(99), use(80), use(85), use(50), use(90)]  # the fourth is too old, of the rest two have to go
    plan = capped([ANN], lock_of(), Others(cap, uses={1: uses}))
    assert details(plan) == ["until 1970-04-27"]  # day 116: when that of day 85 no longer counts


def test_a_step_of_a_rollout_is_not_filled_with_calls_that_are_held_back() -> None:
    steps = Rollout((Step(calls=2), Step(share=ALL)), 0, 8000, (), False, "")
    people = tuple(call(name, n) for n, name in enumerate(("ann", "bob", "cyd"), 1))
    for held in (1, 2, 3):
        plan = make_plan(
            msgspec.structs.replace(campaign(), rollout=steps),
            Desired(people),
            lock_of(),
            Observed(state=CampaignState.RUNNING),
            KEYER,
            usage=Others(WEEK, uses={held: [use(98)]}),
        )
        assert plan.counts.add == 2


def test_every_cap_holds() -> None:
    caps = Cap("day", 1, 1, "reached"), Cap("month", 2, 30, "reached")
    assert details(capped([ANN], lock_of(), Others(*caps, uses={1: [use(90), use(91)]}))) != []
    assert details(capped([ANN], lock_of(), Others(*caps, uses={1: [use(91)]}))) == []


def test_what_is_held_back_is_neither_counted_by_guards_nor_in_the_plan_id() -> None:
    held = capped([ANN, BOB], lock_of(), Others(WEEK, uses={1: [use(98)]}))
    without = capped([BOB], lock_of(), Others(WEEK))
    assert held.plan_id == without.plan_id
    assert held.guards[0].amount == 1
