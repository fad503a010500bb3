"""Guards: how much a plan may do before somebody has to name an amount.

A guard that is tripped holds back everything but the safe direction: pausing, stopping, and cancelling (unless the
guard is about cancelling). Cancelling somebody who is on a suppression list is never held back.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UnsetType

from reconciler.manifest.model import Guards
from reconciler.plan.model import Action, Add, Adopt, Cancel, GuardResult, Pause, Reason, Replace, Stop

DEFAULT_NEW_CALLS = 10_000
DEFAULT_PERCENT = 30.0
SMALL = 5
"""The default percentages let fewer than this many calls pass: a third of three calls is no accident. A percentage
that the manifest names is held to the letter."""


def hold_guards(
    guards: Guards, actions: tuple[Action, ...], live: int, allowed: Mapping[str, float]
) -> tuple[GuardResult, ...]:
    """Every guard held against the plan. `live` calls are remembered as such.

    `allowed` raises limits, by option name (`new-calls`).
    """
    adds = sum(isinstance(action, Add) for action in actions)
    cancels = sum(isinstance(a, Cancel) and a.reason is not Reason.SUPPRESSED for a in actions)
    replaces = sum(isinstance(action, Replace) for action in actions)
    return (
        _new_calls(guards.new_calls, adds, allowed.get("new-calls")),
        _percent("cancelPercent", guards.cancel_percent, cancels, live, allowed.get("cancel-percent")),
        _percent("replacePercent", guards.replace_percent, replaces, live, allowed.get("replace-percent")),
    )


def _new_calls(declared: int | UnsetType, adds: int, allowed: float | None) -> GuardResult:
    limit = float(DEFAULT_NEW_CALLS if isinstance(declared, UnsetType) else declared)
    limit = max(limit, allowed or 0)
    return GuardResult("newCalls", "new-calls", adds, limit, False, adds > limit, adds)


def _percent(name: str, declared: float | UnsetType, count: int, live: int, allowed: float | None) -> GuardResult:
    is_default = isinstance(declared, UnsetType)
    limit = max(DEFAULT_PERCENT if isinstance(declared, UnsetType) else declared, allowed or 0)
    percent = 100 * count / live if live else 0.0
    is_tripped = percent > limit and not (is_default and count < SMALL)
    option = name.replace("Percent", "-percent")
    return GuardResult(name, option, percent, limit, True, is_tripped, count, live)


def permitted(actions: tuple[Action, ...], guards: tuple[GuardResult, ...]) -> tuple[Action, ...]:
    """The actions that may be done although these guards are held: all of them when none is tripped."""
    tripped = {guard.name for guard in guards if guard.is_tripped}
    if not tripped:
        return actions
    return tuple(action for action in actions if _is_safe(action, "cancelPercent" in tripped))


def _is_safe(action: Action, holds_cancels: bool) -> bool:
    if isinstance(action, Cancel):
        return action.reason is Reason.SUPPRESSED or not holds_cancels
    return isinstance(action, Pause | Stop | Adopt)


GUARD_OPTIONS = ("new-calls", "cancel-percent", "replace-percent")
"""What `--allow` may name."""
