"""A plan as text, for whoever reviews a change in a terminal or a CI log.

From the top: which campaign, what it does to people's phones in words, what changes for the campaign as a whole, the
calls in groups with a few masked examples, what is said but not done, guards that say no, totals. Signs tell the
kinds apart without colour: `+` add, `~` replace, `-` cancel, `=` adopt, `>` move, `!` needs a person, `·` waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from reconciler.plan.model import Drift, Plan, SettingChange
from reconciler.render.documents import Failure, Planned
from reconciler.render.facts import MOST_SETTINGS, allowance, drift_words, facts, guard_words, shown_warnings
from reconciler.render.groups import SAMPLE, CallGroup, Entry, Outline, drift_groups, move_words, outline
from reconciler.render.headline import headline, totals
from reconciler.render.page import BLANK, Cell, Line, columns, line
from reconciler.render.shown import setting
from reconciler.render.words import count, number

_STYLES = {"+": "green", "~": "yellow", "-": "red", "=": "cyan", ">": "cyan", "!": "bold magenta", "·": "dim"}
_BESIDE = 48  # characters of an old and a new value that still read well on one line
_ALIGNED = 100  # calls whose columns are aligned with each other: a full plan is never in memory as a whole


def plan_text(plan: Plan, *, full: bool = False) -> Iterator[Line]:
    """The lines of `plan`: a bounded number however large it is, or with `full` a line for every call."""
    shape = outline(plan)
    blocks = [_header(plan), _headline(plan, shape), _moves(shape), _settings(plan.settings)]
    groups = [_group(group, limit=None if full else SAMPLE) for group in shape.groups]
    return _blocks(
        [*blocks, *groups, _warnings(plan), _guards(plan), *_drift(plan.drift, full=full), _totals(plan, shape)]
    )


class TextPlans:
    """Plans as text, each handed to `show` as soon as it is there. Errors are on stderr, the table at the end apart."""

    def __init__(self, show: Callable[[Iterable[Line]], object], *, full: bool = False) -> None:
        self._show, self._full, self._is_first = show, full, True

    def planned(self, planned: Planned) -> None:
        """Shows a plan, a blank line below the one before."""
        lines = plan_text(planned.plan, full=self._full)
        self._show(lines if self._is_first else chain([BLANK], lines))
        self._is_first = False

    def failed(self, failure: Failure) -> None:
        """Shows nothing: the error was."""

    def end(self) -> None:
        """Shows nothing: every plan was."""


def _blocks(blocks: Iterable[Iterator[Line]]) -> Iterator[Line]:
    """The blocks that are not empty, a blank line between them."""
    is_first = True
    for block in blocks:
        for at, each in enumerate(block):
            if at == 0 and not is_first:
                yield BLANK
            is_first = False
            yield each


def _header(plan: Plan) -> Iterator[Line]:
    yield line((plan.campaign, "bold"))
    yield from columns([[(name, "dim"), words] for name, words in facts(plan)], indent=2)


def _headline(plan: Plan, shape: Outline) -> Iterator[Line]:
    for sentence in headline(plan, shape):
        yield line((sentence, "bold"))


def _moves(shape: Outline) -> Iterator[Line]:
    rows: list[list[Cell]] = [[(f"> {verb}", _STYLES[">"]), meaning] for verb, meaning in map(move_words, shape.moves)]
    return columns(rows, indent=2)


def _settings(changes: tuple[SettingChange, ...]) -> Iterator[Line]:
    if not changes:
        return
    yield line(f"{count(len(changes), 'setting')} of the campaign:", indent=2)
    shown = [setting(change) for change in changes[:MOST_SETTINGS]]
    rows = [row for path, old, new in shown for row in _setting(path, old, new)]
    yield from columns(rows, indent=4)
    yield from _and_more(len(changes) - len(shown), indent=4)


def _setting(path: str, old: str, new: str) -> list[tuple[str, str]]:
    if len(old) + len(new) <= _BESIDE:
        return [(path, f"{old} → {new}")]
    return [(path, old), ("", f"→ {new}")]


def _group(group: CallGroup, limit: int | None) -> Iterator[Line]:
    style = _STYLES[group.kind.sign]
    amount = f"{number(group.count)} " if group.count else ""
    title = f"{group.kind.sign} {amount}{group.kind.words}"
    beside, below = ("", group.following) if group.kind.sign == "!" else (group.following, "")
    yield line((title, style), f": {group.why}{beside and f'; {beside}'}", indent=2, hang=2)
    if below:
        yield line((below, "dim"), indent=4)
    entries, shown = group.entries(limit), 0
    while some := list(islice(entries, _ALIGNED)):
        shown += len(some)
        yield from _entries(some)
    if shown:
        yield from _and_more(group.count - shown, indent=6)


def _entries(entries: list[Entry]) -> Iterator[Line]:
    rows: list[list[Cell]] = [[e.mask, (str(e.place or ""), "dim"), (e.remark, "dim")] for e in entries]
    return (Line(each.text) for each in columns(rows, indent=6))


def _and_more(n: int, *, indent: int) -> Iterator[Line]:
    if n:
        yield line((f"… and {number(n)} more", "dim"), indent=indent)


def _warnings(plan: Plan) -> Iterator[Line]:
    for each in shown_warnings(plan):
        place = (f"  {each.place}", "dim") if each.place.line else ""
        yield line((f"warning {each.code}", "bold yellow"), f": {each.said}", place, indent=2, hang=2)
        yield line((each.fix, "dim"), indent=4)
    yield from _and_more(len(plan.warnings) - len(shown_warnings(plan)), indent=2)


def _guards(plan: Plan) -> Iterator[Line]:
    for guard in plan.tripped:
        yield line((f"guard {guard.name}", "bold red"), f": {guard_words(guard)}", indent=2, hang=2)
        # On a line of its own, where no terminal breaks it: it is there to be copied.
        yield line(f"to go on: {allowance(guard)}", indent=4, hang=None)


def _drift(drift: Drift | None, *, full: bool) -> Iterator[Iterator[Line]]:
    """A block that says how much drifted, and one for each group of it."""
    if drift is None:
        return
    yield iter([line((drift_words(drift), "bold magenta" if drift.is_any else "bold"))])
    yield from (_group(group, limit=None if full else SAMPLE) for group in drift_groups(drift))


def _totals(plan: Plan, shape: Outline) -> Iterator[Line]:
    yield line((totals(shape.counts, plan.in_step), "bold"))
    yield line(f"Plan id: {plan.plan_id}", hang=None)
