"""A plan without holding the lock: what `campaign plan` shows."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from reconciler.lock.journal import with_doubts
from reconciler.manifest.model import Campaign
from reconciler.phones.watch import UNWATCHED, Watch
from reconciler.plan.build import make_plan
from reconciler.plan.cap import Usage
from reconciler.plan.diff import Observed, refreshed
from reconciler.plan.drift import find_drift
from reconciler.plan.model import Plan
from reconciler.read.observed import Server
from reconciler.read.remembered import Remembered
from reconciler.read.sieve import Sifted


def plan_campaign(
    campaign: Campaign,
    sifted: Sifted,
    remembered: Remembered,
    server: Server | None,
    allowed: Mapping[str, float],
    *,
    watch: Watch = UNWATCHED,
    with_drift: bool = False,
    now_ms: int = 0,
    usage: Usage | None = None,
) -> Plan:
    """The plan of what was `sifted` against what is remembered; without a `server` it rests on the latter alone.

    `with_drift` it also holds what changed on the server without an apply from here.

    Raises Refusal and CallsError as those do.
    """
    lock = with_doubts(remembered.lock, remembered.opened)
    observed = Observed()
    if server is not None:
        server.refuse_other_campaign(lock)
        observed = server.observe(lock, has_open_intents=bool(remembered.opened), watch=watch)
    now = refreshed(lock, observed)
    desired, compared, aside = sifted.compared(now, observed)
    plan = make_plan(
        campaign,
        desired,
        compared,
        observed,
        remembered.keyer,
        allowed=allowed,
        aside=aside,
        now_ms=now_ms,
        usage=usage,
        graves=remembered.graves,
    )
    drift = find_drift(campaign, lock, now, observed) if with_drift else None
    return msgspec.structs.replace(plan, drift=drift)
