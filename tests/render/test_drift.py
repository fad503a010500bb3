"""Drift in every format: how much, of what kind, and a bounded number of masked calls where people read."""

from __future__ import annotations

import json

import msgspec
import pytest

from reconciler.calls.model import CampaignState
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.plan.model import Drift, DriftedCalls, DriftKind, StateDrift
from reconciler.render.facts import drift_words
from reconciler.render.text import plan_text
from tests.render.golden import assert_golden
from tests.render.outputs import html_of, json_of, markdown_of
from tests.render.plans import plan

CALLS = tuple(
    LockedCall(f"key{n}", "1", "phone", "request", f"{n}", CallStatus.PLANNED, f"1650•••{n:04}") for n in range(120)
)
DRIFT = Drift(
    StateDrift(CampaignState.RUNNING, CampaignState.PAUSED),
    (
        DriftedCalls(DriftKind.CANCELLED, CALLS),
        DriftedCalls(DriftKind.ENDED, CALLS[:1]),
        DriftedCalls(DriftKind.MISSING, CALLS[:2]),
        DriftedCalls(DriftKind.UNKNOWN, CALLS[:1]),
    ),
    ("1650•••9999",),
)
DRIFTED = msgspec.structs.replace(plan(), drift=DRIFT)


def test_text_reads_as_its_golden_file() -> None:
    assert_golden("plan-drift", "\n".join(each.text.plain for each in plan_text(DRIFTED)) + "\n")


def test_full_text_has_all_of_it() -> None:
    said = "\n".join(each.text.plain for each in plan_text(DRIFTED, full=True))
    assert all(call.mask in said for call in CALLS)


def test_json_has_all_of_it() -> None:
    [planned] = json.loads(json_of(DRIFTED))["campaigns"]
    assert planned["drift"]["is_any"]
    assert [(each["kind"], each["count"]) for each in planned["drift"]["groups"]] == [
        ("cancelled", 120),
        ("ended", 1),
        ("missing", 2),
        ("unknown", 1),
        ("foreign", 1),
    ]
    assert len(planned["drifted"]) == 125
    assert planned["drifted"][0] == {"kind": "cancelled", "phone": "1650•••0000", "call": "key0", "wave": "1"}
    assert planned["drifted"][-1] == {"kind": "foreign", "phone": "1650•••9999", "call": "", "wave": ""}


def test_markdown_shows_a_campaign_that_only_drifted() -> None:
    said = markdown_of(DRIFTED)
    assert "#### Drift\n\nDrift, without an apply from here: the campaign was running and is paused" in said
    assert "| `!` cancelled | 120 |" in said


def test_a_page_lists_some_of_each_kind_and_says_how_many_it_leaves_out() -> None:
    page = html_of(DRIFTED)
    assert page.count("<li>1650•••") == 100 + 1 + 2 + 1 + 1
    assert "… and 20 more" in page


@pytest.mark.parametrize(
    ("drift", "words"),
    [
        (Drift(), "No drift: nothing changed on the server without an apply from here."),
        (
            Drift(StateDrift(CampaignState.RUNNING, CampaignState.UNKNOWN)),
            "Drift, without an apply from here: the campaign was running and is in a state this version does not know.",
        ),
        (Drift(foreign=("1", "2")), "Drift, without an apply from here: 2 jobs of somebody else."),
    ],
)
def test_it_is_said_in_a_sentence(drift: Drift, words: str) -> None:
    assert drift_words(drift) == words
