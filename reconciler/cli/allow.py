"""`--allow GUARD=AMOUNT[,until=TIME]`: how somebody lets a plan pass a guard, by naming how much, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

import click
import msgspec

from reconciler.cli.options import option

# As in plan/guards.py and plan/together.py, which take too long to import for a --help; a test compares them.
GUARDS = (
    "new-calls",
    "new-calls-percent",
    "cancel-percent",
    "replace-percent",
    "moved-payloads",
    "list-shrink-percent",
    "list-growth-percent",
    "releases",
    "suppression-shrink-percent",
    "run-new-calls",
    "run-cancels",
    "run-replaces",
    "run-releases",
)


class Allowance(msgspec.Struct, frozen=True):
    """A guard's option, the amount that may pass it, and until when: as it was written, "" for as long as one likes."""

    guard: str
    amount: float
    until: str = ""

    def until_s(self, now_s: float) -> float:
        """Unix time at which it ends. A time of day is of the day it is now, by the clock of this machine."""
        if not self.until:
            return float("inf")
        now = datetime.fromtimestamp(now_s).astimezone()
        moment = _moment(self.until)
        if isinstance(moment, time):
            moment = datetime.combine(now.date(), moment)
        return moment.timestamp()


class Allowed(msgspec.Struct, frozen=True):
    """What was allowed, for a run that looks at the clock."""

    given: tuple[Allowance, ...] = ()

    def amounts(self, now_s: float) -> dict[str, float]:
        """The amounts that may pass now, by guard; of several for one guard the last."""
        return {each.guard: each.amount for each in self.given if now_s < each.until_s(now_s)}

    def ended(self, now_s: float) -> list[str]:
        """What was allowed and no longer is, as it was written."""
        over = (each for each in self.given if now_s >= each.until_s(now_s))
        return [f"{each.guard}={each.amount:.0f},until={each.until}" for each in over]


def _moment(text: str) -> datetime | time:
    """Raises ValueError for what is neither a time of day nor an ISO 8601 date and time."""
    return datetime.fromisoformat(text) if "-" in text else time.fromisoformat(text)


class AllowanceType(click.ParamType[Allowance]):
    """`new-calls=1200` or `new-calls=1200,until=18:00`."""

    name = "GUARD=AMOUNT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Allowance:
        """The guard, the amount and its end; fails with what would be right."""
        if isinstance(value, Allowance):
            return value
        said, *more = str(value).split(",")
        guard, _, amount = said.partition("=")
        if guard not in GUARDS:
            self.fail(f"there is no guard {guard!r}; there are {', '.join(GUARDS)}", param, ctx)
        if not (amount.isascii() and amount.isdecimal()):
            self.fail(f"name an amount, such as {guard}=120", param, ctx)
        return Allowance(guard, float(amount), self._until(more, param, ctx))

    def _until(self, more: Iterable[str], param: click.Parameter | None, ctx: click.Context | None) -> str:
        until = ""
        for part in more:
            name, _, until = part.partition("=")
            try:
                _moment(until)
            except ValueError:
                name = ""
            if name != "until":
                self.fail(f"{part!r}: write until=18:00, or until=2026-03-31T18:00+02:00", param, ctx)
        return until


def _gathered(_: click.Context, __: click.Parameter, value: tuple[Allowance, ...]) -> Allowed:
    return Allowed(value)


allow_option = option(
    "--allow",
    "allowed",
    multiple=True,
    type=AllowanceType(),
    callback=_gathered,
    help="Let the plan pass a guard up to this amount, as in new-calls=1200 or new-calls=1200,until=18:00. Guards: "
    + ", ".join(GUARDS)
    + ".",
)
