"""The campaign is taken away while it is being filled: what was added is recorded, and later the rest follows.

The server adds each batch only when its clock is moved on, so that a test can step in between two of them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from tests.lock.samples import owned_jobs
from tests.resolve.conftest import OpenPlace
from tests.resolve.place import Place, Ran, ended, until

HOUR_S = 3600
BATCHES_OF_2 = ("apply", "--auto-approve", "--first", "--settle", "0.2", "--batch", "2", "--parallelism", "1")


@pytest.fixture(params=["current", "legacy"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each dialect, as a setting of the sandbox."""
    return f"dialect={request.param}"


@contextmanager
def filling(place: Place) -> Iterator[subprocess.Popen[str]]:
    """An apply in batches of two whose first request is on its way."""
    process = place.start(*BATCHES_OF_2)
    try:
        until(lambda: place.mutations()["addPhones"])
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def goes_on(place: Place, process: subprocess.Popen[str]) -> Ran:
    """How the run ends once the server acts on what it has."""
    place.sandbox.world.advance(HOUR_S)
    return ended(process)


def finishes(place: Place) -> None:
    """Applies again on a server that is well and quick; asserts that everybody is there once."""
    place.remote.settings = replace(place.remote.settings, commit=0.0)
    ran = place.apply()
    assert ran.code == 0, ran.text
    place.assert_right()


@contextmanager
def without_campaign(place: Place) -> Iterator[None]:
    """The token leads nowhere, as after it was revoked."""
    campaigns = place.sandbox.world._campaigns
    taken = dict(campaigns)
    campaigns.clear()
    try:
        yield
    finally:
        campaigns.update(taken)


@pytest.mark.parametrize("state", ["finished", "deleted"])
def test_a_campaign_that_ends_half_way_leaves_what_was_added_in_the_lock(
    open_place: OpenPlace, dialect: str, state: str
) -> None:
    place = open_place(dialect, "commit=1h")
    place.declare(range(1, 7))
    with filling(place) as process:
        place.sandbox.world.advance(HOUR_S)
        until(lambda: place.mutations()["addPhones"] == 2)
        place.remote.set_state(state)
        ran = goes_on(place, process)
    assert ran.code == 1, ran.text
    assert f"campaign is {state.upper()}" in ran.err
    assert "2 added" in ran.out
    recorded(place)
    # Its queued calls ended with it: who was never called is added again.
    place.remote.set_state("paused")
    finishes(place)


def test_a_token_that_is_revoked_between_two_requests_leaves_what_was_added_in_the_lock(
    open_place: OpenPlace, dialect: str
) -> None:
    place = open_place(dialect, "commit=1h")
    place.declare(range(1, 7))
    with filling(place) as process:
        place.fault("429:addPhones:1:retry-after=2")
        place.sandbox.world.advance(HOUR_S)
        until(lambda: place.mutations()["addPhones"] == 2)  # it was told to come back, and nothing is on its way
        with without_campaign(place):
            ran = ended(process)
    assert ran.code == 1, ran.text
    assert "no campaign behind this token" in ran.err
    assert "2 added" in ran.out
    recorded(place)
    finishes(place)


def test_a_token_that_is_revoked_while_a_request_is_on_its_way_leaves_that_request_in_doubt(
    open_place: OpenPlace,
) -> None:
    place = open_place("commit=1h")
    place.declare(range(1, 7))
    with filling(place) as process, without_campaign(place):
        ran = goes_on(place, process)
    assert ran.code == 4, ran.text
    assert "no campaign behind this token" in ran.err
    assert place.run("resolve").out.startswith("spring: 2 calls in doubt")
    finishes(place)


def recorded(place: Place) -> None:
    """Asserts that the lock has exactly the jobs there are, and nothing is in doubt."""
    assert owned_jobs(place.lock()).keys() == {job.id for job in place.remote.jobs}
    assert len(place.remote.jobs) == 2
    assert place.journal.read_bytes() == b""
    assert place.run("resolve").code == 0
    place.assert_clean()
