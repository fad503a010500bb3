"""A plan as text, for whoever reviews a change in a terminal or a CI log.

From the top: which campaign, what it does to people's phones in words, what changes for the campaign as a whole, the
calls in groups with a few masked examples, what is said but not done, guards that say no, totals. Signs tell the
kinds apart without colour: `+` add, `~` replace, `-` cancel, `=` adopt, `>` move, `!` needs a person, `·` waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from math import ceil

from reconciler.calls.model import CampaignState
from reconciler.plan.model import GuardResult, Plan, SettingChange
from reconciler.render.groups import SAMPLE, CallGroup, Entry, Outline, move_words, outline
from reconciler.render.headline import headline, totals
from reconciler.render.page import BLANK, Cell, Line, columns, line
from reconciler.render.shown import host_name, setting
from reconciler.render.words import count, number, percent

_STYLES = {"+": "green", "~": "yellow", "-": "red", "=": "cyan", ">": "cyan", "!": "bold magenta", "·": "dim"}
_MOST_SETTINGS = 20
_BESIDE = 48  # characters of an old and a new value that still read well on one line
_ALIGNED = 100  # calls whose columns are aligned with each other: a full plan is never in memory as a whole
_ALSO_AS_WANTED = {
    ("stopped", CampaignState.FINISHED),
    ("running", CampaignState.FINISHED),  # it ran to its end; nothing restarts it
    ("running", CampaignState.SCHEDULED),
    ("paused", CampaignState.NEW),  # nothing rings before it is started
}
_GUARDED = {"cancelPercent": "cancelled", "replacePercent": "replaced"}


def plan_text(plan: Plan, *, full: bool = False) -> Iterator[Line]:
    """The lines of `plan`: a bounded number however large it is, or with `full` a line for every call."""
    shape = outline(plan)
    blocks = [_header(plan), _headline(plan, shape), _moves(shape), _settings(plan.settings)]
    groups = [_group(group, limit=None if full else SAMPLE) for group in shape.groups]
    return _blocks([*blocks, *groups, _guards(plan), _totals(plan, shape)])


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
    dialect = f", {plan.dialect} dialect" if plan.dialect else ""
    suppressed = f"; {count(plan.suppressed, 'row')} suppressed" if plan.suppressed else ""
    yield line((plan.campaign, "bold"))
    yield from columns(
        [
            [("host", "dim"), host_name(plan.host) + dialect],
            [("state", "dim"), _state(plan)],
            [("calls", "dim"), f"{number(plan.wanted)} wanted{suppressed}"],
        ],
        indent=2,
    )


def _state(plan: Plan) -> str:
    if not plan.is_refreshed:
        return f"{plan.desired_state} wanted; not refreshed: statuses are the lock's, the server was not asked"
    if plan.observed_state is None:
        return f"{plan.desired_state} wanted; this server does not tell its state"
    observed = plan.observed_state.name.lower()
    if observed == plan.desired_state or (plan.desired_state, plan.observed_state) in _ALSO_AS_WANTED:
        return f"{observed}, as wanted"
    return f"{plan.desired_state} wanted, now {observed}"


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
    shown = [setting(change) for change in changes[:_MOST_SETTINGS]]
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


def _guards(plan: Plan) -> Iterator[Line]:
    for guard in plan.tripped:
        yield line((f"guard {guard.name}", "bold red"), f": {_guard(guard)}", indent=2, hang=2)
        # On a line of its own, where no terminal breaks it: it is there to be copied.
        yield line(f"to go on: --allow {guard.option}={_up(guard.amount, 0):.0f}", indent=4, hang=None)


def _guard(guard: GuardResult) -> str:
    amount, limit, affected = number(guard.amount), number(guard.limit), guard.option.replace("-", " ")
    if guard.is_percent:
        amount, limit = percent(_up(guard.amount, 1)), percent(guard.limit)
        affected = f"of {count(guard.base, 'call')} {_GUARDED.get(guard.name, 'affected')} ({number(guard.affected)})"
    return f"{amount} {affected}, at most {limit} allowed"


def _up(amount: float, decimals: int) -> float:
    """`amount` rounded up, never down: what is said to be allowed has to be enough."""
    scale: int = 10**decimals
    # Nine decimals tell apart percentages of ten million calls, and drop what binary fractions add.
    return ceil(round(amount * scale, 9)) / scale


def _totals(plan: Plan, shape: Outline) -> Iterator[Line]:
    yield line((totals(shape.counts, plan.in_step), "bold"))
    yield line(f"Plan id: {plan.plan_id}", hang=None)
