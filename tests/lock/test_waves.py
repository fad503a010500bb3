"""The order of waves: which one is newer, only the lock can say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Lock
from reconciler.lock.waves import is_newer, with_waves
from tests.plan.values import call, lock_of, remembered


def lock_in(*waves: str, noted: Sequence[str] = ()) -> Lock:
    """A lock with a call in each of these waves."""
    lock = lock_of(*(remembered(call("ann", wave=wave), CallStatus.NO_ANSWER) for wave in waves))
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, waves=tuple(noted)))


def test_a_lock_of_one_wave_notes_nothing() -> None:
    assert with_waves(lock_in("1"), ["1"]).header.waves == ()
    assert b"waves" not in encode_lock(with_waves(lock_in("1"), ["1"]))


def test_a_wave_that_is_begun_is_newer_than_those_there_are_whatever_its_name() -> None:
    assert with_waves(lock_in("spring"), ["autumn"]).header.waves == ("spring", "autumn")


def test_a_wave_that_is_begun_again_stays_where_it_was() -> None:
    assert with_waves(lock_in("b", "a", noted=["b", "a"]), ["b"]).header.waves == ("b", "a")


def test_waves_that_nobody_noted_are_in_the_order_of_their_numbers() -> None:
    assert with_waves(lock_in("10", "2", "1")).header.waves == ("1", "2", "10")


@pytest.mark.parametrize("many", [0, 100], ids=["long", "short"])
def test_a_lock_read_back_has_the_waves_it_was_written_with(many: int) -> None:
    written = encode_lock(with_waves(lock_in("2", "1", noted=["2", "1"]), ["3"]))
    read = decode_lock(written, campaign="promo", shown="promo.lock.jsonl", many=many)
    assert with_waves(read).header.waves == ("2", "1", "3")


def test_a_wave_is_newer_than_those_before_it() -> None:
    waves = ("b", "a")
    assert is_newer(waves, "a", than="b")
    assert not is_newer(waves, "b", than="a")
    assert not is_newer(waves, "a", than="a")


def test_nothing_is_newer_than_a_wave_that_was_not_begun_yet() -> None:
    assert not is_newer(("1", "2"), "2", than="3")
