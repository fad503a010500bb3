"""Warnings and the forecast of a plan: the same words in every format."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from reconciler.cli.ci_said import warning_remarks
from reconciler.errors import Place
from reconciler.plan.load import Forecast
from reconciler.plan.model import Plan
from reconciler.plan.warnings import PlanWarning
from reconciler.render.report import figures_of, plan_block
from reconciler.render.text import plan_text
from tests.render.outputs import html_of, json_of, markdown_of
from tests.render.plans import plan, printed

NOON = datetime(2030, 3, 6, 12, tzinfo=UTC)


LINE = Place("leads.csv", 7)


def warning(n: int = 0, place: Place = LINE) -> PlanWarning:
    """One of several."""
    return PlanWarning(f"odd-{chr(97 + n)}", "spring-promo", 1200, "it is odd", "mend it", place, "47 CFR")


WARNED = plan(
    warnings=(warning(), warning(1, place=Place("promo.yaml"))),
    forecast=Forecast(NOON, 0, 20_000, 10, 1.75, 74.4, True, "America/New_York", NOON),
)


def test_text_has_a_line_for_each_with_its_place_and_the_forecast_in_the_header() -> None:
    text = printed(plan_text(WARNED))
    assert "\n  warning odd-a: it is odd [47 CFR]; 1,200 calls  leads.csv:7\n    mend it\n" in text
    assert "\n  warning odd-b: it is odd [47 CFR]; 1,200 calls\n    mend it\n" in text
    assert "\n  forecast  done by about Wed 2030-03-06 07:00 (America/New_York): 20,000 calls, 10 lines, " in text


def test_markdown_has_them_above_the_guards_also_of_a_plan_that_does_nothing() -> None:
    text = markdown_of(WARNED)
    assert "> **Warning `odd-a`**: `it is odd [47 CFR]; 1,200 calls`; `mend it`\n>\n> **Warning `odd-b`**" in text
    assert "done by about Wed 2030-03-06 07:00" in text
    assert "odd-a" in plan_block(WARNED)


def test_html_has_them_too() -> None:
    text = html_of(WARNED)
    assert "! Warning odd-a" in text
    assert "it is odd [47 CFR]; 1,200 calls" in text
    assert "done by about Wed 2030-03-06 07:00" in text


def test_json_has_them_in_parts() -> None:
    (planned,) = json.loads(json_of(WARNED))["campaigns"]
    first, second = planned["warnings"]
    assert first == {
        "code": "odd-a",
        "calls": 1200,
        "what": "it is odd",
        "fix": "mend it",
        "source": "47 CFR",
        "file": "leads.csv",
        "line": 7,
    }
    assert second["line"] is None
    assert planned["forecast"] == {
        "done_by": "2030-03-06T12:00+00:00",
        "left": 0,
        "calls": 20_000,
        "lines": 10,
        "attempts": 1.75,
        "talking_s": 74.4,
        "is_measured": True,
    }


@pytest.mark.parametrize("show", [lambda p: printed(plan_text(p)), markdown_of, html_of], ids=["text", "md", "html"])
def test_of_very_many_the_first_twenty_are_shown_and_the_others_counted(show: object) -> None:
    many: Plan = plan(warnings=tuple(warning(n) for n in range(26)))
    text = show(many)  # type: ignore[operator] # one of three functions
    assert "odd-t" in text
    assert "odd-u" not in text
    assert "and 6 more" in text
    assert len(json.loads(json_of(many))["campaigns"][0]["warnings"]) == 26


def test_a_pipeline_says_each_at_its_line_and_keeps_the_plan() -> None:
    figures = figures_of(WARNED)
    assert "odd-a" in figures.block
    first, _ = warning_remarks(figures.warnings)
    assert (first.level, first.title, first.place) == ("warning", "spring-promo: odd-a", Place("leads.csv", 7))
    assert first.message == "it is odd [47 CFR]; 1,200 calls; mend it"
