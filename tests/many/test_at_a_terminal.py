"""Somebody at a terminal is asked about several campaigns: one question at a time, each below its plan."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys

import pytest

from tests.acceptance.test_terminal import QUESTION, hear
from tests.many.conftest import Open
from tests.many.repository import PEOPLE, Repository

Answer = bytes | signal.Signals


def talk(place: Repository, answers: list[Answer], *arguments: str, columns: int = 100) -> tuple[int, str]:
    """Runs `campaign apply` at a terminal and answers each question when it comes; exit code and screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", *arguments],
        cwd=place.folder,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, answered = b"", 0
    while heard := hear(ours):
        screen += heard
        if screen.count(QUESTION) > answered < len(answers):
            answer = answers[answered]
            answered += 1
            if isinstance(answer, bytes):
                os.write(ours, answer)
            else:
                process.send_signal(answer)
                # One that comes after the question was written and before the answer is read is noticed only with the
                # next: a person is not that quick.
                if not select.select([ours], [], [], 2)[0]:
                    process.send_signal(answer)
    os.close(ours)
    return process.wait(30), screen.decode()


def test_each_is_asked_about_below_its_plan_and_what_was_done_comes_after(open_repository: Open) -> None:
    place = open_repository(3)
    code, screen = talk(place, [b"y\n", b"n\n", b"y\n"], "--jobs", "3", "--no-color")
    assert code == 7
    assert place.jobs() == {"c-000": PEOPLE, "c-001": 0, "c-002": PEOPLE}
    pieces = screen.split(QUESTION.decode())
    assert [piece.count("Plan id:") for piece in pieces] == [1, 1, 1, 0]
    assert pieces[3].count("Done: 3 added") == 2
    assert pieces[3].index("Done: 3 added") < pieces[3].index("c-001: not applied: nothing was sent")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_instead_of_an_answer_is_a_no_to_all_that_follow(open_repository: Open, sent: signal.Signals) -> None:
    place = open_repository(4)
    code, screen = talk(place, [b"y\n", sent], "--jobs", "2", "--no-color")
    assert code in (1, 7), screen
    assert {name: jobs for name, jobs in place.jobs().items() if name != "c-000"} == {f"c-00{n}": 0 for n in (1, 2, 3)}
    assert screen.count(QUESTION.decode()) == 2
    assert "stopped on request" in screen
    assert "Traceback" not in screen


def test_end_of_input_is_a_no(open_repository: Open) -> None:
    place = open_repository(2)
    code, _ = talk(place, [b"\x04"], "--jobs", "2", "--no-color")
    assert code == 1
    assert set(place.jobs().values()) == {0}


def test_without_questions_there_is_a_bar_for_all_and_nothing_is_left_of_it(open_repository: Open) -> None:
    place = open_repository(4, "latency:*:forever:ms=100")
    code, screen = talk(place, [], "--jobs", "2", "--auto-approve", "--no-color")
    assert code == 0
    assert "applying campaigns" in screen
    assert "of 4" in screen
    shown = screen.replace("\r", "").split("\x1b[2K")[-1]
    assert "applying campaigns" not in shown
