"""Batches: as few requests as the calls need, whichever way these are held."""

from __future__ import annotations

from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.batch import Batch, ToAdd, all_batches
from reconciler.lock.keyed import Keyer
from reconciler.phones.model import Call, Chunk
from reconciler.plan.fresh import Fresh, Part
from reconciler.plan.wanted import Wanted
from tests.apply.world import call

KEYER = Keyer("secret")


def to_add(one: Call) -> ToAdd:
    return ToAdd(Wanted(one, KEYER.key(one.key), KEYER.phone(one.phone), KEYER.request(one.request)))


def fresh_of(sizes: list[int], first: int, waves: tuple[str, ...] = ("1",)) -> Fresh:
    parts = []
    for at, size in enumerate(sizes):
        calls = [call(first + n, wave=waves[at % len(waves)]) for n in range(size)]
        first += size
        keys, phones = [c.key for c in calls], [c.phone for c in calls]
        requests, rows = [c.request for c in calls], [c.row for c in calls]
        wave = waves[at % len(waves)]
        parts.append(Part.of(Chunk("leads.csv", wave, False, keys, phones, requests, rows), KEYER))
    return Fresh(parts)


@given(
    st.integers(0, 7),
    st.lists(st.integers(1, 7), max_size=4),
    st.integers(1, 5),
    st.sampled_from((("1",), ("1", "1", "2"))),
)
def test_every_call_is_in_one_batch_and_there_are_no_more_batches_than_needed(
    some: int, sizes: list[int], size: int, waves: tuple[str, ...]
) -> None:
    new = fresh_of(sizes, some, waves)
    found = [*all_batches([to_add(call(n)) for n in range(some)], new, size)]
    assert len(found) == ceil((some + len(new)) / size)
    every = [*(call(n) for n in range(some)), *(each.call for each in new.wanted())]
    assert [phone for batch in found for phone in batch.phones] == [one.phone for one in every]
    assert [request for batch in found for request in batch.requests] == [one.request for one in every]
    locked = [each for batch in found for each in batch.calls]
    assert locked == [to_add(one).in_doubt() for one in every]
    for batch in found:
        assert msgspec.json.decode(batch.body()) == [msgspec.json.decode(request) for request in batch.requests]


@pytest.mark.parametrize(("meets", "expected"), [(False, [3]), (True, [2, 1])])
def test_somebody_under_two_keys_is_not_in_one_request_with_a_new_call_of_theirs(
    meets: bool, expected: list[int]
) -> None:
    shared = [to_add(call(0, key="a", shares=True)), to_add(call(1))]
    assert [batch.size for batch in all_batches(shared, fresh_of([1], 0 if meets else 2), 5)] == expected


@given(st.integers(0, 3), st.lists(st.integers(1, 4), max_size=3), st.integers(1, 5))
def test_a_batch_says_whom_of_it_others_are_about_too(some: int, sizes: list[int], size: int) -> None:
    shared = [to_add(call(0, key=key, shares=True)) for key in "ab"]
    known = [*shared, *(to_add(call(1 + n)) for n in range(some))]
    holding = [each for each in all_batches(known, fresh_of(sizes, 9), size) if call(0).phone in each.phones]
    assert [each.shared for each in holding] == [{KEYER.phone(call(0).phone)}] * 2


@given(st.data())
def test_a_part_of_a_batch_is_the_same_calls_in_columns_or_not(data: st.DataObject) -> None:
    new = fresh_of([4, 3], 0)
    (columns,) = all_batches([], new, 10)
    structs = Batch.of(map(ToAdd, new.wanted()))
    picked = data.draw(st.lists(st.integers(0, 6), unique=True))
    start, end = sorted(data.draw(st.tuples(st.integers(0, 7), st.integers(0, 7))))
    for one, other in (columns.only(picked), structs.only(picked)), (columns.cut(start, end), structs.cut(start, end)):
        assert (one.phones, one.requests, [*one.calls]) == (other.phones, other.requests, [*other.calls])
    assert "1650" not in repr(columns)
