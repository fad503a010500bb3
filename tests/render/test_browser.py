"""A plan as a page in a real browser: it works, it complains about nothing, and nothing hostile in it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.render.browser import Seen, chromium, opened
from tests.render.outputs import hostile, html_of
from tests.render.plans import adds, cancels, plan
from tests.render.test_plan_html import Page
from tests.render.test_text import EVERYTHING

pytestmark = pytest.mark.skipif(not chromium(), reason="there is no Chromium here; on Debian: apt install chromium")

Open = Callable[..., Seen]


@pytest.fixture
def open_page(tmp_path: Path) -> Open:
    """Opens a page, with something after the # of its address."""

    def open_it(html: str, fragment: str = "") -> Seen:
        path = tmp_path / "plan.html"
        path.write_text(html, encoding="utf-8")
        return opened(path, tmp_path / "profile", fragment)

    return open_it


def rows(seen: Seen) -> list[str]:
    """The calls that are listed, by their phones and places."""
    body = seen.dom[seen.dom.index("grid cards calls") :].split("<tbody", 1)[1].split("</tbody>", 1)[0]
    page = Page(
        "<table><tbody" + body.replace("</th>", " </th>").replace("</td>", " </td>").replace("</tr>", "\n</tr>")
    )
    return [" ".join(line.split()) for line in page.text.splitlines() if line.strip(" >")]


def found(seen: Seen) -> str:
    """What is said about how many there are."""
    return seen.dom.rsplit('class="found"', 1)[1].split(">", 1)[1].split("<", 1)[0]


def test_a_page_lists_its_calls_and_the_console_stays_silent(open_page: Open) -> None:
    seen = open_page(html_of(EVERYTHING))
    assert seen.console == []
    assert found(seen) == "30 calls found"
    assert len(rows(seen)) == 30
    assert rows(seen)[0].endswith("to add 1650•••0000 leads.csv:2 new")


def test_what_is_searched_for_is_in_the_address(open_page: Open) -> None:
    seen = open_page(html_of(EVERYTHING), "q=leads.csv%3A2002")
    assert seen.console == []
    assert [row.split(" ", 1)[1] for row in rows(seen)] == ["to replace 1650•••2000 leads.csv:2002 changed"]
    assert found(seen) == "1 call found"


def test_kinds_can_be_left_out(open_page: Open) -> None:
    seen = open_page(html_of(EVERYTHING), "kind=cancel,adopt&q=1650")
    assert {row.split(" 1650")[0].split(" ", 1)[1] for row in rows(seen)} == {"to cancel", "to adopt"}
    assert found(seen) == "12 calls found"


def test_of_many_calls_the_first_are_listed_and_all_are_searched(open_page: Open) -> None:
    large = html_of(plan([*adds(50_000), *cancels(3)]))
    seen = open_page(large)
    assert found(seen) == "5,000 calls found, the first 200 shown"
    assert len(rows(seen)) == 200
    assert found(open_page(large, "q=•1002")) == "2 calls found"


def test_a_link_opens_its_campaign_and_no_other(open_page: Open) -> None:
    many = [replace(EVERYTHING, campaign=f"campaign-{n}") for n in range(9)]
    seen = open_page(html_of(*many), "campaign=campaign-7&q=2004")
    assert seen.console == []
    opened = [at["data-campaign"] for tag, at in Page(seen.dom).elements if tag == "details" and "open" in at]
    assert opened == ["campaign-7"]
    assert "9 campaigns" in seen.dom


def test_nothing_hostile_runs_and_nothing_is_even_refused(open_page: Open) -> None:
    seen = open_page(html_of(*hostile()))
    assert seen.console == []
    page = Page(seen.dom)
    assert not [tag for tag, _ in page.elements if tag in ("img", "iframe", "object")]
    assert "pwned" not in seen.dom.split("<title>", 1)[1].split("</title>", 1)[0]
    assert len(rows(seen)) == 6


def test_a_script_that_is_not_ours_would_be_refused_and_seen(open_page: Open) -> None:
    ours = html_of(EVERYTHING)
    seen = open_page(ours.replace("<main>", "<main><script>document.title = 'pwned'</script><img src=x>"))
    assert "<title>pwned" not in seen.dom
    assert len(seen.console) == 2
    assert all("Content Security Policy" in said for said in seen.console)
