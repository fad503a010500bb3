"""HTML that is escaped by construction: whatever is text becomes text, only what `tag` made is markup."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

import msgspec

from reconciler.render.shown import plain

_VOID = ("meta", "input")


class Html(str):
    """Markup that `tag` and its like made, as opposed to text from anywhere."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | int | bool | None) -> Html:
    """An element. Children that are not Html are text; `class_` is `class`, `aria_label` is `aria-label`.

    An attribute that is True stands without a value; one that is False or None is left out.
    """
    opening = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{opening}>{joined(*children)}" + ("" if name in _VOID else f"</{name}>"))


def joined(*children: str) -> Html:
    """The children one after another, texts escaped."""
    return Html("".join(each if isinstance(each, Html) else escape(plain(each)) for each in children))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(plain(str(value)))}"'


def grid(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, class_: str = "cards") -> Html:
    """A table that scrolls by itself where it is too wide, with the keyboard too; the first cell of a row names it.

    Roles are said because a narrow screen shows rows as blocks, which takes a table's own roles away. Cells are
    texts, elements, or numbers as text, which are aligned to the right.
    """
    head = tag("tr", *(tag("th", each, scope="col", role="columnheader") for each in heads), role="row")
    table = tag(
        "table",
        tag("thead", head, role="rowgroup"),
        tag("tbody", *map(_grid_row, rows), role="rowgroup"),
        class_=f"grid {class_}",
        role="table",
    )
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=name)


def _grid_row(cells: Sequence[str]) -> Html:
    first, *others = cells
    head = tag("th", first, scope="row", role="rowheader")
    return tag("tr", head, *(tag("td", each, role="cell", class_=_class_of(each)) for each in others), role="row")


def _class_of(cell: str) -> str | None:
    return "n" if cell.replace(",", "").isdecimal() else None


def prose(text: str) -> Html:
    """`text` of ours, what stands between backticks as code."""
    return joined(*(tag("code", each) if at % 2 else each for at, each in enumerate(text.split("`"))))


def data_block(id: str, value: Any) -> Html:
    """`value` as JSON for a script to read. A block of data is never run, and cannot end early."""
    text = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(f'<script type="application/json" id="{escape(id)}">{text}</script>')


def asset(name: str) -> str:
    """A style sheet or script of ours, as it goes into a page."""
    return files("reconciler.render").joinpath("assets", name).read_text(encoding="utf-8")


def page(title: str, body: Html, *, style: str, script: str) -> str:
    """A whole page that loads nothing: only this style and this script work in it, by their digests."""
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style)),
    )
    whole = tag(
        "html", Html("\n"), tag("head", head), Html("\n"), tag("body", body, tag("script", Html(script))), lang="en"
    )
    return f"<!doctype html>\n{whole}\n"


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
