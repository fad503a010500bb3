"""`apply FILE` and `apply --plan-id ID`: which plan of each campaign is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from reconciler.cli.allow import Allowance, Allowed
from reconciler.cli.options import option
from reconciler.errors import SavedPlanError, StalePlan, UsageError

if TYPE_CHECKING:  # plans are imported when there are some: the start of every command waits for what is imported here
    from reconciler.manifest.model import Campaign
    from reconciler.plan.model import Plan
    from reconciler.plan.saved import Basis, Lines, SavedPlan
    from reconciler.read.plan_file import PlanFile

Say = Callable[[str], None]

_PLAN_ID = re.compile(r"[0-9a-f]{16}")


class Demanded(msgspec.Struct, frozen=True):
    """What is asked of the plan of one campaign. `hold` is as of `Session.demand`."""

    campaign: Campaign
    allowed: Allowed
    hold: Callable[[Plan, Basis, Say], Plan] | None = None


class PlanId(click.ParamType[tuple[str, str]]):
    """`spring=0123456789abcdef` as a pair of campaign and id; without a name the first is empty."""

    name = "[NAME=]ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The campaign and the id; fails with what would be right."""
        name, _, plan_id = str(value).rpartition("=")
        if not _PLAN_ID.fullmatch(plan_id):
            self.fail("write an id as `campaign plan` prints it, 16 digits and letters from a to f", param, ctx)
        return name, plan_id


plan_id_option = option(
    "--plan-id",
    "plan_ids",
    multiple=True,
    type=PlanId(),
    help="Go on only if the plan is still the one of this id. With several campaigns: NAME=ID for each.",
)


def no_demands(campaigns: Sequence[Campaign], allowed: Allowed) -> list[Demanded]:
    """Whatever is planned is good."""
    return [Demanded(campaign, allowed) for campaign in campaigns]


def demands_of_ids(
    campaigns: Sequence[Campaign], plan_ids: Sequence[tuple[str, str]], allowed: Allowed
) -> list[Demanded]:
    """The plans of these ids. Raises UsageError when it is not clear whose id each is, or when one has none."""
    from reconciler.plan.saved import DemandedPlan

    names = [campaign.name for campaign in campaigns]
    if len(names) > 1 and any(not name for name, _ in plan_ids):
        raise UsageError(f"--plan-id: there are {len(names)} campaigns; write NAME=ID for each of them")
    by_name = {name or names[0]: plan_id for name, plan_id in plan_ids}
    for name in by_name:
        if name not in names:
            raise UsageError(f"--plan-id {name}: no campaign of that name; there are: {', '.join(names)}")
    for name in names:
        if name not in by_name:
            raise UsageError(f"--plan-id: campaign {name} has none; give one, or name the others with --target")
    return [Demanded(each, allowed, DemandedPlan(by_name[each.name]).hold) for each in campaigns]


def demands_of_file(
    campaigns: Sequence[Campaign],
    file: PlanFile,
    allowed: Allowed,
    *,
    is_part: bool,
    say: Say,
) -> list[Demanded]:
    """The plans of a file, for those of the campaigns it holds plans of. `is_part`: there are more campaigns.

    Raises SavedPlanError when it holds none of them, StalePlan when it is about a campaign that is no more, and
    UsageError when `allowed` says more than was allowed when it was made.
    """
    names = {campaign.name for campaign in campaigns}
    gone = [name for name in file.campaigns if name not in names]
    if gone and not is_part:
        raise StalePlan(gone[0], ["there is no manifest of it any more"])
    chosen = [campaign for campaign in campaigns if campaign.name in file.campaigns]
    if not chosen:
        raise SavedPlanError(f"{file.shown} holds no plan of any of these campaigns; nothing was done")
    left_alone = sorted(names - {campaign.name for campaign in chosen})
    if left_alone:
        say(f"not in {file.shown}, left alone: {', '.join(left_alone)}")
    held = {campaign.name: _Held(*file.plan(campaign.name), file.opening.created) for campaign in chosen}
    for each in held.values():
        _refuse_more(each.saved, allowed)
    return [Demanded(each, held[each.name].allowed, held[each.name].hold) for each in chosen]


class _Held(msgspec.Struct, frozen=True):
    """The saved plan of one campaign."""

    saved: SavedPlan
    lines: Lines
    created: str

    @property
    def allowed(self) -> Allowed:
        """What was allowed when it was made."""
        return Allowed(tuple(Allowance(guard, amount) for guard, amount in self.saved.allowed.items()))

    def hold(self, plan: Plan, now: Basis, say: Say) -> Plan:
        """`plan` as approved; says that it fits. Raises StalePlan when it does not."""
        from reconciler.plan.saved import approved

        held = approved(self.saved, self.lines, plan, now)
        dropped = self.saved.actions - len(plan.actions)
        rest = f"; {dropped:,} of {self.saved.actions:,} are no longer needed" if dropped else ""
        say(f"as in the saved plan of {self.created}{rest}")
        return held


def _refuse_more(saved: SavedPlan, allowed: Allowed) -> None:
    for each in allowed.given:
        if each.amount > saved.allowed.get(each.guard, 0):
            raise UsageError(
                f"--allow {each.guard}={each.amount:g} is more than the saved plan of campaign {saved.campaign} was "
                "made with; give it to `campaign plan --out`, so that whoever approves the plan sees it"
            )
