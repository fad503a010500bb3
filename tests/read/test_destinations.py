"""Where the campaigns of one run lead to: two ways to one campaign are seen, whatever they are called."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.calls.model import CampaignDetails, CampaignState
from reconciler.read.destinations import Destinations

HOST, ALIAS = "https://calls.example", "https://eu.calls.example"


def details(**changes: Any) -> CampaignDetails:
    """What a server tells of a campaign."""
    told: dict[str, Any] = {
        "campaign_id": "7",
        "name": "n",
        "state": CampaignState.NEW,
        "total_numbers": 0,
        "created_at_ms": 1000,
    }
    return CampaignDetails(**told | changes)


@pytest.fixture
def destinations() -> Destinations:
    """A run in which spring was met already."""
    known = Destinations()
    assert known.meet("spring", HOST, details()) == ""
    return known


def test_a_campaign_may_be_met_again(destinations: Destinations) -> None:
    assert destinations.meet("spring", HOST, details(total_numbers=3)) == ""


@pytest.mark.parametrize(
    ("host", "changes"),
    [(HOST, {}), (HOST, {"created_at_ms": None}), (HOST, {"created_at_ms": 2000}), (ALIAS, {})],
    ids=["the same", "one that does not tell when", "one that tells another time", "another name of the host"],
)
def test_another_that_leads_there_is_told_who_does(
    destinations: Destinations, host: str, changes: dict[str, Any]
) -> None:
    assert destinations.meet("summer", host, details(**changes)) == "spring"
    assert destinations.meet("spring", HOST, details()) == ""


@pytest.mark.parametrize(
    ("host", "changes"),
    [(HOST, {"campaign_id": "8"}), (ALIAS, {"created_at_ms": 2000}), (ALIAS, {"created_at_ms": None})],
    ids=["another campaign", "another server", "another server that does not tell when"],
)
def test_another_campaign_is_not_taken_for_it(destinations: Destinations, host: str, changes: dict[str, Any]) -> None:
    assert destinations.meet("summer", host, details(**changes)) == ""
