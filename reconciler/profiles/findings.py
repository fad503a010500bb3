"""What was found, in words: what is wrong, by which rule, with how many calls of which list, what would be right."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from reconciler.errors import Place, Problem, calls_text
from reconciler.manifest.model import Campaign
from reconciler.manifest.profile import Cap, Severity, UsedProfile
from reconciler.profiles.breaches import Breach, Kind
from reconciler.profiles.rules import Rule, rule_of
from reconciler.windows.week import EVERY, days_text, hours_text

EXAMPLES: Final = 3
"""Calls that are named, by place and mask; the others are counted."""

_SHOWN: Final = 5  # zones, countries and holidays that are named

_INVISIBLE: Final = "the campaign's own settings decide, which cannot be seen from here"
_ZONES_FIX: Final = "say where each person is with gmtZone, from a column if need be"


class Example(msgspec.Struct, frozen=True):
    """One of the calls."""

    place: Place
    mask: str


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with some calls of a list by one profile."""

    campaign: str
    profile: str  # "" where none is about these calls
    source: str  # of the rule, "" where there is none
    severity: Severity
    kind: Kind
    calls: int
    examples: tuple[Example, ...]
    what: str
    fix: str

    @property
    def problem(self) -> Problem:
        """The same at the first example's place."""
        shown = ", ".join(f"{example.mask} ({example.place})" for example in self.examples)
        rule = f" [{self.source}]" if self.source else ""
        name = f".{self.profile}" if self.profile else ""
        which = "such as " if self.calls > len(self.examples) else ""
        what = f"{self.what}{rule}; {calls_text(self.calls)}: {which}{shown}"
        return Problem(self.examples[0].place, f"{self.campaign}.profiles{name}", what, self.fix)


def finding(
    campaign: Campaign, used: UsedProfile | None, breach: Breach, calls: int, examples: tuple[Example, ...]
) -> Finding:
    """The finding for a breach of a profile by so many calls.

    A warning where no profile is about them, and where the campaign is not to run: pausing must always be possible.
    """
    spec = used.profile.spec if used else None
    what, fix = words(breach, rule_of(spec) if spec else Rule(EVERY))
    return Finding(
        campaign=campaign.name,
        profile=used.profile.name if used else "",
        source=spec.source if spec else "",
        severity=used.severity if used and campaign.state == "running" else "warning",
        kind=breach.kind,
        calls=calls,
        examples=examples,
        what=what,
        fix=fix,
    )


def words(breach: Breach, rule: Rule) -> tuple[str, str]:
    """What is wrong, and what would be right."""
    items, allowed = _listed(breach.items), f"allowed is {rule.week}"
    match breach.kind:
        case Kind.HOURS:
            what = f"calls may begin at {breach.week} local time; {allowed}"
            return what, "narrow allowedDays and allowedTime to what is allowed"
        case Kind.ZONES:
            what = f"calls may begin at {breach.week} local time, as a number may be in up to {breach.zones} time zones"
            return f"{what}; {allowed}", f"{_ZONES_FIX}, or allow less"
        case Kind.UNSAID:
            what = f"no policy has hours for {days_text(breach.week.days())}: {_INVISIBLE}; {allowed}"
            return what, "write allowedDays and allowedTime"
        case Kind.HOLIDAY:
            hours = hours_text(rule.holiday.of_day(0))
            what = f"calls may begin on {items}; on holidays {f'allowed is {hours}' if hours else 'nobody is called'}"
            return what, "end before with finishDateTime, leave out the day of the week, or pause the campaign that day"
        case Kind.CLOCKS:
            what = f"calls may begin at {breach.week} local time, as gmtZone {items} does not follow the clocks there"
            return f"{what}; {allowed}", "write the zone's name, such as America/New_York"
        case Kind.NO_ZONE:
            return "no time zone is known for the numbers, so nothing says that hours are kept", _ZONES_FIX
        case Kind.ABROAD:
            return f"hours are kept by gmtZone {items}, the time of none of the rule's countries", _ZONES_FIX
        case Kind.ATTEMPTS | Kind.UNCOUNTED:
            return _of_attempts(breach)
        case Kind.UNCOVERED:
            what = f"calls go to {items}, which none of the campaign's profiles is about"
            return what, "add a profile for them, or take these numbers out"
        case _:
            assert_never(breach.kind)


def _of_attempts(breach: Breach) -> tuple[str, str]:
    cap = breach.cap or Cap(per="1d")
    allowed = f"allowed is {calls_text(cap.calls or 0)} in {cap.per}"
    fix = f"write maxAttempts below {cap.calls}, or a longer retryIntervalInMinutes"
    if breach.kind is Kind.UNCOUNTED:
        return f"no policy says how often a call is tried: {_INVISIBLE}; {allowed}", fix
    what = f"calls may be tried {breach.count:,} times in {cap.per}, as maxAttempts may not count the first one"
    return f"{what}; {allowed}", fix


def _listed(items: frozenset[str]) -> str:
    first = sorted(items)[:_SHOWN]
    more = len(items) - len(first)
    return ", ".join(first) + (f" and {more:,} more" if more else "")
