"""Text from outside as Markdown code, read back by a parser of CommonMark with GitHub's tables."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.render.markdown import code, row, table
from reconciler.render.shown import plain

TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("`|\\*_<>&@#[]()!\n\r ")), min_size=1, max_size=40)


class Cells(HTMLParser):
    """The texts of a rendered table's cells, and the elements in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.elements: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def rendered(markdown: str) -> str:
    html: str = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    return html


@given(TEXTS, TEXTS)
def test_whatever_the_text_a_row_has_its_cells_and_nothing_but_code_in_them(one: str, other: str) -> None:
    found = Cells(rendered(table(("a", "b", "c"), [row([code(one, 500), code(other, 500), "end"])])))
    assert found.elements <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    # Code at the edges of a cell, and spaces at its own edges, are trimmed by parsers; all the rest is as it was.
    texts = [plain(text).replace("\xa0", " ").strip() for text in (one, other)]
    assert [cell.replace("\xa0", " ").strip() for cell in found.cells[:2]] == texts
    assert found.cells[2].strip() == "end"


@pytest.mark.parametrize("text", ["@everyone", "#1", "https://example.com", "<b>", "**b**", "~~x~~", "a|@b|c"])
def test_nothing_in_code_is_formatted_linked_or_mentioned(text: str) -> None:
    html = rendered(f"Look: {code(text)}.")
    assert Cells(html).elements == {"p", "code"}
    assert html.index("<code>") < html.index("</code>")


def test_a_long_text_loses_its_middle() -> None:
    assert code("a" * 50 + "b" * 50, 11) == "`aaaaa…bbbbb`"


def test_an_empty_text_is_code_all_the_same() -> None:
    assert code("") == "`   `"
