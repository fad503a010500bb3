"""Several campaigns in one run: independent of each other, with a table and one exit code at the end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.each import combined
from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import phone
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

TOKENS = {"spring": "tok-spring", "summer": "tok-summer", "winter": "tok-winter"}


@pytest.fixture
def three(spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> OtherServer:
    """Three campaigns, each with a token and an inline list of its own."""
    for number, (name, token) in enumerate(TOKENS.items(), start=1):
        server.campaigns[token] = RemoteCampaign(token)
        monkeypatch.setenv(f"{name.upper()}_TOKEN", token)
        lists = [{"name": "vip", "phones": [{"phone": f"+{phone(number)}"}]}]
        write(folder, name, server.host, token={"env": f"{name.upper()}_TOKEN"}, phoneLists=lists)
    return server


def rows(out: str) -> dict[str, str]:
    """The table at the end: outcome by campaign."""
    table = out[out.rindex("campaign  ") :].splitlines()[1:]
    return {cells[0]: cells[1] for cells in (re.split(r"\s{2,}", line) for line in table) if len(cells) > 1}


def test_all_that_succeed_end_with_0_and_a_table(campaign: Campaign, three: OtherServer) -> None:
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 0, ran.text
    assert set(rows(ran.out)) == set(TOKENS)
    assert [len(remote.jobs) for remote in three.campaigns.values()] == [1, 1, 1]


def test_one_that_fails_does_not_stop_the_others(campaign: Campaign, three: OtherServer) -> None:
    three.campaigns["tok-summer"].state = "finished"
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 7
    assert rows(ran.out) == {"spring": "done", "summer": "failed", "winter": "done"}
    assert "campaign summer is finished" in ran.err
    assert [len(remote.jobs) for remote in three.campaigns.values()] == [1, 0, 1]


def test_when_all_fail_alike_their_own_exit_code_says_more(campaign: Campaign, three: OtherServer) -> None:
    for remote in three.campaigns.values():
        remote.state = "finished"
    assert campaign("apply", "--auto-approve").code == 1


def test_a_plan_of_several_tells_changes_from_none(campaign: Campaign, three: OtherServer) -> None:
    assert campaign("apply", "--auto-approve", "--target", "spring").code == 0
    ran = campaign("plan", "--detailed-exitcode")
    assert ran.code == 2
    assert rows(ran.out) == {"spring": "nothing to do", "summer": "changes", "winter": "changes"}


def test_a_guard_of_one_is_not_a_guard_of_the_others(campaign: Campaign, three: OtherServer, folder: Path) -> None:
    lists = [{"name": "vip", "phones": [{"phone": f"+{phone(2)}"}]}]
    write(folder, "summer", three.host, token={"env": "SUMMER_TOKEN"}, phoneLists=lists, guards={"newCalls": 0})
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 7
    assert rows(ran.out) == {"spring": "done", "summer": "held back by a guard", "winter": "done"}


def test_the_status_of_several_has_a_table_too(campaign: Campaign, three: OtherServer) -> None:
    three.campaigns["tok-winter"].state = "paused"
    ran = campaign("status")
    assert ran.code == 0, ran.text
    assert rows(ran.out) == {"spring": "running", "summer": "running", "winter": "paused"}


def test_wrong_usage_of_one_is_wrong_usage_of_all(campaign: Campaign, three: OtherServer) -> None:
    ran = campaign("apply", "--auto-approve", "--lock-store", "nowhere")
    assert ran.code == 64
    assert not three.log


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0], 0),
        ([3], 3),
        ([4, 4], 4),
        ([0, 0], 0),
        ([0, 2], 2),
        ([0, 1], 7),
        ([2, 3], 7),
        ([1, 6], 7),
    ],
)
def test_exit_codes_combine(codes: list[int], code: int) -> None:
    assert combined(codes) == code
