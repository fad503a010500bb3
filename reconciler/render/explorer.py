"""The calls of a plan as a table in a page, that a script fills, cuts into pieces and searches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.render.groups import CallGroup, Outline
from reconciler.render.html import Html, data_block, grid, prose, tag
from reconciler.render.shown import plain
from reconciler.render.words import count, number

_HEADS = ("Kind", "Phone", "Where", "Why", "Remark")
_NO_SCRIPTS = "The calls are listed by a script, and scripts are off. `campaign plan --full` prints them."


def explorer(id: str, shape: Outline, most: int) -> Html:
    """At most so many calls of each plan, some of every group, and how many are left out; nothing without calls."""
    groups = [group for group in shape.groups if group.count and group.members]
    total = sum(group.count for group in groups)
    if not total:
        return Html()
    shares = _shares([group.count for group in groups], most)
    return tag(
        "section",
        tag("h3", "Calls"),
        _left_out(sum(shares), total),
        _filters(groups),
        tag("p", class_="found", role="status"),
        grid("Calls", _HEADS, (), class_="cards calls"),
        tag("button", "Show more", type="button", class_="more", hidden=True),
        tag("noscript", tag("p", prose(_NO_SCRIPTS))),
        data_block(id, _data(groups, shares)),
        class_="explorer",
        data_rows=id,
    )


def _left_out(shown: int, total: int) -> Html:
    if shown == total:
        return Html()
    said = f"{count(shown, 'call')} of {number(total)} are in this page, some of each group"
    return tag("p", prose(f"{said}; `campaign plan --format json` has all of them."), class_="alert")


def _filters(groups: Sequence[CallGroup]) -> Html:
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name_="kind", value=kind.name, checked=True),
            f" {kind.sign} {kind.words}",
        )
        for kind in dict.fromkeys(group.kind for group in groups)
    ]
    search = tag("input", type="search", name_="q", autocomplete="off", placeholder="phone mask, file:line, reason")
    shown = tag("fieldset", tag("legend", "Show"), *boxes)
    return tag("form", tag("label", "Find calls ", search), shown, class_="filters", hidden=True)


def _shares(counts: Sequence[int], room: int) -> list[int]:
    """How many of each fit into `room`: all of the small ones, and as many of each of the large."""
    shares = [0] * len(counts)
    smallest_first = sorted(range(len(counts)), key=lambda at: counts[at])
    for left, at in zip(range(len(counts), 0, -1), smallest_first, strict=True):
        shares[at] = min(counts[at], room // left)
        room -= shares[at]
    return shares


def _data(groups: Sequence[CallGroup], shares: Sequence[int]) -> dict[str, Any]:
    """The calls as a script reads them: names of files only once."""
    names: dict[str, int] = {}
    rows = list(_rows(groups, shares, names))
    kinds = [(group.kind.name, group.kind.sign, group.kind.words, group.why) for group in groups]
    return {"groups": kinds, "files": list(names), "rows": rows}


def _rows(
    groups: Sequence[CallGroup], shares: Sequence[int], names: dict[str, int]
) -> Iterator[tuple[int, str, int, int, str]]:
    for at, (group, share) in enumerate(zip(groups, shares, strict=True)):
        for entry in group.entries(share):
            place = entry.place
            file = names.setdefault(plain(place.file), len(names)) if place else -1
            yield at, plain(entry.mask), file, place.line if place else 0, entry.remark
