"""A folder with manifests and lists as a team would keep it, and the real command run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.other_campaign import PLAIN, SHOUTING, STRINGS, RemoteCampaign, Style
from tests.acceptance.other_server import OtherServer
from tests.acceptance.warm import PATIENCE_S, Warm

COMMAND = (sys.executable, "-m", "reconciler")

TOKEN = "tok-spring"
LOOSE = {"newCalls": 100_000, "cancelPercent": 100, "replacePercent": 100}
"""Guards that hold nothing back, for tests about other things."""

STYLES = {"plain": PLAIN, "shouting": SHOUTING, "strings": STRINGS}

Row = tuple[str, str, str]
"""Key, phone, first name."""


def people(count: int, start: int = 1) -> list[Row]:
    """So many rows, each with a key, a phone and a name of its own."""
    return [(f"c-{n:04}", f"1650000{n:04}", f"Name{n}") for n in range(start, start + count)]


def phone(number: int) -> str:
    """The phone of the n-th of `people`."""
    return f"1650000{number:04}"


@dataclass(frozen=True)
class Ran:
    """What a command left behind: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return f"{self.out}\n{self.err}"


@dataclass
class Workshop:
    """The folder."""

    folder: Path
    server: OtherServer
    warm: Warm
    name: str = "spring"
    is_unprivileged: bool = False
    variables: dict[str, str] = field(default_factory=lambda: {"SPRING_TOKEN": TOKEN})

    @property
    def remote(self) -> RemoteCampaign:
        """The campaign on the server."""
        return self.server.campaign()

    @property
    def lockfile(self) -> Path:
        """Where the campaign's lockfile is."""
        return self.folder / f"{self.name}.lock.jsonl"

    @property
    def journal(self) -> Path:
        """Where the campaign's journal is."""
        return self.folder / f"{self.name}.journal.jsonl"

    def manifest(self, **spec: Any) -> Path:
        """Writes the manifest; `spec` changes or adds to what it has by default. JSON is YAML."""
        path = self.folder / "campaign.yaml"
        path.write_text(json.dumps(self.document(**spec), indent=2))
        return path

    def second(self, name: str) -> None:
        """Writes the manifest, and that of a second campaign of this name, which wants the same list."""
        self.manifest()
        token, first = f"tok-{name}", self.remote
        self.server.campaigns[token] = RemoteCampaign(token, first.dialect, style=first.style)
        self.variables[f"{name.upper()}_TOKEN"] = token
        other = document(name, host=self.server.host, token={"env": f"{name.upper()}_TOKEN"})
        (self.folder / f"{name}.yaml").write_text(json.dumps(other))

    def document(self, **spec: Any) -> dict[str, Any]:
        """The manifest as a document."""
        return document(self.name, **{"host": self.server.host} | spec)

    def people(self, rows: Iterable[Row]) -> None:
        """Writes the list."""
        lines = [",".join(row) for row in rows]
        (self.folder / "leads.csv").write_text("\n".join(["id,phone,first_name", *lines]) + "\n")

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Variables of the command: those of the tests, without settings of the program, and the token."""
        return os.environ | {"PYTHONUTF8": "1"} | self.variables | dict(extra or {})

    def run(self, *arguments: str, **extra: str) -> Ran:
        """Runs the command without a terminal. `extra` are more variables."""
        return Ran(
            *self.warm.run(arguments, self.folder, self.environment(extra), is_unprivileged=self.is_unprivileged)
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts the command in a session of its own, so that signals reach it alone."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def apply(self, *arguments: str) -> Ran:
        """`campaign apply --auto-approve`, with `--first` where the dialect needs it for a first lock."""
        first = ["--first"] if self.remote.dialect == "legacy" and not self.lockfile.exists() else []
        return self.run("apply", "--auto-approve", *first, *arguments)

    def ids(self) -> dict[str, str]:
        """Job ids as the lockfile pairs them, by the last four digits of the phone."""
        calls = [json.loads(line) for line in self.lockfile.read_text().splitlines()[1:]]
        return {call[6][-4:]: call[4] for call in calls}

    def real_ids(self) -> dict[str, str]:
        """Job ids as the server pairs them: the newest of each number, by its last four digits."""
        return {job.phone[-4:]: str(job.id) for job in self.remote.jobs.values()}


def ended(process: subprocess.Popen[bytes]) -> Ran:
    """Waits for a started command."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return Ran(process.returncode, out.decode(), err.decode())


def document(name: str, **spec: Any) -> dict[str, Any]:
    """A manifest with one list."""
    base: dict[str, Any] = {
        "token": {"env": "SPRING_TOKEN"},
        "state": "running",
        "phoneLists": [
            {
                "name": "leads",
                "source": {"file": "leads.csv"},
                "phone": {"column": "phone"},
                "key": {"column": "id"},
                "payload": {"first_name": {"column": "first_name"}},
            }
        ],
        "guards": LOOSE,
    }
    kept = {key: value for key, value in (base | spec).items() if value is not None}
    return {"apiVersion": "campaign/v1", "kind": "Campaign", "metadata": {"name": name}, "spec": kept}


def remote(dialect: str, *, style: Style = PLAIN, **settings: Any) -> RemoteCampaign:
    """A campaign on the server, running unless said otherwise."""
    settings.setdefault("state", style.running)
    return RemoteCampaign(TOKEN, dialect, style=style, **settings)  # type: ignore[arg-type]


@contextmanager
def open_workshop(folder: Path, warm: Warm, dialect: str, style: str = "shouting") -> Iterator[Workshop]:
    """A folder with a manifest, and a running server. At the end nothing may have been asked that the facts forbid."""
    server = OtherServer(remote(dialect, style=STYLES[style]))
    with server.serving():
        work = Workshop(folder, server, warm)
        work.manifest()
        yield work
    assert server.violations == []
