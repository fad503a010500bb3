"""Changed keys: who has the same phone under a new key is remembered under it, and nobody is called for it."""

from __future__ import annotations

import itertools

import pytest

from reconciler.lock.model import CallStatus
from reconciler.plan.diff import adopted
from reconciler.plan.model import Adopt
from tests.plan.values import KEYER, call, lock_of, planned, remembered, said

LEFT_ALONE = [
    CallStatus.PLANNED,
    CallStatus.ON_RETRY,
    CallStatus.IN_PROCESS,
    CallStatus.TALKED_WITH_RESULT,
    CallStatus.NO_ANSWER,
    CallStatus.CANCELLED_REACHED,
    CallStatus.VOUCHED,
]


@pytest.mark.parametrize("status", LEFT_ALONE)
def test_a_new_key_for_the_same_phone_calls_nobody(status: CallStatus) -> None:
    lock = lock_of(remembered(call("ann", 1), status))
    assert said(planned([call("bob", 1)], lock)) == ["Adopt bob/1: KEY_CHANGED"]


def test_an_adopted_call_keeps_all_but_its_key() -> None:
    before = remembered(call("ann", 1), CallStatus.PLANNED)
    (adopt,) = planned([call("bob", 1)], lock_of(before)).actions
    assert isinstance(adopt, Adopt)
    after = adopted(adopt)
    assert (after.key, after.job_id, after.phone) == (KEYER.key("bob"), before.job_id, before.phone)


def test_a_second_plan_after_an_adoption_says_nothing() -> None:
    (adopt,) = planned([call("bob", 1)], lock_of(remembered(call("ann", 1), CallStatus.PLANNED))).actions
    assert isinstance(adopt, Adopt)
    assert said(planned([call("bob", 1)], lock_of(adopted(adopt)))) == []


@pytest.mark.parametrize(
    ("status", "follows"),
    [
        (CallStatus.PLANNED, "Replace bob/1: CHANGED"),
        (CallStatus.IN_PROCESS, "Deferred bob/1: BEING_CALLED"),
        (CallStatus.NO_ANSWER, "Frozen bob/1: ALREADY_CALLED"),
        (CallStatus.CANCELLED, "Add bob/1: AGAIN_AFTER_CANCEL"),
        (CallStatus.CANCELLED_BY_OTHERS, "Drifted bob/1: CANCELLED_BY_OTHERS"),
        (CallStatus.REJECTED, "Add bob/1: AGAIN_AFTER_REJECTION"),
        (CallStatus.UNKNOWN, "Blocked bob/1: UNKNOWN_STATUS"),
    ],
)
def test_a_new_key_with_changed_data_is_judged_like_the_old_one(status: CallStatus, follows: str) -> None:
    lock = lock_of(remembered(call("ann", 1), status))
    assert said(planned([call("bob", 1, "y")], lock)) == sorted(["Adopt bob/1: KEY_CHANGED", follows])


def test_a_rejected_number_is_not_tried_again_under_a_new_key() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.REJECTED))
    assert said(planned([call("bob", 1)], lock)) == ["Adopt bob/1: KEY_CHANGED", "Blocked bob/1: REJECTED"]


def test_a_call_in_doubt_stays_under_the_key_its_request_was_sent_for() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.IN_DOUBT))
    for shares_phone in (False, True):
        plan = planned([call("bob", 1, shares_phone=shares_phone)], lock)
        assert said(plan) == ["Blocked ann/1: IN_DOUBT", "Blocked bob/1: IN_DOUBT"]


def test_a_new_key_in_a_new_wave_is_a_new_call() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.NO_ANSWER))
    assert said(planned([call("bob", 1, wave="2")], lock)) == ["Add bob/2: NEW"]


def test_a_new_key_in_a_new_wave_waits_for_the_queued_call_to_be_taken_back() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED))
    assert said(planned([call("bob", 1, wave="2")], lock)) == ["Add bob/2: NEW", "Cancel ann/1: REMOVED"]


def test_what_was_called_hides_what_was_taken_back_when_a_key_changes() -> None:
    gone = remembered(call("ann", 1), CallStatus.CANCELLED)
    called = remembered(call("bob", 1), CallStatus.NO_ANSWER)
    refused = remembered(call("cyd", 1), CallStatus.REJECTED)
    for order in itertools.permutations([gone, called, refused]):
        assert said(planned([call("dan", 1)], lock_of(*order))) == ["Adopt dan/1: KEY_CHANGED"]


def test_of_two_new_keys_for_a_shared_phone_one_adopts_and_one_is_added() -> None:
    lock = lock_of(remembered(call("ann", 1, "x"), CallStatus.NO_ANSWER))
    rows = [call("bob", 1, "y", shares_phone=True), call("cyd", 1, "x", shares_phone=True)]
    for order in (rows, rows[::-1]):
        assert said(planned(order, lock)) == ["Add bob/1: NEW", "Adopt cyd/1: KEY_CHANGED"]


def test_a_key_that_stays_wanted_is_not_adopted() -> None:
    lock = lock_of(remembered(call("ann", 1, shares_phone=True), CallStatus.NO_ANSWER))
    rows = [call("ann", 1, shares_phone=True), call("bob", 1, shares_phone=True)]
    assert said(planned(rows, lock)) == ["Add bob/1: NEW"]


def test_two_keys_that_swap_their_phones_are_both_replaced() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 2), CallStatus.PLANNED))
    plan = planned([call("ann", 2), call("bob", 1)], lock)
    assert said(plan) == ["Replace ann/1: CHANGED", "Replace bob/1: CHANGED"]


def test_a_swap_with_a_phone_that_was_called_calls_it_no_second_time() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 2), CallStatus.NO_ANSWER))
    plan = planned([call("ann", 2), call("bob", 1)], lock)
    assert said(plan) == [
        "Blocked ann/1: SAME_PHONE",
        "Cancel ann/1: REMOVED",
        "Frozen bob/1: ALREADY_CALLED",
    ]


def test_a_swap_with_a_phone_that_is_being_called_waits() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 2), CallStatus.IN_PROCESS))
    plan = planned([call("ann", 2), call("bob", 1)], lock)
    assert said(plan) == [
        "Cancel ann/1: REMOVED",
        "Deferred ann/1: BEING_CALLED",
        "Deferred bob/1: BEING_CALLED",
    ]


def test_phones_that_move_down_a_chain_of_keys_ring_once_each() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.PLANNED), remembered(call("bob", 2), CallStatus.PLANNED))
    plan = planned([call("bob", 1), call("cyd", 2)], lock)
    assert said(plan) == ["Add cyd/1: NEW", "Cancel ann/1: REMOVED", "Replace bob/1: CHANGED"]


def test_a_chain_that_starts_with_a_called_phone_takes_back_what_it_pushes_out() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.NO_ANSWER), remembered(call("bob", 2), CallStatus.PLANNED))
    plan = planned([call("bob", 1), call("cyd", 2)], lock)
    assert said(plan) == ["Add cyd/1: NEW", "Blocked bob/1: SAME_PHONE", "Cancel bob/1: REMOVED"]


def test_a_phone_that_came_from_a_key_that_was_called_is_not_called_under_another() -> None:
    lock = lock_of(remembered(call("ann", 1), CallStatus.TALKED_WITH_RESULT))
    plan = planned([call("ann", 2), call("bob", 1)], lock)
    assert said(plan) == ["Blocked bob/1: SAME_PHONE", "Frozen ann/1: ALREADY_CALLED"]
