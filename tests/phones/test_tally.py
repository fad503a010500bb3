"""Nobody met twice goes unnoticed, and a coincidence of hashes is no duplicate."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.phones.model import Chunk
from reconciler.phones.problems import Problems
from reconciler.phones.roster import Roster
from reconciler.phones.tally import FEW, Repeated, Tally
from tests.phones.sample import inline_list


def chunk(*calls: tuple[str, str]) -> Chunk:
    """Calls of these keys and phones."""
    keys, phones = [key for key, _ in calls], [phone for _, phone in calls]
    return Chunk("a.csv", "1", False, keys, phones, [b"{}"] * len(calls), range(2, 2 + len(calls)))


def tally(*chunks: Chunk) -> Tally:
    made = Tally()
    for each in chunks:
        made.add(each)
    return made


FEW_NAMES = st.sampled_from("abcdef")


@given(st.lists(st.lists(st.tuples(FEW_NAMES, FEW_NAMES), max_size=4), max_size=4))
def test_exactly_those_met_twice_are_found_again(met: list[list[tuple[str, str]]]) -> None:
    chunks = [chunk(*calls) for calls in met]
    repeated = tally(*chunks).repeated()
    keys, phones = (Counter(each[at] for calls in met for each in calls) for at in (0, 1))
    for each, calls in zip(chunks, met, strict=True):
        twice = [at for at, (key, phone) in enumerate(calls) if keys[key] > 1 or phones[phone] > 1]
        assert repeated.among(each) == twice


@pytest.mark.parametrize("more", [-2, 3], ids=["few", "many"])
def test_one_who_is_met_twice_is_found_among_few_and_among_many(more: int) -> None:
    crowd = chunk(*((f"c{number}", f"{number}") for number in range(FEW + more)))
    assert not any(tally(crowd).repeated())
    twice = tally(crowd, chunk(("c7", "x"), ("y", "8"))).repeated()
    assert twice == Repeated(frozenset({hash("c7")}), frozenset({hash("8")}))


def test_the_order_tells_one_reading_from_another() -> None:
    a, b = ("1", "16500000041"), ("2", "16500000042")
    assert tally(chunk(a, b)).order == tally(chunk(a, b)).order
    others = [chunk(b, a), chunk(a), chunk(a, b, b), chunk(("2", a[1]), ("1", b[1])), chunk()]
    assert tally(chunk(a, b)).order not in [tally(other).order for other in others]


def test_looking_for_the_repeated_leaves_the_order_alone() -> None:
    met = tally(chunk(*((f"c{-number}", f"{-number}") for number in range(FEW + 1))))
    before = met.order
    met.repeated()
    assert met.order == before


def test_calls_that_only_share_a_hash_are_wanted_all() -> None:
    calls = chunk(("1", "16500000041"), ("2", "16500000042"), ("3", "16500000043"))
    suspects = Repeated(frozenset(map(hash, calls.keys)), frozenset(map(hash, calls.phones)))
    problems = Problems()
    roster = Roster(problems, suspects)
    roster.add(calls, inline_list())
    assert [*roster.wanted(calls, 0)] == [calls]
    assert not problems.kept


def test_a_chunk_is_shown_without_its_calls() -> None:
    assert repr(chunk(("planted", "16500000042"))) == "Chunk(1 calls, a.csv)"
