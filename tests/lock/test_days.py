"""When calls were made, by the day and the span of their ids."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from reconciler.lock.days import added_on, day_of, days_of, settled
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Decision, FormerJob, Header, Lock, LockedCall, Span
from tests.plan.values import call, lock_of, remembered


def job(number: str, status: CallStatus = CallStatus.NO_ANSWER) -> LockedCall:
    """A remembered call with a job of that id."""
    return remembered(call(f"key-{number}", 1), status, number)


def spans(*added: tuple[Iterable[str], int]) -> tuple[Span, ...]:
    """The spans after jobs with these ids were added on these days, in this order."""
    header = Header(1, "promo", "lineage", 7, "https://calls.example")
    for ids, day in added:
        header = added_on(header, ids, day)
    return header.added


def lock_with(*calls: LockedCall, added: tuple[Span, ...]) -> Lock:
    """A lock that remembers these calls and spans."""
    lock = lock_of(*calls)
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, added=added))


def days(lock: Lock, *calls: LockedCall, today: int = 30) -> list[int]:
    """The days these calls count as made on."""
    return days_of(lock.header, calls, today)


def test_a_day_begins_at_midnight_utc() -> None:
    assert (day_of(86_399_999), day_of(86_400_000)) == (0, 1)


def test_the_calls_of_a_day_are_one_span() -> None:
    assert spans((["100", "101"], 10), (["102"], 10), (["200"], 12)) == (Span(0, 10), Span(200, 12))


def test_what_has_no_job_begins_no_span() -> None:
    assert spans(([""], 10)) == ()


def test_calls_added_to_a_day_that_was_over_open_it_again() -> None:
    header = Header(1, "promo", "lineage", 7, "https://calls.example", added=(Span(0, 10, 10),))
    assert added_on(header, ["500"], 10).added == (Span(0, 10),)


def test_a_clock_that_went_back_makes_no_call_older_than_it_is() -> None:
    assert spans((["100"], 10), (["200"], 9)) == (Span(0, 10),)


@pytest.mark.parametrize("ids", [["150"], ["call-x"], ["007"]], ids=["lower", "no number", "leading zero"])
def test_ids_that_do_not_rise_make_older_calls_count_as_new_and_never_new_ones_as_old(ids: list[str]) -> None:
    before = spans((["100"], 10), (["200"], 12))
    header = Header(1, "promo", "lineage", 7, "https://calls.example", added=before)
    after = lock_with(added=added_on(header, ids, 20).added)
    closed = msgspec.structs.replace(after, header=settled(after, 25))
    assert days(closed, job(ids[0])) == [25]
    assert days(closed, job("200")) == [25]


def test_a_span_is_over_once_none_of_its_calls_can_ring() -> None:
    lock = lock_with(job("100"), job("150", CallStatus.ON_RETRY), job("200"), added=(Span(0, 10), Span(200, 12)))
    assert settled(lock, 20).added == (Span(0, 10), Span(200, 12, 20))


@pytest.mark.parametrize("status", [CallStatus.MISSING, CallStatus.UNKNOWN, CallStatus.CANCELLING])
def test_a_span_with_a_call_nobody_knows_about_is_not_over(status: CallStatus) -> None:
    lock = lock_with(job("100", status), added=(Span(0, 10),))
    assert settled(lock, 20).added == (Span(0, 10),)


def test_a_call_in_doubt_keeps_the_newest_span_open() -> None:
    lock = lock_with(job("100"), job("", CallStatus.IN_DOUBT), added=(Span(0, 10), Span(200, 12)))
    assert settled(lock, 20).added == (Span(0, 10, 20), Span(200, 12))


def test_a_span_stays_over_since_the_day_it_was() -> None:
    lock = lock_with(job("100"), added=(Span(0, 10, 15),))
    assert settled(lock, 20).added == (Span(0, 10, 15),)


def test_what_is_too_old_for_any_cap_becomes_one_span() -> None:
    lock = lock_with(job("100"), added=(Span(0, 1, 2), Span(200, 3, 4), Span(300, 2000)))
    assert settled(lock, 2100).added == (Span(0, 3, 4), Span(300, 2000, 2100))


def test_a_long_lock_has_the_spans_of_a_short_one() -> None:
    calls = [
        job("100"),
        remembered(call("bob", 2), CallStatus.PLANNED, "250", (FormerJob("90", "x" * 12),)),
        job("call-x", CallStatus.PLANNED),
        job("300"),
    ]
    short = lock_with(*calls, added=(Span(0, 1), Span(200, 2), Span(300, 3)))
    long = decode_lock(encode_lock(short), campaign="promo", shown="promo.lock.jsonl", many=0)
    assert settled(long, 9).added == settled(short, 9).added == (Span(0, 1), Span(200, 2), Span(300, 3, 9))


def test_a_call_counts_as_made_when_its_span_was_over_and_as_made_today_until_then() -> None:
    lock = lock_with(added=(Span(0, 10, 15), Span(200, 12)))
    assert days(lock, job("100"), job("199"), job("200"), job("999"), today=30) == [15, 15, 30, 30]


def test_a_call_that_may_ring_counts_as_made_today() -> None:
    assert days(lock_with(added=(Span(0, 10, 15),)), job("100", CallStatus.PLANNED)) == [30]


def test_a_call_of_a_lock_that_noted_no_days_counts_as_made_today() -> None:
    assert days(lock_with(added=()), job("100")) == [30]


def test_a_call_somebody_vouched_for_counts_as_made_on_the_day_of_the_decision() -> None:
    vouched = remembered(call(), CallStatus.VOUCHED)
    lock = lock_with(vouched, added=(Span(0, 10, 15),))
    decision = Decision("1970-01-21T10:00:00Z", "ann", "ticket", "sent", (vouched.call_id,))
    decided = msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, decisions=(decision,)))
    assert (days(decided, vouched), days(lock, vouched)) == ([20], [30])
