"""The HTTP of the sandbox: one route for the whole Calls API, and the admin endpoints beside it."""

from __future__ import annotations

import asyncio
import threading

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.admin import admin_routes
from reconciler.sandbox.answers import Answer
from reconciler.sandbox.clock import http_date
from reconciler.sandbox.faults import Fault, spoiled
from reconciler.sandbox.wire import Delivery
from reconciler.sandbox.world import Call, Reception, World

_LOOK_EVERY_S = 0.01
"""How often a waiting request looks at the clock; short enough to be unnoticed, long enough to cost nothing."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_CLOSED = Answer(500, fate="closed")


class StoppingError(Exception):
    """The sandbox stops while a request waits; it is closed without having acted."""


class CallsApi:
    """Requests under `/api/calls/campaign/`. `stopping` ends waits early when the sandbox shuts down."""

    def __init__(self, world: World, stopping: threading.Event) -> None:
        self._world = world
        self._stopping = stopping

    async def endpoint(self, request: Request) -> Response:
        """The answer to one request, or the bad end a fault makes of it."""
        try:
            content = await request.body()
        except ClientDisconnect:
            return self._delivery(_CLOSED, 0)
        call = Call(
            method=request.method,
            token=request.path_params["token"],
            path=request.path_params.get("path", ""),
            content=content,
            idempotence_key=request.headers.get("Idempotence-Key"),
        )
        reception = self._world.receive(call)
        try:
            answer = await self._answer(reception)
        except StoppingError:
            answer = _CLOSED
        if answer.fate in ("sent", "cut"):
            self._world.answered(reception, answer.status)
        return self._delivery(answer, reception.strike.skew_s)

    def _delivery(self, answer: Answer, skew_s: float) -> Delivery:
        return Delivery(answer, http_date(self._server_ms(skew_s)))

    def _server_ms(self, skew_s: float) -> int:
        return self._world.clock.now_ms() + int(skew_s * 1000)

    async def _answer(self, reception: Reception) -> Answer:
        strike = reception.strike
        await self._pause(strike.latency_s)
        if strike.fault is None:
            return await self._perform(reception)
        answer = await self._perform_or_not(strike.fault, reception)
        return spoiled(strike.fault, answer, self._server_ms(strike.skew_s))

    async def _perform_or_not(self, fault: Fault, reception: Reception) -> Answer:
        hang_s = (30 if fault.s is None else fault.s) if fault.what == "hang" else 0
        if fault.acts:
            answer = await self._perform(reception)
            await self._pause(hang_s)
            return answer
        await self._pause(hang_s)
        return await self._perform(reception) if fault.what == "hang" else Answer(200)

    async def _perform(self, reception: Reception) -> Answer:
        operation, campaign = reception.operation, reception.campaign
        if campaign is not None and operation is not None and operation.endpoint == "addPhones":
            await self._until(reception.arrived_ms + int(campaign.settings.commit * 1000))
        return self._world.perform(reception)

    async def _pause(self, seconds: float) -> None:
        """Wait real seconds."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while (left_s := end_s - loop.time()) > 0:
            await self._wait(min(left_s, _LOOK_EVERY_S))

    async def _until(self, virtual_ms: int) -> None:
        """Wait until the virtual clock shows this time."""
        while self._world.clock.now_ms() < virtual_ms:
            await self._wait(_LOOK_EVERY_S)

    async def _wait(self, seconds: float) -> None:
        if self._stopping.is_set():
            raise StoppingError
        await asyncio.sleep(seconds)


def make_app(world: World, stopping: threading.Event) -> Starlette:
    """The ASGI application that serves this world."""
    endpoint = CallsApi(world, stopping).endpoint
    routes = [
        Route("/api/calls/campaign/{token}", endpoint, methods=_METHODS),
        Route("/api/calls/campaign/{token}/{path:path}", endpoint, methods=_METHODS),
        *admin_routes(world),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app
