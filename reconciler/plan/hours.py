"""Warnings about when calls may begin: never, at hours that do not count, or by a clock that will be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from reconciler.errors import Place
from reconciler.manifest.model import Campaign, PhoneList
from reconciler.plan.survey import Group
from reconciler.plan.warnings import Code, PlanWarning
from reconciler.windows.openings import clock_changes, schedule
from reconciler.windows.week import DAYS, days_text
from reconciler.windows.window import Window, ignored_days
from reconciler.windows.zones import is_fixed, minutes_of, offset_at, zone_named

_FAR: Final = timedelta(days=14)  # looked ahead where there is no finish: long enough to act on what is found
_SHOWN: Final = 3  # zones that are named


def hours_warnings(campaign: Campaign, groups: Sequence[Group], now: datetime) -> tuple[PlanWarning, ...]:
    """What is odd about when the calls of a campaign may begin, from `now` (which knows its zone) on."""
    if campaign.state == "stopped":
        return ()
    return (*_never(campaign, groups, now), *_changes(campaign, groups, now), *ignored_hours(campaign))


def ignored_hours(campaign: Campaign) -> Iterator[PlanWarning]:
    """A warning for each list, or the campaign itself, that has hours for days on which nobody is called."""
    fix = "add the day to allowedDays, or take its hours out of allowedTime"
    for days, place in _ignored(campaign):
        what = f"allowedTime has hours for {days_text([*map(DAYS.index, days)])}, which allowedDays leaves out"
        yield PlanWarning(Code.IGNORED_HOURS, campaign.name, 0, f"{what}: they are ignored", fix, place)


def _ignored(campaign: Campaign) -> Iterator[tuple[tuple[str, ...], Place]]:
    own = ignored_days(campaign.policy)
    if own and not campaign.lists:
        yield own, campaign.place
    for phone_list in campaign.lists:
        found = [ignored_days(policy) for policy in _policies(phone_list)]
        days = tuple(day for day in DAYS if any(day in each for each in found))
        if days:
            yield days, phone_list.place


def _policies(phone_list: PhoneList) -> Iterator[Mapping[str, Any]]:
    yield phone_list.policy
    yield from (phone_list.policy | own for own in phone_list.inline_policies)


# --------------------------------------------------------------------------------------------------------------- never


def _never(campaign: Campaign, groups: Sequence[Group], now: datetime) -> Iterator[PlanWarning]:
    known: dict[tuple[Window, tuple[str, ...]], bool] = {}
    shut: dict[str, list[Group]] = {}
    for group in groups:
        key = (group.window, group.zones)
        if key not in known:
            known[key] = never_opens(group, now)
        if known[key]:
            shut.setdefault(group.place.file, []).append(group)
    for found in shut.values():
        what = "calls can never begin: allowedDays, allowedTime and finishDateTime leave no minute from now on"
        fix = "move finishDateTime, or widen allowedDays and allowedTime"
        yield PlanWarning(Code.NEVER_OPENS, campaign.name, _calls(found), what, fix, min(g.place for g in found))


def never_opens(group: Group, now: datetime) -> bool:
    """Whether no call of the group can begin any more, in whichever of the zones its numbers are.

    Days of which no policy says the hours are left to the campaign's own settings, so they are taken as open.
    """
    zones = group.zones or ("Z",)
    return all(schedule(group.window, [zone], is_generous=True).never_opens(now) for zone in zones)


def _calls(groups: Sequence[Group]) -> int:
    return sum(group.calls for group in groups)


# ------------------------------------------------------------------------------------------------------ clocks change


def _changes(campaign: Campaign, groups: Sequence[Group], now: datetime) -> Iterator[PlanWarning]:
    found: dict[tuple[str, str], list[tuple[Group, str, datetime]]] = {}
    for group in groups:
        for zone, change in _changing(group, now):
            found.setdefault((group.place.file, group.window.zone), []).append((group, zone, change))
    for (_, fixed), changing in found.items():
        zones = sorted({zone for _, zone, _ in changing})
        first = min(changing, key=lambda each: each[2])
        day = first[2].astimezone(zone_named(first[1])).date()
        more = f" and {len(zones) - _SHOWN} more" if len(zones) > _SHOWN else ""
        what = f"gmtZone {fixed} does not follow the clocks of {', '.join(zones[:_SHOWN])}{more}, which change on {day}"
        of_calls = {id(group): group for group, _, _ in changing}.values()
        yield PlanWarning(
            Code.CLOCK_CHANGE,
            campaign.name,
            _calls([*of_calls]),
            f"{what}: from then on calls begin at another hour of the person called",
            "write the zone's name, such as America/New_York, from a column if need be",
            min(group.place for group in of_calls),
        )


def _changing(group: Group, now: datetime) -> Iterator[tuple[str, datetime]]:
    """The zones of the group's numbers that have the fixed offset now, or when calls begin, and leave it meanwhile."""
    window = group.window
    if not window.zone or not is_fixed(zone_named(window.zone)):
        return
    fixed = zone_named(window.zone)
    since = max(now, _moment(window.start, fixed) or now)
    until = _moment(window.finish, fixed) or since + _FAR
    offset = offset_at(fixed, minutes_of(since))
    for zone in group.zones:
        changes = clock_changes([zone], since, until)
        if changes and offset_at(zone_named(zone), minutes_of(since)) == offset:
            yield zone, changes[0]


def _moment(moment: datetime | None, zone: tzinfo) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=zone)
