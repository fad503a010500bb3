"""What looks like a mistake and is no error: said in a plan, in every format in the same words, and holds nothing up.

Each has a code that stays (`docs/warnings.md` lists them), so that programs can tell them apart. What has to be held up
is held up by a guard; then the warning says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from reconciler.calls.model import CampaignState
from reconciler.errors import Place, Problem, calls_text
from reconciler.manifest.model import Campaign

if TYPE_CHECKING:  # a plan holds warnings, and what is looked for is part of a plan
    from reconciler.plan.moved import Moved
    from reconciler.profiles.findings import Finding


class Code(StrEnum):
    """What a warning is about. Findings of compliance profiles have codes that begin with `profile-`."""

    MOVED_PAYLOADS = "moved-payloads"
    SEVERAL_CAMPAIGNS = "several-campaigns"
    NEVER_OPENS = "never-opens"
    NOT_IN_TIME = "not-in-time"
    CLOCK_CHANGE = "clock-change"
    IGNORED_HOURS = "ignored-hours"
    FINISHED = "finished"


class PlanWarning(msgspec.Struct, frozen=True):
    """One of them: which campaign, how many calls, what is odd, and what to do."""

    code: str
    campaign: str
    calls: int  # it is about; 0 where it is about the campaign itself
    what: str
    fix: str
    place: Place
    source: str = ""  # of the rule, where it is one of a compliance profile

    @property
    def said(self) -> str:
        """What is odd, with the rule and the number of calls, on one line."""
        rule = f" [{self.source}]" if self.source else ""
        return f"{self.what}{rule}{f'; {calls_text(self.calls)}' if self.calls else ''}"

    @property
    def problem(self) -> Problem:
        """The same as what `campaign validate` reports."""
        return Problem(self.place, f"{self.campaign}.{self.code}", self.said, self.fix)


def moved_warning(campaign: Campaign, moved: Moved | None) -> tuple[PlanWarning, ...]:
    """A warning about calls that seem to have the data of others; none where nothing moved."""
    if moved is None:
        return ()
    way = "down" if moved.rows > 0 else "up"
    by = f" {abs(moved.rows)} row{'' if abs(moved.rows) == 1 else 's'} {way}" if moved.rows else ""
    is_name = moved.field.replace("_", "").isalpha()  # else it may be anything, a number too
    which = f"payload.{moved.field}" if is_name else "a field of the payload" if moved.field else "the payload"
    what = "phones moved among the keys" if moved.is_phone else f"{which} moved{by} to other phones"
    fix = "compare a few rows with the people they are about: was one column sorted or shifted without the others?"
    seems = f"the list looks mis-sorted: of calls that changed, {what}"
    return (PlanWarning(Code.MOVED_PAYLOADS, campaign.name, moved.calls, seems, fix, campaign.place),)


def finished_warning(campaign: Campaign, state: CampaignState | None) -> tuple[PlanWarning, ...]:
    """A warning about a campaign that calls nobody any more although its manifest says that it should exist."""
    if state is not CampaignState.FINISHED or campaign.state == "stopped":
        return ()
    what = f"the campaign is finished: {campaign.state} is wanted, but it calls nobody any more and takes no calls"
    fix = "for more calls make a new campaign and give its token; else write state: stopped, or remove the manifest"
    return (PlanWarning(Code.FINISHED, campaign.name, 0, what, fix, campaign.place),)


_NAMED = 3  # campaigns that are named


def shared_warning(campaign: Campaign, people: int, by_name: Mapping[str, int]) -> tuple[PlanWarning, ...]:
    """A warning about so many people who are called by other campaigns too, by how many of which."""
    if not people:
        return ()
    most = sorted(by_name.items(), key=lambda each: (-each[1], each[0]))
    named = [f"{name} ({count:,})" for name, count in most[:_NAMED]]
    named += [f"{len(most) - _NAMED} more"] if len(most) > _NAMED else []
    which = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    are = "1 person is" if people == 1 else f"{people:,} people are"
    fix = "leave them to one of the campaigns, if nobody should be called by several"
    what = f"{are} called by other campaigns of this run too: {which}"
    return (PlanWarning(Code.SEVERAL_CAMPAIGNS, campaign.name, people, what, fix, campaign.place),)


def profile_warning(finding: Finding) -> PlanWarning:
    """A finding of a compliance profile as a warning."""
    code, profile = f"profile-{finding.kind}", f"{finding.profile}: " if finding.profile else ""
    what, place = f"{profile}{finding.what}", finding.examples[0].place
    return PlanWarning(code, finding.campaign, finding.calls, what, finding.fix, place, finding.source)
