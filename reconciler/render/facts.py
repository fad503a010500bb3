"""What every format says of a plan in the same words: its header, how it comes out, and the guards. No rich."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reconciler.calls.model import CampaignState
from reconciler.plan.forecast import forecast_words
from reconciler.plan.model import Drift, GuardResult, Plan
from reconciler.plan.warnings import PlanWarning
from reconciler.render.rollout import rollout_words
from reconciler.render.shown import host_name
from reconciler.render.words import count, listing, number, percent

MOST_SETTINGS = 20
"""Changed settings that are listed; a reviewer reads no more, and the lists and Git have them all."""

HELD_BACK, CHANGES, NOTHING, FAILED = "held back by a guard", "changes", "nothing to do", "failed"
OUTCOMES = (FAILED, HELD_BACK, CHANGES, NOTHING)
"""How planning a campaign can come out, in the order in which a reviewer wants to see them."""

_MOST_WARNINGS = 20  # there is one for each list and kind of mistake, so hardly ever more
_ALSO_AS_WANTED = {
    ("stopped", CampaignState.FINISHED),
    ("running", CampaignState.FINISHED),  # it ran to its end; nothing restarts it
    ("running", CampaignState.SCHEDULED),
    ("paused", CampaignState.NEW),  # nothing rings before it is started
}
_GUARDED = {
    "newCallsPercent": "as many are new",
    "cancelPercent": "cancelled",
    "replacePercent": "replaced",
    "listShrinkPercent": "gone",
    "listGrowthPercent": "more",
    "suppressionShrinkPercent": "gone",
}
_COUNTED = {
    "releases": "queued calls set free",
    "movedPayloads": "calls replaced with what seems to be other people's data",
    "run.newCalls": "new calls in this run",
    "run.cancels": "cancelled in this run",
    "run.replaces": "replaced in this run",
    "run.releases": "queued calls set free in this run",
}


def outcome(plan: Plan) -> str:
    """How `plan` comes out, one of OUTCOMES."""
    return HELD_BACK if plan.is_held_back else CHANGES if plan.actions else NOTHING


def facts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Where `plan` is about, in which state the campaign is, and how many calls are wanted: names and words."""
    dialect = f", {plan.dialect} dialect" if plan.dialect else ""
    suppressed = f"; {count(plan.suppressed, 'row')} suppressed" if plan.suppressed else ""
    yield "host", host_name(plan.host) + dialect
    yield "state", _state(plan)
    yield "calls", f"{number(plan.wanted)} wanted{suppressed}"
    if plan.rollout:
        yield "rollout", rollout_words(plan.rollout)
    if plan.forecast:
        yield "forecast", forecast_words(plan.forecast)


def _state(plan: Plan) -> str:
    if not plan.is_refreshed:
        return f"{plan.desired_state} wanted; not refreshed: statuses are the lock's, the server was not asked"
    if plan.observed_state is None:
        return f"{plan.desired_state} wanted; this server does not tell its state"
    observed = plan.observed_state.name.lower()
    if observed == plan.desired_state or (plan.desired_state, plan.observed_state) in _ALSO_AS_WANTED:
        return f"{observed}, as wanted"
    return f"{plan.desired_state} wanted, now {observed}"


def shown_warnings(plan: Plan) -> tuple[PlanWarning, ...]:
    """The warnings that are shown to people; JSON has all."""
    return plan.warnings[:_MOST_WARNINGS]


def drift_words(drift: Drift) -> str:
    """How much drifted, in a sentence."""
    if not drift.is_any:
        return "No drift: nothing changed on the server without an apply from here."
    calls = sum(len(each.calls) for each in drift.calls)
    parts = [f"the campaign was {_named(drift.state.then)} and is {_named(drift.state.now)}"] if drift.state else []
    parts += [f"{count(calls, 'call')} changed"] if calls else []
    parts += [f"{count(len(drift.foreign), 'job')} of somebody else"] if drift.foreign else []
    return f"Drift, without an apply from here: {listing(parts)}."


def _named(state: CampaignState) -> str:
    return "in a state this version does not know" if state is CampaignState.UNKNOWN else state.name.lower()


def guard_words(guard: GuardResult) -> str:
    """How much the plan does, and how much the guard lets pass."""
    amount, limit = number(guard.amount), number(guard.limit)
    affected = _COUNTED.get(guard.name, guard.option.replace("-", " "))
    if guard.is_percent:
        amount, limit = percent(_up(guard.amount, 1)), percent(guard.limit)
        affected = f"of {_base(guard)} {_GUARDED.get(guard.name, 'affected')} ({number(guard.affected)})"
    return f"{amount} {affected}, at most {limit} allowed"


def _base(guard: GuardResult) -> str:
    if guard.name == "suppressionShrinkPercent":
        return f"{count(guard.base, 'entry', 'entries')} of {guard.about}"
    return f"{count(guard.base, 'row')} of {guard.about}" if guard.about else count(guard.base, "call")


def allowance(guard: GuardResult) -> str:
    """The option that lets this plan pass the guard."""
    return f"--allow {guard.option}={amount_to_allow(guard)}"


def amount_to_allow(guard: GuardResult) -> int:
    """The smallest whole amount that lets this plan pass the guard."""
    return int(_up(guard.amount, 0))


def _up(amount: float, decimals: int) -> float:
    """`amount` rounded up, never down: what is said to be allowed has to be enough."""
    scale: int = 10**decimals
    # Nine decimals tell apart percentages of ten million calls, and drop what binary fractions add.
    return ceil(round(amount * scale, 9)) / scale
