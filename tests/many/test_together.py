"""Campaigns in threads: heard in order, one piece at a time, and nothing hangs when something breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from reconciler.cli.each import Ended, Turn, Way, for_each
from reconciler.cli.terminal import Terminal
from reconciler.cli.together import AHEAD
from reconciler.errors import LockError
from reconciler.manifest.model import Campaign
from reconciler.render.results import SummaryRow


def named(count: int) -> list[Campaign]:
    """So many campaigns; only their names are looked at."""
    return [cast("Campaign", SimpleNamespace(name=f"c-{number:03}")) for number in range(count)]


def run(count: int, work: Callable[[Campaign, Turn], Ended], **way: Any) -> int:
    """The exit code of a run over so many campaigns."""
    return for_each(named(count), Terminal(), work, Way(**{"heads": None, "jobs": 4} | way))


def done(campaign: Campaign) -> Ended:
    """A campaign that went well."""
    return Ended(0, SummaryRow(campaign.name, "done"))


def test_whoever_is_last_to_finish_is_heard_first_when_its_name_is(capsys: pytest.CaptureFixture[str]) -> None:
    others = threading.Barrier(4)

    def work(campaign: Campaign, turn: Turn) -> Ended:
        turn.terminal.show_text(f"{campaign.name} begins")
        if campaign.name == "c-000":
            others.wait(10)
        turn.terminal.show_text(f"{campaign.name} ends")
        if campaign.name != "c-000":
            others.wait(10)
        return done(campaign)

    assert run(4, work) == 0
    pieces = [f"c-00{number} begins\nc-00{number} ends\n" for number in range(4)]
    assert capsys.readouterr().out == "\n".join(pieces)


def test_what_one_at_a_time_may_do_is_done_in_the_main_thread_and_in_order() -> None:
    heard: list[tuple[str, bool]] = []

    def work(campaign: Campaign, turn: Turn) -> Ended:
        main = threading.main_thread()
        turn.when_due(lambda: heard.append((campaign.name, threading.current_thread() is main)))
        return done(campaign)

    assert run(20, work) == 0
    assert heard == [(f"c-{number:03}", True) for number in range(20)]


def test_so_many_at_once_and_no_more() -> None:
    counting, now, most = threading.Lock(), 0, 0
    full = threading.Barrier(3)

    def work(campaign: Campaign, turn: Turn) -> Ended:
        nonlocal now, most
        with counting:
            now += 1
            most = max(most, now)
        full.wait(10)  # three are at work now, or this fails
        with counting:
            now -= 1
        return done(campaign)

    assert run(12, work, jobs=3) == 0
    assert most == 3


def test_those_far_ahead_of_the_one_that_is_waited_for_are_not_begun_yet() -> None:
    begun: list[str] = []
    may_end = threading.Event()

    def work(campaign: Campaign, turn: Turn) -> Ended:
        begun.append(campaign.name)
        if campaign.name == "c-000":
            turn.stop.wait(0)
            may_end.wait(10)
            turn.when_due(lambda: None)
        elif len(begun) == AHEAD:
            assert len(begun) <= AHEAD
            may_end.set()
        return done(campaign)

    assert run(AHEAD + 10, work) == 0
    assert len(begun) == AHEAD + 10


def test_wrong_usage_ends_the_run_after_those_under_way(capsys: pytest.CaptureFixture[str]) -> None:
    def work(campaign: Campaign, turn: Turn) -> Ended:
        if campaign.name == "c-001":
            raise click.UsageError("no such thing")
        turn.stop.wait(0)
        return done(campaign)

    with pytest.raises(click.UsageError):
        run(40, work)


def test_a_failure_while_others_wait_for_an_answer_leaves_nobody_waiting() -> None:
    def work(campaign: Campaign, turn: Turn) -> Ended:
        if campaign.name == "c-000":
            raise click.UsageError("no such thing")
        assert not turn.ask("Go on?")
        return done(campaign)

    with pytest.raises(click.UsageError):
        run(3, work)


@pytest.mark.parametrize("jobs", [1, 4])
def test_what_goes_wrong_with_one_when_its_turn_comes_does_not_stop_the_others(
    jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask() -> None:
        raise LockError("no room")

    def work(campaign: Campaign, turn: Turn) -> Ended:
        if campaign.name == "c-001":
            turn.after_others(ask)
        turn.terminal.show_text(f"{campaign.name} ends")
        return done(campaign)

    assert run(3, work, jobs=jobs) == 7
    told = capsys.readouterr()
    assert told.out == "c-000 ends\n\nc-002 ends\n"
    assert "c-001: error: no room" in told.err


def test_messages_name_their_campaign_when_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    def work(campaign: Campaign, turn: Turn) -> Ended:
        turn.terminal.warn("odd", "look at it")
        return done(campaign)

    for jobs in (1, 2):
        assert run(2, work, jobs=jobs) == 0
        lines = ["c-000: warning: odd", "hint: look at it", "c-001: warning: odd", "hint: look at it"]
        assert capsys.readouterr().err.splitlines() == lines
    assert run(1, work) == 0
    assert capsys.readouterr().err.startswith("warning: odd")


def test_a_quiet_run_says_nothing_and_a_talkative_one_how_far_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def work(campaign: Campaign, turn: Turn) -> Ended:
        with turn.terminal.progress() as progress:
            progress.start("reading", 5)
            progress.advance(5)
        return done(campaign)

    said = list[str]()
    for talk, lines in ((Terminal(is_quiet=True), 0), (Terminal(), 0), (Terminal(verbosity=1), 2)):
        for_each(named(3), talk, work, Way(heads=None, jobs=2, doing="planning"))
        said = capsys.readouterr().err.splitlines()
        assert len(said) == lines
    assert said[0] == "planning campaigns: …"
    assert said[1].startswith("planning campaigns: 3 of 3 in ")
