"""Guards: how much a plan may do before somebody has to name an amount.

A guard that is tripped holds back everything but the safe direction: pausing, stopping, and cancelling (unless the
guard is about cancelling). Cancelling somebody who is on a suppression list is never held back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UnsetType

from reconciler.manifest.model import Guards
from reconciler.plan.model import (
    Action,
    Actions,
    Adopt,
    Cancel,
    GuardResult,
    Pause,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
    counted,
    known,
)

DEFAULT_NEW_CALLS = 10_000
DEFAULT_RELEASES = 10_000
DEFAULT_PERCENT = 30.0
DEFAULT_MOVED_PAYLOADS = 0
DEFAULT_NEW_CALLS_PERCENT = 100.0
DEFAULT_LIST_PERCENT = 50.0
SUPPRESSION_SHRINK_PERCENT = 50.0
"""No manifest changes this one: a suppression list that is cut off lets people be called who asked not to be."""

SMALL = 5
"""The default percentages let fewer than this many calls pass: a third of three calls is no accident. A percentage
that the manifest names is held to the letter."""
SMALL_LIST = 20
"""The same for rows of a list, and for calls in percent of those that are remembered: a campaign begins with a few."""

GUARD_OPTIONS = (
    "new-calls",
    "new-calls-percent",
    "cancel-percent",
    "replace-percent",
    "moved-payloads",
    "list-shrink-percent",
    "list-growth-percent",
    "releases",
    "suppression-shrink-percent",
)
"""What `--allow` may name for a campaign."""

_HOLDS_CANCELS: Final = frozenset({"cancelPercent", "listShrinkPercent", "run.cancels"})


class Change(msgspec.Struct, frozen=True):
    """How long a list was when the lock saw it last, and how long it is now. `list` is its name, for people."""

    list: str = ""
    before: int = 0
    now: int = 0


class Scope(msgspec.Struct, frozen=True):
    """What a plan is held against: the calls that are remembered, and what became of the lists."""

    live: int = 0
    remembered: int = 0
    waiting: int = 0  # queued, or waiting for another attempt
    lists: tuple[Change, ...] = ()
    suppressions: tuple[Change, ...] = ()
    is_moved: bool = False  # calls seem to have the data of others (`moved.py`)


def hold_guards(
    guards: Guards, actions: Actions, scope: Scope, allowed: Mapping[str, float]
) -> tuple[GuardResult, ...]:
    """Every guard held against the plan. `allowed` raises limits, by option name (`new-calls`)."""
    counts = counted(actions)
    adds, replaces = counts.add, counts.replace
    cancels = sum(isinstance(a, Cancel) and a.reason is not Reason.SUPPRESSED for a in known(actions))
    shrunk = _Percent("listShrinkPercent", guards.list_shrink_percent, DEFAULT_LIST_PERCENT, SMALL_LIST)
    grown = _Percent("listGrowthPercent", guards.list_growth_percent, DEFAULT_LIST_PERCENT, SMALL_LIST)
    added = _Percent("newCallsPercent", guards.new_calls_percent, DEFAULT_NEW_CALLS_PERCENT, SMALL_LIST)
    cancelled = _Percent("cancelPercent", guards.cancel_percent, DEFAULT_PERCENT, SMALL)
    replaced = _Percent("replacePercent", guards.replace_percent, DEFAULT_PERCENT, SMALL)
    missing = _Percent("suppressionShrinkPercent", SUPPRESSION_SHRINK_PERCENT, SUPPRESSION_SHRINK_PERCENT, 0)
    return (
        amount("newCalls", guards.new_calls, DEFAULT_NEW_CALLS, adds, allowed),
        added.of(adds, scope.remembered, allowed),
        cancelled.of(cancels, scope.live, allowed),
        replaced.of(replaces, scope.live, allowed),
        amount("movedPayloads", guards.moved_payloads, DEFAULT_MOVED_PAYLOADS, replaces * scope.is_moved, allowed),
        # What became of a list matters where it makes phones ring, or takes calls back.
        shrunk.of_lists(scope.lists, -1, allowed, matters=bool(cancels)),
        grown.of_lists(scope.lists, 1, allowed, matters=bool(adds + replaces)),
        amount("releases", guards.releases, DEFAULT_RELEASES, _released(known(actions), scope.waiting), allowed),
        # This one always: were the short list taken for the true one now, the next plan would call people.
        missing.of_lists(scope.suppressions, -1, allowed, matters=True),
    )


def _released(actions: tuple[Action, ...], waiting: int) -> int:
    """The calls queued before this plan that a start or a resume in it sets free: those it does not take back."""
    if not any(isinstance(action, Start | Resume) for action in actions):
        return 0
    return waiting - sum(isinstance(a, Cancel | Replace) and a.locked.status.is_waiting for a in actions)


def amount(
    name: str, declared: int | UnsetType, default: float, count: int, allowed: Mapping[str, float]
) -> GuardResult:
    """A guard that limits a number of calls."""
    option = option_of(name)
    limit = max(float(default if isinstance(declared, UnsetType) else declared), allowed.get(option, 0))
    return GuardResult(name, option, count, limit, False, count > limit, count)


def option_of(name: str) -> str:
    """What `--allow` calls a guard: `new-calls` for `newCalls`, `run-new-calls` for `run.newCalls`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).replace(".", "-")


class _Percent(msgspec.Struct, frozen=True):
    """A guard that limits a percentage; by default it lets fewer than `small` pass."""

    name: str
    declared: float | UnsetType
    default: float
    small: int

    def of(self, count: int, base: int, allowed: Mapping[str, float], about: str = "") -> GuardResult:
        """Held against `count` of `base`."""
        is_default = isinstance(self.declared, UnsetType)
        option = option_of(self.name)
        limit = max(self.default if isinstance(self.declared, UnsetType) else self.declared, allowed.get(option, 0))
        percent = 100 * count / base if base else 0.0
        is_tripped = percent > limit and not (is_default and count < self.small)
        return GuardResult(self.name, option, percent, limit, True, is_tripped, count, base, about)

    def of_lists(
        self, changes: tuple[Change, ...], sign: int, allowed: Mapping[str, float], *, matters: bool
    ) -> GuardResult:
        """Held against the list that changed most in this direction, of those that trip it if any does."""
        held = [self.of(max(0, sign * (c.now - c.before)), c.before, allowed, c.list) for c in changes]
        worst = max(held, key=lambda result: (result.is_tripped, result.amount), default=self.of(0, 0, allowed))
        return worst if matters else msgspec.structs.replace(worst, is_tripped=False)


def permitted(actions: Actions, guards: tuple[GuardResult, ...]) -> Actions:
    """The actions that may be done although these guards are held: all of them when none is tripped."""
    tripped = {guard.name for guard in guards if guard.is_tripped}
    if not tripped:
        return actions
    holds_cancels = not tripped.isdisjoint(_HOLDS_CANCELS)
    return tuple(action for action in known(actions) if _is_safe(action, holds_cancels))


def _is_safe(action: Action, holds_cancels: bool) -> bool:
    if isinstance(action, Cancel):
        return action.reason is Reason.SUPPRESSED or not holds_cancels
    return isinstance(action, Pause | Stop | Adopt)
