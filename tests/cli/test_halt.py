"""`campaign halt`: pause now, whatever else is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import TOKEN
from tests.cli.conftest import Campaign
from tests.cli.manifests import write


def states(server: OtherServer) -> list[str]:
    """State by campaign, in order."""
    return [remote.state for remote in server.campaigns.values()]


def test_a_campaign_is_paused_by_name(campaign: Campaign, two: OtherServer) -> None:
    ran = campaign("halt", "summer")
    assert (ran.code, ran.out) == (0, "summer: paused\n")
    assert states(two) == ["inProgress", "paused"]


def test_all_campaigns_are_paused(campaign: Campaign, two: OtherServer) -> None:
    ran = campaign("halt", "--all")
    assert (ran.code, sorted(ran.out.splitlines())) == (0, ["spring: paused", "summer: paused"])
    assert states(two) == ["paused", "paused"]


def test_neither_lists_nor_a_lock_are_needed(campaign: Campaign, two: OtherServer, folder: Path) -> None:
    (folder / "leads.csv").unlink()
    (folder / "spring.lock.jsonl").write_text("damaged")
    assert campaign("halt", "spring").code == 0


def test_host_and_token_are_enough(
    campaign: Campaign, folder: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T", TOKEN)
    ran = campaign("halt", "--host", server.host, "--token-env", "T")
    assert (ran.code, ran.out) == (0, "the campaign: paused\n")
    assert states(server) == ["paused"]


def test_errors_in_another_manifest_hold_nothing_up(campaign: Campaign, two: OtherServer, folder: Path) -> None:
    (folder / "broken.yaml").write_text("apiVersion: campaign/v1\nkind: Campaign\n")
    ran = campaign("halt", "spring")
    assert ran.code == 0
    assert "broken" not in ran.err


def test_with_all_the_campaigns_that_cannot_be_read_are_named_and_not_forgotten(
    campaign: Campaign, two: OtherServer, folder: Path
) -> None:
    (folder / "broken.yaml").write_text("apiVersion: campaign/v1\nkind: Campaign\nmetadata: {name: autumn}\n")
    ran = campaign("halt", "--all")
    assert states(two) == ["paused", "paused"]
    assert "broken.yaml" in ran.err
    assert "--host and --token-env" in ran.err
    assert ran.code == 7


@pytest.mark.parametrize(("names", "code", "after"), [(["autumn"], 1, "inProgress"), (["autumn", "s*g"], 7, "paused")])
def test_a_campaign_that_is_only_in_a_broken_manifest_is_not_said_to_be_paused(
    campaign: Campaign, two: OtherServer, folder: Path, names: list[str], code: int, after: str
) -> None:
    (folder / "broken.yaml").write_text("apiVersion: campaign/v1\nkind: Campaign\nmetadata: {name: autumn}\n")
    ran = campaign("halt", *names)
    assert ran.code == code
    assert "broken.yaml" in ran.err
    assert "--host and --token-env" in ran.err
    assert states(two) == [after, "inProgress"]


def test_a_name_that_nobody_has_pauses_nobody(campaign: Campaign, two: OtherServer) -> None:
    ran = campaign("halt", "spring", "sumer")
    assert ran.code == 64
    assert states(two) == ["inProgress", "inProgress"]


def test_without_any_campaign_it_fails(campaign: Campaign, folder: Path) -> None:
    (folder / "policy.yaml").write_text("apiVersion: campaign/v1\nkind: CallPolicy\nmetadata: {name: p}\nspec: {}\n")
    ran = campaign("halt", "--all")
    assert ran.code == 1
    assert ran.out == ""


def test_one_that_cannot_be_reached_does_not_keep_the_others_running(
    campaign: Campaign, two: OtherServer, folder: Path
) -> None:
    write(folder, "summer", "http://127.0.0.1:9", token={"env": "SUMMER_TOKEN"})
    ran = campaign("halt", "--all")
    assert ran.code == 7
    assert ran.out == "spring: paused\n"
    assert "summer is NOT known to be paused" in ran.err
    assert "refuses connections" in ran.err


def test_when_none_can_be_reached_it_fails(campaign: Campaign, spring: Path, folder: Path) -> None:
    write(folder, "spring", "http://127.0.0.1:9")
    ran = campaign("halt", "--all")
    assert ran.code == 1
    assert "spring is NOT known to be paused" in ran.err


def test_a_missing_token_is_said_for_its_campaign_alone(
    campaign: Campaign, two: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUMMER_TOKEN")
    ran = campaign("halt", "--all")
    assert ran.code == 7
    assert states(two) == ["paused", "inProgress"]
    assert "SUMMER_TOKEN is not set" in ran.err


@pytest.mark.parametrize("fault", ["drop", "500", "502"])
def test_a_pause_whose_answer_is_lost_is_sent_again(
    campaign: Campaign, spring: Path, server: OtherServer, fault: str
) -> None:
    server.fault("control/pause", fault)
    assert campaign("halt", "spring").code == 0
    assert states(server) == ["paused"]


def test_a_pause_that_never_gets_an_answer_is_not_said_to_have_worked(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    server.fault("control/pause", "500", 10)
    ran = campaign("halt", "spring")
    assert ran.code == 1
    assert "NOT known to be paused" in ran.err
    assert server.count("control/pause") == 3


@pytest.mark.parametrize("state", ["paused", "finished", "new"])
def test_a_campaign_that_calls_nobody_is_well_as_it_is(
    campaign: Campaign, spring: Path, server: OtherServer, state: str
) -> None:
    server.campaign().state = state
    ran = campaign("halt", "spring")
    assert ran.code == 0, ran.text
    assert "not calling already" in ran.out


def test_a_refusal_of_a_campaign_that_is_running_is_a_failure(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    server.refusals["control/pause"] = {"error": "mood", "message": "not today"}
    ran = campaign("halt", "spring")
    assert ran.code == 1
    assert "NOT known to be paused" in ran.err


def test_a_refusal_of_a_legacy_campaign_is_a_failure_as_nobody_can_ask_why(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    server.campaign().dialect = "legacy"
    server.campaign().state = "paused"
    assert campaign("halt", "spring").code == 1


def test_a_wrong_token_is_a_failure(
    campaign: Campaign, spring: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPRING_TOKEN", "of-somebody-else")
    ran = campaign("halt", "spring")
    assert ran.code == 1
    assert "no campaign behind this token" in ran.err


def test_a_host_that_would_send_the_token_in_the_clear_is_refused(
    campaign: Campaign, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T", TOKEN)
    ran = campaign("halt", "--host", "http://192.0.2.1", "--token-env", "T")
    assert ran.code in (1, 64)
    assert TOKEN not in ran.text
