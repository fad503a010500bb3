"""The process dies, or an answer is lost, at every single effect of an apply; running it again puts the world right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest

from reconciler.errors import ReconcilerError
from reconciler.phones.model import Desired
from tests.apply.world import (
    APPEND_FATES,
    POST_FATES,
    REPLACE_FATES,
    SLEEP_FATES,
    Crash,
    World,
    call,
    calls,
    phone,
)

SERVERS = {
    "current-with-keys": {"is_current": True, "honours_keys": True},
    "current-ignoring-keys": {"is_current": True, "honours_keys": False},
    "legacy": {"is_current": False, "honours_keys": False},
}

FIRST = calls(0, 1, 2, 3, 4, 5)
EDITED = Desired(
    (
        *(call(1, text="changed"), call(2, text="changed", key="another-key")),
        *(call(3), call(4, key="renamed"), call(5)),
        *(call(6), call(7)),
    )
)
"""0 is removed, 1 is changed, 2 is changed under another key, 4 has another key, 6 and 7 are new."""

TRIES = 6


def apply_until_done(world: World, wanted: Desired, script: Mapping[int, str], **changes: object) -> None:
    """Runs as often as it takes, the first time with what the script breaks."""
    for attempt in range(TRIES):
        try:
            world.apply(wanted, script if attempt == 0 else None, **changes)
        except (Crash, ReconcilerError):
            continue
        return
    raise AssertionError("still not done")


def prepared(server: str) -> World:
    """A world in which the first lists were applied and nothing rings yet."""
    world = World(**SERVERS[server])
    world.apply(FIRST, state="paused")
    return world


def assert_right(world: World, wanted: Desired, *, gone: tuple[int, ...] = ()) -> None:
    """Each wanted person has one job, which the lock knows; nobody else has any; and there is nothing left to do."""
    lock = world.remembered()
    by_phone = {locked.job_id for locked in lock.calls.values()}
    for one in wanted.calls:
        jobs = world.jobs_that_count(one.phone)
        assert len(jobs) == 1
        assert jobs[0] in by_phone
        assert world.server.jobs[jobs[0]].body == eval_request(one.request)
    for n in gone:
        assert world.jobs_that_count(phone(n)) == []
    assert not any(locked.status.is_doubtful for locked in lock.calls.values())
    assert world.disk.journal == b""
    before = list(world.server.log)
    world.apply(wanted)
    assert world.server.log == before
    assert world.plan is not None
    assert not world.plan.actions


def eval_request(request: bytes) -> object:
    """The object a request was made of."""
    import msgspec

    return msgspec.json.decode(request)


def fates(effect: str) -> tuple[str, ...]:
    """What can go wrong at an effect."""
    if effect.startswith("post"):
        return POST_FATES
    if effect.startswith("replace"):
        return REPLACE_FATES
    return APPEND_FATES if effect == "append" else SLEEP_FATES


def single_faults(effects: list[str]) -> Iterator[dict[int, str]]:
    """Every fate of every effect."""
    for number, effect in enumerate(effects, 1):
        for fate in fates(effect):
            yield {number: fate}


@pytest.mark.parametrize("server", SERVERS)
def test_a_first_apply_cut_off_anywhere_is_finished_by_the_next(server: str) -> None:
    clean = World(**SERVERS[server])
    clean.apply(FIRST)
    assert_right(clean, FIRST)
    clean = World(**SERVERS[server])
    clean.apply(FIRST)
    for script in single_faults(clean.power.effects):
        world = World(**SERVERS[server])
        apply_until_done(world, FIRST, script)
        try:
            assert_right(world, FIRST)
        except AssertionError as e:
            e.add_note(f"{script} {clean.power.effects}")
            raise


@pytest.mark.parametrize("server", SERVERS)
def test_an_edited_apply_cut_off_anywhere_is_finished_by_the_next(server: str) -> None:
    clean = prepared(server)
    clean.apply(EDITED)
    effects = clean.power.effects
    assert_right(clean, EDITED, gone=(0,))
    for script in single_faults(effects):
        world = prepared(server)
        apply_until_done(world, EDITED, script)
        try:
            assert_right(world, EDITED, gone=(0,))
        except AssertionError as e:
            e.add_note(f"{script} {effects}")
            raise
