"""Pictures of a plan as inline SVG: what becomes of the calls, and when the windows are open.

A picture repeats what is said in words beside it, so that nobody needs to see it, or its colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise

from reconciler.render.groups import Kind
from reconciler.render.html import Html, joined, tag
from reconciler.render.windows import BY_ROW, Day, Week
from reconciler.render.words import count, listing, number

Part = tuple[Kind, int]
"""A part of all calls: what becomes of them, and how many."""

_WIDE = 1000  # of a picture's own units; it is stretched to the room there is
_LEAST = 6  # so that one call among a million is still seen
_DAY = 24 * 60
_SERVER = "the campaign's settings on the server decide"
_STRIPES = tag("rect", class_="stripe", width=12, height=12)
_PATTERN = tag("pattern", _STRIPES, id="stripes", width=24, height=12, patternUnits="userSpaceOnUse")
STRIPES = tag("svg", tag("defs", _PATTERN), class_="apart", width=0, height=0, aria_hidden="true")
"""What marks hours that are not known from here; once on a page that shows weeks."""


def kind_cell(kind: Kind) -> Html:
    """The sign and the words of a kind."""
    return joined(tag("span", kind.sign, class_=f"sign k-{kind.name}"), f" {kind.words}")


def calls_chart(parts: Sequence[Part]) -> Html:
    """What becomes of the calls: all in one bar, then each kind with its number and a bar of its own."""
    parts = [part for part in parts if part[1]]
    if not parts:
        return tag("p", "No calls.", class_="quiet")
    most = max(n for _, n in parts)
    rows = [
        tag(
            "tr",
            tag("th", kind_cell(kind), scope="row"),
            tag("td", number(n), class_="n"),
            tag("td", _picture([(kind.name, 0, max(_LEAST, _WIDE * n // most))], 10), class_="wide"),
        )
        for kind, n in parts
    ]
    said = "Calls: " + listing(f"{number(n)} {kind.words}" for kind, n in parts)
    return joined(_stacked(parts, said), tag("table", tag("tbody", *rows), class_="bars"))


def _stacked(parts: Sequence[Part], said: str) -> Html:
    total = sum(n for _, n in parts)
    widths = [max(_LEAST, _WIDE * n // total) for _, n in parts]
    ends = list(accumulate(widths, initial=0))
    starts = [_WIDE * at // ends[-1] for at in ends]
    bars = [(kind.name, *piece) for (kind, _), piece in zip(parts, pairwise(starts), strict=True)]
    return _picture([(kind, start, end - start) for kind, start, end in bars], 28, said)


def _picture(bars: Sequence[tuple[str, int, int]], height: int, said: str = "") -> Html:
    """Bars by kind, start and width; without words it is decoration."""
    rects = [tag("rect", class_=f"k-{kind}", x=at, width=max(1, wide - 2), height=height) for kind, at, wide in bars]
    return tag(
        "svg",
        *rects,
        viewBox=f"0 0 {_WIDE} {height}",
        height=height,
        preserveAspectRatio="none",
        class_="bar",
        role="img" if said else None,
        aria_label=said or None,
        aria_hidden=None if said else "true",
    )


def week_chart(week: Week) -> Html:
    """A week: days that are alike with their hours in words and as a bar from 0:00 to 24:00."""
    alike = [list(days) for _, days in groupby(week.days, key=lambda day: (day.is_open, day.hours))]
    ticks = tag("div", *(tag("span", str(hour)) for hour in range(0, 25, 6)), class_="ticks", aria_hidden="true")
    heads = [tag("th", "Days", scope="col"), tag("td", ticks, class_="wide"), tag("th", "Calls may begin", scope="col")]
    return tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *map(_days, alike)), class_="week")


def _days(days: Sequence[Day]) -> Html:
    first, last = days[0].day.title(), days[-1].day.title()
    name = first if first == last else f"{first}–{last}"
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", _day_bar(days[0]), class_="wide"),
        tag("td", _hours(days[0])),
    )


def week_words(week: Week) -> str:
    """Whose hours these are and what else limits them."""
    zones = {"": "local time of each number", BY_ROW: "in the time zone each row names"}
    lists = f"{'List' if len(week.lists) == 1 else 'Lists'} {listing(week.lists)}" if week.lists else "All calls"
    said = [f"{lists}: {zones.get(week.zone, f'time zone {week.zone}')}"]
    limits = (("from", week.start), ("until", week.finish))
    said += [f"{word} a moment each row names" if at == BY_ROW else f"{word} {at}" for word, at in limits if at]
    said += ["some calls have windows of their own"] if week.may_differ else []
    return ", ".join(said) + "."


def _hours(day: Day) -> str:
    if day.is_open is False:
        return "closed"
    if day.hours is None:
        return _SERVER if day.is_open is None else f"open, {_SERVER} about the hours"
    hours = listing(map(str, day.hours))
    return hours if day.is_open else f"{hours}, if {_SERVER.replace(' decide', '')} allow this day"


def _day_bar(day: Day) -> Html:
    hours = [(0, _DAY)] if day.hours is None else [each.minutes for each in day.hours]
    kind = "open" if day.is_open and day.hours is not None else "unknown"
    grid = [tag("rect", class_="grid", x=hour * 60 - 2, width=4, height=12) for hour in (6, 12, 18)]
    rects = [tag("rect", class_=kind, x=start, width=end - start, height=12) for start, end in hours]
    track = tag("rect", class_="track", width=_DAY, height=12)
    size = f"0 0 {_DAY} 12"
    return tag(
        "svg",
        track,
        *grid,
        *rects,
        viewBox=size,
        height=12,
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
    )


def weeks_chart(weeks: Sequence[Week], most: int = 10) -> Html:
    """The first weeks, each with whose hours they are."""
    shown = [joined(tag("p", week_words(week), class_="quiet"), week_chart(week)) for week in weeks[:most]]
    rest = len(weeks) - len(shown)
    return joined(*shown, *([tag("p", f"… and {count(rest, 'more week')}")] if rest else []))
