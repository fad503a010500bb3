"""What an apply did. `REGOLD=1 pytest tests/render` writes the golden files anew."""

from __future__ import annotations

import pytest

from reconciler.render.results import ApplyView, Rejection, SummaryRow, result_text, summary_table
from tests.render.golden import assert_golden
from tests.render.plans import on_terminal, printed

RESULTS = {
    "done": ApplyView("spring-promo", added=500, moves=("start",), add_requests=1, control_requests=1, duration_s=1.84),
    "nothing": ApplyView("spring-promo", duration_s=0.21),
    "adopted": ApplyView("spring-promo", adopted=3, duration_s=0.2),
    "all-rejected": ApplyView("spring-promo", rejected=2, add_requests=2, duration_s=0.4),
    "in-part": ApplyView(
        "spring-promo",
        cancelled=10,
        moves=("pause",),
        deferred=1,
        withheld=1200,
        cancel_requests=1,
        control_requests=1,
        duration_s=75,
    ),
    "not-finished": ApplyView(
        "spring-promo",
        added=7,
        cancelled=10,
        replaced=5,
        rejected=7,
        rejections=tuple(Rejection(f"1650•••004{n}", "phone.bad.format") for n in range(6)),
        unknown=20,
        add_requests=3,
        cancel_requests=2,
        duration_s=190,
    ),
}

ROWS = [
    SummaryRow("spring-promo", "done", 500, 10, 5),
    SummaryRow("winter", "failed", message="addPhones: no connection was made: connection refused; check the host"),
    SummaryRow("old-leads", "nothing to do"),
]


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_reads_as_its_golden_file(name: str) -> None:
    assert_golden(f"result-{name}", printed(result_text(RESULTS[name])))


def test_several_campaigns_are_a_table() -> None:
    assert_golden("summary", printed(summary_table(ROWS)))


def test_a_message_is_wrapped_under_itself_on_a_narrow_terminal() -> None:
    assert_golden("summary-80-columns", on_terminal(summary_table(ROWS), 80))


def test_only_what_failed_is_red() -> None:
    shown = printed(summary_table(ROWS), {"FORCE_COLOR": "1"})
    assert [row for row in ("done", "failed", "nothing to do") if f"\x1b[1;31m{row}" in shown] == ["failed"]


def test_a_move_nobody_has_words_for_is_named_all_the_same() -> None:
    assert "the campaign archive" in printed(result_text(ApplyView("x", moves=("archive",), control_requests=1)))


def test_rejections_that_are_all_shown_are_not_said_to_be_more() -> None:
    view = ApplyView("x", rejected=1, rejections=(Rejection("1650•••0042", "phone.bad.format"),))
    shown = printed(result_text(view))
    assert "1650•••0042  phone.bad.format\n" in shown
    assert "more" not in shown
