"""The log of requests that tests count: what was asked for, never with what numbers or payloads."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace


class Request(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One request to the API, in order of arrival.

    `endpoint` is the name faults use (`unknown` for no route), `path` what came after the token, `campaign`
    its name (None for a wrong token), `status` what was answered (None: not yet, or the connection was closed
    instead), `items` the numbers or ids in the body, `fault` what struck it, `at_ms` the virtual time.
    """

    endpoint: str
    path: str
    method: str
    campaign: str | None
    items: int
    idempotence_key: str | None
    at_ms: int
    status: int | None = None
    fault: str | None = None


class RequestLog:
    """Requests since the sandbox started or the log was last cleared."""

    def __init__(self) -> None:
        self._requests: dict[int, Request] = {}
        self._following = 0

    def arrived(self, request: Request) -> int:
        """The place of a new request, for `answered`."""
        self._following += 1
        self._requests[self._following] = request
        return self._following

    def answered(self, place: int, status: int) -> None:
        """Note what it was answered; nothing when the log was cleared meanwhile."""
        if request := self._requests.get(place):
            self._requests[place] = replace(request, status=status)

    def all(self) -> tuple[Request, ...]:
        """Every request, in order of arrival."""
        return tuple(self._requests.values())

    def clear(self) -> None:
        """Forget them all."""
        self._requests.clear()


def count_items(body: object) -> int:
    """How many numbers or ids a request body holds."""
    if isinstance(body, list):
        return len(body)
    if isinstance(body, dict):
        lists = (body.get("ids"), body.get("phones"))
        return sum(len(items) for items in lists if isinstance(items, list))
    return 0
