"""Hundreds of campaigns in one run, several at once: each as if it were alone."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable

import pytest

from reconciler.lock.stores.files import FileStore
from tests.many.conftest import Open
from tests.many.repository import PEOPLE, Repository, rows


def wait_for(is_so: Callable[[], bool]) -> None:
    """Waits until it is so, half a minute at most."""
    end_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def applied(place: Repository) -> int:
    """How many campaigns have jobs."""
    return sum(map(bool, place.jobs().values()))


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
def test_three_hundred_are_applied_eight_at_once_and_each_is_called_once(open_repository: Open) -> None:
    place = open_repository(300)
    ran = place.run("apply", "--auto-approve", "--jobs", "8")
    assert ran.code == 0, ran.text
    assert place.jobs() == dict.fromkeys(place.names, PEOPLE)
    assert [*rows(ran.out)] == place.names
    assert {words.split("  ")[0] for words in rows(ran.out).values()} == {"done"}
    again = place.run("apply", "--auto-approve", "--jobs", "8")
    assert {words.split("  ")[0] for words in rows(again.out).values()} == {"done"}
    assert place.jobs() == dict.fromkeys(place.names, PEOPLE)


@pytest.mark.parametrize("format", ["text", "json", "markdown", "html"])
def test_a_plan_reads_the_same_however_many_are_worked_on_at_once(open_repository: Open, format: str) -> None:
    place = open_repository(12)
    (place.folder / "c-004.csv").write_text("id,phone\nx,not a phone\n")
    alone = place.run("plan", "--jobs", "1", "--format", format)
    together = place.run("plan", "--jobs", "8", "--format", format)
    assert (together.code, together.err) == (alone.code, alone.err) == (7, together.err)
    assert together.out == alone.out
    assert "c-004" in alone.out
    if format == "json":
        assert [each["campaign"] for each in json.loads(alone.out)["campaigns"]] == place.names


def test_those_that_cannot_be_done_do_not_stop_the_others(open_repository: Open) -> None:
    place = open_repository(20)
    (place.folder / "c-003.csv").write_text("id,phone\nx,not a phone\n")
    (place.folder / "c-007.token").unlink()
    place.declare("c-011", guards={"newCalls": 0})
    with FileStore(place.folder, "c-015").hold("campaign apply of somebody"):
        ran = place.run("apply", "--auto-approve", "--jobs", "8")
    assert ran.code == 7
    outcomes = {name: words.split("  ")[0] for name, words in rows(ran.out).items()}
    failed = {"c-003": "failed", "c-007": "failed", "c-011": "held back by a guard", "c-015": "locked"}
    assert outcomes == dict.fromkeys(place.names, "done") | failed
    assert place.jobs() == dict.fromkeys(place.names, PEOPLE) | dict.fromkeys(failed, 0)
    said = [ran.err.index(f"{name}: error: ") for name in failed]
    assert said == sorted(said)


def test_when_all_are_locked_that_is_what_the_exit_code_says(open_repository: Open) -> None:
    place = open_repository(2)
    with FileStore(place.folder, "c-000").hold("this"), FileStore(place.folder, "c-001").hold("that"):
        assert place.run("apply", "--auto-approve", "--jobs", "2").code == 6


def test_a_token_for_two_campaigns_stops_the_run_before_anything_is_sent(open_repository: Open) -> None:
    place = open_repository(5)
    place.declare("c-004", token="tok-c-001")
    ran = place.run("apply", "--auto-approve", "--jobs", "4")
    assert ran.code == 1
    assert "campaigns c-001 and c-004 have the same host and token" in ran.err
    assert applied(place) == 0


def test_the_status_of_many_is_in_order(open_repository: Open) -> None:
    place = open_repository(10)
    assert place.run("apply", "--auto-approve").code == 0
    ran = place.run("status", "--jobs", "8")
    assert ran.code == 0, ran.text
    assert [line for line in ran.out.splitlines() if line in place.names] == place.names


# ----------------------------------------------------------------------------------------------------------- shards


def test_the_shards_together_do_everything_once(open_repository: Open) -> None:
    place = open_repository(30)
    for index in (1, 2, 3):
        ran = place.run("apply", "--auto-approve", "--shard", f"{index}/3")
        assert ran.code == 0, ran.text
    assert place.jobs() == dict.fromkeys(place.names, PEOPLE)


def test_a_shard_without_campaigns_is_done_at_once(open_repository: Open) -> None:
    place = open_repository(1)
    said = {place.run("plan", "--shard", f"{index}/2").err for index in (1, 2)}
    assert said == {"", "no campaign is in this shard\n"}


def test_a_token_that_a_campaign_of_another_shard_has_too_is_refused(open_repository: Open) -> None:
    place = open_repository(8)
    for name in place.names[1:]:
        place.declare(name, token="tok-c-000")
    codes = [place.run("apply", "--auto-approve", "--shard", f"{index}/4").code for index in (1, 2, 3, 4)]
    assert set(codes) == {1}
    assert applied(place) == 0


# ---------------------------------------------------------------------------------------------------------- Ctrl-C


def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_the_rest(open_repository: Open) -> None:
    place = open_repository(40, "latency:*:forever:ms=60")
    process = place.start("apply", "--auto-approve", "--jobs", "8")
    wait_for(lambda: applied(place) >= 16)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    assert "finishing the request in flight" in err
    assert 16 <= applied(place) < 40
    assert err.count("stopped on request") == 1
    assert not [path for path in place.folder.glob("*.journal.jsonl") if path.stat().st_size]
    outcomes = {words.split("  ")[0] for words in rows(out).values()}
    assert "not begun" in outcomes
    assert outcomes <= {"done", "stopped", "not begun"}
    assert [*rows(out)] == place.names
    assert place.run("apply", "--auto-approve", "--jobs", "8").code == 0
    assert place.jobs() == dict.fromkeys(place.names, PEOPLE)


def test_a_second_ctrl_c_ends_at_once_and_the_next_run_asks_what_became_of_the_requests(open_repository: Open) -> None:
    place = open_repository(6, "hang:addPhones:6:s=30")
    process = place.start("apply", "--auto-approve", "--jobs", "6", "--timeout", "10")
    wait_for(lambda: place.jobs() == dict.fromkeys(place.names, PEOPLE))  # all arrived, and no answer comes
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "once more stops at once" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    ran = place.run("apply", "--auto-approve", "--jobs", "6", "--settle", "0")
    assert ran.code == 0, ran.text
    assert place.jobs() == dict.fromkeys(place.names, PEOPLE)


def test_a_plan_of_many_stops_too(open_repository: Open) -> None:
    place = open_repository(40, "latency:*:forever:ms=100")
    process = place.start("plan", "--jobs", "4")
    wait_for(lambda: len(place.sandbox.world.requests) > 8)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 7
    assert "not begun" in {words.split("  ")[0] for words in rows(out).values()}
