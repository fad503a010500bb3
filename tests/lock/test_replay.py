"""The lock after its journal: what was recorded holds, what is open is in doubt, a stranger's journal is refused."""

from __future__ import annotations

import copy
import re

import pytest

from reconciler.errors import LockError
from reconciler.lock.journal import (
    Answered,
    Begin,
    Closed,
    Doubtful,
    Entry,
    OpenIntent,
    Record,
    after_closing,
    replay,
    with_doubts,
)
from reconciler.lock.model import CallStatus, FormerJob, Lock, LockedCall
from tests.lock.samples import JOURNAL, KEYER, entries, intent, lock_of, locked, owned_jobs

SENT = locked("ann", CallStatus.IN_DOUBT, job="")
ADDED = locked("ann", job="17")
QUEUED = locked("bob")
FREE = locked("cyd", CallStatus.CANCELLED, job="16")
SENT_AGAIN = locked("cyd", CallStatus.IN_DOUBT, job="", former=(FormerJob("16", KEYER.phone("cyd")),))


def replayed(lock: Lock, *records: Record, serial: int = 7) -> tuple[Lock, tuple[OpenIntent, ...]]:
    """The lock after a journal with these records."""
    return replay(lock, entries(*records, serial=serial), JOURNAL)


def calls(lock: Lock) -> list[LockedCall]:
    """The calls of the lock, sorted."""
    return sorted(lock.calls.values(), key=lambda call: call.call_id)


def statuses(lock: Lock) -> set[CallStatus]:
    """What is remembered of all calls."""
    return {call.status for call in lock.calls.values()}


def test_without_a_journal_the_lock_is_as_it_is() -> None:
    lock = lock_of(QUEUED)
    assert replay(lock, (), JOURNAL) == (lock, ())


def test_a_journal_that_has_only_begun_changes_nothing() -> None:
    assert replayed(lock_of(QUEUED)) == (lock_of(QUEUED), ())


def test_an_intent_alone_is_open_and_changes_nothing() -> None:
    lock, opened = replayed(lock_of(QUEUED), intent("addPhones", SENT, body="[]"))
    assert lock == lock_of(QUEUED)
    assert opened == (OpenIntent(2, intent("addPhones", SENT, body="[]")),)


def test_an_open_intent_knows_the_ids_that_were_answered() -> None:
    _, (opened,) = replayed(lock_of(), intent("addPhones", SENT), Answered(2, ("17", "18")))
    assert (opened.job_ids, opened.gave_up_ms) == (("17", "18"), None)


def test_an_open_intent_knows_when_and_why_nobody_waited_any_longer() -> None:
    _, (opened,) = replayed(lock_of(), intent("addPhones", SENT), Doubtful(2, 5_000, "timeout"))
    assert (opened.gave_up_ms, opened.why, opened.job_ids) == (5_000, "timeout", ())


def test_a_closed_intent_is_remembered_and_no_longer_open() -> None:
    lock, opened = replayed(lock_of(QUEUED), intent("addPhones", SENT), Answered(2, ("17",)), Closed(2, (ADDED,)))
    assert (calls(lock), opened) == (calls(lock_of(QUEUED, ADDED)), ())


def test_intents_are_closed_in_any_order() -> None:
    first, second = intent("addPhones", SENT), intent("cancel", QUEUED)
    gone = QUEUED.with_status(CallStatus.CANCELLED)
    lock, opened = replayed(lock_of(QUEUED), first, second, Closed(3, (gone,)))
    assert calls(lock) == [gone]
    assert [entry.seq for entry in opened] == [2]


def test_a_control_that_succeeded_is_remembered() -> None:
    lock, _ = replayed(lock_of(control="start"), intent("control"), Closed(2, control="pause"))
    assert lock.header.control == "pause"


def test_a_control_that_failed_leaves_what_was_remembered() -> None:
    lock, _ = replayed(lock_of(control="start"), intent("control"), Closed(2, why="refused"))
    assert lock.header.control == "start"


def test_a_lockfile_that_holds_its_journal_already_is_not_changed_again() -> None:
    after = lock_of(ADDED.with_status(CallStatus.NO_ANSWER), serial=8)
    lock, opened = replayed(after, intent("addPhones", SENT), Closed(2, (ADDED,), control="pause"))
    assert (lock, opened) == (after, ())


def test_intents_are_open_whichever_of_the_two_lockfiles_is_there() -> None:
    journal = (intent("addPhones", SENT), intent("cancel", QUEUED), Closed(2, (ADDED,)))
    before, opened = replayed(lock_of(QUEUED), *journal)
    after, opened_after = replayed(lock_of(QUEUED, ADDED, serial=8), *journal)
    assert opened == opened_after
    assert calls(before) == calls(after)


def test_what_another_run_found_out_since_about_an_open_request_to_add_holds() -> None:
    after = lock_of(ADDED, serial=8)  # one that the same run saved would have the call in doubt
    assert replayed(after, intent("addPhones", SENT)) == (after, ())


def test_a_request_stays_open_while_the_lockfile_does_not_know_of_all_its_calls() -> None:
    sent_too = locked("dan", CallStatus.IN_DOUBT, job="")
    both = intent("addPhones", SENT, sent_too)
    for lock in (lock_of(ADDED, serial=8), lock_of(ADDED, sent_too, serial=8)):
        assert [entry.intent for entry in replayed(lock, both)[1]] == [both]


def test_reading_the_journal_twice_gives_the_same() -> None:
    lock = lock_of(QUEUED, SENT_AGAIN)
    before = copy.deepcopy(lock)
    journal = (intent("addPhones", SENT), Closed(2, (ADDED,)), intent("addPhones", SENT_AGAIN))
    assert replayed(lock, *journal) == replayed(lock, *journal)
    assert lock == before


@pytest.mark.parametrize("serial", [5, 6, 9, 10])
def test_a_journal_of_another_serial_is_refused(serial: int) -> None:
    with pytest.raises(
        LockError, match=rf"continues serial {serial} of the lockfile, but serial 8 is here; bring back"
    ):
        replayed(lock_of(serial=8), serial=serial)


def test_a_journal_of_another_lock_is_refused() -> None:
    with pytest.raises(
        LockError, match=r"not to the one that is here; restore that one first .*: `campaign import --rebuild`$"
    ):
        replayed(lock_of(lineage="another"))


def test_a_journal_whose_lockfile_is_gone_is_refused() -> None:
    with pytest.raises(LockError, match=r"which is not here; restore that one first .*: `campaign import`$"):
        replayed(lock_of(is_new=True))


def test_a_lockfile_of_the_next_serial_that_lacks_what_the_journal_records_is_refused() -> None:
    # Somebody else's run from the same lockfile: same lineage, next serial, and it never heard of these jobs.
    with pytest.raises(LockError, match=rf"^{re.escape(JOURNAL)}:3 records calls that are not in the lockfile; bring"):
        replayed(lock_of(QUEUED, serial=8), intent("addPhones", SENT), Closed(2, (ADDED,)))


def test_a_job_that_moved_to_another_key_or_was_replaced_is_still_in_the_lockfile() -> None:
    moved = locked("new name", job="18", former=(FormerJob("17", KEYER.phone("ann")),))
    lock, _ = replayed(lock_of(moved, serial=8), intent("addPhones", SENT), Closed(2, (ADDED,)))
    assert calls(lock) == [moved]


def test_a_rejection_in_the_journal_needs_no_job_in_the_lockfile() -> None:
    rejected = locked("ann", CallStatus.REJECTED, job="")
    lock, _ = replayed(lock_of(serial=8), intent("addPhones", SENT), Closed(2, (rejected,)))
    assert calls(lock) == []


@pytest.mark.parametrize("outcome", [Answered(3, ("17",)), Doubtful(3, 5, "timeout"), Closed(3)], ids=["a", "d", "c"])
@pytest.mark.parametrize("serial", [7, 8])
def test_an_outcome_of_a_request_that_is_not_open_is_refused(outcome: Record, serial: int) -> None:
    with pytest.raises(LockError, match=f"{JOURNAL}:3 is about a request that is not open; nothing was changed"):
        replayed(lock_of(serial=serial), intent("addPhones", SENT), outcome)


@pytest.mark.parametrize("outcome", [Answered(2, ("17",)), Doubtful(2, 5, "timeout"), Closed(2)], ids=["a", "d", "c"])
def test_an_outcome_of_a_request_that_is_closed_is_refused(outcome: Record) -> None:
    with pytest.raises(LockError, match=f"{JOURNAL}:4 is about a request that is not open"):
        replayed(lock_of(), intent("addPhones", SENT), Closed(2), outcome)


def test_a_journal_that_begins_twice_is_refused() -> None:
    with pytest.raises(LockError, match=f"{JOURNAL}:3 begins a second time; nothing was changed"):
        replayed(lock_of(), intent("addPhones", SENT), Begin("lineage", 7))


def test_a_journal_that_does_not_say_whose_it_is_is_refused() -> None:
    with pytest.raises(LockError, match=f"{JOURNAL}:1 does not say which lock it belongs to"):
        replay(lock_of(), (Entry(1, intent("addPhones", SENT)),), JOURNAL)


# ------------------------------------------------------------------------------------------------------------- doubts


def test_calls_of_an_open_request_are_in_doubt() -> None:
    lock, opened = replayed(lock_of(QUEUED, FREE), intent("addPhones", SENT, SENT_AGAIN))
    doubted = with_doubts(lock, opened)
    assert {call.call_id for call in calls(doubted) if call.status is CallStatus.IN_DOUBT} == {
        SENT.call_id,
        SENT_AGAIN.call_id,
    }
    assert calls(lock) == calls(lock_of(QUEUED, FREE))


def test_a_call_in_doubt_still_owns_the_job_it_had() -> None:
    lock, opened = replayed(lock_of(FREE), intent("addPhones", SENT_AGAIN))
    assert "16" in owned_jobs(with_doubts(lock, opened))


@pytest.mark.parametrize("status", CallStatus)
def test_calls_of_an_open_cancellation_are_being_cancelled_unless_they_are_over(status: CallStatus) -> None:
    lock, opened = replayed(lock_of(locked("bob", status)), intent("cancel", QUEUED))
    after = status if status.is_final else CallStatus.CANCELLING
    assert statuses(with_doubts(lock, opened)) == {after}


def test_a_cancellation_of_a_call_that_is_gone_leaves_it_gone() -> None:
    lock, opened = replayed(lock_of(), intent("cancel", QUEUED))
    assert calls(with_doubts(lock, opened)) == []


def test_an_open_control_puts_no_call_in_doubt() -> None:
    lock, opened = replayed(lock_of(QUEUED), intent("control"))
    assert with_doubts(lock, opened) == lock


def test_doubts_that_were_written_down_are_taken_out_while_their_request_is_open() -> None:
    lock, opened = replayed(lock_of(SENT, SENT_AGAIN, QUEUED), intent("addPhones", SENT, SENT_AGAIN))
    assert calls(lock) == calls(lock_of(FREE, QUEUED))
    assert with_doubts(lock, opened) == lock_of(SENT, SENT_AGAIN, QUEUED)


def test_doubts_whose_request_nobody_knows_any_more_stay() -> None:
    lock, _ = replayed(lock_of(SENT, QUEUED))
    assert calls(lock) == calls(lock_of(SENT, QUEUED))


# ------------------------------------------------------------------------------------------------------------ closing


def test_closing_clears_the_doubt_about_what_was_not_done() -> None:
    lock = after_closing(lock_of(SENT, QUEUED), intent("addPhones", SENT), Closed(2))
    assert calls(lock) == [QUEUED]


def test_closing_brings_back_the_job_that_was_to_be_replaced() -> None:
    lock = after_closing(lock_of(SENT_AGAIN), intent("addPhones", SENT_AGAIN), Closed(2))
    assert calls(lock) == [FREE]


def test_the_job_that_is_brought_back_keeps_those_before_it() -> None:
    older = (FormerJob("1", KEYER.phone("first")), FormerJob("2", KEYER.phone("second")))
    doubted = locked("ann", CallStatus.IN_DOUBT, job="", former=older)
    (back,) = after_closing(lock_of(doubted), intent("addPhones", doubted), Closed(2)).calls.values()
    assert back.status.is_free
    assert (back.job_id, back.phone, back.former) == ("2", KEYER.phone("second"), older[:1])


def test_closing_keeps_what_was_found_and_clears_the_rest() -> None:
    other = locked("eve", CallStatus.IN_DOUBT, job="")
    lock = after_closing(lock_of(SENT, other), intent("addPhones", SENT, other), Closed(2, (ADDED,)))
    assert calls(lock) == [ADDED]


def test_closing_can_leave_a_call_in_doubt_on_purpose() -> None:
    lock = after_closing(lock_of(SENT), intent("addPhones", SENT), Closed(2, (SENT,)))
    assert calls(lock) == [SENT]


def test_closing_leaves_calls_that_are_not_in_doubt() -> None:
    lock = after_closing(lock_of(QUEUED, ADDED), intent("addPhones", SENT), Closed(2, why="refused"))
    assert calls(lock) == calls(lock_of(QUEUED, ADDED))
