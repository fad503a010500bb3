"""A real apply against the sandbox over HTTP: the lockfile in a folder, waiting on the sandbox's own clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.apply.clock import StopRequest
from reconciler.apply.run import Options, Tally
from reconciler.apply.session import Session, Voice, apply_campaign
from reconciler.calls.client import CallsClient
from reconciler.errors import Interrupted
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import Lock
from reconciler.lock.stores.files import FileStore
from reconciler.phones.model import Desired
from reconciler.plan.model import Plan
from reconciler.sandbox import Campaign, Job, Sandbox, World
from tests.apply.world import NAME, campaign, phone

MUTATING = ("addPhones", "cancel", "control")
TOKEN = "demo"

ODD = "ids=number:order=shuffled:extra=true:spelling=cyrillic:times=iso:status=text"
"""The sandbox answering in every unusual way at once."""


class SandboxClock:
    """The sandbox's clock: waiting moves it. `on_sleep` is told of every wait."""

    def __init__(self, world: World, stop: StopRequest) -> None:
        self._world, self._stop = world, stop
        self.waits: list[float] = []
        self.on_sleep: Callable[[], object] = lambda: None

    def now_s(self) -> float:
        return self._world.clock.now_ms() / 1000

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._world.advance(seconds)
        self.on_sleep()
        if self._stop_asked():
            self._stop.check()

    def _stop_asked(self) -> bool:
        try:
            self._stop.check()
        except Interrupted:
            return True
        return False


class Stage:
    """One campaign of a sandbox and the folder its lockfile is in. `apply` is one run of the program."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.stop = StopRequest()
        self.clock = SandboxClock(sandbox.world, self.stop)
        self.tally = Tally()
        self.says: list[str] = []
        self.plan: Plan | None = None
        self.is_approved = True

    def apply(self, wanted: Desired, **changes: Any) -> Tally:
        """What one run did; raises what it ended with. `changes` are of the campaign, the session or the options."""
        self.tally = Tally()
        of_session = {name: changes.pop(name) for name in ("is_first", "allowed", "secret") if name in changes}
        options = {name: changes.pop(name) for name in ("batch", "settle_s") if name in changes}
        timeout_s, token = changes.pop("timeout_s", 10.0), changes.pop("token", TOKEN)
        changes = {"host": self.sandbox.url, "state": "paused", **changes}
        made = campaign(**changes)
        with CallsClient(made.host, token, timeout_s=timeout_s, sleep=self.clock.sleep, now=self.clock.now_s) as client:
            session = Session(
                campaign=made,
                desired=wanted,
                store=FileStore(self.folder, made.name),
                client=client,
                token=token,
                approve=self._approve,
                **{"is_first": True, **of_session},
            )
            voice = Voice(self.says.append, lambda _: None)
            chosen = Options(timeout_s=timeout_s, **options)
            apply_campaign(session, chosen, self.clock, self.stop, voice, self.tally)
        return self.tally

    def _approve(self, plan: Plan) -> bool:
        self.plan = plan
        return self.is_approved

    # ------------------------------------------------------------------------------------------------ what came of it

    @property
    def remote(self) -> Campaign:
        """The campaign on the server."""
        return self.sandbox.world.campaign(TOKEN)

    def lock(self, name: str = NAME) -> Lock:
        """What the lockfile says."""
        return decode_lock((self.folder / f"{name}.lock.jsonl").read_bytes(), campaign=name, shown="lock")

    def journal(self) -> bytes:
        """What the journal says."""
        return (self.folder / f"{NAME}.journal.jsonl").read_bytes()

    def mutations(self) -> Counter[str]:
        """Mutating requests so far, by endpoint."""
        return Counter(r.endpoint for r in self.sandbox.world.requests if r.endpoint in MUTATING)

    def jobs_of(self, n: int) -> list[Job]:
        """Every job of the n-th number, oldest first."""
        return [job for job in self.remote.jobs if job.phone == phone(n)]

    def job_of(self, n: int) -> Job:
        """The job because of which the n-th person is or was called; there must be exactly one."""
        (job,) = (job for job in self.jobs_of(n) if job.status not in ("canceled", "notDone"))
        return job

    def assert_right(self, wanted: Desired, **changes: Any) -> None:
        """Each wanted person has one job, which the lock knows by its id, and there is nothing left to do."""
        counting = [job for job in self.remote.jobs if job.status not in ("canceled", "notDone")]
        assert sorted(job.phone for job in counting) == sorted(call.phone for call in wanted.calls)
        known = {locked.job_id for locked in self.lock().calls.values()}
        assert {job.id for job in counting} <= known
        assert self.journal() == b""
        self.sandbox.world.clear_faults()
        before = self.mutations()
        self.apply(wanted, **changes)
        assert self.mutations() == before
        assert self.plan is not None
        assert not self.plan.actions
        assert not self.plan.notes
