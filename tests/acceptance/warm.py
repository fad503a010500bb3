"""The command as a process of its own, without waiting for Python to import it each time.

`python -m reconciler` needs a third of a second of imports, and these tests run it hundreds of times. So one Python
imports the program and forks for each command: the child has its own folder, variables and streams, runs
`reconciler/__main__.py`, and ends like any process. Tests about signals, terminals and pipes start a cold one.
"""

from __future__ import annotations

import codecs
import gc
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NOBODY = 65534

MEASURED = 3
"""How often a command is measured for coverage with the same options: that takes twice as long as running it."""

PATIENCE_S = 60
"""A command that takes longer hangs, and is ended. Nothing is asserted about how long one takes."""


class Warm:
    """A Python with the program imported. Ends with `close()`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: Sequence[str], folder: Path, variables: Mapping[str, str], *, is_unprivileged: bool = False
    ) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of `campaign` with these arguments; a negative code is a signal.

        `is_unprivileged`: as nobody, if these tests run as root.
        """
        with tempfile.TemporaryDirectory() as streams:
            wanted = {
                "arguments": arguments,
                "folder": str(folder),
                "variables": dict(variables),
                "streams": streams,
                "user": NOBODY if is_unprivileged and os.getuid() == 0 else None,
            }
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            print(json.dumps(wanted), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            return code, Path(streams, "1").read_text("utf-8"), Path(streams, "2").read_text("utf-8")

    def close(self) -> None:
        """Ends it."""
        self._process.communicate("")


def serve() -> None:
    """Forks for each line of stdin and answers with the exit code."""
    import reconciler

    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            __import__(module.name)
    for codec in ("ascii", "latin-1", "utf-8-sig", "idna"):
        codecs.lookup(codec)  # a child that is nobody may not be allowed to read Python's own files
    save_coverage()
    gc.freeze()  # or each child would copy every page that its own collector looks at
    known: Counter[tuple[str, ...]] = Counter()
    for line in sys.stdin:
        wanted = json.loads(line)
        shape = shape_of(wanted["arguments"])
        known[shape] += 1
        child = os.fork()
        if child == 0:
            if known[shape] > MEASURED:
                stop_measuring()
            become(wanted)
            end(run())
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def save_coverage() -> None:
    """Saves what importing covered, if coverage is measured, or each child would save all of it once more."""
    measured = measuring()
    if measured is not None:
        measured.save()


def shape_of(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command and its options, without values."""
    return (*arguments[:1], *(each.partition("=")[0] for each in arguments[1:] if each.startswith("-")))


def stop_measuring() -> None:
    """Measures nothing more in this process and saves nothing at its end."""
    measured = measuring()
    if measured is not None:
        measured.stop()
        measured.save = lambda: None


def measuring() -> Any:
    """The measurement of this process, None where nothing is measured."""
    return sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None


def become(wanted: dict[str, Any]) -> None:
    """Makes this process what was asked for: streams, folder, variables, arguments."""
    signal.alarm(PATIENCE_S)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (1, 2):
        os.dup2(os.open(f"{wanted['streams']}/{number}", os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["variables"])
    sys.argv = ["campaign", *wanted["arguments"]]
    if wanted["user"] is not None:
        os.seteuid(wanted["user"])


def run() -> int:
    """Runs the command; its exit code."""
    try:
        runpy.run_module("reconciler", run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
    return 0


def end(code: int) -> None:
    """Ends this process without taking apart, module by module, what the next child needs again."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.seteuid(os.getuid())
    os._exit(code)


if __name__ == "__main__":
    serve()
