"""`campaign explain` over real HTTP: what it asks, in how many campaigns it looks, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.other_server import OtherServer
from tests.acceptance.planted import PAYLOAD, PHONES, sightings
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

ROWS = "".join(f"c-{n},{phone},{PAYLOAD}{n}\n" for n, phone in enumerate(PHONES))


@pytest.fixture
def planted(spring: Path, folder: Path, campaign: Campaign) -> Path:
    """The campaign with planted people, applied."""
    (folder / "leads.csv").write_text("id,phone,first_name\n" + ROWS)
    assert campaign("apply", "--auto-approve").code == 0
    return folder


@pytest.fixture
def summer(server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second campaign that wants the first of these people too, under another key."""
    monkeypatch.setenv("SUMMER_TOKEN", "tok-summer")
    server.campaigns["tok-summer"] = RemoteCampaign("tok-summer")
    lists = [{"name": "vip", "phones": [{"phone": f"+{PHONES[0]}"}]}]
    return write(folder, "summer", server.host, token={"env": "SUMMER_TOKEN"}, phoneLists=lists)


def explained(campaign: Campaign, *arguments: str) -> dict[str, Any]:
    """The JSON of a run that found somebody."""
    ran = campaign("explain", *arguments, "--format", "json")
    assert (ran.code, ran.err) == (0, ""), ran.err
    return json.loads(ran.out)  # type: ignore[no-any-return]


def test_nothing_is_changed_and_the_call_is_asked_for(planted: Path, server: OtherServer, campaign: Campaign) -> None:
    server.forget()
    ran = campaign("explain", "c-1")
    assert (ran.code, ran.err) == (0, "")
    assert "In step: Nothing is to do." in ran.out
    assert "queued  no attempt" in ran.out
    assert not server.mutations
    assert sightings(ran.out, "stdout") == []


def test_a_person_is_explained_in_every_campaign(planted: Path, summer: Path, campaign: Campaign) -> None:
    typed = f"+1 {PHONES[0][1:4]} {PHONES[0][4:7]}-{PHONES[0][7:]}"
    found = explained(campaign, typed)
    assert [(each["campaign"], each["phone"]) for each in found["campaigns"]] == [
        ("spring", f"+{PHONES[0]}"),
        ("summer", f"+{PHONES[0]}"),
    ]
    assert [each["wanted"][0]["verdict"] for each in found["campaigns"]] == ["in_step", "add"]
    assert [each["plan"]["refreshed"] for each in found["campaigns"]] == [True, True]


def test_by_its_key_a_phone_is_masked_in_every_format(planted: Path, campaign: Campaign) -> None:
    found = explained(campaign, "c-0")
    [one] = found["campaigns"]
    [row] = one["wanted"]
    assert (one["phone"], row["phone"], row["verdict"], row["file"], row["line"]) == (
        None,
        "1650•••3371",
        "in_step",
        "leads.csv",
        2,
    )
    assert [(each["name"], each["type"], each["from"]) for each in row["fields"]] == [
        ("phone", "text", "column phone"),
        ("payload.first_name", "text", "column first_name"),
    ]
    assert (one["remembered"][0]["status"], one["remembered"][0]["verdict"]) == ("planned", None)
    assert [(each["status"], each["is_owned"]) for each in one["jobs"]] == [("planned", True)]
    assert sightings(json.dumps(found), "json") == []


def test_who_is_only_remembered_is_explained_too(planted: Path, campaign: Campaign, folder: Path) -> None:
    (folder / "leads.csv").write_text("id,phone,first_name\n" + "".join(ROWS.splitlines(keepends=True)[1:]))
    [one] = explained(campaign, "c-0")["campaigns"]
    assert (one["wanted"], one["remembered"][0]["verdict"]) == ([], "cancel")


def test_nobody_ends_with_1_and_says_what_was_looked_through(
    planted: Path, summer: Path, server: OtherServer, campaign: Campaign
) -> None:
    server.forget()
    ran = campaign("explain", "nobody")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines() == [
        "nobody is in no list and no lockfile here.",
        "  looked through  2 campaigns, 2 lists, 6 calls, 5 remembered",
    ]
    assert not server.log  # where there is nobody there is nothing to ask


def test_nobody_is_json_too(planted: Path, campaign: Campaign) -> None:
    ran = campaign("explain", "0" + PHONES[1][-8:], "--format", "json")
    found = json.loads(ran.out)
    assert (ran.code, found["found"], found["campaigns"]) == (1, False, [])
    assert found["looked"] == [{"campaign": "spring", "lists": 1, "calls": 5, "locked": 5}]
    assert found["near"] == [
        {
            "campaign": "spring",
            "phone": "1650•••4482",
            "file": "leads.csv",
            "line": 3,
            "what": "its number ends with the same digits",
        }
    ]


def test_somebody_in_a_campaign_that_was_left_out_comes_near(planted: Path, summer: Path, campaign: Campaign) -> None:
    ran = campaign("explain", "c-1", "--target", "summer")
    assert ran.code == 1
    assert "left out        1 campaign, by --target or --shard" in ran.out
    assert "1650•••4482  spring, leads.csv:3  in a campaign that was left out" in ran.out


def test_lists_of_campaigns_that_were_left_out_may_be_wrong(planted: Path, summer: Path, campaign: Campaign) -> None:
    (planted / "leads.csv").unlink()
    ran = campaign("explain", "c-1", "--target", "summer")
    assert (ran.code, ran.err) == (1, "")


def test_without_a_token_it_rests_on_the_lock(
    planted: Path, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPRING_TOKEN")
    ran = campaign("explain", "c-1")
    assert (ran.code, ran.err) == (0, "")
    assert "In step" in ran.out
    assert "was not asked: the variable SPRING_TOKEN is not set" in ran.out


def test_nobody_is_asked_if_one_says_so(planted: Path, server: OtherServer, campaign: Campaign) -> None:
    server.forget()
    assert "was not asked: --no-refresh" in campaign("explain", "c-1", "--no-refresh").out
    assert not server.log


def test_a_call_of_a_campaign_that_cannot_be_planned_is_shown_with_the_reason(
    planted: Path, server: OtherServer, campaign: Campaign
) -> None:
    server.campaign().state = "deleted"
    ran = campaign("explain", "c-1")
    assert ran.code == 1
    assert "Unknown: There is no plan now" in ran.out
    assert "was not asked: there is no plan" in ran.out
    assert "is deleted on the server" in ran.err


def test_a_wrong_list_fails_where_nobody_was_found_in_it(planted: Path, campaign: Campaign) -> None:
    with (planted / "leads.csv").open("a") as leads:
        leads.write("c-9,12,x\n")
    found, missing = campaign("explain", "c-1"), campaign("explain", "nobody")
    assert (found.code, missing.code) == (1, 1)
    assert "leads.csv:7: phone" in found.err
    assert "leads.csv:7: phone" in missing.err
    assert "column first_name" in found.out


def test_warnings_about_all_calls_are_for_whoever_asks_for_more(spring: Path, campaign: Campaign) -> None:
    document = json.loads(spring.read_text())
    document["spec"]["profiles"] = [{"name": "us-telemarketing", "severity": "warning"}]
    spring.write_text(json.dumps(document))
    calm, more = campaign("explain", "c-0001"), campaign("explain", "c-0001", "-v")
    assert calm.err == ""
    assert "warning" in more.err
    assert "! us-telemarketing, warning: no policy has hours" in calm.out
