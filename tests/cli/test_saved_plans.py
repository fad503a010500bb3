"""The command line of saved plans: one file for several campaigns, ids, and what makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import phone
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

OTHER_ID = "0123456789abcdef"


@pytest.fixture
def two(spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> OtherServer:
    """Summer beside spring."""
    server.campaigns["tok-summer"] = RemoteCampaign("tok-summer")
    monkeypatch.setenv("SUMMER_TOKEN", "tok-summer")
    lists = [{"name": "vip", "phones": [{"phone": f"+{phone(9)}"}]}]
    write(folder, "summer", server.host, token={"env": "SUMMER_TOKEN"}, phoneLists=lists)
    return server


def jobs(server: OtherServer) -> list[int]:
    """How many each campaign has."""
    return [len(remote.jobs) for remote in server.campaigns.values()]


def ids(out: str) -> list[str]:
    """The plan ids that were printed."""
    return [line.removeprefix("Plan id: ") for line in out.splitlines() if line.startswith("Plan id: ")]


def test_one_file_holds_the_plans_of_all(campaign: Campaign, two: OtherServer) -> None:
    ran = campaign("plan", "--out", "saved.plan")
    assert ran.code == 0
    assert "saved to saved.plan; to do exactly that: campaign apply saved.plan" in ran.err
    ran = campaign("apply", "saved.plan")
    assert ran.code == 0
    assert jobs(two) == [3, 1]
    fits = [line.partition(" of ")[0] for line in ran.err.splitlines() if " as in " in line]
    assert fits == ["spring: as in the saved plan", "summer: as in the saved plan"]


def test_one_that_is_stale_does_not_stop_the_others(campaign: Campaign, two: OtherServer, folder: Path) -> None:
    campaign("plan", "--out", "saved.plan")
    rows = (folder / "leads.csv").read_text()
    (folder / "leads.csv").write_text(rows + f"c-0004,{phone(4)},Dan\n")
    ran = campaign("apply", "saved.plan")
    assert ran.code == 7
    assert "stale plan" in ran.out
    assert jobs(two) == [0, 1]


def test_campaigns_without_a_plan_in_it_are_left_alone(campaign: Campaign, two: OtherServer) -> None:
    campaign("plan", "--out", "saved.plan", "--target", "summer")
    ran = campaign("apply", "saved.plan")
    assert ran.code == 0
    assert "not in saved.plan, left alone: spring" in ran.err
    assert jobs(two) == [0, 1]


def test_a_campaign_without_a_manifest_makes_all_of_it_stale(
    campaign: Campaign, two: OtherServer, folder: Path
) -> None:
    campaign("plan", "--out", "saved.plan")
    (folder / "summer.yaml").unlink()
    ran = campaign("apply", "saved.plan")
    assert ran.code == 5
    assert "there is no manifest of it any more" in ran.err
    assert campaign("apply", "saved.plan", "--target", "spring").code == 0
    assert jobs(two) == [3, 0]


def test_a_file_without_a_plan_of_what_is_asked_for_is_refused(campaign: Campaign, two: OtherServer) -> None:
    campaign("plan", "--out", "saved.plan", "--target", "summer")
    ran = campaign("apply", "saved.plan", "--target", "spring")
    assert ran.code == 1
    assert "saved.plan holds no plan of any of these campaigns" in ran.err
    assert jobs(two) == [0, 0]


def test_a_campaign_that_cannot_be_planned_is_not_in_the_file(campaign: Campaign, two: OtherServer) -> None:
    two.campaigns["tok-summer"].state = "finished"
    assert campaign("plan", "--out", "saved.plan").code == 7
    assert campaign("apply", "saved.plan").code == 0
    assert jobs(two) == [3, 0]


@pytest.mark.parametrize("content", ["", '{"saved_plan":9}\n', "id,phone\n"])
def test_a_file_that_is_no_saved_plan_is_refused_before_anything(
    campaign: Campaign, two: OtherServer, folder: Path, content: str
) -> None:
    (folder / "saved.plan").write_text(content)
    ran = campaign("apply", "saved.plan")
    assert ran.code == 1
    assert "error: saved.plan" in ran.err
    assert not two.log


@pytest.mark.parametrize("file", ["nowhere/saved.plan", "made"])
def test_a_file_that_cannot_be_written_is_wrong_usage(
    campaign: Campaign, spring: Path, server: OtherServer, folder: Path, file: str
) -> None:
    (folder / "made").mkdir()
    ran = campaign("plan", "--out", file)
    assert ran.code == 64
    assert not server.log


def test_a_run_that_is_cut_off_leaves_the_file_that_was_there(
    campaign: Campaign, spring: Path, folder: Path, server: OtherServer
) -> None:
    (folder / "saved.plan").write_text("before")
    ran = campaign("plan", "--out", "saved.plan", "--lock-store", "nowhere")
    assert ran.code == 64
    assert (folder / "saved.plan").read_text() == "before"
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".saved")]


# -- ids


def test_each_of_several_plans_is_demanded_by_name(campaign: Campaign, two: OtherServer) -> None:
    spring, summer = ids(campaign("plan").out)
    named = ("--plan-id", f"spring={spring}", "--plan-id", f"summer={summer}")
    assert campaign("apply", "--auto-approve", *named).code == 0
    assert jobs(two) == [3, 1]


def test_a_wrong_id_stops_its_own_campaign(campaign: Campaign, two: OtherServer) -> None:
    spring, _ = ids(campaign("plan").out)
    named = ("--plan-id", f"spring={spring}", "--plan-id", f"summer={OTHER_ID}")
    ran = campaign("apply", "--auto-approve", *named)
    assert ran.code == 7
    assert f"and {OTHER_ID} was asked for" in ran.err
    assert jobs(two) == [3, 0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plan-id", OTHER_ID], "there are 2 campaigns; write NAME=ID for each of them"),
        (["--plan-id", f"spring={OTHER_ID}"], "campaign summer has none"),
        (["--plan-id", f"winter={OTHER_ID}"], "--plan-id winter: no campaign of that name"),
        (["--plan-id", "spring"], "write an id as `campaign plan` prints it"),
        (["--plan-id", "spring="], "write an id as `campaign plan` prints it"),
        (["saved.plan", "--plan-id", OTHER_ID], "give either the file of a saved plan or --plan-id, not both"),
    ],
)
def test_unclear_demands_are_wrong_usage(campaign: Campaign, two: OtherServer, arguments: list[str], said: str) -> None:
    ran = campaign("apply", "--auto-approve", *arguments)
    assert ran.code == 64
    assert said in ran.err
    assert not two.log


def test_an_id_alone_is_no_approval(campaign: Campaign, spring: Path, server: OtherServer) -> None:
    ran = campaign("apply", "--plan-id", OTHER_ID)
    assert ran.code == 64
    assert "give --auto-approve" in ran.err
    assert not server.log


# -- drift in a table


def test_the_table_of_several_says_which_drifted(campaign: Campaign, two: OtherServer) -> None:
    assert campaign("apply", "--auto-approve").code == 0
    two.campaigns["tok-summer"].state = "paused"
    ran = campaign("plan", "--drift", "--detailed-exitcode")
    assert ran.code == 2
    rows = ran.out[ran.out.rindex("campaign  ") :].splitlines()
    assert [row.endswith("drift") for row in rows[1:3]] == [False, True]
