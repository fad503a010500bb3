"""A plan without holding the lock: what `campaign plan` shows."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.lock.journal import with_doubts
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed, refreshed
from reconciler.plan.model import Plan
from reconciler.read.observed import Server
from reconciler.read.remembered import Remembered


def plan_campaign(
    campaign: Campaign,
    desired: Desired,
    remembered: Remembered,
    server: Server | None,
    allowed: Mapping[str, float],
) -> Plan:
    """The plan; without a `server` it rests on what the lock remembers. Raises Refusal and CallsError as those do."""
    lock = with_doubts(remembered.lock, remembered.opened)
    observed = Observed()
    if server is not None:
        server.refuse_other_campaign(lock)
        observed = server.observe(lock, has_open_intents=bool(remembered.opened))
    return make_plan(campaign, desired, refreshed(lock, observed), observed, remembered.keyer, allowed=allowed)
