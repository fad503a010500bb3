"""`--allow GUARD=AMOUNT`: how somebody lets a plan pass a guard, by naming how much."""

from __future__ import annotations

import click

from reconciler.cli.options import option

_GUARDS = ("new-calls", "cancel-percent", "replace-percent")


class Allowance(click.ParamType[tuple[str, float]]):
    """`new-calls=1200` as a pair of guard and amount."""

    name = "GUARD=AMOUNT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """The guard and the amount; fails with what would be right."""
        if isinstance(value, tuple):
            return value
        guard, _, amount = str(value).partition("=")
        if guard not in _GUARDS:
            self.fail(f"there is no guard {guard!r}; there are {', '.join(_GUARDS)}", param, ctx)
        if not amount.isdecimal():
            self.fail(f"name an amount, such as {guard}=120", param, ctx)
        return guard, float(amount)


allow_option = option(
    "--allow",
    "allowed",
    multiple=True,
    type=Allowance(),
    help="Let the plan pass a guard up to this amount: new-calls, cancel-percent or replace-percent.",
)
