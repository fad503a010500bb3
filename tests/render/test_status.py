"""The state of a campaign. `REGOLD=1 pytest tests/render` writes the golden files anew."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.calls.model import CampaignDetails, CampaignState, Dialect, JobStatus
from reconciler.render.status import StatusView, status_text
from tests.render.golden import assert_golden
from tests.render.plans import printed

FULL = StatusView(
    campaign="spring-promo",
    host="https://app.jaicp.com",
    dialect=Dialect.CURRENT,
    state=CampaignState.RUNNING,
    counts={status: 10**n for n, status in enumerate(JobStatus) if n < 6},
    details=CampaignDetails("77", "Spring", CampaignState.RUNNING, 111_112, 300, 3, 12, 10, 1691006924166),
    at=datetime(2024, 5, 1, 10, tzinfo=UTC),
    in_doubt=2,
)
BARE = StatusView("spring-promo", "https://app.jaicp.com", Dialect.LEGACY, None, {})
SPARSE = StatusView(
    "spring-promo",
    "https://app.jaicp.com",
    None,
    CampaignState.UNKNOWN,
    {JobStatus.PLANNED: 1},
    CampaignDetails("77", "", CampaignState.UNKNOWN, 1),
    in_doubt=1,
)


@pytest.mark.parametrize(("name", "view"), [("full", FULL), ("bare", BARE), ("sparse", SPARSE)])
def test_a_status_reads_as_its_golden_file(name: str, view: StatusView) -> None:
    assert_golden(f"status-{name}", printed(status_text(view)))


@pytest.mark.parametrize("status", JobStatus)
def test_jobs_of_every_status_are_counted_in_the_table(status: JobStatus) -> None:
    shown = printed(status_text(StatusView("spring-promo", "x", None, None, {status: 41})))
    assert shown.count("  41") == 2  # its row and the total
