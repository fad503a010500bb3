"""A folder of many small campaigns, a sandbox that serves them all, and the real command run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.sandbox import Sandbox, serve
from tests import unmeasured
from tests.acceptance.workshop import Ran

COMMAND = (sys.executable, str(Path(__file__).parent / "watched.py"))
NIGHT_MS = 1_893_985_200_000
"""2030-01-07 03:00 UTC: nobody is called yet."""
PEOPLE = 3
MANY = 100
"""With so many campaigns nothing is covered that is not with fewer."""


@dataclass
class Repository:
    """The folder, with its campaigns by name."""

    folder: Path
    sandbox: Sandbox
    names: list[str] = field(default_factory=list)

    def declare(self, name: str, *, token: str | None = None, **spec: object) -> None:
        """Writes a campaign with a list, and a token of its own."""
        phones = "".join(f"{name}-{n},1650{self._number(name):03}{n:04}\n" for n in range(PEOPLE))
        (self.folder / f"{name}.csv").write_text(f"id,phone\n{phones}")
        (self.folder / f"{name}.token").write_text(token or f"tok-{name}")
        leads = {"name": "leads", "source": {"file": f"{name}.csv"}, "key": {"column": "id"}}
        plain = {
            "host": self.sandbox.url,
            "token": {"file": f"{name}.token"},
            "state": "running",
            "phoneLists": [leads],
        }
        whole = {"apiVersion": "campaign/v1", "kind": "Campaign", "metadata": {"name": name}, "spec": plain | spec}
        (self.folder / f"{name}.yaml").write_text(json.dumps(whole))

    def jobs(self) -> dict[str, int]:
        """How many jobs each campaign has on the server."""
        return {remote.settings.name.removeprefix("tok-"): len(remote.jobs) for remote in self.sandbox.world.campaigns}

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Starts a command in it."""
        inherited = unmeasured.environment() if len(self.names) >= MANY else os.environ
        environment = {**inherited, "PYTHONWARNINGS": "error", "PYTHONFAULTHANDLER": "1", **variables}
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> Ran:
        """Runs a command in it."""
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out, err)

    @staticmethod
    def _number(name: str) -> int:
        return int(name.removeprefix("c-"))


@contextmanager
def repository(folder: Path, count: int, faults: Sequence[str] = ()) -> Iterator[Repository]:
    """A repository of so many campaigns, each with `PEOPLE` calls."""
    names = [f"c-{number:03}" for number in range(count)]
    with serve([f"tok-{name}" for name in names], start_ms=NIGHT_MS, faults=faults) as sandbox:
        made = Repository(folder, sandbox, names)
        for name in names:
            made.declare(name)
        yield made


def rows(out: str) -> dict[str, str]:
    """The table at the end: the words after each campaign's name."""
    table = out[out.rindex("campaign  ") :].splitlines()[1:]
    return {name: rest.strip() for name, _, rest in (line.partition(" ") for line in table) if name}
