"""Calls in columns: whatever is made of them a column at a time is what the same calls one by one make."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.calls.masks import mask, masks
from reconciler.errors import LockError
from reconciler.lock import added
from reconciler.lock.added import AddedLines
from reconciler.lock.journal import Closed, Confirmed, Intent, OpenIntent, encode_entry, parse_journal, replay
from reconciler.lock.lockfile import decode_lock, encode_calls, encode_lines, encode_lock
from reconciler.lock.model import CallStatus, Lock, LockedCall
from reconciler.lock.new_calls import NewCalls
from tests.lock.samples import JOURNAL, KEYER, SHOWN, TEXTS, entries, lock_of, locked

NUMBERS = st.integers(10_000_000, 10**15 - 1).map(str)
KEYS = st.lists(st.integers(0, 10**6), min_size=1, max_size=6, unique=True)
"""Never none: nothing is sent for nobody."""


def new_calls(names: Sequence[object], wave: str = "1") -> NewCalls:
    texts = [str(name) for name in names]
    keys, phones = ("".join(map(make, texts)) for make in (KEYER.key, KEYER.phone))
    return NewCalls(wave, keys, phones, "".join(KEYER.request(text.encode()) for text in texts))


def phones_of(count: int) -> list[str]:
    return [f"1650777{n:04}" for n in range(count)]


def jobs_of(count: int, first: int = 5_665_330_000) -> list[str]:
    return [str(first + n) for n in range(count)]


@given(KEYS, TEXTS, st.data())
def test_lines_made_a_column_at_a_time_are_those_of_the_calls(names: list[int], wave: str, data: st.DataObject) -> None:
    new, count = new_calls(names, wave), len(names)
    phones = data.draw(st.one_of(st.just(phones_of(count)), st.lists(NUMBERS, min_size=count, max_size=count)))
    ids = data.draw(st.one_of(st.just(jobs_of(count)), st.lists(NUMBERS, min_size=count, max_size=count)))
    letters = "".join(data.draw(st.lists(st.sampled_from([*CallStatus]), min_size=count, max_size=count)))
    expected = encode_lines(new.calls(phones, ids, letters))
    assert new.lines(phones, ids, letters) == expected
    sizes = {*map(len, ids)}, {*map(len, phones)}
    assert new.even_lines(phones, ids, letters) == (b"" if max(map(len, sizes)) > 1 else expected)


@pytest.mark.parametrize("job_id", ['"', "a-1", "5665330001x", "\u0663", " 1"])
def test_ids_that_are_not_digits_are_not_made_into_lines_at_once(job_id: str) -> None:
    assert new_calls(["ann"]).even_lines(phones_of(1), [job_id], "p") == b""


@given(KEYS, st.data())
def test_a_part_of_them_is_the_same_part_of_the_calls(names: list[int], data: st.DataObject) -> None:
    new, phones = new_calls(names), phones_of(len(names))
    calls = new.calls(phones)
    assert [call.key for call in calls] == [KEYER.key(str(name)) for name in names]
    assert {call.status for call in calls} == {CallStatus.IN_DOUBT}
    assert [call.mask for call in calls] == [*map(mask, phones)]
    start = data.draw(st.integers(0, len(names)))
    assert new.cut(start, len(names)).calls(phones[start:]) == calls[start:]
    assert new.cut(0, start).joined(new.cut(start, len(names))) == new
    picked = data.draw(st.lists(st.integers(0, len(names) - 1), unique=True))
    assert new.only(picked).calls([phones[at] for at in picked]) == [calls[at] for at in picked]
    assert new.size == len(names)


@given(st.lists(st.text("0123456789", max_size=15)))
def test_masks_of_many_are_the_masks_of_each(phones: list[str]) -> None:
    assert masks(phones) == [*map(mask, phones)]


# ----------------------------------------------------------------------------------------------------- in the journal


def opened(names: Sequence[str]) -> Intent:
    phones = phones_of(len(names))
    body = msgspec.json.encode([{"phone": phone} for phone in phones]).decode()
    return Intent("addPhones", "key", 1_000, 61_000, new_calls(names), body)


def test_an_intent_in_columns_is_read_as_it_was_written() -> None:
    intent = opened(["ann", "bob"])
    (entry,) = parse_journal(encode_entry(entries(intent)[0]), JOURNAL).entries
    assert parse_journal(b"".join(map(encode_entry, entries(intent))), JOURNAL).entries[1].record == intent
    assert entry.seq == 1
    assert [call.key for call in intent.calls] == [KEYER.key("ann"), KEYER.key("bob")]
    assert intent.size == 2
    assert intent.about(intent.calls).calls == intent.calls
    assert "1650777" not in repr(intent)


class OldIntent(msgspec.Struct, tag="intent"):
    """What a version that knew no columns expected of an intent's calls."""

    calls: tuple[LockedCall, ...] = ()


def test_a_version_that_knows_no_columns_cannot_take_it_for_an_intent_about_nobody() -> None:
    text = msgspec.json.encode(opened(["ann"]))
    assert msgspec.json.decode(msgspec.json.encode(opened(["ann"]).about([locked()])), type=OldIntent).calls
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=OldIntent)


def test_a_confirmation_is_replayed_as_a_closing_call_by_call() -> None:
    intent, lock = opened(["ann", "bob"]), lock_of(locked("cyd"))
    phones = phones_of(2)
    closed = Closed(2, tuple(new_calls(["ann", "bob"]).calls(phones, ["1", "2"], "pt")))
    one_by_one = intent.about(intent.calls)
    confirmed, none = replay(lock, entries(intent, Confirmed(2, ("1", "2"), "pt")), JOURNAL)
    assert none == ()
    assert confirmed == replay(lock, entries(one_by_one, closed), JOURNAL)[0]
    assert [call.status for call in confirmed.calls.values()] == [CallStatus.PLANNED, CallStatus.PLANNED, "t"]


def test_an_open_intent_in_columns_is_open() -> None:
    intent = opened(["ann"])
    assert replay(lock_of(), entries(intent), JOURNAL)[1] == (OpenIntent(2, intent),)


@pytest.mark.parametrize(
    "record", [Confirmed(2, ("1",), "pp"), Confirmed(2, ("1", "2", "3"), "ppp"), Confirmed(2, ("1", "2"), "p?")]
)
def test_a_confirmation_that_does_not_fit_its_intent_stops_everything(record: Confirmed) -> None:
    with pytest.raises(LockError, match="does not fit the request"):
        replay(lock_of(), entries(opened(["ann", "bob"]), record), JOURNAL)


def test_a_confirmation_of_calls_that_were_known_stops_everything() -> None:
    intent = Intent("addPhones", "key", 1_000, 61_000, (locked("ann"),), "[]")
    with pytest.raises(LockError, match="does not fit the request"):
        replay(lock_of(), entries(intent, Confirmed(2, ("1",), "p")), JOURNAL)


# ---------------------------------------------------------------------------------------- what was added, as lines


@pytest.fixture(params=[1, 5_000], ids=["many", "few"])
def enough(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts as many."""
    monkeypatch.setattr(added, "MANY", request.param)


def add_to(lock: Lock, names: Sequence[object], wave: str = "1") -> Lock:
    lines, count, some = AddedLines(), len(names), len(names) // 3
    new, phones, ids = new_calls(names, wave), phones_of(count), jobs_of(count)
    for start, end in ((0, some), (some, count)):  # as two requests
        if start < end:
            lines.add(new.cut(start, end), phones[start:end], ids[start:end], "p" * (end - start))
    assert len(lines) == count
    found = lines.put_into(lock)
    assert not len(lines)
    return found


def both(lock: Lock, names: Sequence[object], wave: str = "1") -> tuple[bytes, bytes]:
    """The calls' lines after adding these, and as they should be."""
    count = len(names)
    expected = {call.call_id: call for call in lock.calls.values()}
    expected |= {c.call_id: c for c in new_calls(names, wave).calls(phones_of(count), jobs_of(count), "p" * count)}
    return encode_calls(add_to(lock, names, wave)), encode_calls(Lock(lock.header, expected))


def long(lock: Lock) -> Lock:
    return decode_lock(encode_lock(lock), campaign="promo", shown=SHOWN, many=0)


@pytest.mark.usefixtures("enough")
@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("wave", ["1", "2", "a%b", '"\u2028'])
def test_lines_that_were_added_are_put_in_order(wave: str, is_long: bool) -> None:
    lock = lock_of(*(locked(name) for name in ("ann", "bob", "cyd")))
    found, expected = both(long(lock) if is_long else lock, [*range(40)], wave)
    assert found == expected


@pytest.mark.usefixtures("enough")
def test_a_lock_of_several_waves_stays_in_order() -> None:
    lock = lock_of(*(locked(name, wave=wave) for name in ("ann", "bob") for wave in ("1", "10", "2")))
    found, expected = both(long(lock), [*range(10)])
    assert found == expected


@pytest.mark.usefixtures("enough")
def test_keys_that_begin_alike_are_told_apart() -> None:
    lock = lock_of(msgspec.structs.replace(locked(), key="AAAAAAAABBBBBBBB"))
    lines, new = AddedLines(), new_calls(["x", "y"])
    alike = NewCalls("1", "AAAAAAAACCCCCCCC" + "AAAAAAAAAAAAAAAA", new.phones, new.requests)
    lines.add(alike, phones_of(2), jobs_of(2), "pp")
    assert [call.key[8:] for call in by_key(lines.put_into(lock))] == ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"]


@pytest.mark.usefixtures("enough")
def test_lines_with_keys_of_another_length_stand_where_they_belong() -> None:
    lock = lock_of(msgspec.structs.replace(locked(), key="short"))
    found, expected = both(lock, ["x", "y"])
    assert found == expected


@pytest.mark.usefixtures("enough")
def test_adding_twice_is_adding_both() -> None:
    lock = add_to(add_to(lock_of(locked("ann")), [*range(10)]), [*range(10, 30)])
    assert len(lock.calls) == 31
    assert [*encode_calls(lock).splitlines()] == sorted(encode_calls(lock).splitlines())


def by_key(lock: Lock) -> list[LockedCall]:
    return [msgspec.json.decode(line, type=LockedCall) for line in encode_calls(lock).splitlines()]
