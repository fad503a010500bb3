"""Plans as one HTML file that a person opens in a browser: it loads nothing, and nothing in its data can run.

Headline, a picture of what becomes of the calls, when the windows are open, groups, settings, and tables of the
calls that can be searched. Of a large plan a part of the calls is in it, and it says how many are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from reconciler.plan.model import Drift, Plan
from reconciler.render.charts import STRIPES, Part, calls_chart, kind_cell, weeks_chart
from reconciler.render.documents import Failure, Planned, Tally, calls_by_kind, sum_words
from reconciler.render.explorer import explorer
from reconciler.render.facts import (
    CHANGES,
    FAILED,
    HELD_BACK,
    MOST_SETTINGS,
    OUTCOMES,
    allowance,
    drift_words,
    facts,
    guard_words,
    outcome,
    shown_warnings,
)
from reconciler.render.groups import DONE, KINDS, CallGroup, Kind, Outline, drift_groups, move_words, outline
from reconciler.render.headline import headline
from reconciler.render.html import Html, asset, grid, joined, page, prose, tag
from reconciler.render.shown import setting
from reconciler.render.words import number

MOST_CALLS = 5_000
"""Calls of a campaign that are in the page, some 60 bytes each: more than anybody reads, quick to search."""

MOST_CALLS_IN_ALL = 60_000
"""Calls of all campaigns together: a page of some megabytes, which every browser opens."""

_IN_STEP = Kind("in-step", "✓", "in step")
_MOST_DRIFTED = 100  # calls of a kind that are listed
_MOST_OPEN = 3  # campaigns that are unfolded at once
_HEADS = ("Campaign", "Outcome", *(f"{kind.sign} {kind.words}" for kind in DONE), "Moves", "Needs a person", "In step")
_SIGN_OF_OUTCOME = {FAILED: "✕", HELD_BACK: "!", CHANGES: "~"}


class _Section(msgspec.Struct, frozen=True):
    """One campaign: its row in the overview, and the rest."""

    name: str
    outcome: str
    calls: dict[str, int]
    body: Html


class HtmlPlans:
    """Plans of at most `campaigns` campaigns as an HTML page, handed to `write` at the end."""

    def __init__(self, write: Callable[[bytes], object], campaigns: int = 1) -> None:
        self._write, self._tally = write, Tally()
        self._most_calls = min(MOST_CALLS, MOST_CALLS_IN_ALL // max(1, campaigns))
        self._sections: list[_Section] = []

    def planned(self, planned: Planned) -> None:
        """Keeps what the page will hold of a plan."""
        plan, shape = planned.plan, outline(planned.plan)
        self._tally.add(plan, shape)
        calls = dict(calls_by_kind(plan, shape))
        body = _body(planned, shape, calls, explorer(f"calls-{len(self._sections)}", shape, self._most_calls))
        self._sections.append(_Section(plan.campaign, outcome(plan), calls, body))

    def failed(self, failure: Failure) -> None:
        """Keeps a campaign that has no plan."""
        self._tally.add_failed()
        said = tag("ul", *(tag("li", each) for each in failure.said), class_="errors")
        body = joined(tag("p", "Not planned. What would be done here is not known.", class_="lead"), said)
        self._sections.append(_Section(failure.campaign, FAILED, {}, body))

    def end(self) -> None:
        """Writes the page."""
        sections = sorted(self._sections, key=lambda each: OUTCOMES.index(each.outcome))
        said = sum_words(self._tally)
        top = tag("header", tag("h1", "Campaign plan"), tag("p", said, class_="lead"), _tiles(self._tally))
        parts = [STRIPES, top, *([_overview(sections)] if len(sections) > 1 else [])]
        parts += [_campaign(each, is_open=len(sections) <= _MOST_OPEN) for each in sections]
        text = page(f"Campaign plan: {said}", tag("main", *parts), style=asset("plan.css"), script=asset("plan.js"))
        self._write(text.encode())


def _tiles(tally: Tally) -> Html:
    calls = tally.calls
    amounts = [
        ("add", calls["add"] + calls["replace"], "phone will ring", "phones will ring"),
        ("cancel", calls["cancel"], "call cancelled", "calls cancelled"),
        ("blocked", calls["blocked"] + calls["drifted"], "call needs a person", "calls need a person"),
        ("in-step", calls["in_step"], "call in step", "calls in step"),
        ("blocked", tally.outcomes[HELD_BACK], "campaign held back", "campaigns held back"),
        ("cancel", tally.outcomes[FAILED], "campaign not planned", "campaigns not planned"),
    ]
    always = 4  # the first are told also when there are none
    tiles = [_tile(*each) for at, each in enumerate(amounts) if at < always or each[1]]
    return tag("ul", *tiles, class_="tiles")


def _tile(kind: str, n: int, one: str, many: str) -> Html:
    words = one if n == 1 else many
    return tag("li", tag("b", number(n)), tag("span", words), class_=f"tile t-{kind}" if n else "tile")


def _overview(sections: Sequence[_Section]) -> Html:
    search = tag("input", type="search", name_="q", autocomplete="off", placeholder="name or outcome")
    form = tag("form", tag("label", "Find a campaign ", search), class_="filters", hidden=True)
    table = grid("Campaigns", _HEADS, map(_overview_row, sections), class_="wide-grid")
    return tag("section", tag("h2", "Campaigns"), form, tag("p", class_="found", role="status"), table, id="overview")


def _overview_row(section: _Section) -> list[str]:
    calls = section.calls
    amounts = [*(calls.get(kind.name, 0) for kind in DONE), calls.get("moves", 0)]
    amounts += [calls.get("blocked", 0) + calls.get("drifted", 0), calls.get("in_step", 0)]
    link = tag("a", section.name, href=f"#campaign={section.name}")
    return [link, _badge(section.outcome), *(number(n) if n else "" for n in amounts)]


def _badge(outcome: str) -> Html:
    sign = _SIGN_OF_OUTCOME.get(outcome, "✓")
    return tag("span", f"{sign} {outcome}", class_=f"badge o-{outcome.split()[0]}")


def _campaign(section: _Section, *, is_open: bool) -> Html:
    summary = tag("summary", tag("h2", section.name), _badge(section.outcome))
    return tag("details", summary, section.body, class_="campaign", data_campaign=section.name, open=is_open)


def _body(planned: Planned, shape: Outline, calls: dict[str, int], table: Html) -> Html:
    plan = planned.plan
    parts = [*(tag("p", each, class_="lead") for each in headline(plan, shape)), _facts(planned)]
    parts += [_warnings(plan), _guards(plan)]
    parts += [
        tag("p", tag("b", f"> {verb}"), f": {words}", class_="move") for verb, words in map(move_words, shape.moves)
    ]
    beside = [tag("section", tag("h3", "What happens to the calls"), calls_chart(_parts(calls)))]
    if planned.weeks:
        beside.append(tag("section", tag("h3", "When calls may begin"), weeks_chart(planned.weeks)))
    return joined(
        *parts, tag("div", *beside, class_="beside"), _groups(shape.groups), _drift(plan.drift), _settings(plan), table
    )


def _parts(calls: dict[str, int]) -> list[Part]:
    # Unmanaged jobs are somebody else's: no part of these calls.
    parts = [(kind, calls.get(kind.name, 0)) for kind in KINDS if kind.name != "unmanaged"]
    return [*parts, (_IN_STEP, calls["in_step"])]


def _facts(planned: Planned) -> Html:
    labels = ", ".join(f"{name}={value}" for name, value in planned.labels.items())
    named = [*facts(planned.plan), ("plan id", planned.plan.plan_id), *([("labels", labels)] if labels else [])]
    return tag("dl", *(joined(tag("dt", name), tag("dd", words)) for name, words in named))


def _warnings(plan: Plan) -> Html:
    shown = [
        tag("p", tag("b", f"! Warning {each.code}"), f": {each.said}. ", each.fix, class_="alert")
        for each in shown_warnings(plan)
    ]
    rest = len(plan.warnings) - len(shown)
    return joined(*shown, tag("p", f"… and {number(rest)} more warnings", class_="quiet") if rest else "")


def _guards(plan: Plan) -> Html:
    return joined(
        *(
            tag(
                "p",
                tag("b", f"! Held back by the guard {guard.name}"),
                f": {guard_words(guard)}. To go on: ",
                tag("code", allowance(guard)),
                class_="alert",
            )
            for guard in plan.tripped
        )
    )


def _drift(drift: Drift | None) -> Html:
    if drift is None:
        return Html()
    groups = drift_groups(drift)
    said = tag("p", drift_words(drift), class_="alert" if drift.is_any else "quiet")
    table = _grid("Drift", groups) if groups else ""
    return tag("section", tag("h3", "Drift"), said, table, *map(_drifted, groups), class_="drift")


def _drifted(group: CallGroup) -> Html:
    """A few of the calls; all of them are in the JSON plan."""
    shown = [entry.mask for entry in group.entries(_MOST_DRIFTED)]
    rest = group.count - len(shown)
    more = tag("p", f"… and {number(rest)} more: JSON has all of them") if rest else ""
    summary = tag("summary", f"{group.kind.words}: {number(group.count)}")
    return tag("details", summary, tag("ul", *(tag("li", mask) for mask in shown)), more)


def _groups(groups: Sequence[CallGroup]) -> Html:
    if not groups:
        return Html()
    return tag("section", tag("h3", "Why"), _grid("Groups of calls", groups))


def _grid(name: str, groups: Sequence[CallGroup]) -> Html:
    rows = [
        (kind_cell(each.kind), number(each.count) if each.count else "", prose(each.why), prose(each.following))
        for each in groups
    ]
    return grid(name, ("Kind", "Calls", "Why", "What follows"), rows)


def _settings(plan: Plan) -> Html:
    if not plan.settings:
        return Html()
    shown = [setting(change) for change in plan.settings[:MOST_SETTINGS]]
    rows = [(path, tag("code", old), tag("code", new)) for path, old, new in shown]
    rest = len(plan.settings) - len(shown)
    more = tag("p", f"… and {number(rest)} more", class_="quiet") if rest else ""
    title = tag("h3", "Settings of the campaign that change")
    return tag("section", title, grid("Settings", ("Setting", "Before", "After"), rows, class_="wide-grid"), more)
