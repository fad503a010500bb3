"""Sandboxes for the tests: a running one with a client, or a world without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from reconciler.sandbox import serve
from tests.sandbox.api import MONDAY_10_UTC, Api

Start = Callable[..., Api]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sandbox with these campaigns (`demo` unless told) and gives a client for `demo`."""
    with ExitStack() as stack:

        def started(*campaigns: Any, **options: Any) -> Api:
            options.setdefault("start_ms", MONDAY_10_UTC)
            api = Api(stack.enter_context(serve(campaigns or ["demo"], **options)))
            stack.callback(api.client.close)
            return api

        yield started
