"""What a run of `campaign plan` hands to an output: its campaigns one after another, planned or failed.

Each output is one document for all of them. It keeps of a plan only what it will write, so that a run over many
campaigns never has more than one plan in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

import msgspec

from reconciler.plan.model import Plan
from reconciler.render.facts import FAILED, outcome
from reconciler.render.groups import Outline, move_words
from reconciler.render.windows import Week
from reconciler.render.words import count, listing

_PAST = {"start": "started", "resume": "resumed", "pause": "paused", "stop": "stopped for good"}


class Planned(msgspec.Struct, frozen=True):
    """A campaign that was planned, with what a plan does not hold: when its calls may begin, and its labels."""

    plan: Plan
    weeks: tuple[Week, ...] = ()
    labels: Mapping[str, str] = {}


class Failure(msgspec.Struct, frozen=True):
    """A campaign that could not be planned. `said` is masked: what went wrong, then where and what to do."""

    campaign: str
    exit_code: int
    said: tuple[str, ...]


class Document(Protocol):
    """An output for a run's campaigns. `end` is called once, after the last one, and the document is complete."""

    def planned(self, planned: Planned) -> None:
        """Takes a plan."""
        ...

    def failed(self, failure: Failure) -> None:
        """Takes a campaign that has no plan."""
        ...

    def end(self) -> None:
        """Writes whatever is not written yet."""
        ...


def calls_by_kind(plan: Plan, shape: Outline) -> Counter[str]:
    """Calls of `plan` by what becomes of them: names of kinds, and `wanted`, `suppressed` and `in_step`.

    Beside them `moves` of the campaign itself, and each of these by its verb.
    """
    kinds: Counter[str] = Counter()
    for group in shape.groups:
        kinds[group.kind.name] += group.count
    kinds.update(moves=len(shape.moves), wanted=plan.wanted, suppressed=plan.suppressed, in_step=plan.in_step)
    kinds.update(move_words(move)[0] for move in shape.moves)
    return kinds


def sum_words(tally: Tally) -> str:
    """All campaigns of a run in a sentence or two: whose phones ring, and for how many nothing is known."""
    calls, failed = tally.calls, tally.outcomes[FAILED]
    rings, back = calls["add"] + calls["replace"], calls["cancel"]
    said = [f"{count(rings, 'phone')} will ring"] if rings else []
    said += [_are(back, "call", "cancelled")] if back else []
    said += [_are(calls[verb], "campaign", past) for verb, past in _PAST.items() if calls[verb]]
    if failed < tally.campaigns or not failed:
        said = said or ["No call is added or cancelled"]
    unknown = (
        f"{count(failed, 'campaign')} could not be planned: what would be done there is not known" if failed else ""
    )
    return " ".join(f"{part}." for part in (listing(said) if said else "", unknown) if part)


def _are(n: int, what: str, done: str) -> str:
    return f"{count(n, what)} {'is' if n == 1 else 'are'} {done}"


class Tally:
    """The campaigns of a run added up: how they came out, and their calls by what becomes of them."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def add(self, plan: Plan, shape: Outline) -> None:
        """Adds a campaign that was planned."""
        self.outcomes[outcome(plan)] += 1
        self.calls.update(calls_by_kind(plan, shape))

    def add_failed(self) -> None:
        """Adds a campaign that was not."""
        self.outcomes[FAILED] += 1

    @property
    def campaigns(self) -> int:
        """How many there were."""
        return self.outcomes.total()
