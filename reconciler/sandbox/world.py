"""Everything the sandbox knows: campaigns, clock, faults and the log of requests, behind one lock.

Tests hold this object and reach in from their own thread while the server runs in another; the admin
endpoints do the same over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import RLock

import msgspec

from reconciler.sandbox.answers import (
    INVALID_TOKEN,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    Answer,
    RefusedError,
    malformed,
)
from reconciler.sandbox.campaign import Campaign, JobIds
from reconciler.sandbox.clock import Clock, real_now_ms
from reconciler.sandbox.faults import Faults, Strike, parse_fault
from reconciler.sandbox.idempotence import RememberedAnswers
from reconciler.sandbox.jobs import Creator, Job
from reconciler.sandbox.operations import DIALECTS, Operation
from reconciler.sandbox.requests import Request, RequestLog, count_items
from reconciler.sandbox.settings import Described, Dialect, Settings, settings
from reconciler.sandbox.storage import StoredCampaign, StoredWorld, load, save

DEFAULT_CAMPAIGN = "sandbox-demo"


class Call(msgspec.Struct, frozen=True):
    """One HTTP request to the API, as it came in."""

    method: str
    token: str
    path: str
    content: bytes = b""
    idempotence_key: str | None = None


class Reception(msgspec.Struct, frozen=True):
    """What the sandbox makes of a request before it acts: where it goes, its place in the log, what strikes it."""

    call: Call
    body: object
    campaign: Campaign | None
    operation: Operation | None
    place: int
    arrived_ms: int
    strike: Strike


class World:
    """A sandbox without its HTTP. `dialect` is that of campaigns which name none, and of unknown tokens.

    ValueError for campaigns or faults that make no sense, or a state file that is none; OSError when it
    cannot be read.
    """

    def __init__(
        self,
        campaigns: Iterable[Described] = (),
        *,
        speed: float = 0,
        seed: int = 0,
        dialect: Dialect | None = None,
        faults: Iterable[str] = (),
        start_ms: int | None = None,
        state_file: Path | None = None,
    ) -> None:
        described = [settings(campaign) for campaign in campaigns]
        stored = load(state_file) if state_file else None
        known = [kept.settings for kept in stored.campaigns] if stored else []
        spoken = {one.dialect for one in (*known, *described)}
        self.lock = RLock()
        self.dialect: Dialect = dialect or ("legacy" if spoken == {"legacy"} else "current")
        begin_ms = real_now_ms() if start_ms is None else start_ms
        # Virtual time may have run ahead of the real one before the restart, and it never goes back.
        self.clock = Clock(max(begin_ms, stored.now_ms) if stored else begin_ms, speed)
        self._seed = stored.seed if stored else seed
        self._ids = JobIds(stored.following_id) if stored else JobIds()
        self._state_file = state_file
        self._log = RequestLog()
        self._faults = Faults()
        self._campaigns: dict[str, Campaign] = {}
        self._remembered: dict[str, RememberedAnswers] = {}
        for kept in stored.campaigns if stored else ():
            self._restore(kept)
        self._add_all(described, restored=stored is not None)
        for fault in faults:
            self.fault(fault)

    def _add_all(self, described: Sequence[Settings], *, restored: bool) -> None:
        for campaign in described or ([] if self._campaigns else [Settings(token=DEFAULT_CAMPAIGN)]):
            # After a restart the same command line names the same campaigns again: those live on as stored.
            if not (restored and campaign.token in self._campaigns):
                self.add_campaign(campaign)

    # ---------------------------------------------------------------------------------------------- for tests, admin

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """All campaigns, in the order they were made."""
        with self.lock:
            return tuple(self._campaigns.values())

    def campaign(self, name: str | None = None) -> Campaign:
        """The campaign of this name or token, the first one when None; KeyError when there is none."""
        for campaign in self.campaigns:
            if name in (None, campaign.settings.name, campaign.settings.token):
                return campaign
        raise KeyError("no campaign of this name")

    def add_campaign(self, described: Described) -> Campaign:
        """The new campaign; ValueError when the description is wrong or its token or name is taken."""
        with self.lock:
            wanted = settings(described).complete(self.dialect, 4001 + len(self._campaigns))
            taken = {word for one in self.campaigns for word in (one.settings.name, one.settings.token)}
            if {wanted.name, wanted.token} & taken:
                raise ValueError("each campaign needs a token and a name of its own")
            made = Campaign(wanted, clock=self.clock, lock=self.lock, ids=self._ids, seed=self._seed)
            self._campaigns[wanted.token] = made
            self._remembered[wanted.token] = RememberedAnswers()
            return made

    @property
    def requests(self) -> tuple[Request, ...]:
        """The log of requests, in order of arrival."""
        with self.lock:
            return self._log.all()

    def clear_requests(self) -> None:
        """Start the log of requests afresh."""
        with self.lock:
            self._log.clear()

    def advance(self, seconds: float) -> int:
        """The virtual time (ms since 1970) after pushing the clock; ValueError for less than 0 seconds."""
        with self.lock:
            return self.clock.advance(seconds)

    def fault(self, text: str) -> None:
        """Arm a fault, written `WHAT:ENDPOINT[:COUNT][:key=value…]`; ValueError says what is wrong with it."""
        with self.lock:
            self._faults.add(parse_fault(text))

    def clear_faults(self) -> None:
        """Disarm every fault."""
        with self.lock:
            self._faults.clear()

    @property
    def faults(self) -> Faults:
        """The faults still armed."""
        return self._faults

    def _holding(self, job_id: str | int) -> Campaign:
        for campaign in self.campaigns:
            if campaign.has(job_id):
                return campaign
        raise KeyError("no job of this id")

    def job(self, job_id: str | int) -> Job:
        """The job of this id in whatever campaign; KeyError when there is none."""
        return self._holding(job_id).job(job_id)

    def set_status(self, job_id: str | int, status: str) -> Job:
        """The job after its status was forced (see `Campaign.set_status`); KeyError."""
        return self._holding(job_id).set_status(job_id, status)

    def cancel_externally(self, job_id: str | int) -> bool:
        """Whether somebody else's cancel of the job took effect; KeyError."""
        return self._holding(job_id).cancel_externally(job_id)

    def forget(self, job_id: str | int) -> None:
        """Lose the job; KeyError."""
        self._holding(job_id).forget(job_id)

    def add_foreign(self, phone: str, campaign: str | None = None, *, via: Creator = "somebody") -> str:
        """The id of a job that somebody else adds to the campaign (the first one when None)."""
        return self.campaign(campaign).add_foreign(phone, via=via)

    # ------------------------------------------------------------------------------------------------- for requests

    def receive(self, call: Call) -> Reception:
        """Log the request and find out where it goes and what will go wrong with it; it has not acted yet."""
        with self.lock:
            campaign = self._campaigns.get(call.token)
            dialect = campaign.settings.dialect if campaign else self.dialect
            operation = DIALECTS[dialect or self.dialect].get((call.method, call.path))
            endpoint = operation.endpoint if operation else "unknown"
            name = campaign.settings.name if campaign else None
            strike = self._faults.strike(endpoint, name)
            arrived_ms = self.clock.now_ms()
            body = _json(call.content)
            request = Request(
                endpoint=endpoint,
                path=call.path if operation else "",
                method=call.method,
                campaign=name,
                items=count_items(body),
                idempotence_key=call.idempotence_key,
                at_ms=arrived_ms,
                fault=strike.fault.what if strike.fault else None,
            )
            return Reception(call, body, campaign, operation, self._log.arrived(request), arrived_ms, strike)

    def perform(self, reception: Reception) -> Answer:
        """Do what the request asks, all or nothing, and store the change; every refusal comes back as its answer."""
        campaign, operation, call = reception.campaign, reception.operation, reception.call
        with self.lock:
            if operation is None:
                return self._no_route(call, campaign)
            if campaign is None:
                return INVALID_TOKEN
            try:
                answer = self._act(campaign, operation, reception)
            except RefusedError as error:
                return error.answer
            if operation.mutates:
                self.store()
            return answer

    def _no_route(self, call: Call, campaign: Campaign | None) -> Answer:
        dialect = campaign.settings.dialect if campaign else self.dialect
        known = any(path == call.path for _, path in DIALECTS[dialect or self.dialect])
        return METHOD_NOT_ALLOWED if known else NOT_FOUND

    def _act(self, campaign: Campaign, operation: Operation, reception: Reception) -> Answer:
        def act() -> Answer:
            if isinstance(reception.body, _Unreadable):
                raise malformed("The body is not JSON")
            return operation.act(campaign, reception.body)

        call = reception.call
        own = campaign.settings
        honoured = operation.mutates and own.dialect == "current" and own.keys == "honoured"
        if not honoured or call.idempotence_key is None:
            return act()
        return self._remembered[own.token].once(call.path, call.idempotence_key, call.content, act)

    def answered(self, reception: Reception, status: int) -> None:
        """Note in the log what the request was answered."""
        with self.lock:
            self._log.answered(reception.place, status)

    # ------------------------------------------------------------------------------------------------------ storing

    def store(self) -> None:
        """Write the state file, if there is one; raises OSError."""
        if self._state_file is None:
            return
        with self.lock:
            save(
                self._state_file,
                StoredWorld(
                    seed=self._seed,
                    now_ms=self.clock.now_ms(),
                    following_id=self._ids.following,
                    campaigns=tuple(self._stored(campaign) for campaign in self.campaigns),
                ),
            )

    def _stored(self, campaign: Campaign) -> StoredCampaign:
        return StoredCampaign(
            settings=campaign.settings,
            state=campaign.state,
            created_ms=campaign.created_ms,
            started_ms=campaign.started_ms,
            ended_ms=campaign.ended_ms,
            jobs=campaign.jobs,
            keys=self._remembered[campaign.settings.token].all(),
        )

    def _restore(self, kept: StoredCampaign) -> None:
        campaign = self.add_campaign(kept.settings)
        campaign.restore(kept.state, (kept.created_ms, kept.started_ms, kept.ended_ms), kept.jobs)
        self._remembered[kept.settings.token] = RememberedAnswers(kept.keys)


class _Unreadable:
    """Stands for a body that is not JSON."""


def _json(content: bytes) -> object:
    """The body's value, None when there is none."""
    try:
        return msgspec.json.decode(content) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Unreadable()
