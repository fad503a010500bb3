"""`make soak`: random kills and faults against random servers for a given time, and a table of what came of it.

    python -m tests.real.soak [MINUTES] [SEED]

Each round edits a campaign's list, arms faults on the server, and applies in a process of its own that may be killed
at a random effect; then it applies again until the exit code is 0, at most four times. Whoever is called twice or
forgotten ends the soak with exit code 1. A seed repeats the same edits, faults and kills.
"""

from __future__ import annotations

import contextlib
import io
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec

from reconciler.sandbox import Campaign, Job, Sandbox, serve
from tests.real.scene import Ended, Scene, phone

KEYS = "abcdefghijklmnop"
EFFECTS = ("fsync", "write", "rename", "connect", "send", "receive")
FAULTS = (
    "drop-response:addPhones",
    "drop-request:addPhones",
    "500-before:addPhones",
    "500-after:addPhones",
    "502-html:addPhones:after=true",
    "truncated-json:addPhones",
    "reset-mid-body:addPhones",
    "short-ids:addPhones",
    "duplicate-ids:addPhones",
    "429:addPhones:retry-after=1",
    "503:addPhones:retry-after=1",
    "drop-response:cancel",
    "drop-request:cancel",
    "500-after:cancel",
    "502-html:control",
    "drop-response:control",
    "missing-from-report:getReport",
    "500-before:getReport",
    "truncated-json:getReport",
    "drop-response:getReportByDate",
)
SERVERS = tuple(
    f"dialect={dialect}:keys={keys}:order=shuffled:ids={ids}:commit={commit}"
    for dialect, keys in (("current", "honoured"), ("current", "ignored"), ("legacy", "ignored"))
    for ids in ("string", "number")
    for commit in ("0s", "0.1s")
)
TRIES = 4
DONE = {"canceled", "notDone"}


class Totals(msgspec.Struct):
    """What happened so far."""

    rounds: int = 0
    kills: int = 0
    faults: int = 0
    twice: int = 0
    forgotten: int = 0
    unknown: int = 0
    exits: Counter[int] = msgspec.field(default_factory=Counter)


class Soaked(msgspec.Struct, frozen=True):
    """One campaign that is soaked, with the calls its list wants by key."""

    scene: Scene
    wanted: dict[str, str]

    def edit(self, chance: random.Random) -> None:
        """Adds, removes and changes some calls."""
        for key in chance.sample(KEYS, chance.randint(1, 6)):
            if key in self.wanted and chance.random() < 0.4:
                del self.wanted[key]
            else:
                self.wanted[key] = f"word{chance.randint(1, 5)}"
        self.scene.declare(self.wanted, state=chance.choice(["running", "running", "paused"]))

    def called_twice(self) -> int:
        """Phones with more than one job that may ring or rang."""
        alive = Counter(job.phone for job in self.jobs if job.status not in DONE)
        return sum(count > 1 for count in alive.values())

    def forgotten(self) -> int:
        """Wanted calls without a job, and jobs left ringing that nobody wants."""
        alive = {job.phone: job for job in self.jobs if job.status not in DONE}
        missing = sum(not _is_as_wanted(alive.get(phone(key)), word) for key, word in self.wanted.items())
        return missing + len(set(alive) - {phone(key) for key in self.wanted})

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The campaign's jobs on the server."""
        campaign: Campaign = self.scene.campaign
        return campaign.jobs


def _is_as_wanted(job: Job | None, word: str) -> bool:
    return job is not None and (job.payload or {}).get("word") == word


def strike(soaked: Soaked, chance: random.Random, totals: Totals) -> None:
    """One apply under random faults, perhaps killed."""
    for fault in chance.sample(FAULTS, chance.randint(0, 2)):
        soaked.scene.sandbox.world.fault(f"{fault}:campaign={soaked.scene.name}")
        totals.faults += 1
    effect, k = chance.choice(EFFECTS), chance.randint(1, 40)
    ended: Ended = soaked.scene.apply_failing(effect, k, "KILL")
    totals.kills += ended.was_struck
    totals.exits[ended.code] += 1


def settle(soaked: Soaked, totals: Totals) -> None:
    """Applies undisturbed until all is done, and looks at the world."""
    soaked.scene.sandbox.world.clear_faults()
    code = 0
    for _ in range(TRIES):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = soaked.scene.apply()
        totals.exits[code] += 1
        if code == 0:
            break
    totals.unknown += code == 4
    totals.twice += soaked.called_twice()
    totals.forgotten += soaked.forgotten() if code == 0 else 0
    if code not in (0, 4):
        raise SystemExit(f"{soaked.scene.name}: exit {code} after {TRIES} tries")


def soak(sandbox: Sandbox, folder: Path, minutes: float, seed: int) -> Totals:
    """Rounds until the time is over or something went wrong."""
    chance, totals, end = random.Random(seed), Totals(), time.monotonic() + 60 * minutes
    while time.monotonic() < end and not (totals.twice or totals.forgotten):
        name = f"soak-{totals.rounds}"
        sandbox.world.add_campaign(f"{name}:{chance.choice(SERVERS)}")
        soaked = Soaked(Scene(sandbox, folder, name), {})
        for _ in range(chance.randint(1, 4)):
            soaked.edit(chance)
            strike(soaked, chance, totals)
            if chance.random() < 0.5:
                settle(soaked, totals)
        settle(soaked, totals)
        totals.rounds += 1
    return totals


def main() -> int:
    """Soaks, prints the table, and says by its exit code whether everybody was called once."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    with tempfile.TemporaryDirectory() as folder, serve(["unused"], speed=1) as sandbox:
        totals = soak(sandbox, Path(folder), minutes, seed)
    exits = ", ".join(f"{code}: {count}" for code, count in sorted(totals.exits.items()))
    rows = {
        "seed": seed,
        "rounds": totals.rounds,
        "kills": totals.kills,
        "faults": totals.faults,
        "calls made twice": totals.twice,
        "calls forgotten": totals.forgotten,
        "left to a person": totals.unknown,
        "exit codes": exits,
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name:>18}  {value}\n")
    return 1 if totals.twice or totals.forgotten else 0


if __name__ == "__main__":
    sys.exit(main())
