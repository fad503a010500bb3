"""Plans as one Markdown document that fits into a comment on a pull request, whatever they hold.

From the top: all campaigns in a sentence, a table of them, then each campaign that a reviewer has something to read
about. When it grows too long, examples go first, then whole campaigns, those with the least to decide first; what was
left out is said. A row of the table and a guard's number are the last to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

import msgspec

from reconciler.plan.model import Plan
from reconciler.render.documents import Failure, Planned, Tally, calls_by_kind, sum_words
from reconciler.render.facts import (
    CHANGES,
    FAILED,
    MOST_SETTINGS,
    NOTHING,
    OUTCOMES,
    allowance,
    drift_words,
    facts,
    guard_words,
    outcome,
    shown_warnings,
)
from reconciler.render.groups import DONE, CallGroup, Kind, Outline, drift_groups, move_words, outline
from reconciler.render.headline import headline
from reconciler.render.markdown import code, folded, row, table
from reconciler.render.shown import setting
from reconciler.render.words import count, listing, number

LIMIT = 65_000
"""Bytes of the whole document, so as many characters at most. GitHub refuses comments of more than 65,536."""

_FOR_TABLE = 40_000  # bytes: some 500 campaigns; the rest is for what they do
_FOR_REMARKS = 1_000  # bytes, for what was left out
_SAMPLES = (20, 5, 0)  # examples of each group, the most that fit
_WITH = {CHANGES: "with changes", NOTHING: "with nothing to do"}
_LONGEST_ERROR = 500
_MOST_ERRORS = 10
_SHOWN = (*(kind.name for kind in DONE), "moves")


class _Section(msgspec.Struct, frozen=True):
    """One campaign: its row, and what is said of it in versions that grow shorter. No version for one without news."""

    outcome: str
    row: str
    versions: tuple[str, ...] = ()


class MarkdownPlans:
    """Plans as Markdown, handed to `write` at the end."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self._tally = write, Tally()
        self._sections: list[_Section] = []

    def planned(self, planned: Planned) -> None:
        """Keeps what will be said of a plan: some kilobytes, however large it is."""
        shape = outline(planned.plan)
        self._tally.add(planned.plan, shape)
        self._sections.append(_planned(planned.plan, shape))

    def failed(self, failure: Failure) -> None:
        """Keeps what will be said of a campaign without a plan."""
        self._tally.add_failed()
        self._sections.append(_failed(failure))

    def end(self) -> None:
        """Writes the document."""
        self._write(_document(self._tally, sorted(self._sections, key=lambda each: OUTCOMES.index(each.outcome))))


def _document(tally: Tally, sections: Sequence[_Section]) -> bytes:
    rows = _fitting([each.row for each in sections], _FOR_TABLE)
    top = [
        f"## Campaign plan\n\n**{sum_words(tally)}** {_outcomes(tally)}",
        *([table(_HEADS, rows, _RIGHT)] if rows else []),
    ]
    left_out = [count(len(sections) - len(rows), "row") + " of the table"] if len(rows) < len(sections) else []
    room = LIMIT - _FOR_REMARKS - sum(map(_size, top))
    bodies, missing = _bodies([each.versions for each in sections if each.versions], room)
    return "\n\n".join([*top, *bodies, *_remark([*left_out, *missing])]).encode() + b"\n"


def _outcomes(tally: Tally) -> str:
    n = [f"{number(tally.outcomes[each])} {_WITH.get(each, each)}" for each in OUTCOMES if tally.outcomes[each]]
    return f"{count(tally.campaigns, 'campaign')}{': ' if n else ''}{', '.join(n)}."


def _size(text: str) -> int:
    """Bytes of a part and of the empty line after it."""
    return len(text.encode()) + 2


def _fitting(rows: Sequence[str], room: int) -> list[str]:
    """The first rows that fit."""
    sizes = accumulate(map(_size, rows))
    return [each for each, size in zip(rows, sizes, strict=True) if size <= room]


def _bodies(sections: Sequence[Sequence[str]], room: int) -> tuple[list[str], list[str]]:
    """What is said of the campaigns, as much as fits, and what was left out. First everybody's least, then more."""
    chosen: dict[int, str] = {}
    for at, versions in enumerate(sections):
        if _size(versions[-1]) <= room:
            chosen[at], room = versions[-1], room - _size(versions[-1])
    for at, least in chosen.items():
        fitting = (each for each in sections[at] if _size(each) - _size(least) <= room)
        chosen[at] = next(fitting)
        room -= _size(chosen[at]) - _size(least)
    without, shortened = len(sections) - len(chosen), sum(chosen[at] != sections[at][0] for at in chosen)
    left_out = [f"what is done in {count(without, 'campaign')}"] if without else []
    return list(chosen.values()), left_out + (
        [f"settings and examples of {count(shortened, 'campaign')}"] if shortened else []
    )


def _remark(left_out: Sequence[str]) -> list[str]:
    if not left_out:
        return []
    said = f"_Left out, to stay below {number(LIMIT)} characters: {listing(left_out)}._"
    return [f"{said} `--format html` shows more, `--format json` has all."]


def _failed(failure: Failure) -> _Section:
    shown = [code(each, _LONGEST_ERROR) for each in failure.said[:_MOST_ERRORS]]
    rest = len(failure.said) - len(shown)
    lines = [*shown, *([f"… and {count(rest, 'more line')}"] if rest else [])]
    body = f"### {code(failure.campaign)}\n\n**Not planned.** What would be done here is not known.\n\n"
    cells = [code(failure.campaign), FAILED, *([""] * (len(_HEADS) - 2))]
    return _Section(FAILED, row(cells), (body + "\n".join(f"- {each}" for each in lines),))


def _planned(plan: Plan, shape: Outline) -> _Section:
    calls = calls_by_kind(plan, shape)
    amounts = [*(calls[name] for name in _SHOWN), calls["blocked"] + calls["drifted"], calls["in_step"]]
    in_table = row([code(plan.campaign), outcome(plan), *(number(n) if n else "" for n in amounts)])
    has_news = any((plan.actions, plan.settings, plan.warnings, plan.drift is not None and plan.drift.is_any))
    has_news = has_news or any(group.kind.sign == "!" for group in shape.groups)
    return _Section(outcome(plan), in_table, tuple(dict.fromkeys(_versions(plan, shape))) if has_news else ())


def _versions(plan: Plan, shape: Outline) -> Iterator[str]:
    """What is said of a campaign, the longest first; the last one is bounded whatever the plan holds."""
    least = [f"### {code(plan.campaign)}", " ".join(headline(plan, shape)), _facts(plan)]
    least += [_warnings(plan), _guards(plan), _moves(shape), _groups(shape.groups), _drift(plan)]
    for sample in _SAMPLES:
        folds = [_settings(plan), _examples(plan, shape, sample)] if sample else []
        yield "\n\n".join(part for part in (*least, *folds) if part)


def plan_section(plan: Plan, room: int) -> str:
    """What is said of one plan by itself, with as many examples as `room` characters have place for."""
    versions = [*_versions(plan, outline(plan))]
    return next((each for each in versions if len(each) <= room), versions[-1])


def _facts(plan: Plan) -> str:
    (_, host), *others = facts(plan)
    said = (f"rollout: {words}" if name == "rollout" else words for name, words in others)
    return " · ".join([code(host), *said, f"plan id {code(plan.plan_id)}"])


def _warnings(plan: Plan) -> str:
    shown = [
        f"> **Warning {code(each.code)}**: {code(each.said, _LONGEST_ERROR)}; {code(each.fix, _LONGEST_ERROR)}"
        for each in shown_warnings(plan)
    ]
    rest = len(plan.warnings) - len(shown)
    return "\n>\n".join([*shown, *([f"> … and {count(rest, 'more warning')}"] if rest else [])])


def _guards(plan: Plan) -> str:
    return "\n>\n".join(
        f"> **Held back by the guard {code(guard.name)}**: {guard_words(guard)}. To go on: {code(allowance(guard))}"
        for guard in plan.tripped
    )


def _moves(shape: Outline) -> str:
    return "\n".join(f"- `>` **{verb}**: {meaning}" for verb, meaning in map(move_words, shape.moves))


def _groups(groups: Sequence[CallGroup]) -> str:
    if not groups:
        return ""
    cells = [(_head(each.kind), number(each.count) if each.count else "", each.why, each.following) for each in groups]
    return table(("", "calls", "why", "what follows"), map(row, cells), " r")


def _drift(plan: Plan) -> str:
    if plan.drift is None:
        return ""
    parts = ["#### Drift", drift_words(plan.drift), _groups(drift_groups(plan.drift))]
    return "\n\n".join(part for part in parts if part)


def _head(kind: Kind) -> str:
    return f"`{kind.sign}` {kind.words}"


def _settings(plan: Plan) -> str:
    if not plan.settings:
        return ""
    rows = [row([code(text) for text in setting(change)]) for change in plan.settings[:MOST_SETTINGS]]
    rest = len(plan.settings) - len(rows)
    rows += [row([f"… and {number(rest)} more", "", ""])] if rest else []
    changed = f"{count(len(plan.settings), 'setting')} of the campaign changed"
    return folded(changed, table(("setting", "before", "after"), rows))


def _examples(plan: Plan, shape: Outline, sample: int) -> str:
    groups = (*shape.groups, *(drift_groups(plan.drift) if plan.drift else ()))
    rows = [row(cells) for group in groups for cells in _example_cells(group, sample)]
    if not rows:
        return ""
    return folded("Examples, phones masked", table(("", "phone", "where", ""), rows))


def _example_cells(group: CallGroup, sample: int) -> Iterator[Sequence[str]]:
    shown = list(group.entries(sample))
    for entry in shown:
        yield _head(group.kind), code(entry.mask), code(str(entry.place)) if entry.place else "", entry.remark
    if shown and group.count > len(shown):
        yield _head(group.kind), f"… and {number(group.count - len(shown))} more", "", group.why


_HEADS = ("campaign", "outcome", *map(_head, DONE), "moves", "needs a person", "in step")
_RIGHT = "  rrrrrrr"
