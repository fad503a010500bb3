"""What all campaigns of a run do together, held against the guards of the run.

Campaigns are planned and applied one by one or several at once, each under its own lock, so their plans are never all
known at once. What they do is added up, and the campaign that would exceed a limit is held back as by a guard of its
own; those before it were within it (ADR 14). A plan counts them in the order of their names, an apply of several at
once in the order in which their plans are ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock as Mutex
from typing import Final

import msgspec
from msgspec import UNSET

from reconciler.manifest.model import RunGuards
from reconciler.plan.guards import amount, option_of
from reconciler.plan.model import Cancel, Plan, Reason, known

DEFAULT: Final = 100_000
"""Calls that a run may add, cancel, replace or set free: ten times what one campaign may add."""

_FIELDS: Final[Mapping[str, str]] = {
    "newCalls": "new_calls",
    "cancels": "cancels",
    "replaces": "replaces",
    "releases": "releases",
}
RUN_OPTIONS: Final = tuple(option_of(f"run.{name}") for name in _FIELDS)
"""What `--allow` may name for a run."""


class Together:
    """What the plans of a run so far do. Several campaigns may ask at once."""

    def __init__(self) -> None:
        self._mutex = Mutex()
        self._so_far = dict.fromkeys(_FIELDS, 0)

    def hold(self, plan: Plan, guards: Sequence[RunGuards], allowed: Mapping[str, float]) -> Plan:
        """The plan with the guards of the run, and counted from now on unless something holds it back."""
        own = _amounts(plan)
        with self._mutex:
            results = [
                amount(f"run.{name}", limit, DEFAULT, self._so_far[name] + own[name], allowed)
                for name, limit in _limits(guards).items()
            ]
            # A campaign that adds nothing is not held back for what others did.
            held = tuple(
                msgspec.structs.replace(r, is_tripped=r.is_tripped and own[name] > 0)
                for r, name in zip(results, own, strict=True)
            )
            judged = msgspec.structs.replace(plan, guards=(*plan.guards, *held))
            if not judged.tripped:
                self._so_far = {name: self._so_far[name] + own[name] for name in own}
        return judged

    def give_back(self, plan: Plan) -> None:
        """Counts a plan no longer that `hold` counted: it was not approved."""
        own = _amounts(plan)
        with self._mutex:
            if not plan.tripped:
                self._so_far = {name: self._so_far[name] - own[name] for name in own}


def _amounts(plan: Plan) -> dict[str, int]:
    counts, guards = plan.counts, {guard.name: guard.affected for guard in plan.guards}
    suppressed = sum(isinstance(a, Cancel) and a.reason is Reason.SUPPRESSED for a in known(plan.actions))
    return {
        "newCalls": counts.add,
        "cancels": counts.cancel - suppressed,
        "replaces": counts.replace,
        "releases": guards.get("releases", 0),
    }


def _limits(guards: Sequence[RunGuards]) -> dict[str, int | msgspec.UnsetType]:
    """The smallest limit of each that any document names."""
    return {name: _smallest([getattr(each, field) for each in guards]) for name, field in _FIELDS.items()}


def _smallest(named: Sequence[int | msgspec.UnsetType]) -> int | msgspec.UnsetType:
    limits = [each for each in named if not isinstance(each, msgspec.UnsetType)]
    return min(limits) if limits else UNSET
