"""A plan as a comment on a pull request: summary first, never too long, and nothing in it but what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.plan.model import Add, Plan, Reason, SettingChange
from reconciler.render.documents import Failure
from reconciler.render.plan_markdown import LIMIT
from tests.render.golden import assert_golden
from tests.render.outputs import hostile, hostile_plan, markdown_of
from tests.render.plans import EMPTY, PLANTED, adds, plan, wanted
from tests.render.test_markdown import Cells, rendered
from tests.render.test_text import EVERYTHING, PLANS

FAILED = Failure("summer", 1, ("campaign summer is finished", "hint: make a new one"))


def named(n: int, of: Plan = EVERYTHING) -> list[Plan]:
    """So many campaigns with the same plan."""
    return [replace(of, campaign=f"campaign-{at:04}") for at in range(n)]


def with_long_texts(n: int) -> Plan:
    """A plan of so many calls and settings whose every text is as long as it may be, and costs most to escape."""
    calls = [wanted(at) for at in range(n)]
    places = [type(each.call)("k", "1", each.call.phone, b"", "|" * 4000, 1) for each in calls]
    actions = [
        Add(type(each)(call, each.key, each.phone, each.request), reason)
        for each, call in zip(calls, places, strict=True)
        for reason in Reason
    ]
    settings = tuple(SettingChange("|" * 4000, "|" * 4000, str(at)) for at in range(n))
    return plan(actions, campaign="|" * 4000, host="https://" + "|" * 4000, plan_id="|" * 4000, settings=settings)


def test_it_reads_as_its_golden_file() -> None:
    assert_golden("plan-everything-markdown", markdown_of(EVERYTHING, EMPTY, FAILED))


def test_the_summary_comes_first_and_a_table_of_the_campaigns_next() -> None:
    first, sentence, head, *_ = re.split("\n\n", markdown_of(EVERYTHING, EMPTY, FAILED))
    assert first == "## Campaign plan"
    assert sentence.startswith("**13 phones will ring, 11 calls are cancelled and 1 campaign is resumed.")
    assert "1 campaign could not be planned" in sentence
    assert len(head.splitlines()) == 2 + 3


def test_what_needs_a_reviewer_comes_before_what_does_not() -> None:
    shown = markdown_of(EMPTY, *named(1, PLANS["one-new-call"]), EVERYTHING, FAILED)
    rows = [line.split(" | ")[1] for line in shown.splitlines() if line.startswith("| `")][:4]
    assert rows == ["failed", "held back by a guard", "changes", "nothing to do"]


def test_a_campaign_without_news_is_only_a_row_of_the_table() -> None:
    shown = markdown_of(EMPTY)
    assert "nothing to do" in shown
    assert "###" not in shown


def test_details_are_folded_and_guards_are_not() -> None:
    shown = markdown_of(EVERYTHING)
    seen = re.sub(r"<details>.*?</details>", "", shown, flags=re.DOTALL)
    assert "1650•••0000" in shown
    assert "1650•••0000" not in seen
    assert "`--allow new-calls=1200`" in seen


@pytest.mark.parametrize(
    "plans",
    [
        list,
        lambda: [EMPTY],
        lambda: [plan(adds(1))],
        lambda: [plan(adds(50_000))],
        lambda: named(30),
        lambda: named(400),
        lambda: named(3000),
        lambda: [with_long_texts(40)],
        lambda: [with_long_texts(5)] * 100,
        lambda: [hostile_plan()] * 200,
        lambda: [Failure("x" * 5000, 1, ("|" * 5000,) * 5000)] * 300,
    ],
    ids=[
        "no campaign",
        "nothing to do",
        "1 change",
        "50,000 changes",
        "30 campaigns",
        "400 campaigns",
        "3,000 campaigns",
        "long texts",
        "long texts in many",
        "hostile texts in many",
        "many failures",
    ],
)
@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
def test_it_is_under_the_limit_whatever_it_is_about(plans: Callable[[], list[Plan | Failure]]) -> None:
    shown = markdown_of(*plans())
    assert len(shown.encode()) < LIMIT == 65_000
    assert shown.startswith("## Campaign plan\n")


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
def test_it_says_what_was_left_out() -> None:
    assert "Left out" not in markdown_of(*named(3))
    shown = markdown_of(*named(1000))
    rows = sum(line.startswith("| `campaign-") for line in shown.splitlines())
    sections = shown.count("\n### ")
    assert f"{1000 - rows:,} rows of the table" in shown
    assert f"what is done in {1000 - sections:,} campaigns" in shown
    assert rows > 400
    assert sections > 5


def test_room_that_is_left_is_used() -> None:
    assert len(markdown_of(*named(400)).encode()) > 0.9 * LIMIT


def test_a_large_plan_says_how_many_calls_are_not_listed() -> None:
    shown = markdown_of(plan(adds(50_000)))
    assert shown.count("leads.csv:") == 20
    assert "… and 49,980 more" in shown


def test_settings_beyond_the_first_are_counted() -> None:
    changes = tuple(SettingChange(f"payload.field{n}", n, n + 1) for n in range(25))
    shown = markdown_of(plan(settings=changes))
    assert "25 settings of the campaign changed" in shown
    assert "… and 5 more" in shown


def test_messages_beyond_the_first_are_counted() -> None:
    shown = markdown_of(Failure("summer", 1, tuple(f"leads.csv:{n}: no phone" for n in range(40))))
    assert shown.count("no phone") == 10
    assert "… and 30 more lines" in shown


def test_when_no_campaign_could_be_planned_it_does_not_say_that_nobody_is_called() -> None:
    shown = markdown_of(FAILED)
    assert "No call is added" not in shown
    assert "1 campaign could not be planned: what would be done there is not known." in shown


def test_hostile_values_are_text_and_nothing_else() -> None:
    shown = markdown_of(*hostile())
    found = Cells(rendered(shown))
    plain = {
        "h2",
        "h3",
        "p",
        "strong",
        "em",
        "blockquote",
        "ul",
        "li",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert found.elements <= plain | {"details", "summary"}
    assert "\u202e" not in shown
    assert "\n# Head" not in shown
    outside = re.sub(r"(`+).*?\1|<code>.*?</code>", "", shown)
    assert "@everyone" not in outside


def test_no_phone_is_in_it() -> None:
    shown = markdown_of(EVERYTHING, plan(adds(500))).replace(" ", "")
    assert not [planted for planted in PLANTED if planted in shown]
