"""One command as a process of its own: how long it took, what it used, and what it printed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """Seconds and megabytes of one run, or the median of several."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(command: Sequence[str], *, codes: Sequence[int] = (0,), env: Mapping[str, str] | None = None) -> Figure:
    """The figures of one run of a command. SystemExit with what it printed when it ends in another code."""
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
        _, status, used = os.wait4(process.pid, 0)
        ended = time.perf_counter()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            out.seek(0)
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{out.read().decode(errors='replace')}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Figure(ended - began, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def middle(figures: Sequence[Figure]) -> Figure:
    """The median of each figure."""
    return Figure(*(median(column) for column in zip(*figures, strict=True)))


def in_turn(first: Sequence[str], second: Sequence[str], runs: int, **settings: object) -> tuple[Figure, Figure, float]:
    """Both commands in turn, so that a slow minute hits both: their medians, and that of the ratios of wall time."""
    pairs = [(run(first, **settings), run(second, **settings)) for _ in range(runs)]  # type: ignore[arg-type]
    ours, theirs = (middle(side) for side in zip(*pairs, strict=True))
    return ours, theirs, median(mine.wall_s / other.wall_s for mine, other in pairs)


class Server:
    """`bench.server` as a process of its own, for the time of a block. `port` is where it listens."""

    def __init__(self, latency_ms: float = 0) -> None:
        self._latency_ms = latency_ms

    def __enter__(self) -> int:
        self._folder = tempfile.TemporaryDirectory()
        port_file = Path(self._folder.name) / "port"
        self._process = subprocess.Popen(
            [sys.executable, "-m", *self._command(str(port_file))], stdout=subprocess.DEVNULL
        )
        while not port_file.exists():
            time.sleep(0.02)
        return int(port_file.read_text())

    def _command(self, port_file: str) -> list[str]:
        return ["bench.server", port_file, str(self._latency_ms)]

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


class Sandbox(Server):
    """The sandbox in its place: a server that looks at every call as a real one does. Its clock stands still."""

    def _command(self, port_file: str) -> list[str]:
        campaign = ["--campaign", "bench:state=inProgress:lines=1", "--speed", "0"]
        return ["reconciler", "sandbox", "--port", "0", "--port-file", port_file, *campaign]
