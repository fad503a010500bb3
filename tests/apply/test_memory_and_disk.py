"""Memory or the disk for temporary files fails in the middle of an apply: the next one finishes it as after a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.apply import book
from reconciler.apply.book import Book
from reconciler.errors import LockError, ReconcilerError, exit_code_of
from reconciler.lock import added
from reconciler.lock.added import AddedLines
from reconciler.lock.journal import Intent
from reconciler.read import spool
from reconciler.read.remembered import read_remembered
from tests.apply.server import TOKEN
from tests.apply.test_crashes import SERVERS, apply_until_done, assert_right
from tests.apply.world import World, calls, campaign

pytestmark = pytest.mark.parametrize("server", SERVERS)

FEW, MORE = calls(0, 1, 2), calls(*range(14))


def world_of(server: str) -> World:
    """Three are known, and batches of three are under way three at a time."""
    is_current, honours_keys = SERVERS[server]
    world = World(is_current=is_current, honours_keys=honours_keys)
    world.apply(FEW, state="paused")
    world.at_once = 3
    return world


class Failing:
    """A function that fails the n-th time, counted from 0; then `has_failed`."""

    def __init__(self, real: Callable[..., Any], nth: int, fail: Callable[..., Any]) -> None:
        self._real, self._left, self._fail = real, nth, fail
        self.has_failed = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._left -= 1
        if self._left != -1:
            return self._real(*arguments, **named)
        self.has_failed = True
        return self._fail(*arguments, **named)


def out_of_memory(*_: Any, **__: Any) -> Any:
    raise MemoryError


def unreadable(*_: Any) -> Any:
    raise OSError(5, "Input/output error")


READ = os.pread


def cut(file: int, size: int, at: int) -> bytes:
    return READ(file, size - 7, at)


def ended(world: World) -> Exception | None:
    """What a run ended with."""
    try:
        world.apply(MORE)
    except (MemoryError, ReconcilerError) as error:
        return error
    return None


REMEMBERED = {
    "columns": (added, "open_calls"),
    "lines": (AddedLines, "add"),
    "one by one": (book, "after_closing"),
}


@pytest.mark.parametrize("what", REMEMBERED)
def test_what_could_not_be_remembered_is_in_the_journal(
    server: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "in_columns", what != "one by one")
    place, name = REMEMBERED[what]
    for nth in count():
        world, failing = world_of(server), Failing(getattr(place, name), nth, out_of_memory)
        with patch.object(place, name, lambda *each, failing=failing: failing(*each)):
            error = ended(world)
        if not failing.has_failed:
            break
        assert isinstance(error, MemoryError)
        assert world.disk.journal, "the only place where all is recorded"
        apply_until_done(world, MORE)
        assert_right(world, MORE)
    assert nth


def test_a_book_that_does_not_hold_all_that_is_recorded_is_not_saved(server: str) -> None:
    world = world_of(server)
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    before, kept = world.disk.lock, Book(world.disk, remembered)
    entry = kept.intend(
        Intent("addPhones", "a key", 1_000, 2_000, (remembered.lock.pick([*remembered.lock.calls])[0],))
    )
    with patch.object(book, "after_closing", out_of_memory), pytest.raises(MemoryError):
        kept.close(entry, ())
    with pytest.raises(LockError, match="not all that is recorded is in memory"):
        kept.save()
    assert world.disk.lock == before
    assert world.disk.journal


@pytest.mark.parametrize("fail", [unreadable, cut])
def test_requests_that_cannot_be_read_back_are_not_sent(
    server: str, fail: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "in_columns", True)
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    for nth in count():
        world, failing = world_of(server), Failing(READ, nth, fail)
        with patch("os.pread", failing):
            error = ended(world)
        if not failing.has_failed:
            break
        assert isinstance(error, ReconcilerError)
        assert "temporary file" in str(error)
        assert exit_code_of(error) == (4 if world.disk.journal else 1)
        apply_until_done(world, MORE)
        assert_right(world, MORE)
    assert nth > 5
