"""The last step to the client: an answer sent whole, or a connection that ends badly on purpose.

ASGI has no way to close a connection in the middle of an answer, so the protocol hands its transport to the
application through the scope's `state`.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.answers import Answer

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends a TCP reset and throws away what was not sent yet."""


class TransportProtocol(H11Protocol):
    """HTTP/1.1 whose applications find the connection's transport in `scope["state"]["transport"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport for the scopes to come."""
        super().connection_made(transport)
        # asyncio does this only for sockets that were made with an explicit IPPROTO_TCP, which ours was not. Without
        # it every answer waits 40 ms for the client's delayed acknowledgement.
        _socket(transport).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


class Delivery(Response):
    """An answer on its way, dated by the sandbox's clock."""

    def __init__(self, answer: Answer, date: str) -> None:
        headers = {"Date": date, **dict(answer.headers)}
        if answer.content:
            headers["Content-Type"] = answer.content_type
        super().__init__(answer.content, answer.status, headers)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or end the connection the way the answer's fate says."""
        if self._answer.fate == "sent":
            await super().__call__(scope, receive, send)
            return
        if self._answer.fate == "cut":
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            half = self._answer.content[: len(self._answer.content) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
        _abort(scope["state"]["transport"], reset=self._answer.fate != "closed")
        # The body was read, so what comes next is the disconnect. Uvicorn would answer 500 by itself if we returned
        # before it has noticed.
        await receive()


def _abort(transport: asyncio.Transport, *, reset: bool) -> None:
    if reset:
        _socket(transport).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


def _socket(transport: asyncio.Transport) -> socket.socket:
    connection: socket.socket = transport.get_extra_info("socket")
    return connection
