"""A real process against a real server, struck at every effect it has on the world.

Whatever the moment, applying once more must leave the world as declared: nobody called twice, nobody forgotten. Being
struck after the k-th effect is being struck before the next one, so striking before each covers both.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox, serve
from tests.real.scene import Scene, phone

pytestmark = pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same

EFFECTS = ("fsync", "write", "rename", "connect", "send", "receive")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, so that no call proceeds by itself."""
    with serve(["unused"], speed=0) as server:
        yield server


def scene(sandbox: Sandbox, folder: Path, dialect: str, name: str) -> Scene:
    """A fresh campaign with a change waiting to be applied."""
    sandbox.world.add_campaign(f"{name}:dialect={dialect}:order=shuffled")
    made = Scene(sandbox, folder, name)
    made.prepare()
    return made


def recovers(made: Scene) -> None:
    """Asserts that one more apply sets everything right, and that the one after it has nothing to do."""
    assert made.apply() == 0
    made.check()
    assert made.journal() == b""
    before = made.mutations()
    assert made.apply() == 0
    assert made.mutations() == before


@pytest.mark.parametrize("dialect", ["current", "legacy"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_killed_before_any_effect_an_apply_is_finished_by_the_next(
    sandbox: Sandbox, tmp_path: Path, effect: str, dialect: str
) -> None:
    """SIGKILL before the k-th effect, for every k there is."""
    struck = 0
    for k in range(1, 200):
        made = scene(sandbox, tmp_path, dialect, f"{dialect}-{effect}-{k}")
        ended = made.apply_failing(effect, k, "KILL")
        if not ended.was_struck:
            assert ended.code == 0
            break
        assert ended.code == -signal.SIGKILL
        struck += 1
        recovers(made)
    assert struck >= 1


MANY = {str(n): "word" for n in range(1_300)}
"""So many that the last ones are held in columns, see `read/everything.py`."""


@pytest.mark.parametrize(
    ("dialect", "effect", "before_end"),
    [
        *(("current", "send", 2), ("current", "send", 5), ("current", "fsync", 4), ("current", "send", 3)),
        *(("legacy", "send", 4), ("legacy", "fsync", 3), ("legacy", "send", 2)),
    ],
)
def test_killed_while_it_adds_many_new_calls_an_apply_is_finished_by_the_next(
    sandbox: Sandbox, tmp_path: Path, dialect: str, effect: str, before_end: int
) -> None:
    first, second = (
        Scene(sandbox, tmp_path, f"many-{dialect}-{effect}-{before_end}-{nth}") for nth in ("first", "second")
    )
    for made in (first, second):
        sandbox.world.add_campaign(f"{made.name}:dialect={dialect}:order=shuffled")
        made.declare(MANY, state="running")
    in_batches = ("--batch", "100", "--parallelism", "1")  # one by one, so that both do the same
    effects = [line.split()[0] for line in first.effects(*in_batches)]
    ended = second.apply_failing(effect, effects.count(effect) - before_end, "KILL", *in_batches)
    assert (ended.was_struck, ended.code) == (True, -signal.SIGKILL)
    assert second.mutations() > 10
    assert len(second.locked_jobs()) < len(MANY)
    assert second.apply() == 0
    assert sorted(job.phone for job in second.campaign.jobs) == sorted(map(phone, MANY))
    assert second.locked_jobs() == {job.id for job in second.campaign.jobs}
    before = second.mutations()
    assert second.apply() == 0
    assert second.mutations() == before


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("effect", ["fsync", "write"])
def test_a_disk_that_fails_ends_the_run_with_a_clear_message_and_the_next_finishes(
    sandbox: Sandbox, tmp_path: Path, effect: str, error: str
) -> None:
    """The k-th write or fsync fails, for every k there is."""
    for k in range(1, 200):
        made = scene(sandbox, tmp_path, "current", f"disk-{effect}-{error.lower()}-{k}")
        ended = made.apply_failing(effect, k, error)
        if not ended.was_struck:
            assert ended.code == 0
            break
        assert ended.code in (1, 4)
        assert "lock" in ended.stderr or "journal" in ended.stderr
        assert "unexpected" not in ended.stderr
        recovers(made)
    assert k > 1
