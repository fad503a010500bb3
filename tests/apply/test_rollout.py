"""A rollout against real servers: who is called in each apply, what pauses it, and what a killed run leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import pytest
from msgspec.structs import replace

from reconciler.errors import GuardTripped, ReconcilerError
from reconciler.lock.model import RolloutMark
from reconciler.manifest.model import Guards
from reconciler.manifest.rollout import AbortIf, Rollout, RolloutGate, RolloutSpec, RolloutStep, made
from reconciler.phones.model import Desired
from reconciler.read.remembered import read_remembered
from reconciler.sandbox import Job
from tests.apply.conftest import Open
from tests.apply.server import TOKEN
from tests.apply.stage import Stage
from tests.apply.test_crashes import SERVERS, apply_until_done, assert_right, attempt, fates, new_world
from tests.apply.world import Crash, Script, World, calls, campaign

LIMITS = AbortIf(technical_error=">5%", nonexistent_number=">20%")
STEPS = (RolloutStep(calls=10), RolloutStep(share="50%"), RolloutStep(share="100%"))
ROLLOUT = made(RolloutSpec(STEPS, RolloutGate("30m", "80%", LIMITS)))
FORTY = calls(*range(40))
HALF_AN_HOUR_S = 1800


def roll(stage: Stage, rollout: Rollout = ROLLOUT) -> list[Job]:
    """All jobs there are after one more apply, half an hour after the last one."""
    stage.sandbox.world.advance(HALF_AN_HOUR_S)
    with suppress(GuardTripped):
        stage.apply(FORTY, rollout=rollout, state="running")
    return list(stage.remote.jobs)


def come_out(stage: Stage, jobs: Iterable[Job], *statuses: str) -> None:
    """Ends the jobs like this, in turn."""
    for job, status in zip(jobs, statuses, strict=True):
        stage.remote.set_status(job.id, status)


def mark_of(stage: Stage) -> RolloutMark:
    """What the lock remembers of the rollout."""
    mark = stage.lock().header.rollout
    assert mark is not None
    return mark


def test_a_canary_with_three_bad_numbers_in_ten_is_paused_and_nobody_else_is_called(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect, state="new")
    first = roll(stage)
    assert len(first) == 10
    come_out(stage, first, *["longCallWithResult"] * 7, *["nonexistentNumber"] * 3)
    stage.sandbox.world.advance(HALF_AN_HOUR_S)
    with pytest.raises(GuardTripped, match="aborted: 30% nonexistentNumber, more than 20%"):
        stage.apply(FORTY, rollout=ROLLOUT, state="running")
    assert stage.remote.state == "paused"
    sent = stage.mutations()
    for _ in range(3):
        assert len(roll(stage)) == 10
    assert stage.mutations() == sent


def test_a_person_who_writes_the_text_of_the_abort_lets_it_go_on(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect, state="new")
    come_out(stage, roll(stage), *["longCallWithResult"] * 7, *["nonexistentNumber"] * 3)
    roll(stage)
    assert stage.plan is not None
    assert stage.plan.rollout is not None
    resumed = replace(ROLLOUT, resume=stage.plan.rollout.resume)
    assert len(roll(stage, resumed)) == 10
    assert stage.remote.state != "paused"
    assert len(roll(stage, resumed)) == 20


def test_a_good_canary_runs_through_all_steps_with_repeated_applies_while_the_sandbox_dials(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect, "outcome=longCallWithResult", state="new")
    amounts = [len(roll(stage)) for _ in range(4)]
    assert amounts == [10, 20, 40, 40]
    assert max(Counter(job.phone for job in stage.remote.jobs).values()) == 1
    assert mark_of(stage).is_over
    stage.assert_right(FORTY, rollout=ROLLOUT, state="running")


def test_an_apply_before_the_gate_opens_sends_nothing_and_leaves_the_lockfile_as_it_is(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(FORTY, rollout=ROLLOUT)
    before, sent = stage.lock(), stage.mutations()
    stage.apply(FORTY, rollout=ROLLOUT)
    assert stage.lock() == before
    assert stage.mutations() == sent


def test_the_wait_begins_with_the_last_add_not_with_the_plan(open_stage: Open) -> None:
    stage = open_stage("dialect=legacy")
    stage.sandbox.world.fault("429:addPhones:retry-after=60")
    begun_ms = stage.sandbox.world.clock.now_ms()
    stage.apply(FORTY, rollout=ROLLOUT)
    assert mark_of(stage).last_add_ms >= begun_ms + 60_000
    assert mark_of(stage).begun_ms < begun_ms + 60_000


def test_a_guard_that_holds_the_step_back_leaves_it_to_be_added_later(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    locks = []
    for _ in range(3):
        with pytest.raises(GuardTripped, match="new-calls=10"):
            stage.apply(FORTY, rollout=ROLLOUT, guards=Guards(new_calls=3))
        locks.append(stage.lock())
    assert locks[1] == locks[2]
    stage.apply(FORTY, rollout=ROLLOUT)
    assert len(stage.remote.jobs) == 10


# ---------------------------------------------------------------------------------------------------- killed in between

SIX = calls(*range(6))
SMALL = made(
    RolloutSpec(
        (RolloutStep(calls=2), RolloutStep(calls=4), RolloutStep(share="100%")), RolloutGate("1h", abort_if=LIMITS)
    )
)


def step(world: World, script: Script | None = None) -> bool:
    """Whether one run, with what the script breaks, came to its end."""
    return attempt(world, SIX, script, rollout=SMALL, batch=1)


def finish(world: World) -> None:
    """An hour later, everybody who was called has talked."""
    for job in world.server.jobs.values():
        if job.counts:
            job.status = "longCallWithResult"
    world.clock.sleep(3600)


def effects_of(server: str, *, steps: int) -> list[str]:
    """The effects of the run that does this step."""
    world = new_world(server)
    for _ in range(steps):
        step(world)
        finish(world)
    return list(world.power.effects)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("steps", [1, 2], ids=["first step", "second step"])
def test_whoever_dies_at_any_effect_of_a_step_goes_on_in_it_and_calls_nobody_of_the_next_one(
    server: str, steps: int
) -> None:
    effects = effects_of(server, steps=steps)
    assert any(effect.startswith("post addPhones") for effect in effects)
    for number, effect in enumerate(effects, 1):
        for fate in fates(effect):
            world = new_world(server)
            for _ in range(steps - 1):
                assert step(world)
                finish(world)
            step(world, {number: fate})
            apply_undisturbed(world)
            phones = [job.phone for job in world.server.jobs.values() if job.counts]
            assert len(phones) == len(set(phones)) == 2 * steps, (number, effect, fate)


def apply_undisturbed(world: World) -> None:
    """Runs until one comes to its end, and once more: it may be that nothing had begun."""
    for _ in range(6):
        if step(world):
            break
    assert step(world)


def test_a_rollout_that_was_killed_in_every_step_ends_with_everybody_called_once() -> None:
    world = new_world("legacy")
    for _ in range(3):
        step(world, {"post addPhones": "crash after"})
        apply_undisturbed(world)
        finish(world)
    apply_until_done(world, SIX)
    assert_right(world, SIX)


def test_a_run_that_died_tells_by_its_journal_when_it_last_added() -> None:
    world = new_world("legacy")
    begun_ms = int(1000 * world.clock.now_s())
    with pytest.raises((Crash, ReconcilerError)):
        world.apply(SIX, {"post addPhones#1": "lost, never", "post addPhones#2": "crash after"}, rollout=SMALL)
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    assert remembered.lock.header.rollout is not None
    assert remembered.lock.header.rollout.last_add_ms > begun_ms


def test_a_plan_that_nobody_approved_changes_nothing_of_the_rollout(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(FORTY, rollout=ROLLOUT)
    before = mark_of(stage)
    come_out(stage, stage.remote.jobs, *["longCallWithResult"] * 10)
    stage.sandbox.world.advance(HALF_AN_HOUR_S)
    stage.is_approved = False
    stage.apply(Desired(FORTY.calls), rollout=ROLLOUT)
    assert mark_of(stage) == before
    assert len(stage.remote.jobs) == 10
