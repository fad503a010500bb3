"""Somebody at a terminal, nobody at a terminal, and readers who hang up. Each command is started cold."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from dataclasses import dataclass

import pytest

from tests.acceptance.workshop import COMMAND, Workshop, people

QUESTION = b"Apply this? [y/N]: "


@dataclass(frozen=True)
class Talked:
    """How a conversation ended: exit code, and everything on the screen."""

    code: int
    screen: str


def talk(work: Workshop, answer: bytes | signal.Signals, *arguments: str) -> Talked:
    """Runs `campaign apply` at a terminal and answers its question by typing, or by a signal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "apply", *arguments],
        cwd=work.folder,
        env=work.environment({"TERM": "xterm-256color"}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, has_answered = b"", False
    while heard := hear(ours):
        screen += heard
        if QUESTION in screen and not has_answered:
            has_answered = True
            if isinstance(answer, bytes):
                os.write(ours, answer)
            else:
                process.send_signal(answer)
    os.close(ours)
    return Talked(process.wait(30), screen.decode())


def hear(terminal: int) -> bytes:
    """What is on the screen next; nothing when the command has gone."""
    ready, _, _ = select.select([terminal], [], [], 30)
    try:
        return os.read(terminal, 65_536) if ready else b""
    except OSError:  # Linux's way to say that nobody has the other end any more
        return b""


def test_a_yes_applies_what_was_shown(current: Workshop) -> None:
    current.people(people(3))
    talked = talk(current, b"y\n")
    assert talked.code == 0, talked.screen
    assert "3 phones will ring" in talked.screen
    assert "3 added" in talked.screen
    assert len(current.remote.jobs) == 3


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"perhaps\nn\n"], ids=["no", "enter", "nonsense"])
def test_anything_but_a_yes_changes_nothing_and_is_no_success(current: Workshop, answer: bytes) -> None:
    current.people(people(3))
    talked = talk(current, answer)
    assert talked.code == 1, talked.screen
    assert "not applied: nothing was sent" in talked.screen
    assert not current.server.mutations
    assert not current.lockfile.exists()


def test_the_end_of_input_changes_nothing(current: Workshop) -> None:
    current.people(people(3))
    talked = talk(current, b"\x04")
    assert talked.code == 1, talked.screen
    assert not current.server.mutations


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_question_stands_ends_the_command_at_once(current: Workshop, sent: signal.Signals) -> None:
    current.people(people(3))
    talked = talk(current, sent)
    assert talked.code in (1, -sent), talked.screen
    assert "Traceback" not in talked.screen
    assert not current.server.mutations


def test_with_nothing_to_do_nobody_is_asked(current: Workshop) -> None:
    current.people(people(3))
    assert current.apply().code == 0
    talked = talk(current, b"")
    assert talked.code == 0, talked.screen
    assert QUESTION.decode() not in talked.screen


def test_without_a_terminal_apply_asks_for_approval_on_the_command_line(current: Workshop) -> None:
    current.people(people(3))
    ran = current.run("apply")
    assert ran.code == 64
    assert "--auto-approve" in ran.err
    assert not current.server.log


def shell(work: Workshop, redirections: str, *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of a command behind a shell's redirections."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirections}', "sh", *COMMAND, *arguments],
        cwd=work.folder,
        env=work.environment(),
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def test_without_any_stdin_apply_asks_for_approval_on_the_command_line(current: Workshop) -> None:
    current.people(people(3))
    code, err = shell(current, "<&-", "apply")
    assert code == 64
    assert "--auto-approve" in err


def test_a_full_disk_behind_stdout_stops_an_apply_before_anything_is_sent(current: Workshop) -> None:
    current.people(people(300))
    code, err = shell(current, ">/dev/full", "apply", "--auto-approve")
    assert code == 1
    assert "No space left on device" in err
    assert "Traceback" not in err
    assert not current.server.mutations


@pytest.mark.parametrize(
    "arguments",
    [["plan", "--full"], ["validate"], ["schema"], ["--help"], ["apply", "--auto-approve"]],
    ids=lambda arguments: arguments[0],
)
def test_a_reader_who_hangs_up_gets_no_traceback(current: Workshop, arguments: list[str]) -> None:
    current.people(people(300))
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=current.folder,
        env=current.environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.returncode in (0, 1)
    assert done.stderr.decode() == ""
    assert len(current.remote.jobs) == (300 if arguments[0] == "apply" else 0)


def test_output_without_a_terminal_has_no_colours_and_no_progress_bar(current: Workshop) -> None:
    current.people(people(3))
    ran = current.apply()
    assert "\x1b" not in ran.text
    assert ran.err == ""
