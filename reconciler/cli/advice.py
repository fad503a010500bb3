"""What a command has to say of a campaign besides what it does: warnings and a forecast, found while lists are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from reconciler.calls.model import CampaignState
from reconciler.cli.compliance import warn
from reconciler.cli.terminal import Terminal
from reconciler.errors import ManifestError, Problem
from reconciler.manifest.model import Campaign
from reconciler.phones.model import CallSource, Chunk
from reconciler.plan.forecast import forecast, forecast_warnings, is_worth
from reconciler.plan.hours import hours_warnings, never_opens
from reconciler.plan.load import Forecast, Load
from reconciler.plan.people import People, Phones
from reconciler.plan.survey import Group, Survey, Surveyed, surveyed
from reconciler.plan.warnings import PlanWarning, profile_warning, shared_warning

if TYPE_CHECKING:
    from reconciler.plan.model import Plan
    from reconciler.profiles.findings import Finding


class Oddities:
    """What is odd about several campaigns by their manifests and lists alone."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self._people = People.of_several(campaigns)
        self.warnings: list[Problem] = []

    def watch(self, campaign: Campaign, suppressed: frozenset[str], chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The same chunks; once they have ended, what is odd about the campaign is here."""
        survey, phones = Survey(), Phones()
        yield from surveyed(survey, chunks, suppressed, phones.add if self._people else None)
        if campaign.state == "stopped":
            return
        found = [*hours_warnings(campaign, survey.groups(), datetime.now(UTC))]
        if self._people:
            found += shared_warning(campaign, *self._people.meet(campaign.name, phones))
        self.warnings += [warning.problem for warning in found]


class Advice:
    """On one campaign. `people` are those of all campaigns of the run; None where there is only this one."""

    def __init__(self, campaign: Campaign, people: People | None = None) -> None:
        self._campaign, self._people, self._now = campaign, people, datetime.now(UTC)
        self._phones = Phones()
        self._findings: list[Finding] = []
        self._surveyed: Surveyed | None = None

    def watch(self, source: CallSource) -> CallSource:
        """The same calls, looked at as they are read. After the last raises ManifestError with every breach."""
        self._surveyed = Surveyed(source, self._phones.add if self._people else None)
        if not self._campaign.profiles:  # whoever has none does not pay for the import either
            return self._surveyed
        from reconciler.profiles.inspection import Inspected

        return Inspected(self._campaign, self._surveyed, self._now, self._findings.append)

    @contextmanager
    def told_unless_planned(self, terminal: Terminal) -> Iterator[None]:
        """When the block raises, writes what would have been in the plan, were there one."""
        try:
            yield
        except ManifestError:
            for finding in self._findings:
                warn(terminal, finding.problem)
            raise

    def on(self, plan: Plan) -> Plan:
        """The plan with all that is to be said of it."""
        survey = self._surveyed.survey if self._surveyed else Survey()
        groups = survey.groups(is_load_worth=is_worth(plan.load))
        is_calling = plan.desired_state == "running" and plan.observed_state is not CampaignState.FINISHED
        seen = self._forecast(plan.load, groups) if is_calling else None
        found = hours_warnings(self._campaign, groups, self._now) if plan.load.calls else ()
        warnings = (*plan.warnings, *found, *forecast_warnings(self._campaign, seen))
        shared = self._shared() if is_calling else ()
        return msgspec.structs.replace(
            plan, warnings=(*warnings, *shared, *map(profile_warning, self._findings)), forecast=seen
        )

    def _forecast(self, load: Load, groups: tuple[Group, ...]) -> Forecast | None:
        """When the calls will be made that can be: those that can never begin have a warning of their own."""
        opening = [group for group in groups if not never_opens(group, self._now)]
        counted, able = (sum(group.calls for group in some) for some in (groups, opening))
        calls = round(load.calls * able / counted) if counted else 0
        return forecast(msgspec.structs.replace(load, calls=calls), opening, self._now)

    def _shared(self) -> tuple[PlanWarning, ...]:
        if self._people is None:
            return ()
        count, by_name = self._people.meet(self._campaign.name, self._phones)
        return shared_warning(self._campaign, count, by_name)
