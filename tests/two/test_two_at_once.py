"""Two runs on one lock, as real processes. The first is held up by its server while the second comes along.

The server acts on `addPhones` only when its clock has moved an hour on, so that a test decides how long the first run
takes.
"""

from __future__ import annotations

import getpass
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.resolve.conftest import OpenPlace
from tests.resolve.place import Place, ended, until

APPLY = ("apply", "--auto-approve", "--first", "--timeout", "60")
SLOW = "commit=1h"


@pytest.fixture
def slow(open_place: OpenPlace) -> Place:
    """A place whose server takes an hour to add calls."""
    place = open_place(SLOW)
    place.declare([1, 2, 3])
    return place


@contextmanager
def at_work(place: Place, *command: str) -> Iterator[subprocess.Popen[str]]:
    """An apply that has sent its request and waits for the answer; ended when the block is left, if it still runs."""
    process = place.start(*(command or APPLY))
    try:
        until(lambda: place.mutations()["addPhones"])
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def finishes(place: Place, process: subprocess.Popen[str]) -> None:
    """Lets the server act; asserts that the run ends well and did everything once."""
    place.sandbox.world.advance(3600)
    ran = ended(process)
    assert ran.code == 0, ran.text
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_the_second_ends_with_6_and_is_told_who_is_at_work_since_when_doing_what(slow: Place) -> None:
    with at_work(slow) as first:
        sent = slow.mutations()
        second = slow.run_alone(*APPLY)
        assert second.code == 6
        who = re.escape(f"{getpass.getuser()}@{socket.gethostname()}")
        since = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
        assert re.search(
            rf"campaign spring is locked by {who} \(process {first.pid}\) since {since}, doing `campaign apply`",
            second.err,
        )
        assert slow.mutations() == sent
        finishes(slow, first)


def test_nobody_decides_about_what_a_run_has_in_flight(slow: Place) -> None:
    with at_work(slow) as first:
        for arguments in ([], ["--sent", "--why", "impatient", "--auto-approve"]):
            ran = slow.run_alone("resolve", *arguments)
            assert ran.code == 6
            assert "doing `campaign apply`" in ran.err
        finishes(slow, first)


def test_plan_and_status_need_no_lock(slow: Place) -> None:
    with at_work(slow) as first:
        files = {path.name: path.read_bytes() for path in slow.folder.iterdir()}
        plan, status = slow.run_alone("plan"), slow.run_alone("status")
        assert (plan.code, status.code) == (0, 0)
        assert "3 blocked: sent, outcome unknown" in plan.out
        assert "3 calls in doubt" in status.out
        assert {path.name: path.read_bytes() for path in slow.folder.iterdir()} == files
        finishes(slow, first)


def test_a_holder_that_is_stopped_keeps_the_lock_and_finishes_rightly_when_it_goes_on(slow: Place) -> None:
    with at_work(slow) as first:
        os.kill(first.pid, signal.SIGSTOP)
        assert slow.run_alone(*APPLY).code == 6
        slow.sandbox.world.advance(3600)  # the server acts and answers while nobody listens
        until(lambda: slow.remote.jobs)
        assert slow.run_alone(*APPLY).code == 6
        os.kill(first.pid, signal.SIGCONT)
        finishes(slow, first)


def test_a_holder_that_is_stopped_for_longer_than_its_timeout_does_no_harm_when_it_goes_on(
    open_place: OpenPlace,
) -> None:
    place = open_place("keys=ignored")
    place.declare([1, 2, 3])
    place.fault("hang:addPhones:1:s=600")
    process = place.start("apply", "--auto-approve", "--first", "--timeout", "1", "--settle", "0.2")
    until(lambda: place.remote.jobs)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(1.2)
    assert place.run_alone(*APPLY).code == 6
    os.kill(process.pid, signal.SIGCONT)
    ran = ended(process)
    assert ran.code == 0
    assert "asking the server what became of it" in ran.err
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_a_holder_that_is_killed_releases_the_lock_and_the_next_run_finishes_its_work(place: Place) -> None:
    place.declare([1, 2, 3])
    place.fault("hang:addPhones:1:s=600")
    with at_work(place, "apply", "--auto-approve", "--first", "--timeout", "3") as first:
        until(lambda: place.remote.jobs)
        first.kill()
        first.communicate()
        ran = place.run_alone(*APPLY, "--settle", "0")
        assert ran.code == 0
        assert "cut off while adding 3 calls" in ran.err
        assert place.mutations()["addPhones"] == 1
        place.assert_right()


def test_a_cancel_that_a_killed_run_left_open_is_shown_and_read_by_the_next(place: Place) -> None:
    place.declare([1, 2, 3])
    assert place.apply().code == 0
    place.declare([3])
    place.fault("hang:cancel:1:s=600")
    process = place.start(*APPLY)
    until(lambda: place.mutations()["cancel"])
    process.kill()
    process.communicate()
    shown = place.run("resolve")
    assert shown.code == 4
    assert "no call is in doubt" in shown.out
    assert re.search(r"cancel of 2 calls at .*: the process ended before an answer came; the next apply", shown.out)
    assert place.apply().code == 0
    assert place.mutations()["cancel"] == 1
    place.assert_right()


def test_several_runs_at_the_same_moment_add_everybody_once(open_place: OpenPlace) -> None:
    place = open_place()
    place.declare(range(1, 40))
    runs = [place.start(*APPLY, "--batch", "5") for _ in range(3)]
    codes = sorted(ended(process).code for process in runs)
    assert codes[0] == 0
    assert set(codes) <= {0, 6}
    assert place.mutations()["addPhones"] == 8
    place.assert_right()
