"""The sandbox's own endpoints under `/sandbox/`: what a test or a curious person looks at and stirs over
HTTP.

They ask for no token and show numbers and payloads; the sandbox listens on loopback only. 400 for a body that
makes no sense, 404 for a campaign or job that is not there, both as `{"error": …}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reconciler.sandbox.answers import JSON, RefusedError
from reconciler.sandbox.campaign import Campaign
from reconciler.sandbox.clock import iso
from reconciler.sandbox.jobs import Creator, Job
from reconciler.sandbox.world import World

T = TypeVar("T")


class Ask(msgspec.Struct, frozen=True):
    """One admin request: the world it is about, the names in its path, its body."""

    world: World
    path: dict[str, str]
    content: bytes

    def campaign(self) -> Campaign:
        """The campaign named in the path; KeyError when there is none."""
        return self.world.campaign(self.path["name"])

    @property
    def job_id(self) -> str:
        """The job id in the path."""
        return self.path["id"]

    def read(self, kind: type[T]) -> T:
        """The body as `kind`; ValueError (msgspec's) when it does not fit."""
        return msgspec.json.decode(self.content, type=kind)


Show = Callable[[Ask], object]
"""What an admin request answers, as something that goes into JSON."""


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    advance_s: float


class _Fault(msgspec.Struct, forbid_unknown_fields=True):
    fault: str


class _State(msgspec.Struct, forbid_unknown_fields=True):
    state: str


class _Status(msgspec.Struct, forbid_unknown_fields=True):
    status: str


class _Phone(msgspec.Struct, forbid_unknown_fields=True):
    phone: str


class _ForeignJob(msgspec.Struct, forbid_unknown_fields=True):
    phone: str
    status: str | None = None
    created_by: Creator = msgspec.field(default="somebody", name="createdBy")


def _requests(ask: Ask) -> object:
    return [{"at": iso(one.at_ms), **msgspec.to_builtins(one)} for one in ask.world.requests]


def _clear_requests(ask: Ask) -> object:
    ask.world.clear_requests()
    return []


def _clock(ask: Ask) -> object:
    return {"now": iso(ask.world.clock.now_ms()), "speed": ask.world.clock.speed}


def _advance(ask: Ask) -> object:
    ask.world.advance(ask.read(_Advance).advance_s)
    for campaign in ask.world.campaigns:
        campaign.totals()  # lets its jobs live until now, so that the state file shows it
    return _clock(ask)


def _faults(ask: Ask) -> object:
    return ask.world.faults.waiting()


def _add_fault(ask: Ask) -> object:
    ask.world.fault(ask.read(_Fault).fault)
    return ask.world.faults.waiting()


def _clear_faults(ask: Ask) -> object:
    ask.world.clear_faults()
    return []


def _campaigns(ask: Ask) -> object:
    return [_summary(campaign) for campaign in ask.world.campaigns]


def _add_campaign(ask: Ask) -> object:
    described = ask.read(dict[str, Any])
    return _summary(ask.world.add_campaign(described.get("campaign", described)))


def _campaign(ask: Ask) -> object:
    campaign = ask.campaign()
    settings = msgspec.to_builtins(campaign.settings)
    return _summary(campaign) | {"settings": settings, "jobs": [_job(job) for job in campaign.jobs]}


def _set_state(ask: Ask) -> object:
    campaign = ask.campaign()
    campaign.set_state(ask.read(_State).state)
    return _summary(campaign)


def _reject(ask: Ask) -> object:
    campaign = ask.campaign()
    campaign.reject(ask.read(_Phone).phone)
    return _summary(campaign)


def _add_foreign(ask: Ask) -> object:
    campaign, wanted = ask.campaign(), ask.read(_ForeignJob)
    job_id = campaign.add_foreign(wanted.phone, via=wanted.created_by, status=wanted.status)
    return _job(campaign.job(job_id))


def _set_status(ask: Ask) -> object:
    status = ask.read(_Status).status
    return _job(ask.campaign().set_status(ask.job_id, status))


def _cancel(ask: Ask) -> object:
    campaign = ask.campaign()
    campaign.cancel_externally(ask.job_id)
    return _job(campaign.job(ask.job_id))


def _forget(ask: Ask) -> object:
    ask.campaign().forget(ask.job_id)
    return {}


def _summary(campaign: Campaign) -> dict[str, object]:
    counts, _ = campaign.totals()
    return {"name": campaign.settings.name, "state": campaign.state, "jobsByStatus": counts}


def _job(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "phone": job.phone,
        "payload": job.payload,
        "policy": job.policy,
        "status": job.status,
        "createdBy": job.created_by,
        "createdAt": iso(job.created_ms),
        "finishedAt": None if job.finished_ms is None else iso(job.finished_ms),
        "attempts": msgspec.to_builtins(job.attempts),
    }


# ------------------------------------------------------------------------------------------------------------ routes

Method = Literal["GET", "POST", "DELETE"]

_CAMPAIGN = "/sandbox/campaigns/{name}"

ADMIN: dict[tuple[Method, str], Show] = {
    ("GET", "/sandbox/requests"): _requests,
    ("DELETE", "/sandbox/requests"): _clear_requests,
    ("GET", "/sandbox/clock"): _clock,
    ("POST", "/sandbox/clock"): _advance,
    ("GET", "/sandbox/faults"): _faults,
    ("POST", "/sandbox/faults"): _add_fault,
    ("DELETE", "/sandbox/faults"): _clear_faults,
    ("GET", "/sandbox/campaigns"): _campaigns,
    ("POST", "/sandbox/campaigns"): _add_campaign,
    ("GET", _CAMPAIGN): _campaign,
    ("POST", f"{_CAMPAIGN}/state"): _set_state,
    ("POST", f"{_CAMPAIGN}/rejects"): _reject,
    ("POST", f"{_CAMPAIGN}/jobs"): _add_foreign,
    ("POST", f"{_CAMPAIGN}/jobs/{{id}}"): _set_status,
    ("DELETE", f"{_CAMPAIGN}/jobs/{{id}}"): _forget,
    ("POST", f"{_CAMPAIGN}/jobs/{{id}}/cancel"): _cancel,
}
"""Every admin endpoint."""


def admin_routes(world: World) -> list[BaseRoute]:
    """The routes of all admin endpoints of this world."""
    return [Route(path, _endpoint(world, method, show), methods=[method]) for (method, path), show in ADMIN.items()]


def _endpoint(world: World, method: Method, show: Show) -> Callable[[Request], Any]:
    def answer(request: Request, content: bytes) -> Response:
        try:
            body, status = show(Ask(world, request.path_params, content)), 200
        except RefusedError as error:
            return Response(error.answer.content, error.answer.status, media_type=JSON)
        except KeyError as error:
            body, status = {"error": error.args[0]}, 404
        except ValueError as error:  # includes what msgspec says about a body
            body, status = {"error": str(error)}, 400
        if method != "GET" and status == 200:
            world.store()
        return Response(msgspec.json.encode(body), status, media_type=JSON)

    async def endpoint(request: Request) -> Response:
        return answer(request, await request.body())

    return endpoint
