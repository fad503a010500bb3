"""What is remembered of a campaign: lockfile and journal, and the one secret that makes sense of them."""

from __future__ import annotations

import pytest

from reconciler.errors import LockError
from reconciler.read.remembered import UNUSED_SECRET, read_remembered
from tests.apply.server import TOKEN
from tests.apply.world import Crash, Disk, World, calls, campaign

TWO = calls(0, 1)
SECRET = "the team's secret"


def applied(secret: str | None = None) -> World:
    world = World(state="paused")
    world.apply(TWO, state="paused", secret=secret)
    return world


def test_without_a_lockfile_it_is_new_and_empty() -> None:
    remembered = read_remembered(Disk(), campaign(), None, TOKEN)
    assert remembered.lock.is_new
    assert remembered.lock.calls == {}
    assert remembered.opened == ()
    assert not remembered.is_salted
    assert not remembered.is_journal_behind


def test_two_plans_of_a_new_campaign_make_the_same_digests_and_another_campaign_makes_others() -> None:
    first, second = (read_remembered(Disk(), campaign(), None, TOKEN).keyer for _ in range(2))
    other = read_remembered(Disk(), campaign(), None, "another-token").keyer
    assert first.key("a") == second.key("a") != other.key("a")
    assert read_remembered(Disk(), campaign(), None, None).keyer.key("a") != first.key("a")


def test_with_a_secret_the_lockfile_has_no_salt_and_tells_the_secret_from_others() -> None:
    world = applied(SECRET)
    header = world.remembered().header
    assert header.salt == ""
    assert header.secret_check
    assert len(read_remembered(world.disk, campaign(), SECRET, TOKEN).lock.calls) == 2


@pytest.mark.parametrize(("secret", "message"), [(None, "set CAMPAIGN_LOCK_SECRET"), ("another", "made with another")])
def test_a_lockfile_made_with_a_secret_is_refused_without_it_and_nothing_is_sent(
    secret: str | None, message: str
) -> None:
    world = applied(SECRET)
    before = list(world.changes)
    with pytest.raises(LockError, match=message):
        world.apply(calls(0, 1, 2), state="paused", secret=secret)
    assert world.changes == before


def test_a_lockfile_made_without_a_secret_keeps_its_salt_and_says_so() -> None:
    world = applied()
    world.apply(TWO, state="paused", secret=SECRET)
    assert world.changes == ["addPhones"]
    assert UNUSED_SECRET in world.says
    assert read_remembered(world.disk, campaign(), SECRET, TOKEN).is_salted


def test_a_journal_is_behind_when_the_lockfile_was_replaced_and_it_was_not() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"replace lock#2": "after"}, state="paused")
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    assert remembered.is_journal_behind
    assert len(remembered.lock.calls) == 2


def test_a_journal_that_goes_on_from_the_lockfile_is_not_behind() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"replace lock#2": "before"}, state="paused")
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    assert not remembered.is_journal_behind
    assert len(remembered.lock.calls) == 2


def test_a_request_whose_outcome_nobody_recorded_is_open() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"post addPhones": "crash after"}, state="paused")
    (opened,) = read_remembered(world.disk, campaign(), None, TOKEN).opened
    assert opened.intent.operation == "addPhones"
    assert len(opened.intent.calls) == 2


def test_a_damaged_lockfile_is_refused_and_left_as_it_is() -> None:
    world = applied()
    assert world.disk.lock is not None
    world.disk.lock = damaged = world.disk.lock[:-20]
    with pytest.raises(LockError):
        world.apply(TWO, state="paused")
    assert world.disk.lock == damaged
