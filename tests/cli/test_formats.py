"""`campaign plan --format` and `--also`: one document for a whole run, and nothing else on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.render import schema
from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import phone
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

BEGINNINGS = {"json": '{"format":"campaign-plan/v1"', "markdown": "## Campaign plan\n", "html": "<!doctype html>\n"}
POLICY = {"allowedDays": ["mon"], "allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}}


def valid(text: str) -> Any:
    """The document, which is valid by the schema."""
    document = json.loads(text)
    Draft202012Validator(schema.document()).validate(document)
    return document


@pytest.fixture
def with_summer(spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteCampaign:
    """A second campaign beside spring, which is finished: planning it is refused."""
    server.campaigns["tok-summer"] = RemoteCampaign("tok-summer")
    server.campaigns["tok-summer"].state = "finished"
    monkeypatch.setenv("SUMMER_TOKEN", "tok-summer")
    lists = [{"name": "vip", "phones": [{"phone": f"+{phone(9)}"}]}]
    write(folder, "summer", server.host, token={"env": "SUMMER_TOKEN"}, phoneLists=lists)
    return server.campaigns["tok-summer"]


@pytest.mark.parametrize("format", BEGINNINGS)
def test_stdout_holds_one_document_and_nothing_else(campaign: Campaign, spring: Path, format: str) -> None:
    ran = campaign("plan", "--format", format, "-vv")
    assert ran.code == 0, ran.text
    assert ran.out.startswith(BEGINNINGS[format])
    assert ran.out.count("spring") >= 1
    assert ran.out.endswith("\n")


def test_json_is_valid_by_the_published_schema(campaign: Campaign, spring: Path) -> None:
    [planned] = valid(campaign("plan", "--format", "json").out)["campaigns"]
    assert planned["counts"]["add"] == 3
    assert [action["line"] for action in planned["actions"]] == [2, 3, 4]
    assert planned["plan_id"] in campaign("plan").out


@pytest.mark.parametrize("format", BEGINNINGS)
def test_the_same_plan_is_the_same_document(campaign: Campaign, spring: Path, format: str) -> None:
    assert campaign("apply", "--auto-approve").code == 0
    spring.with_name("leads.csv").write_text(spring.with_name("leads.csv").read_text().replace("c-", "d-"))
    first, second = (campaign("plan", "--format", format).out for _ in range(2))
    assert first == second


def test_a_campaign_that_fails_is_in_the_document_and_its_error_on_stderr(
    campaign: Campaign, with_summer: RemoteCampaign
) -> None:
    ran = campaign("plan", "--format", "json")
    assert ran.code == 7
    document = valid(ran.out)
    by_name = {each["campaign"]: each for each in document["campaigns"]}
    assert (by_name["spring"]["result"], by_name["summer"]["result"]) == ("planned", "failed")
    assert (by_name["summer"]["exit_code"], document["summary"]["failed"]) == (1, 1)
    assert "campaign summer is finished" in by_name["summer"]["errors"][0]
    assert "error: campaign summer is finished" in ran.err


@pytest.mark.parametrize("format", BEGINNINGS)
def test_several_campaigns_are_one_document_with_those_that_failed(
    campaign: Campaign, with_summer: RemoteCampaign, format: str
) -> None:
    ran = campaign("plan", "--format", format)
    assert ran.code == 7
    assert ran.out.count(BEGINNINGS[format]) == 1
    assert "spring" in ran.out
    assert "campaign summer is finished" in ran.out


def test_exit_codes_are_those_of_text(campaign: Campaign, spring: Path) -> None:
    assert campaign("plan", "--format", "json", "--detailed-exitcode").code == 2
    write(spring.parent, "spring", json.loads(spring.read_text())["spec"]["host"], guards={"newCalls": 0})
    ran = campaign("plan", "--format", "json")
    assert ran.code == 3
    assert valid(ran.out)["campaigns"][0]["outcome"] == "held back by a guard"


def test_the_format_can_be_a_variable(campaign: Campaign, spring: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_FORMAT", "json")
    assert valid(campaign("plan").out)["summary"]["campaigns"] == 1


def test_one_run_writes_several_formats(campaign: Campaign, spring: Path, folder: Path, server: OtherServer) -> None:
    campaign("plan")
    alone = len(server.log)
    ran = campaign("plan", "--also", "json=plan.json", "--also", "html=plan.html", "--also", "markdown=plan.md")
    assert len(server.log) == 2 * alone
    assert ran.out.startswith("spring\n")
    texts = {
        each: (folder / f"plan.{end}").read_text() for each, end in zip(BEGINNINGS, ("json", "md", "html"), strict=True)
    }
    assert all(texts[format].startswith(beginning) for format, beginning in BEGINNINGS.items())
    assert valid(texts["json"])["campaigns"][0]["plan_id"] in ran.out


def test_windows_and_labels_come_from_the_manifest(campaign: Campaign, spring: Path, server: OtherServer) -> None:
    path = write(spring.parent, "spring", server.host, policy=POLICY)
    manifest = json.loads(path.read_text())
    manifest["metadata"]["labels"] = {"team": "growth"}
    path.write_text(json.dumps(manifest))
    [planned] = valid(campaign("plan", "--format", "json").out)["campaigns"]
    assert planned["labels"] == {"team": "growth"}
    assert planned["windows"][0]["days"][0] == {
        "day": "mon",
        "is_open": True,
        "hours": [{"from": "10:00", "to": "18:00"}],
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("plan.html", "write a format and a file: json=FILE, markdown=FILE, html=FILE"),
        ("text=plan.txt", "write a format and a file"),
        ("html=", "write a format and a file"),
        ("html=nowhere/plan.html", "--also: cannot write nowhere/plan.html: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_wrong_usage(
    campaign: Campaign, spring: Path, server: OtherServer, value: str, said: str
) -> None:
    ran = campaign("plan", "--also", value)
    assert ran.code == 64
    assert said in ran.err
    assert not server.log


def test_a_reader_that_goes_away_does_not_end_the_run(spring: Path, folder: Path) -> None:
    rows = "".join(f"c-{n},+1650{n:07},Ann\n" for n in range(2_000_000, 2_003_000))
    (folder / "leads.csv").write_text("id,phone,first_name\n" + rows)
    command = f'"{sys.executable}" -m reconciler plan --format json --also html=plan.html; echo "code $?" >&2'
    ran = subprocess.run(
        ["bash", "-c", f"{{ {command}; }} | head -c 20"], cwd=folder, env=os.environ, capture_output=True, text=True
    )
    assert ran.stdout == BEGINNINGS["json"][:20]
    assert "code 0" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (folder / "plan.html").read_text().endswith("</html>\n")


def test_the_schema_of_plans_is_printed(campaign: Campaign) -> None:
    ran = campaign("schema", "plan")
    assert ran.code == 0
    assert json.loads(ran.out) == schema.document()
