"""What a pipeline says about its campaigns, as Markdown: for a comment on a request and for the run's summary.

A sentence first, then a line for each campaign, then the plans, folded. The text is never longer than its room; what
did not fit is counted. Whatever data may hold stands in code blocks, where it is text and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from reconciler.plan.model import Move, Plan, known
from reconciler.plan.warnings import PlanWarning
from reconciler.render.facts import shown_warnings
from reconciler.render.page import Line
from reconciler.render.plan_markdown import plan_section
from reconciler.render.words import count, listing, number

Verb = Literal["plan", "apply"]
_RESERVE = 400  # characters for the lines at the end
_LONGEST_DETAIL = 20_000


class Figures(msgspec.Struct, frozen=True):
    """What is kept of a plan: numbers and its Markdown. The plan itself may hold a million calls."""

    add: int
    cancel: int
    replace: int
    moves: tuple[str, ...]  # as verbs: start, pause, resume, stop
    in_step: int
    has_changes: bool
    plan_id: str
    block: str  # '' for a plan that says nothing
    warnings: tuple[PlanWarning, ...] = ()

    @property
    def rings(self) -> int:
        """Phones that will ring because of the plan."""
        return self.add + self.replace


def figures_of(plan: Plan) -> Figures:
    """What a report needs of `plan`."""
    counts, has_changes = plan.counts, bool(plan.actions)
    block = plan_block(plan) if has_changes or plan.notes or plan.is_held_back or plan.warnings else ""
    moves = tuple(type(action).__name__.lower() for action in known(plan.actions) if isinstance(action, Move))
    shown = shown_warnings(plan)
    return Figures(
        counts.add, counts.cancel, counts.replace, moves, plan.in_step, has_changes, plan.plan_id, block, shown
    )


class CampaignReport(msgspec.Struct, frozen=True):
    """How one campaign went. `said` is what was printed besides the plan: results, warnings, errors; phones masked."""

    name: str
    outcome: str
    code: int
    figures: Figures | None = None
    said: str = ""


class Report(msgspec.Struct, frozen=True):
    """One run. `footer` is Markdown of ours; `problems` is what is wrong when there are no campaigns to speak of."""

    verb: Verb
    campaigns: tuple[CampaignReport, ...]
    footer: str
    problems: str = ""


def report_markdown(report: Report, room: int) -> str:
    """The Markdown, at most `room` characters."""
    top = "\n".join([f"### campaign {report.verb}", "", f"**{_headline(report)}**", *_table(report, room // 2)])
    left = room - len(top) - len(report.footer) - _RESERVE
    details: list[str] = []
    omitted = 0
    for detail in _details(report):
        if len(detail) <= left:
            details.append(detail)
            left -= len(detail) + 1
        else:
            omitted += 1
    more = [f"_{count(omitted, 'detail')} left out here: too long._", ""] if omitted else []
    return "\n".join([top, "", *details, *more, report.footer, ""])


def _headline(report: Report) -> str:
    if not report.campaigns:
        return "It went no further than this; nothing was sent." if report.problems else "There is no campaign."
    bad = sum(each.code not in (0, 2) for each in report.campaigns)
    need = f" {count(bad, 'campaign')} of {number(len(report.campaigns))} need{'s' * (bad == 1)} a look." if bad else ""
    return f"{listing(_effects(report)) or 'Nothing to do'}.{need}"


def _effects(report: Report) -> list[str]:
    """What all campaigns together mean for people, in the tense of the command."""
    figures = [each.figures for each in report.campaigns if each.figures]
    rings, back = sum(f.rings for f in figures), sum(f.cancel for f in figures)
    moves = Counter(move for f in figures for move in f.moves)
    will = "will ring" if report.verb == "plan" else "to ring"
    parts = [f"{count(rings, 'phone')} {will}"] if rings else []
    parts += [f"{count(back, 'queued call')} taken back"] if back else []
    return [*parts, *(f"{count(n, 'campaign')} to {move}" for move, n in sorted(moves.items()))]


def _table(report: Report, room: int) -> Iterator[str]:
    if not report.campaigns:
        return
    yield ""
    yield "| campaign | outcome | to add | to replace | to cancel | in step | plan id |"
    yield "|---|---|--:|--:|--:|--:|---|"
    ordered = _important_first(report.campaigns)
    for at, each in enumerate(ordered):
        row = f"| {each.name} | {each.outcome} | {' | '.join(_numbers(each.figures))} |"
        room -= len(row) + 1
        if room < 0:
            yield f"| … and {number(len(ordered) - at)} more | | | | | | |"
            return
        yield row


def _numbers(figures: Figures | None) -> list[str]:
    if figures is None:
        return ["–"] * 5
    amounts = [number(n) for n in (figures.add, figures.replace, figures.cancel, figures.in_step)]
    return [*amounts, f"`{figures.plan_id}`"]


def _important_first(campaigns: Sequence[CampaignReport]) -> list[CampaignReport]:
    """Failures, then changes, then the rest; each by name."""

    def rank(each: CampaignReport) -> tuple[int, str]:
        is_bad, has_changes = each.code not in (0, 2), bool(each.figures and each.figures.has_changes)
        return (0 if is_bad else 1 if has_changes else 2, each.name)

    return sorted(campaigns, key=rank)


def _details(report: Report) -> Iterator[str]:
    if report.problems:
        yield fenced(report.problems).lstrip()
    is_open = " open" if len(report.campaigns) == 1 and report.verb == "plan" else ""
    for each in _important_first(report.campaigns):
        if each.said:
            yield f"#### {each.name}\n\n{fenced(each.said)}"
        if each.figures and each.figures.block:
            summary = f"<summary>Plan of {each.name}</summary>"
            yield f"<details{is_open}>{summary}\n\n{each.figures.block}\n</details>\n"


def plan_block(plan: Plan) -> str:
    """One plan as Markdown, as in the document of `campaign plan --format markdown`."""
    return plan_section(plan, _LONGEST_DETAIL)


def text_of(lines: Iterable[Line]) -> str:
    """Lines as plain text."""
    return "".join(f"{each.text.plain}\n" for each in lines)


def fenced(text: str) -> str:
    """The text in a code block that it cannot end, whatever it holds; cut when it is very long."""
    if len(text) > _LONGEST_DETAIL:
        text = text[:_LONGEST_DETAIL].rsplit("\n", 1)[0] + "\n…"
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}\n"
