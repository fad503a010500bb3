"""A whole world to apply in: server, disk and clock in memory, and a power switch on every effect.

Effects are numbered in the order in which they happen. A script says what goes wrong at which number; after a crash
every further effect is refused until the world is booted again, just as a dead process does nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import msgspec

from reconciler.apply.clock import StopRequest
from reconciler.apply.flights import Here
from reconciler.apply.run import Options, Tally
from reconciler.apply.session import Session, Voice, apply_campaign
from reconciler.calls.client import CallsClient
from reconciler.calls.model import Dialect
from reconciler.errors import Place
from reconciler.lock import added
from reconciler.lock.journal import parse_journal, replay
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import Lock
from reconciler.lock.stores import Stored
from reconciler.manifest.model import Campaign, Guards, TokenSource
from reconciler.phones.model import Call, CallSource, Desired
from reconciler.plan.model import Plan
from reconciler.read import everything
from tests.apply.server import SECOND_TOKEN, TOKEN, SimulatedClock, SimulatedServer

NAME = "spring-promo"
TIMEOUT_S = 10.0
SETTLE_S = 30.0
LATE_S = 25.0
"""When a request that lingers takes effect: long after its client gave up, within what `settle` allows for."""

APPEND_FATES = ("before", "torn", "after")
REPLACE_FATES = ("before", "after")
SLEEP_FATES = ("before", "after")
POST_FATES = (
    *("crash before", "crash after", "crash late"),  # the process dies
    *("lost, done", "lost, late", "lost, never"),  # the process waits in vain for the answer
)


class Crash(BaseException):
    """The process is gone."""


Script = Mapping[int | str, str]
"""What goes wrong: by number of the effect from 1, or by name (`append#2` the second of that name, `append` all)."""


class Power:
    """Counts effects and, where the script says so, switches everything off."""

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script or {}
        self.effects: list[str] = []
        self.is_off = False

    def strike(self, effect: str) -> str:
        """What happens to this effect; '' when nothing does."""
        if self.is_off:
            raise Crash
        self.effects.append(effect)
        numbered = f"{effect}#{self.effects.count(effect)}"
        return next((fate for name in (len(self.effects), numbered, effect) if (fate := self.script.get(name))), "")

    def off(self) -> None:
        """The process dies here."""
        self.is_off = True
        raise Crash


class Disk:
    """A store in memory that survives the power; what was not synced before a crash is gone."""

    def __init__(self) -> None:
        self.power = Power()
        self.lock: bytes | None = None
        self.journal = b""
        self.others: dict[str, bytes] = {}
        self.fails = ""  # the kind of write that finds the disk full

    @property
    def shown(self) -> str:
        return f"{NAME}.lock.jsonl"

    def read(self) -> Stored:
        return Stored(self.lock, self.journal)

    def append(self, line: bytes) -> None:
        self._fail("append")
        fate = self.power.strike("append")
        if fate == "before":
            self.power.off()
        self.journal += line[: len(line) // 2] if fate == "torn" else line
        if fate:
            self.power.off()

    def replace(self, lock: bytes, journal: bytes = b"", *, first_line: bytes = b"") -> None:
        self._fail("replace")
        self._replace_one("lock", first_line + lock)
        self._replace_one("journal", journal)

    def _replace_one(self, name: str, data: bytes) -> None:
        fate = self.power.strike(f"replace {name}")
        if fate == "before":
            self.power.off()
        setattr(self, name, data)
        if fate:
            self.power.off()

    def _fail(self, kind: str) -> None:
        if self.fails == kind:
            raise OSError(28, "No space left on device")

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        self.journal = self.journal[: parse_journal(self.journal, "journal").whole_bytes]
        yield

    def keep(self) -> tuple[str, ...]:
        return ()

    def drop_torn(self) -> None:
        """There is none."""

    def neighbours(self) -> tuple[tuple[str, bytes], ...]:
        return tuple(self.others.items())


class PoweredClock:
    """The world's clock as the process sees it."""

    def __init__(self, clock: SimulatedClock, power: Power, stop: StopRequest) -> None:
        self._clock, self._power, self._stop = clock, power, stop

    def now_s(self) -> float:
        return self._clock.now_s()

    def sleep(self, seconds: float) -> None:
        fate = self._power.strike("sleep")
        if fate == "before":
            self._power.off()
        self._clock.sleep(seconds)
        if fate:
            self._power.off()
        self._stop.check()


@contextmanager
def held_in_columns() -> Iterator[None]:
    """Within the block no calls are too few for columns."""
    with patch.object(everything, "SEVERAL", 0), patch.object(added, "MANY", 1):
        yield


class World:
    """Everything outside the process, and `apply` to run one."""

    in_columns = False
    """Whether new calls, and what was added in a run, are held in columns however few they are: as of a million."""

    def __init__(self, *, is_current: bool = True, honours_keys: bool = True, state: str = "new") -> None:
        self.clock = SimulatedClock()
        self.server = SimulatedServer(self.clock, is_current=is_current, honours_keys=honours_keys, state=state)
        self.disk = Disk()
        self.power = Power()
        self.stop = StopRequest()
        self.tally = Tally()
        self.late_s = LATE_S
        self.says: list[str] = []
        self.at_once = 1
        """Batches under way at once. Their requests are sent one after the other, so that runs can be repeated."""
        self.pool: Callable[[int], Executor] = lambda _: Here()
        self.plan: Plan | None = None

    # ------------------------------------------------------------------------------------------------- one process

    def apply(self, wanted: CallSource, script: Script | None = None, **changes: Any) -> Tally:
        """One run; raises what it ended with, Crash included. `changes` are of the campaign or the session."""
        self.power = self.disk.power = Power(script)
        clock = PoweredClock(self.clock, self.power, self.stop)
        self.plan, self.tally = None, Tally()
        session_changes = {name: changes.pop(name) for name in ("is_first", "allowed", "secret") if name in changes}
        batch, checkpoint = changes.pop("batch", 3), changes.pop("checkpoint", 40_000)
        token = changes.pop("token", TOKEN)
        with self.client(clock, token=token, is_pinned=changes.pop("pinned", False)) as client:
            session = Session(
                campaign=campaign(**changes),
                desired=wanted,
                store=self.disk,
                client=client,
                token=token,
                approve=self._approve,
                **{"is_first": True, **session_changes},
            )
            options = Options(
                batch=batch,
                parallelism=self.at_once,
                checkpoint=checkpoint,
                pool=self.pool,
                settle_s=SETTLE_S,
                timeout_s=TIMEOUT_S,
            )
            with held_in_columns() if self.in_columns else nullcontext():
                apply_campaign(session, options, clock, self.stop, Voice(self.says.append, lambda _: None), self.tally)
        return self.tally

    def _approve(self, plan: Plan) -> bool:
        self.plan = plan
        return True

    def client(self, clock: PoweredClock | None = None, *, token: str = TOKEN, is_pinned: bool = False) -> CallsClient:
        """A client of the server; `is_pinned`: it is told the dialect."""
        spoken = Dialect.CURRENT if self.server.is_current else Dialect.LEGACY
        clock = clock or PoweredClock(self.clock, self.power, self.stop)
        return CallsClient(
            "http://127.0.0.1",
            token,
            dialect=spoken if is_pinned else None,
            timeout_s=TIMEOUT_S,
            transport=httpx.MockTransport(self._receive),
            sleep=clock.sleep,
            now=clock.now_s,
        )

    def _receive(self, request: httpx.Request) -> httpx.Response:
        token = next(known for known in (TOKEN, SECOND_TOKEN) if known in request.url.path)
        path = request.url.path.partition(token)[2].strip("/")
        key = request.headers.get("Idempotence-Key", "")
        if not self.server.mutates(path):
            if self.power.is_off:
                raise Crash
            return self.server.respond(path, request.content)
        return self._post(path, request.content, key)

    def _post(self, path: str, content: bytes, key: str) -> httpx.Response:
        fate = self.power.strike(f"post {path}")
        if fate == "crash before":
            self.power.off()
        if fate in ("", "crash after", "lost, done"):
            response = self.server.respond(path, content, key)
            if not fate:
                return response
        elif fate.endswith("late"):
            self.clock.later(self.late_s, lambda: self.server.respond(path, content, key))
        if fate.startswith("crash"):
            self.power.off()
        self.clock.sleep(TIMEOUT_S)
        raise httpx.ReadTimeout("no answer")

    # ------------------------------------------------------------------------------------------------ what came of it

    @property
    def changes(self) -> list[str]:
        """The mutating requests that took effect or were refused, in order."""
        return self.server.log

    def remembered(self) -> Lock:
        """The lockfile with its journal, which must have no open intent."""
        assert self.disk.lock is not None
        lock = decode_lock(self.disk.lock, campaign=NAME, shown="lock")
        lock, opened = replay(lock, parse_journal(self.disk.journal, "journal").entries, "journal")
        assert not opened
        return lock

    def jobs_that_count(self, phone: str) -> list[str]:
        """Ids of the jobs because of which this person was called or may be."""
        return [job.id for job in self.server.jobs.values() if job.phone == phone and job.counts]


def campaign(**changes: Any) -> Campaign:
    """A campaign as the manifest would give it."""
    made = Campaign(
        name=NAME,
        place=Place("campaign.yaml", 1),
        folder=Path("/nowhere"),
        host="http://127.0.0.1",
        token=TokenSource(env="TOKEN"),
        dialect="auto",
        state="running",
        wave="1",
        policy={},
        payload={},
        lists=(),
        suppress=(),
        guards=Guards(cancel_percent=100, replace_percent=100),
        foreign="block",
        on_external_cancel="keep",
    )
    return msgspec.structs.replace(made, **changes)


def phone(n: int) -> str:
    """The n-th made-up number."""
    return f"1650000{n:04}"


def call(
    n: int, *, text: str = "", key: str = "", wave: str = "1", to: int | None = None, shares: bool = False
) -> Call:
    """The n-th wanted call; `text` is its payload, `to` another number than the n-th."""
    number = phone(n if to is None else to)
    request = msgspec.json.encode({"payload": {"text": text}, "phone": number} if text else {"phone": number})
    return Call(key or f"customer-{n}", wave, number, request, "leads.csv", n + 2, shares)


def calls(*numbers: int, **options: Any) -> Desired:
    """The desired calls of these numbers."""
    return Desired(tuple(call(n, **options) for n in numbers))
