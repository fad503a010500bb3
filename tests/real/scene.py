"""A campaign in a folder and on a real sandbox, changed so that one apply pauses nothing, cancels, replaces, adds and
resumes; and what must be true once everything was recovered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from reconciler.cli.main import exit_code
from reconciler.sandbox import Campaign, Sandbox
from tests import unmeasured

HERE = Path(__file__).parent

MANIFEST = """\
apiVersion: campaign/v1
kind: Campaign
metadata: {{name: {name}}}
spec:
  host: {url}
  token: {{env: {variable}}}
  state: {state}
  policy: {{startDateTime: "2099-01-01T00:00:00Z"}}  # nobody is called while the tests look
  phoneLists:
    - name: leads
      source: {{file: {name}.csv}}
      key: {{column: id}}
      payload: {{word: {{column: word}}}}
  guards: {{cancelPercent: 100, replacePercent: 100}}
"""

BEFORE = {"a": "one", "b": "two", "c": "three", "d": "four"}
AFTER = {"a": "one", "b": "changed", "d": "four", "e": "five", "f": "six"}  # c removed, b changed, e and f added
"""Calls by key, with the word in their payload; the phone follows from the key."""


def phone(key: str) -> str:
    """The digits of a key's phone."""
    return f"1650{int(key):07d}" if key.isdigit() else f"1650000{ord(key):04d}"


class Ended(msgspec.Struct, frozen=True):
    """How a process ended, and whether it came as far as the effect that was to fail."""

    code: int
    stderr: str
    was_struck: bool


class Scene(msgspec.Struct, frozen=True):
    """One campaign; its token is its name, upper case in the variable."""

    sandbox: Sandbox
    folder: Path
    name: str

    def declare(self, calls: dict[str, str], *, state: str) -> None:
        """Writes manifest and list."""
        manifest = MANIFEST.format(name=self.name, url=self.sandbox.url, variable=self.variable, state=state)
        (self.folder / f"{self.name}.yaml").write_text(manifest)
        rows = "".join(f"{key},{phone(key)},{word}\n" for key, word in calls.items())
        (self.folder / f"{self.name}.csv").write_text("id,phone,word\n" + rows)

    @property
    def variable(self) -> str:
        """Name of the variable that holds the token."""
        return self.name.upper().replace("-", "_")

    @property
    def arguments(self) -> list[str]:
        """The command line of an apply that does not wait long for a request that may still travel."""
        manifest = str(self.folder / f"{self.name}.yaml")
        return ["apply", "-f", manifest, "--auto-approve", "--first", "--timeout", "1", "--settle", "0.2", "-q"]

    def apply(self) -> int:
        """Applies in this process, undisturbed; its exit code."""
        os.environ[self.variable] = self.name
        return exit_code(self.arguments)

    def prepare(self) -> None:
        """An applied campaign with a change waiting: one call to cancel, one to replace, two to keep, two to add."""
        self.declare(BEFORE, state="paused")
        assert self.apply() == 0
        self.declare(AFTER, state="running")

    def apply_failing(self, effect: str, k: int, how: str, *options: str) -> Ended:
        """An apply in a process of its own whose k-th `effect` fails."""
        count_file = self.folder / f"{self.name}.count"
        failing = [str(HERE / "failing.py"), effect, str(k), how, str(count_file)]
        # A process that is killed does not report what it covered.
        environment = unmeasured.environment() | {self.variable: self.name, "PYTHONPATH": str(HERE.parents[1])}
        done = subprocess.run(
            [sys.executable, *failing, *self.arguments, *options],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        text = count_file.read_text()
        return Ended(done.returncode, done.stderr, text.isdigit() and int(text) >= k)

    def effects(self, *options: str) -> list[str]:
        """What an undisturbed apply in a process of its own does to the world, in order."""
        self.apply_failing("every", 0, "LOG", *options)
        return (self.folder / f"{self.name}.count").read_text().splitlines()

    def check(self) -> None:
        """The world is as declared: nobody twice, nobody forgotten, the lock knows every job."""
        by_phone: dict[str, list[str]] = {}
        for job in self.campaign.jobs:
            by_phone.setdefault(job.phone, []).append(job.status)
        expected = {phone(key): ["planned"] for key in AFTER} | {phone("c"): ["canceled"]}
        expected[phone("b")] = ["canceled", "planned"]
        assert {number: sorted(statuses) for number, statuses in by_phone.items()} == expected
        live = [job for job in self.campaign.jobs if job.status == "planned"]
        words = {job.phone: (job.payload or {})["word"] for job in live}
        assert words == {phone(key): word for key, word in AFTER.items()}
        assert self.locked_jobs() == {job.id for job in live}

    @property
    def campaign(self) -> Campaign:
        """The campaign on the server."""
        return self.sandbox.world.campaign(self.name)

    def locked_jobs(self) -> set[str]:
        """Ids of the live jobs in the lockfile."""
        lines = (self.folder / f"{self.name}.lock.jsonl").read_bytes().splitlines()[1:]
        return {call[4] for call in map(msgspec.json.decode, lines) if call[5] in "pri"}

    def journal(self) -> bytes:
        """What is left of the journal."""
        return (self.folder / f"{self.name}.journal.jsonl").read_bytes()

    def mutations(self) -> int:
        """How many mutating requests the server has seen for this campaign."""
        names = {"addPhones", "cancel", "control"}
        return sum(r.campaign == self.name and r.endpoint in names for r in self.sandbox.world.requests)
