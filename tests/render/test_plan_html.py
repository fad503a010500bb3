"""A plan as a page: what is in it, what is not, and that nothing can run or be loaded. See test_browser.py too."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.plan.model import Add, Reason, SettingChange
from reconciler.render.documents import Failure, Planned
from reconciler.render.html import Html, joined, prose, tag
from reconciler.render.plan_html import MOST_CALLS, MOST_CALLS_IN_ALL
from tests.render.golden import assert_golden
from tests.render.outputs import OFFICE, hostile, html_of
from tests.render.plans import EMPTY, PLANTED, adds, cancels, plan, wanted
from tests.render.test_text import EVERYTHING, PLANS

FAILED = Failure("summer", 1, ("campaign summer is finished", "hint: make a new one"))
OURS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "details", "summary", "noscript"),
    *("h1", "h2", "h3", "p", "ul", "li", "b", "span", "code", "a", "dl", "dt", "dd", "div", "script", "button"),
    *("table", "thead", "tbody", "tr", "th", "td", "form", "fieldset", "legend", "label", "input"),
    *("svg", "rect", "defs", "pattern"),
}


class Page(HTMLParser):
    """What a page holds: elements with attributes, and its text without scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.blocks: dict[str, str] = {}
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = f"{tag} {dict(attrs).get('id') or ''}".strip() if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.blocks[self._inside] = self.blocks.get(self._inside, "") + data
        else:
            self.text += data

    def calls(self, n: int = 0) -> Any:
        """The calls of the n-th campaign that has some."""
        return json.loads([text for name, text in self.blocks.items() if name.startswith("script calls-")][n])


def main_of(html: str) -> str:
    """The page without style and script, an element a line."""
    return html[html.index("<main>") : html.index("</main>")].replace("><", ">\n<") + "\n"


def test_it_reads_as_its_golden_file() -> None:
    assert_golden("plan-everything-html", main_of(html_of(EVERYTHING, EMPTY, FAILED)))


@pytest.mark.parametrize("name", PLANS)
def test_the_same_plan_is_the_same_page(name: str) -> None:
    assert html_of(PLANS[name]) == html_of(PLANS[name])


def test_it_loads_nothing_and_allows_only_its_own_style_and_script() -> None:
    page = Page(html_of(EVERYTHING, FAILED))
    [policy] = [at["content"] for tag, at in page.elements if at.get("http-equiv") == "Content-Security-Policy"]
    style, script = (f"'sha256-{_digest(page.blocks[name])}'" for name in ("style", "script"))
    expected = f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
    assert policy == expected
    links = [
        value for _, at in page.elements for name, value in at.items() if name in ("src", "href", "action", "data")
    ]
    assert all(str(link).startswith("#") for link in links)
    assert not re.search(r"url\((?!#)|@import", page.blocks["style"])


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def test_hostile_values_make_no_element_and_no_attribute() -> None:
    page = Page(html_of(*hostile()))
    assert {tag for tag, _ in page.elements} <= OURS
    names = {name for _, at in page.elements for name in at}
    assert not [name for name in names if name.startswith("on")]
    assert sum(tag == "script" for tag, _ in page.elements) == 2  # the calls, and ours
    assert "<img src=x onerror=alert(1)>" in page.text


def test_data_cannot_end_its_block() -> None:
    html = html_of(*hostile())
    data = html[html.index('<script type="application/json"') :].split(">", 1)[1].split("</script>", 1)[0]
    assert "<" not in data
    assert "<img" in json.loads(data)["files"][0]


def test_every_call_of_a_small_plan_is_in_it() -> None:
    calls = Page(html_of(EVERYTHING)).calls()
    assert len(calls["rows"]) == 8 + 11 + 5 + 1 + 5
    assert calls["files"] == ["leads.csv"]
    assert calls["rows"][0] == [0, "1650•••0000", 0, 2, ""]


def test_of_a_large_plan_some_calls_of_every_group_are_in_it_and_it_says_so() -> None:
    page = Page(html_of(plan([*adds(50_000), *cancels(7)])))
    calls = page.calls()
    assert len(calls["rows"]) == MOST_CALLS
    assert sum(group == 1 for group, *_ in calls["rows"]) == 7
    assert "5,000 calls of 50,007 are in this page" in page.text


def test_many_campaigns_share_the_room() -> None:
    many = [replace(plan(adds(700)), campaign=f"campaign-{n}") for n in range(100)]
    page = Page(html_of(*many))
    assert len(page.calls()["rows"]) == MOST_CALLS_IN_ALL // 100
    assert "600 calls of 700 are in this page" in page.text


def test_a_plan_without_calls_has_no_table_of_calls() -> None:
    page = Page(html_of(EMPTY))
    assert not [name for name in page.blocks if name.startswith("script calls-")]
    assert "Nothing to do: 500 calls in step." in page.text


def test_a_campaign_alone_has_no_overview_and_several_have_one() -> None:
    assert 'id="overview"' not in html_of(EVERYTHING)
    assert 'href="#campaign=spring-promo"' in html_of(EVERYTHING, FAILED)


def test_few_campaigns_are_unfolded_and_many_are_not() -> None:
    few, many = (Page(html_of(*[EMPTY] * n)) for n in (3, 4))
    assert sum("open" in at for tag, at in few.elements if tag == "details") == 3
    assert sum("open" in at for tag, at in many.elements if tag == "details") == 0


def test_pictures_are_told_in_words_too() -> None:
    page = Page(html_of(EVERYTHING))
    pictures = [at for tag, at in page.elements if tag == "svg"]
    assert all(at.get("aria-hidden") == "true" or at.get("aria-label") for at in pictures)
    labels = [at["aria-label"] for at in pictures if "aria-label" in at]
    kinds = "8 to add, 5 to replace, 11 to cancel, 1 to adopt, 2 blocked, 1 drifted, 1 deferred, 1 frozen"
    assert labels == [f"Calls: {kinds} and 478 in step"]


def test_a_plan_about_no_call_at_all_has_no_picture() -> None:
    assert "No calls." in html_of(plan(in_step=0, wanted=0))


def test_the_weeks_are_told_days_alike_together_and_what_the_server_decides() -> None:
    text = Page(html_of(EVERYTHING)).text
    assert "Mon–Fri10:00–13:00 and 14:00–18:00" in text
    assert "Sat–Sunclosed" in text
    assert "Mon–Sunthe campaign's settings on the server decide" in text
    assert "Lists leads and vip: local time of each number, until 2030-05-31T18:00:00Z." in text


def test_nothing_is_said_of_windows_that_are_not_known() -> None:
    assert "When calls may begin" in html_of(EVERYTHING)
    assert "When calls may begin" not in html_of(Planned(EVERYTHING))


def test_weeks_beyond_the_first_are_counted() -> None:
    many = tuple(replace(OFFICE, lists=(f"list-{n}",)) for n in range(12))
    assert "… and 2 more weeks" in html_of(Planned(EVERYTHING, many))


def test_a_day_or_hours_that_the_server_decides_about_are_told_apart() -> None:
    monday = OFFICE.days[0]
    unsure, free = replace(monday, is_open=None), replace(monday, hours=None)
    text = Page(html_of(Planned(EVERYTHING, (replace(OFFICE, days=(unsure, free, *OFFICE.days[2:])),)))).text
    assert "10:00–13:00 and 14:00–18:00, if the campaign's settings on the server allow this day" in text
    assert "open, the campaign's settings on the server decide about the hours" in text


def test_settings_beyond_the_first_are_counted() -> None:
    changes = tuple(SettingChange(f"payload.field{n}", n, n + 1) for n in range(25))
    assert "… and 5 more" in html_of(plan(settings=changes))


def test_no_phone_is_in_it() -> None:
    page = html_of(EVERYTHING, plan(adds(500)), plan([Add(wanted(7, "4477000{}"), Reason.NEW)]))
    assert not [planted for planted in PLANTED if planted in page.replace(" ", "")]
    assert "customer-" not in page


def test_text_is_escaped_and_markup_is_not() -> None:
    assert (
        tag("p", "<b>", tag("i", "&"), title='"', hidden=True, id=None)
        == '<p title="&quot;" hidden>&lt;b&gt;<i>&amp;</i></p>'
    )
    assert isinstance(joined("a", Html("<br>")), Html)
    assert prose("see `a < b` there") == "see <code>a &lt; b</code> there"
