"""Lists against what the lock saw of them."""

from __future__ import annotations

import msgspec

from reconciler.lock.keyed import Keyer
from reconciler.phones.model import Sizes
from reconciler.plan.guards import Change
from reconciler.plan.sizes import NO_LONGER_NAMED, list_changes, suppression_changes, with_sizes
from tests.plan.values import lock_of

KEYER = Keyer("secret")
SEEN = with_sizes(lock_of().header, Sizes({"leads": 100, "vip": 3}, {"never.txt": 10, "../16500000042.csv": 40}), KEYER)


def test_each_list_is_held_against_what_it_was() -> None:
    now = Sizes({"vip": 4, "leads": 90})
    assert list_changes(SEEN, now, KEYER) == (Change("vip", 3, 4), Change("leads", 100, 90))


def test_a_new_list_grew_from_nothing_and_a_gone_one_is_no_list_any_more() -> None:
    assert list_changes(SEEN, Sizes({"new": 500}), KEYER) == ()


def test_each_suppression_file_is_held_against_what_it_was() -> None:
    now = Sizes({}, {"never.txt": 4, "../16500000042.csv": 41})
    assert suppression_changes(SEEN, now, KEYER) == (Change("never.txt", 10, 4), Change("../16500000042.csv", 40, 41))


def test_a_suppression_file_that_is_no_longer_named_lost_everybody() -> None:
    assert suppression_changes(SEEN, Sizes({}, {"never.txt": 10}), KEYER) == (
        Change("never.txt", 10, 10),
        Change(NO_LONGER_NAMED, 40, 0),
    )


def test_a_suppression_file_under_another_name_lost_nobody() -> None:
    now = Sizes({}, {"never.txt": 10, "never-2.csv": 40})
    assert suppression_changes(SEEN, now, KEYER)[-1] == Change(NO_LONGER_NAMED, 40, 40)


def test_a_lock_that_saw_no_list_yet_says_nothing() -> None:
    now = Sizes({"leads": 1}, {"never.txt": 1})
    assert (list_changes(lock_of().header, now, KEYER), suppression_changes(lock_of().header, now, KEYER)) == ((), ())


def test_the_lock_holds_no_name_of_a_file() -> None:
    text = msgspec.json.encode(SEEN).decode()
    assert not [name for name in ("never", "16500000042", "leads", "vip") if name in text]


def test_a_header_without_lists_is_written_as_it_always_was() -> None:
    header = lock_of().header
    assert msgspec.json.encode(with_sizes(header, Sizes(), KEYER)) == msgspec.json.encode(header)
    assert b"lists" not in msgspec.json.encode(header)
