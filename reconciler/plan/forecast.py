"""When the calls of a plan will be made, by the lines the campaign has and the hours its calls have left.

A forecast is a sum: calls × what one takes ÷ lines, laid into the open minutes. What nobody can know is assumed, and
said: that half of the people answer each attempt, how long ringing takes, and, until twenty numbers were called, how
long people talk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from reconciler.manifest.model import Campaign
from reconciler.plan.load import Forecast, Load
from reconciler.plan.survey import Group
from reconciler.plan.warnings import Code, PlanWarning
from reconciler.windows.openings import schedule
from reconciler.windows.window import Window
from reconciler.windows.zones import minutes_of, moment_of, zone_named

RINGING_S: Final = 20
"""Seconds a line is taken by each attempt besides talking: assumed."""

TALKING_S: Final = 60
"""Seconds of talk for each number, until enough were called to know: assumed."""

ENOUGH: Final = 20
"""Numbers that were called, from which on their talking time is the measure."""

WORTH_S: Final = 3600
"""Of lines in use, from which on a forecast is shown: what is done within the hour needs none."""

HORIZON_D: Final = 60
"""Days that are looked ahead."""

_ANSWERED: Final = 0.5  # of attempts: assumed
_MOST: Final = 24  # groups with hours of their own, the largest; the others are taken as being like the largest
_WEEK_MIN: Final = 7 * 24 * 60


def expected_attempts(most: int | None) -> float:
    """How often a call is tried on average; without a limit that is known, once."""
    return (1 - (1 - _ANSWERED) ** (most or 1)) / _ANSWERED


def is_worth(load: Load) -> bool:
    """Whether all calls together may take so long that somebody wants to know how long."""
    return bool(load.lines) and load.calls * (TALKING_S + 2 * RINGING_S) >= WORTH_S * (load.lines or 1)


def forecast(load: Load, groups: Sequence[Group], now: datetime) -> Forecast | None:
    """The forecast from `now` on; None where the lines are not known, or it is not worth one."""
    counted = sum(group.calls for group in groups)
    if not load.lines or not load.calls or not counted:
        return None
    is_measured = load.called >= ENOUGH and load.talked_s > 0
    talking_s = load.talked_s / load.called if is_measured else TALKING_S
    tasks = [*_tasks(groups, load.calls / counted, talking_s)]
    until = now + timedelta(days=HORIZON_D)
    done, left = _laid(tasks, load.lines, minutes_of(now), minutes_of(until))
    if not left and not is_worth(load):
        return None
    attempts = sum(expected_attempts(g.attempts) * g.calls for g in groups) / counted
    zone = tasks[0].zones[0] if len(tasks[0].zones) == 1 else ""
    done_by = None if left else moment_of(done)
    return Forecast(done_by, left, load.calls, load.lines, attempts, talking_s, is_measured, zone, until)


class _Task(NamedTuple):
    """Calls with the same hours. `minutes` are of one line."""

    window: Window
    zones: tuple[str, ...]
    calls: float
    minutes: float


def _tasks(groups: Sequence[Group], share: float, talking_s: float) -> Iterator[_Task]:
    """The calls still to be made, spread over the groups as the wanted ones are; the largest first."""
    sums: dict[tuple[Window, tuple[str, ...]], tuple[float, float]] = {}
    for at, group in enumerate(groups):
        one = group if at < _MOST else groups[0]
        zones = (one.window.zone,) if one.window.zone else one.zones or ("Z",)
        calls, minutes = sums.get((one.window, zones), (0.0, 0.0))
        each_s = expected_attempts(group.attempts) * RINGING_S + talking_s
        more = group.calls * share
        sums[one.window, zones] = (calls + more, minutes + more * each_s / 60)
    yield from (_Task(window, zones, *amounts) for (window, zones), amounts in sums.items())


def _laid(tasks: Sequence[_Task], lines: int, now: int, until: int) -> tuple[int, int]:
    """The minute at which the last task is done, and how many calls are left when the time is over."""
    rest, done = [task.minutes for task in tasks], now
    for since, end, open_tasks in _segments(tasks, now, until):
        room = float(lines * (end - since))
        for at in open_tasks:
            used = min(room, rest[at])
            rest[at] -= used
            room -= used
            if used:
                done = end - int(room // lines)
        if not any(minutes > 0 for minutes in rest):
            break
    left = sum(task.calls * minutes / task.minutes for task, minutes in zip(tasks, rest, strict=True) if minutes > 0)
    return done, round(left)


def _segments(tasks: Sequence[_Task], now: int, until: int) -> Iterator[tuple[int, int, list[int]]]:
    """Stretches of time with the tasks that are open in them, those that close for good first before the others."""
    finishes = [schedule(task.window, _one(task)).finish for task in tasks]
    order = sorted(range(len(tasks)), key=finishes.__getitem__)
    for week in range(now, until, _WEEK_MIN):
        spans = {at: _open(tasks[at], week, min(week + _WEEK_MIN, until)) for at in order}
        edges = sorted({edge for each in spans.values() for span in each for edge in span})
        for since, end in pairwise(edges):
            open_tasks = [at for at in order if any(a <= since and end <= b for a, b in spans[at])]
            if open_tasks:
                yield since, end, open_tasks


def _open(task: _Task, since: int, until: int) -> list[tuple[int, int]]:
    hours = schedule(task.window, _one(task), is_generous=True)
    return [(minutes_of(a), minutes_of(b)) for a, b in hours.openings(moment_of(since), moment_of(until))]


def _one(task: _Task) -> tuple[str, ...]:
    """The zone that a number of several is taken to be in: which one the server takes is not known."""
    return task.zones[:1]


def forecast_words(found: Forecast) -> str:
    """The forecast in a sentence."""
    when = f"done by about {_local(found.done_by, found.zone)}" if found.done_by else f"{found.left:,} calls left over"
    how = "measured" if found.is_measured else "assumed"
    each = f"{found.attempts:.2g} attempts of {RINGING_S} s and {found.talking_s:.0f} s of talk each ({how})"
    return f"{when}: {found.calls:,} calls, {found.lines:,} {'line' if found.lines == 1 else 'lines'}, {each}"


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_named(zone or 'Z')):%a %Y-%m-%d %H:%M} ({zone or 'UTC'})"


def forecast_warnings(campaign: Campaign, found: Forecast | None) -> tuple[PlanWarning, ...]:
    """A warning where calls are left over."""
    if found is None or not found.left:
        return ()
    what = f"of {found.calls:,} calls about {found.left:,} will not be made: their windows close before, or"
    what += f" they would take longer than {HORIZON_D} days ({forecast_words(found).partition(': ')[2]})"
    fix = "more lines, a later finishDateTime, wider hours, or fewer calls"
    return (PlanWarning(Code.NOT_IN_TIME, campaign.name, found.left, what, fix, campaign.place),)
