"""The process dies, or an answer is lost, at every single effect of an apply; running it again puts the world right."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec
import pytest

from reconciler.errors import ReconcilerError
from reconciler.phones.model import Desired
from tests.apply.world import (
    APPEND_FATES,
    POST_FATES,
    REPLACE_FATES,
    SLEEP_FATES,
    Crash,
    Script,
    World,
    call,
    calls,
    phone,
)

# Measuring takes these twice as long, and others cover the same.
pytestmark = [pytest.mark.usefixtures("both_ways"), pytest.mark.no_cover]

SERVERS: dict[str, tuple[bool, bool]] = {
    "current": (True, True),
    "current, ignoring keys": (True, False),
    "legacy": (False, False),
}
"""Whether they speak the current dialect, and whether they honour the `Idempotence-Key`."""

FIRST = calls(0, 1, 2, 3, 4, 5)
EDITED = Desired(
    (
        *(call(1, text="changed"), call(2, text="changed", key="another-key")),
        *(call(3), call(4, key="renamed"), call(5)),
        *(call(6), call(7)),
    )
)
"""0 is removed, 1 is changed, 2 is changed under another key, 4 has another key, 6 and 7 are new."""

EDITED_AGAIN = Desired(
    (
        *(call(1, text="changed"), call(2, text="changed again", key="another-key")),
        *(call(4, key="renamed"), call(5, text="changed"), call(6), call(7, text="changed"), call(8)),
    )
)
"""3 is removed, 2, 5 and 7 are changed, 8 is new."""

SMALL = calls(0, 1)
SMALL_EDITED = Desired((call(1, text="changed"), call(2)))

TRIES = 6

IS_ALL = os.environ.get("CRASHES") == "all"
"""Whether every second crash is tried after every first one, instead of some."""


def new_world(server: str) -> World:
    """A world in which nothing was applied yet."""
    is_current, honours_keys = SERVERS[server]
    return World(is_current=is_current, honours_keys=honours_keys)


def prepared(server: str, wanted: Desired = FIRST) -> World:
    """A world in which the first lists were applied and nothing rings yet."""
    world = new_world(server)
    world.apply(wanted, state="paused")
    return world


def attempt(world: World, wanted: Desired, script: Script | None = None, **changes: object) -> bool:
    """Whether one run, with what the script breaks, came to its end."""
    try:
        world.apply(wanted, script, **changes)
    except (Crash, ReconcilerError):
        return False
    return True


def apply_until_done(world: World, wanted: Desired) -> None:
    """Runs undisturbed as often as it takes."""
    assert any(attempt(world, wanted) for _ in range(TRIES))


def assert_right(world: World, wanted: Desired, *, gone: tuple[int, ...] = ()) -> None:
    """Each wanted person has one job, which the lock knows; nobody else has any; and there is nothing left to do."""
    lock = world.remembered()
    known = {locked.job_id for locked in lock.calls.values()}
    for one in wanted.calls:
        (job_id,) = world.jobs_that_count(one.phone)
        assert job_id in known
        assert world.server.jobs[job_id].body == msgspec.json.decode(one.request)
    assert [world.jobs_that_count(phone(n)) for n in gone] == [[]] * len(gone)
    assert not any(locked.status.is_doubtful for locked in lock.calls.values())
    assert world.disk.journal == b""
    assert world.server.state == "inProgress"
    before = list(world.changes)
    world.apply(wanted)
    assert world.changes == before
    assert world.plan is not None
    assert not world.plan.actions


def fates(effect: str) -> tuple[str, ...]:
    """What can go wrong at an effect."""
    if effect.startswith("post"):
        return POST_FATES
    if effect.startswith("replace"):
        return REPLACE_FATES
    return APPEND_FATES if effect == "append" else SLEEP_FATES


def some(scripts: Iterator[Script], every: int, turn: int = 0) -> Iterator[Script]:
    """One of so many, in each turn others, and others again where new calls are held in columns."""
    return scripts if IS_ALL else islice(scripts, (turn + every // 2 * World.in_columns) % every, None, every)


def scripts(effects: list[str]) -> Iterator[Script]:
    """Every fate of every effect."""
    for number, effect in enumerate(effects, 1):
        for fate in fates(effect):
            yield {number: fate}


def effects_of(world: World, wanted: Desired) -> list[str]:
    """The effects of one undisturbed run."""
    attempt(world, wanted)
    return world.power.effects


def check(make: Callable[[], World], steps: list[tuple[Desired, Script]], *, gone: tuple[int, ...] = ()) -> None:
    """Makes a world, runs through disturbed steps, finishes the last one and looks at what came of it."""
    world = make()
    wanted = Desired(())
    try:
        for wanted, script in steps:
            attempt(world, wanted, script)
        apply_until_done(world, wanted)
        assert_right(world, wanted, gone=gone)
    except Exception as error:
        error.add_note(f"after {[script for _, script in steps]}; the last run did {world.power.effects}")
        raise


@pytest.mark.parametrize("server", SERVERS)
def test_a_first_apply_cut_off_anywhere_is_finished_by_the_next(server: str) -> None:
    def make() -> World:
        return new_world(server)

    for script in scripts(effects_of(make(), FIRST)):
        check(make, [(FIRST, script)])


@pytest.mark.parametrize("server", SERVERS)
def test_an_edited_apply_cut_off_anywhere_is_finished_by_the_next(server: str) -> None:
    def make() -> World:
        return prepared(server)

    for script in scripts(effects_of(make(), EDITED)):
        check(make, [(EDITED, script)], gone=(0,))


@pytest.mark.parametrize("server", SERVERS)
def test_a_recovery_cut_off_anywhere_is_finished_by_the_next(server: str) -> None:
    def make() -> World:
        return prepared(server, SMALL)

    for turn, first in enumerate(scripts(effects_of(make(), SMALL_EDITED))):
        world = make()
        attempt(world, SMALL_EDITED, first)
        for second in some(scripts(effects_of(world, SMALL_EDITED)), 10, turn):
            check(make, [(SMALL_EDITED, first), (SMALL_EDITED, second)], gone=(0,))


@pytest.mark.parametrize("server", SERVERS)
def test_lists_that_change_after_a_crash_and_crash_again_while_writing_down_are_finished(server: str) -> None:
    def make() -> World:
        return prepared(server)

    effects = effects_of(make(), EDITED)
    firsts: tuple[Script, ...] = ({len(effects) - 1: "after"}, {len(effects): "before"})
    for first in firsts:
        world = make()
        attempt(world, EDITED, first)
        for second in some(scripts(effects_of(world, EDITED_AGAIN)), 2):
            check(make, [(EDITED, first), (EDITED_AGAIN, second)], gone=(0, 3))


@pytest.mark.parametrize("server", SERVERS)
def test_a_refused_number_does_not_confuse_recovery(server: str) -> None:
    def make() -> World:
        world = new_world(server)
        world.server.rejects.add(phone(1))
        return world

    good = calls(0, 2, 3, 4, 5)
    for script in scripts(effects_of(make(), FIRST)):
        world = make()
        attempt(world, FIRST, script)
        apply_until_done(world, FIRST)
        assert [len(world.jobs_that_count(one.phone)) for one in good.calls] == [1] * 5
        assert world.jobs_that_count(phone(1)) == []
        before = list(world.changes)
        world.apply(FIRST)
        assert world.changes == before


def test_a_journal_cut_at_any_byte_of_its_last_record_is_read_up_to_there() -> None:
    def make() -> World:
        return prepared("legacy", SMALL)

    world = make()
    attempt(world, SMALL_EDITED, {1: "after"})
    for length in range(0, len(world.disk.journal), 1 if IS_ALL else 5):
        world = make()
        attempt(world, SMALL_EDITED, {1: "after"})
        world.disk.journal = world.disk.journal[:length]
        apply_until_done(world, SMALL_EDITED)
        assert_right(world, SMALL_EDITED, gone=(0,))
