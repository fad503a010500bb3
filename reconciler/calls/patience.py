"""Reads are asked again: after a lost connection, a failing gateway, or when the server asks to come back later.

Requests that change something never come through here. A second one could call somebody twice, so whether to send
again is decided where the journal is.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import stamina
import stamina.instrumentation

from reconciler.calls.exchange import Answer
from reconciler.calls.failures import Untrusted
from reconciler.errors import NotSent, TryLater, Unreadable

ATTEMPTS = 5
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 5.0
_JITTER_S = 0.5  # so that threads that failed together do not come back together


def patiently(send: Callable[[], Answer], sleep: Callable[[float], None]) -> Answer:
    """The answer of the first of five attempts that brings one, waiting longer each time; raises the last error.

    The waiting is done by `sleep`, between attempts, and not by stamina: what stops a run may raise from there.
    """
    stamina.instrumentation.set_on_retry_hooks(())  # by default they log warnings, or print to where our data goes
    wait_s = 0.0
    for attempt in stamina.retry_context(
        on=_may_pass,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=_FIRST_WAIT_S,
        wait_max=_LONGEST_WAIT_S,
        wait_jitter=0,
    ):
        if attempt.num > 1:
            sleep(wait_s)
        wait_s = attempt.next_wait + random.uniform(0, _JITTER_S)  # noqa: S311 - spreads load, keeps no secret
        with attempt:
            try:
                return send()
            except TryLater as later:
                wait_s = max(wait_s, later.retry_after_s)
                raise
    raise AssertionError("the last attempt answers or raises")  # pragma: no cover


def _may_pass(error: Exception) -> bool | float:
    """Stamina's question: False to give up, else how long it shall wait, which is not at all: `patiently` does."""
    lasts = isinstance(error, Untrusted) or not isinstance(error, NotSent | TryLater | Unreadable)
    return False if lasts else 0.0
