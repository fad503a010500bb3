"""What a warning is, whatever it is about; and those that rest on the campaign's state alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.calls.model import CampaignState
from reconciler.errors import Place, Problem
from reconciler.lock.model import CallStatus
from reconciler.plan.diff import Observed
from reconciler.plan.warnings import Code, PlanWarning, profile_warning
from reconciler.profiles.breaches import Kind
from reconciler.profiles.findings import Example, Finding
from tests.plan.values import Stance, call, campaign, lock_of, planned, remembered

DOCS = Path(__file__).parents[2] / "docs" / "warnings.md"


@pytest.mark.parametrize(
    ("state", "observed", "codes"),
    [
        ("running", CampaignState.FINISHED, ["finished"]),
        ("paused", CampaignState.FINISHED, ["finished"]),
        ("stopped", CampaignState.FINISHED, []),
        ("running", CampaignState.RUNNING, []),
    ],
)
def test_a_finished_campaign_that_is_wanted_to_run_is_told(
    state: Stance, observed: CampaignState, codes: list[str]
) -> None:
    lock = lock_of(remembered(call(), CallStatus.NO_ANSWER))
    plan = planned([call()], lock, Observed(state=observed), campaign(state))
    assert [warning.code for warning in plan.warnings] == codes


def test_what_is_said_names_the_rule_and_counts_the_calls() -> None:
    warning = PlanWarning("never-opens", "promo", 1200, "odd", "mend it", Place("leads.csv", 2), "47 CFR")
    assert warning.said == "odd [47 CFR]; 1,200 calls"
    assert warning.problem == Problem(Place("leads.csv", 2), "promo.never-opens", warning.said, "mend it")
    assert PlanWarning("finished", "promo", 0, "odd", "mend it", Place("promo.yaml")).said == "odd"


def test_a_finding_of_a_profile_keeps_its_source_and_the_place_of_its_first_call() -> None:
    examples = (Example(Place("leads.csv", 7), "1650•••0001"),)
    finding = Finding("promo", "us-fl", "47 CFR", "warning", Kind.HOURS, 3, examples, "too late", "narrow")
    warning = PlanWarning("profile-hours", "promo", 3, "us-fl: too late", "narrow", Place("leads.csv", 7), "47 CFR")
    assert profile_warning(finding) == warning
    of_none = Finding("promo", "", "", "warning", Kind.UNCOVERED, 3, examples, "of nobody", "add one")
    assert profile_warning(of_none).what == "of nobody"


def test_every_code_is_in_the_docs_and_no_other() -> None:
    table = DOCS.read_text(encoding="utf-8").split("\n## ")[1]
    documented = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert documented == [*map(str, Code), *(f"profile-{kind}" for kind in Kind)]
