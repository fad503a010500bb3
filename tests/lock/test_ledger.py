"""A long lockfile's calls behave as the dict of a short one's, and its columns say what its lines do."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from reconciler.errors import LockError
from reconciler.lock import owned as owned_jobs_of
from reconciler.lock.columns import MOST_WAVES, read_columns
from reconciler.lock.ledger import Ledger
from reconciler.lock.lockfile import MANY, decode_lock, encode_calls, encode_lines, encode_lock
from reconciler.lock.model import CallId, CallStatus, FormerJob, Lock, LockedCall
from reconciler.lock.owned import OwnedJobs
from tests.lock.samples import CALLS, HEADERS, KEYER, SHOWN, TEXTS, lock_of, locked, owned_jobs

NAMES = [f"person {n}" for n in range(8)]
PHONES = st.sampled_from([KEYER.phone(name) for name in NAMES])
PLAIN = st.builds(
    LockedCall,
    key=st.sampled_from([KEYER.key(name) for name in NAMES]),
    wave=st.sampled_from(["1", "2", "10", "zoë"]),
    phone=PHONES,
    request=st.sampled_from([KEYER.request(name.encode()) for name in NAMES]),
    job_id=st.one_of(st.integers(1, 10**18).map(str), st.sampled_from(["", "0", "007", "a-1", "9" * 30])),
    status=st.sampled_from(CallStatus),
    mask=st.just("1650•••0042"),
    former=st.one_of(st.just(()), st.lists(st.builds(FormerJob, TEXTS, PHONES), max_size=2).map(tuple)),
)
STRANGE = st.builds(
    lambda call, key: msgspec.structs.replace(call, key=key),
    PLAIN,
    st.one_of(
        TEXTS,
        st.tuples(st.sampled_from(NAMES), st.integers(0, 16), TEXTS).map(
            lambda each: KEYER.key(each[0])[: each[1]] + each[2]
        ),
    ),
)
EITHER = st.one_of(PLAIN, PLAIN, PLAIN, CALLS, STRANGE)
"""Mostly calls as they are in a lockfile, and some whose lines hold anything at all."""

HEADER = lock_of().header
LISTS = st.lists(EITHER, max_size=12)


def by_id(calls: list[LockedCall]) -> dict[CallId, LockedCall]:
    """The calls by their ids, in the order of a lockfile."""
    known = {call.call_id: call for call in calls}
    return {call_id: known[call_id] for call_id in sorted(known)}


def ledger_of(calls: dict[CallId, LockedCall]) -> Ledger:
    """The ledger of a lockfile with these calls."""
    return Ledger(read_columns(encode_lines([calls[call_id] for call_id in sorted(calls)])))


def lines_of(calls: dict[CallId, LockedCall]) -> bytes:
    """Their lines, as a short lock writes them."""
    return encode_calls(Lock(lock_of().header, calls))


@given(LISTS)
def test_a_ledger_holds_what_the_lines_say(calls: list[LockedCall]) -> None:
    known = by_id(calls)
    ledger = ledger_of(known)
    event(f"{int(ledger.columns.odd.sum())} of {len(known)} odd")
    assert dict(ledger.items()) == known
    assert [*ledger.values()] == [ledger[call_id] for call_id in ledger]
    assert (len(ledger), ledger.body()) == (len(known), lines_of(known))


@given(LISTS, st.lists(st.tuples(st.sampled_from(["set", "del", "drop", "update", "status"]), LISTS), max_size=6))
def test_whatever_is_done_to_it_it_stays_equal_to_a_dict(
    calls: list[LockedCall], steps: list[tuple[str, list[LockedCall]]]
) -> None:
    known = by_id(calls)
    ledger = ledger_of(known)
    before = ledger.copy()
    original = dict(known)
    for verb, several in steps:
        ids = [call.call_id for call in several]
        match verb:
            case "set":
                for call in several:
                    ledger[call.call_id] = known[call.call_id] = call
            case "del":
                for call in several:
                    assert (ledger.pop(call.call_id, None)) == known.pop(call.call_id, None)
            case "drop":
                Lock(HEADER, ledger).drop(ids)
                Lock(HEADER, known).drop(ids)
            case "update":
                ledger.update({call.call_id: call for call in several})
                known.update({call.call_id: call for call in several})
            case _:
                change_statuses(ledger, known)
        assert len(ledger) == len(known)
        assert all(call_id in ledger for call_id in known)
        assert Lock(HEADER, ledger).pick([*known]) == Lock(HEADER, known).pick([*known]) == [*known.values()]
        assert ledger == known
        assert ledger.body() == lines_of(known)
    assert before == original


def change_statuses(ledger: Ledger, known: dict[CallId, LockedCall]) -> None:
    """Gives every call that a line holds another status, on both sides."""
    held = np.flatnonzero(ledger.holds)
    for call in ledger.calls(held):
        known[call.call_id] = call.with_status(CallStatus.NO_ANSWER)
    ledger.statuses[held] = ord(CallStatus.NO_ANSWER)


@pytest.mark.parametrize("is_long", [False, True], ids=["of a short lock", "of a long lock"])
def test_a_call_that_is_not_known_cannot_be_picked(is_long: bool) -> None:
    known = by_id([locked("ann")])
    lock = Lock(HEADER, ledger_of(known) if is_long else known)
    with pytest.raises(KeyError):
        lock.pick([locked("ann").call_id, locked("bob").call_id])


@given(LISTS, LISTS)
def test_calls_are_found_by_id_among_others(calls: list[LockedCall], others: list[LockedCall]) -> None:
    known = by_id(calls)
    ledger = ledger_of(known)
    for call in [*calls, *others]:
        assert ledger.get(call.call_id) == known.get(call.call_id)
        assert (call.call_id in ledger) == (call.call_id in known)
    assert ("short", "1") not in ledger
    with pytest.raises(KeyError):
        del ledger["short", "1"]


@given(LISTS, st.sets(st.sampled_from(CallStatus)))
def test_calls_are_found_by_status(calls: list[LockedCall], statuses: set[CallStatus]) -> None:
    known = by_id(calls)
    lock = Lock(lock_of().header, ledger_of(known))
    found = {call.call_id: call for call in lock.with_status(statuses)}
    assert found == {call_id: call for call_id, call in known.items() if call.status in statuses}


@given(HEADERS, LISTS)
def test_the_same_lockfile_is_read_either_way_and_written_alike(header: Any, calls: list[LockedCall]) -> None:
    data = encode_lock(Lock(header, by_id(calls)))
    short = decode_lock(data, campaign="promo", shown=SHOWN)
    long = decode_lock(data, campaign="promo", shown=SHOWN, many=0)
    assert (short.ledger, long.ledger is None) == (None, False)
    assert long == short
    assert encode_lock(long) == data


@given(st.lists(PLAIN, max_size=12).filter(lambda calls: have_jobs_of_their_own([*by_id(calls).values()])))
def test_the_jobs_it_owns_are_those_of_its_calls(calls: list[LockedCall]) -> None:
    known = by_id(calls)
    short = Lock(lock_of().header, known)
    jobs, owned = owned_jobs(short), OwnedJobs(Lock(short.header, ledger_of(known)))
    assert len(owned) == len(jobs) == len(OwnedJobs(short))
    assert all(job_id in owned for job_id in jobs)
    assert "no such job" not in owned
    assert "123456789" not in owned
    assert owned.has_any([*jobs]) == bool(jobs)
    assert not owned.has_any(["no such job", "7"]) or "7" in jobs
    assert owned.count_phones() == len(set(jobs.values())) == OwnedJobs(short).count_phones()
    assert set(owned.newest(3)) <= set(jobs)
    assert len(owned.newest(3)) == min(3, len(jobs))


def have_jobs_of_their_own(calls: list[LockedCall]) -> bool:
    """Whether no job is of two calls, as it is on a server."""
    jobs = [job.job_id for call in calls for job in call.job_history()]
    return len(jobs) == len(set(jobs))


def test_jobs_created_since_are_owned_too() -> None:
    owned = OwnedJobs(Lock(lock_of().header, ledger_of(by_id([locked("ann", job="17")]))))
    owned.add(["18", "b-2"])
    assert [job_id in owned for job_id in ("17", "18", "b-2", "19")] == [True, True, True, False]
    assert owned.newest(2) == ["b-2", "18"]


@pytest.mark.parametrize("first", [1, 2**53, 10**17, 10**18 - 40])
def test_jobs_with_ids_of_many_digits_are_told_apart(first: int) -> None:
    calls = [locked(f"person {n}", job=str(first + 2 * n)) for n in range(20)]
    owned = OwnedJobs(Lock(lock_of().header, ledger_of(by_id(calls))))
    assert all(call.job_id in owned and owned.has_any([call.job_id]) for call in calls)
    others = [str(first + 2 * n + 1) for n in range(20)]
    assert not any(job_id in owned for job_id in others)
    assert not owned.has_any(others)


def test_a_job_that_is_another_calls_former_one_is_counted_once() -> None:
    calls = [locked("ann", job="17"), locked("bob", job="18", former=(FormerJob("17", KEYER.phone("ann")),))]
    owned = OwnedJobs(Lock(lock_of().header, ledger_of(by_id(calls))))
    assert len(owned) == 2


def test_ordinary_lines_are_read_as_columns_and_only_others_one_by_one() -> None:
    ordinary = [locked(name, wave=wave, job=str(n)) for n, name in enumerate(NAMES) for wave in ("1", "2")]
    former = locked("former", job="77", former=(FormerJob("7", KEYER.phone("old")),))
    escaped = locked("escaped", wave='a "wave"')
    ledger = ledger_of(by_id([*ordinary, former, escaped]))
    assert ledger.columns.odd.sum() == 1
    assert [*ledger.later()] == [escaped]
    assert (ledger.columns.has_former & ~ledger.columns.odd).sum() == 1


def test_more_waves_than_can_be_numbered_are_read_all_the_same() -> None:
    calls = by_id([locked("ann", wave=f"w{n:03}") for n in range(MOST_WAVES + 20)])
    ledger = ledger_of(calls)
    assert ledger == calls
    assert ledger.columns.odd.sum() == 20


def test_lines_in_another_order_are_read_one_by_one_and_written_in_order() -> None:
    calls = by_id([locked(name) for name in NAMES])
    ledger = Ledger(read_columns(encode_lines([*reversed(calls.values())])))
    assert ledger.columns.odd.all()
    assert ledger == calls
    assert ledger.body() == lines_of(calls)


def test_from_five_thousand_calls_on_a_lockfile_is_read_as_columns() -> None:
    calls = [locked(f"person {n}") for n in range(MANY)]
    assert decode_lock(encode_lock(lock_of(*calls)), campaign="promo", shown=SHOWN).ledger is not None
    assert decode_lock(encode_lock(lock_of(*calls[1:])), campaign="promo", shown=SHOWN).ledger is None


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n",
        b"{}\n",
        b"\n",
        b'["a","1","b","c","7","?","m"]\n',
        b'["\xff","1","b","c","7","p","m"]\n',
        encode_lines([locked()])[:-2] + b"\n",
    ],
    ids=["an empty list", "an object", "nothing", "no such status", "no text", "cut off"],
)
def test_a_line_that_is_no_call_is_refused(line: bytes) -> None:
    whole = encode_lines([locked(name) for name in NAMES])
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        Ledger(read_columns(whole + line))


def test_a_call_that_is_there_twice_is_refused() -> None:
    lines = encode_lines([locked()]) * 2
    with pytest.raises(LockError, match="should hold 2 calls and holds 1"):
        decode_lock(with_lines(lines, 2), campaign="promo", shown=SHOWN, many=0)


def test_a_call_that_is_there_a_second_time_in_an_unusual_spelling_is_refused() -> None:
    line = encode_lines([locked()])
    lines = line + line.replace(b'["', b'[ "', 1)
    for many in (0, MANY):
        with pytest.raises(LockError, match="should hold 2 calls and holds 1"):
            decode_lock(with_lines(lines, 2), campaign="promo", shown=SHOWN, many=many)


def test_a_last_line_without_its_end_is_written_with_it() -> None:
    calls = by_id([locked(name) for name in NAMES])
    data = with_lines(lines_of(calls).removesuffix(b"\n"), len(calls))
    lock = decode_lock(data, campaign="promo", shown=SHOWN, many=0)
    assert encode_calls(lock) == lines_of(calls)
    after_all = msgspec.structs.replace(locked(), key="z" * 16)
    lock.calls[after_all.call_id] = after_all
    assert encode_calls(lock) == lines_of(calls | {after_all.call_id: after_all})


def with_lines(lines: bytes, count: int) -> bytes:
    """A lockfile of these lines, whose checksum is right."""
    from reconciler.lock.lockfile import first_line

    return first_line(lock_of().header, count, lines) + lines


@given(LISTS, LISTS, st.sampled_from(["1", "2", "zoë", "none"]))
def test_a_ledger_counts_the_statuses_of_a_wave_as_a_short_lock_does(
    calls: list[LockedCall], later: list[LockedCall], wave: str
) -> None:
    known = by_id(calls)
    ledger, header = ledger_of(known), lock_of().header
    ledger.update(by_id(later))
    assert Lock(header, ledger).statuses(wave) == Lock(header, known | by_id(later)).statuses(wave)


@pytest.mark.parametrize("is_long", [False, True])
def test_many_jobs_that_were_added_since_are_known_whatever_their_ids(
    is_long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owned_jobs_of, "MOST_TEXTS", 3)
    lock = lock_of(locked("ann", job="41"), locked("bob", job="a-1"))
    owned = OwnedJobs(Lock(lock.header, ledger_of({**lock.calls})) if is_long else lock)
    batches = [["7", "9"], ["8", "x"], ["y", "z", "007"], ["100000000000000000000", "10"]]
    for batch in batches:
        assert not owned.has_any(batch)
        owned.add(batch)
    every = ["41", "a-1", *(job_id for batch in batches for job_id in batch)]
    assert all(job_id in owned for job_id in every)
    assert [job_id for job_id in every if owned.has_any([job_id])] == every
    assert len(owned) == len(every)
    assert not owned.has_any(["1", "", "w", "0041"])
