"""What a pipeline says, as Markdown: never longer than its room, and nothing in the data is markup."""

from __future__ import annotations

import re

import pytest

from reconciler.plan.model import Start
from reconciler.render.report import CampaignReport, Report, fenced, figures_of, report_markdown
from tests.render.golden import assert_golden
from tests.render.plans import adds, cancels, plan, replaces

FOOTER = "<sub>commit 0123456789, [run 500](https://forge.example/o/r/actions/runs/500)</sub>"
CHANGES = figures_of(plan((*adds(3), *cancels(1), *replaces(2), Start())))
NOTHING = figures_of(plan())


def report(*campaigns: CampaignReport, verb: str = "plan", problems: str = "") -> Report:
    """A report of these."""
    return Report(verb, campaigns, FOOTER, problems)  # type: ignore[arg-type]


def test_a_plan_of_one_campaign_reads_like_this() -> None:
    text = report_markdown(report(CampaignReport("spring", "changes", 0, CHANGES)), 65_000)
    assert_golden("report-plan", text)


def test_an_apply_of_several_reads_like_this_failures_first() -> None:
    campaigns = (
        CampaignReport("autumn", "nothing to do", 0, NOTHING),
        CampaignReport("spring", "done", 0, CHANGES, "Done: 3 added; 0.1 s.\n"),
        CampaignReport("summer", "failed", 1, None, "error: addPhones: the server said no\n"),
    )
    assert_golden("report-apply", report_markdown(report(*campaigns, verb="apply"), 65_000))


def test_what_kept_it_from_beginning_is_all_there_is() -> None:
    text = report_markdown(report(problems="error: 1 problem in 1 file\n"), 65_000)
    assert_golden("report-problems", text)


def test_a_run_without_campaigns_says_so() -> None:
    assert "There is no campaign." in report_markdown(report(), 65_000)


def test_a_run_with_nothing_to_do_has_no_plan_to_unfold() -> None:
    text = report_markdown(report(CampaignReport("spring", "nothing to do", 0, NOTHING)), 65_000)
    assert "**Nothing to do.**" in text
    assert "details" not in text


@pytest.mark.parametrize("room", [4_000, 65_000])
@pytest.mark.parametrize("campaigns", [1, 30, 400])
def test_it_is_never_longer_than_its_room(campaigns: int, room: int) -> None:
    many = [CampaignReport(f"c{n:03}", "changes", 0, CHANGES, "x" * 30_000) for n in range(campaigns)]
    text = report_markdown(report(*many), room)
    assert len(text) <= room
    assert text.endswith(f"{FOOTER}\n")


def test_it_says_how_much_it_left_out() -> None:
    many = [CampaignReport(f"c{n:03}", "changes", 0, CHANGES) for n in range(3_000)]
    text = report_markdown(report(*many), 65_000)
    assert re.search(r"\| … and 2,\d{3} more \|", text)
    assert "details left out here: too long." in text


def test_a_block_of_code_cannot_be_ended_from_inside() -> None:
    assert fenced("a\n`````\n@everyone") == "``````text\na\n`````\n@everyone\n``````\n"


def test_a_very_long_text_is_cut_at_a_line() -> None:
    text = fenced("0123456789\n" * 5_000)
    assert len(text) < 20_100
    assert text.endswith("0123456789\n…\n```\n")
