"""A bare client for the sandbox's tests: it sends what it is told and understands nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from reconciler.sandbox import Sandbox

MONDAY_10_UTC = 1_704_103_200_000
"""2024-01-01 10:00 UTC, a Monday."""

PHONES = tuple(str(16500000000 + n) for n in range(20))


def numbers(count: int, **fields: Any) -> list[dict[str, Any]]:
    """The first so many numbers, each with the same fields."""
    return [{"phone": phone, **fields} for phone in PHONES[:count]]


class Api:
    """Requests to one campaign of a running sandbox."""

    def __init__(self, sandbox: Sandbox, token: str = "demo") -> None:  # noqa: S107
        self.sandbox = sandbox
        self.base = f"{sandbox.url}/api/calls/campaign/{token}"
        self.client = httpx.Client(timeout=10)

    def post(self, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
        headers = {"Idempotence-Key": key} if key else {}
        if body is None:
            return self.client.post(f"{self.base}/{path}", headers=headers)
        return self.client.post(f"{self.base}/{path}", json=body, headers=headers)

    def get(self, path: str = "") -> httpx.Response:
        return self.client.get(f"{self.base}/{path}" if path else self.base)

    def add(self, count: int = 1, **fields: Any) -> list[Any]:
        """Ids of so many numbers, added."""
        ids: list[Any] = self.ok(self.post("addPhones", numbers(count, **fields)))
        return ids

    def report(self, ids: Iterable[object], path: str = "callJob/getReport") -> list[dict[str, Any]]:
        reports: list[dict[str, Any]] = self.ok(self.post(path, {"ids": list(ids)}))
        return reports

    def ok(self, response: httpx.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()

    def admin(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.client.request(method, f"{self.sandbox.url}/sandbox/{path}", json=body)


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and type of a refused request."""
    return response.status_code, response.json()["type"]


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds, given ten seconds to become so: for effects that no answer announces."""
    for _ in range(1000):
        if holds():
            return True
        time.sleep(0.01)
    return False
