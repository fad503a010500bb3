"""Console blocks: the commands in them, a shell to run them in, and comparing what they print with what is written.

$ campaign plan -f spring.yaml        a command, run by bash
> --target leads                      its continuation
+ 1650•••0042 …                       expected output; … stands for any text without spaces
...                                   any number of lines
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

TIMEOUT_S = 120.0  # for one command; far above any of ours, far below a CI job that hangs
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Command(msgspec.Struct, frozen=True):
    """One command of a console block and the lines written below it; `line` counts from the block's first, 0."""

    line: int
    text: str
    expected: tuple[str, ...]

    @property
    def is_background(self) -> bool:
        """Whether it goes on running while the page does."""
        return self.text.rstrip().endswith(" &")


class Outcome(msgspec.Struct, frozen=True):
    """What a command printed, both streams together, and its exit code (0 for one in the background)."""

    printed: str
    exit_code: int


class ShellGone(Exception):
    """The shell ended or hung in the middle of a page."""


def commands(text: str) -> Iterator[Command]:
    """The commands of a console block; raises ValueError when it does not begin with one."""
    lines = text.rstrip("\n").split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise ValueError("a console block begins with `$ ` and a command")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        rest = lines[start + 1 : end]
        continued = next((n for n, line in enumerate(rest) if not line.startswith("> ")), len(rest))
        command = "\n".join([lines[start][2:], *(line[2:] for line in rest[:continued])])
        yield Command(start, command, tuple(rest[continued:]))


class Shell:
    """One bash for a whole page, so that `cd` and `export` last; leaving ends everything it started."""

    def __init__(self, folder: Path, notes: Path, environment: Mapping[str, str]) -> None:
        """Commands run in `folder`; what they print is kept in `notes`, where no command sees it."""
        self._notes, self._count = notes, 0
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            bufsize=0,  # nothing left to flush into a shell that is gone
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._bash:  # closes both pipes
            if error is None:
                with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
                    self._write("kill $(jobs -p) 2>/dev/null; wait; exit 0\n")
                    self._bash.wait(timeout=10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._bash.pid, signal.SIGKILL)

    def run(self, command: Command) -> Outcome:
        """What the command did. One in the background is given the time to print what is expected of it."""
        self._count += 1
        printed = self._notes / f"{self._count}.txt"
        # Output goes to a file, so that the pipe holds exit codes only; `(exit …)` keeps $? for the next command.
        self._write(f"{{ {command.text}\n}} </dev/null >{printed} 2>&1\n_rc=$?; echo $_rc; (exit $_rc)\n")
        exit_code = self._exit_code()
        deadline = time.monotonic() + TIMEOUT_S
        while command.is_background and not _fits(command, printed) and time.monotonic() < deadline:
            time.sleep(0.05)
        return Outcome(printed.read_text(encoding="utf-8", errors="replace"), exit_code)

    def _write(self, text: str) -> None:
        assert self._bash.stdin
        self._bash.stdin.write(text.encode())
        self._bash.stdin.flush()

    def _exit_code(self) -> int:
        assert self._bash.stdout
        ready, _, _ = select.select([self._bash.stdout], [], [], TIMEOUT_S)
        answer = self._bash.stdout.readline().strip() if ready else b""
        if not answer.isdigit():
            raise ShellGone(
                f"not done after {TIMEOUT_S:.0f} s" if not ready else "the shell ended: `exit`, or a syntax error"
            )
        return int(answer)


def _fits(command: Command, printed: Path) -> bool:
    return is_match(command.expected, printed.read_text(encoding="utf-8", errors="replace"), begins=True)


def is_match(expected: tuple[str, ...], printed: str, *, begins: bool = False) -> bool:
    """Whether what was printed is what is written; with `begins`, it may go on after it."""
    wanted = _lines("\n".join(expected))
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else _line_pattern(line) for line in wanted)
    actual = "".join(f"{line}\n" for line in _lines(printed))
    return bool((re.match if begins else re.fullmatch)(pattern, actual))


def _line_pattern(line: str) -> str:
    if "…" not in line:
        return re.escape(line) + "\n"
    # What … stands for may be longer or shorter: columns after it need not line up.
    words = [r"\S*".join(map(re.escape, word.split("…"))) for word in line.split()]
    return r"[ ]*" + r"[ ]+".join(words) + r"\n"


def _lines(text: str) -> list[str]:
    """Lines without colours, trailing spaces, and blank lines at either end."""
    return [line.rstrip() for line in ANSI.sub("", text).strip("\n").split("\n")] if text.strip() else []


def difference(expected: tuple[str, ...], printed: str) -> str:
    """What is written (-) against what was printed (+), for a person."""
    return "\n".join(
        difflib.unified_diff(_lines("\n".join(expected)), _lines(printed), "written", "printed", lineterm="")
    )
