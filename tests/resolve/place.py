"""A team's folder beside a real sandbox, and the command run in it: in this process, or as one of its own.

Every phone and name in it is a planted value. Whatever a command prints is searched for them, and for the token.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from reconciler.cli.main import exit_code
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import Lock
from reconciler.sandbox import Campaign, Job, Sandbox
from tests.lock.samples import owned_jobs

NAME = "spring"
TOKEN = "quokkatoken-5f1e7b"
WORD = "quokkarow"
MUTATING = ("addPhones", "cancel", "control")
PATIENCE_S = 60
"""A command that takes longer hangs. Nothing is asserted about how long one takes."""

# What makes reading back impossible, at once: an answer that cannot be understood is not asked for again.
NO_READ_BACK = ("truncated-json:getReport:forever", "truncated-json:getReportByDate:forever")

MANIFEST = """\
apiVersion: campaign/v1
kind: Campaign
metadata: {{name: spring}}
spec:
  host: {url}
  token: {{env: SPRING_TOKEN}}
  state: paused
  wave: "{wave}"
  phoneLists:
    - name: leads
      source: {{file: leads.csv}}
      key: {{column: id}}
      payload: {{word: {{column: word}}}}
  guards: {{newCalls: 100000, cancelPercent: 100, replacePercent: 100}}
"""


def phone(n: int) -> str:
    """The phone of the n-th row: the planted digits occur nowhere else."""
    return f"165073{n:05}"


def mask(n: int) -> str:
    """How the n-th phone may be shown."""
    return f"1650•••{n % 10000:04}"


class Ran(msgspec.Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return f"{self.out}\n{self.err}"


class Place:
    """The folder. Each apply waits at most a second for an answer, and a fifth of one for a request on its way."""

    def __init__(self, sandbox: Sandbox, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.sandbox, self.folder, self._capture = sandbox, folder, capture
        self.rows: tuple[int, ...] = ()
        os.environ["SPRING_TOKEN"] = TOKEN

    # -------------------------------------------------------------------------------------------------- declaring

    def declare(self, rows: Iterable[int], *, wave: str = "1", word: str = WORD) -> None:
        """Writes manifest and list."""
        self.rows = tuple(rows)
        (self.folder / "campaign.yaml").write_text(MANIFEST.format(url=self.sandbox.url, wave=wave))
        lines = [f"key-{n},{phone(n)},{word}{n}\n" for n in self.rows]
        (self.folder / "leads.csv").write_text("".join(["id,phone,word\n", *lines]))

    def fault(self, *texts: str) -> None:
        """Arms faults of the sandbox."""
        for text in texts:
            self.sandbox.world.fault(text)

    def heal(self) -> None:
        """No more faults."""
        self.sandbox.world.clear_faults()

    # --------------------------------------------------------------------------------------------------- commands

    def run(self, *arguments: str) -> Ran:
        """Runs a command in this process."""
        self._capture.readouterr()
        code = exit_code([arguments[0], "-f", str(self.folder / "campaign.yaml"), "--timeout", "1", *arguments[1:]])
        printed = self._capture.readouterr()
        return seen(Ran(code, printed.out, printed.err))

    def apply(self, *arguments: str) -> Ran:
        """`campaign apply`, without a question."""
        return self.run("apply", "--auto-approve", "--first", "--settle", "0.2", *arguments)

    def resolve(self, *arguments: str) -> Ran:
        """`campaign resolve`, without a question."""
        return self.run("resolve", "--auto-approve", "--settle", "0.2", *arguments)

    def state(self, command: str, *arguments: str) -> Ran:
        """Runs a `campaign state` command in this process."""
        self._capture.readouterr()
        code = exit_code(["state", command, "-f", str(self.folder / "campaign.yaml"), *arguments])
        printed = self._capture.readouterr()
        return seen(Ran(code, printed.out, printed.err))

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Starts a command as a process of its own, in a session of its own."""
        words = 2 if arguments[0] == "state" else 1
        named = [*arguments[:words], "-f", "campaign.yaml", *arguments[words:]]
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *named],
            cwd=self.folder,
            env=os.environ | {"PYTHONUTF8": "1"},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def run_alone(self, *arguments: str) -> Ran:
        """Runs a command in a process of its own."""
        return ended(self.start(*arguments))

    def run_on_a_terminal(self, answer: str, *arguments: str) -> Ran:
        """Runs a command that can ask, and answers it."""
        ours, theirs = pty.openpty()
        try:
            process = self.start(*arguments, stdin=theirs)
            os.write(ours, f"{answer}\n".encode())
            return ended(process)
        finally:
            os.close(ours)
            os.close(theirs)

    # ----------------------------------------------------------------------------------------------- what came of it

    @property
    def remote(self) -> Campaign:
        """The campaign on the server."""
        return self.sandbox.world.campaign("sandbox")

    def mutations(self) -> Counter[str]:
        """Mutating requests so far, by endpoint."""
        return Counter(r.endpoint for r in self.sandbox.world.requests if r.endpoint in MUTATING)

    def jobs_of(self, n: int) -> list[Job]:
        """The jobs of the n-th row that ring or rang, oldest first."""
        return [job for job in self.remote.jobs if job.phone == phone(n) and job.status not in ("canceled", "notDone")]

    def lock(self) -> Lock:
        """What the lockfile says."""
        return decode_lock((self.folder / f"{NAME}.lock.jsonl").read_bytes(), campaign=NAME, shown="lock")

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.folder / f"{NAME}.journal.jsonl"

    def statuses(self) -> Counter[str]:
        """Calls in the lockfile by the letter of their status."""
        return Counter(str(call.status) for call in self.lock().calls.values())

    def in_doubt(self, *rows: int, wave: str = "1", fault: str = "drop-response") -> None:
        """Declares these rows and applies them in a way that nobody can tell what became of it.

        With `drop-request` the server has no jobs of them, with `drop-response` it has all.
        """
        self.declare(rows, wave=wave)
        self.fault(f"{fault}:addPhones", *NO_READ_BACK)
        ran = self.apply()
        assert ran.code == 4, ran.text
        self.heal()

    def assert_right(self, rows: Iterable[int] | None = None) -> None:
        """Each of these rows (all that are declared) has one job, the lock has its id, and nothing is left to do."""
        wanted = self.rows if rows is None else tuple(rows)
        assert sorted(job.phone for n in wanted for job in self.jobs_of(n)) == sorted(map(phone, wanted))
        assert {job.id for n in wanted for job in self.jobs_of(n)} <= set(owned_jobs(self.lock()))
        before = self.mutations()
        again = self.apply()
        assert again.code == 0, again.text
        assert self.mutations() == before
        assert self.run("resolve").code == 0
        assert self.journal.read_bytes() == b""
        self.assert_clean()

    def assert_clean(self) -> None:
        """No planted value is in any file but the list, and the journal while it is not empty."""
        for path in self.folder.iterdir():
            if path.name not in ("leads.csv", self.journal.name):
                assert not sightings(path.read_text(errors="replace")), path.name


def ended(process: subprocess.Popen[str]) -> Ran:
    """Waits for a started command."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return seen(Ran(process.returncode, out, err))


def seen(ran: Ran) -> Ran:
    """`ran`, once it is sure that nothing planted was printed and nothing unforeseen happened."""
    assert not sightings(ran.text), ran.text
    assert "unexpected" not in ran.text
    assert "Traceback" not in ran.text
    return ran


def sightings(text: str) -> list[str]:
    """Planted values in a text: phones however they are grouped, words, the token."""
    # Commit ids and other hexadecimal numbers hold any ten digits now and then; a phone has no letters.
    without_hex = re.sub(r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", "", text)
    digits = re.sub(r"[ ()\-./]", "", without_hex)
    return [*re.findall(r"quokka\w*", text), *re.findall(r"65073\d{5}", digits)]


def until(condition: Callable[[], object]) -> None:
    """Waits until something is the case."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it never came to that"
        time.sleep(0.01)
