"""`campaign profiles`, and what a breach does to validate, plan and apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.profiles import shipped_names
from reconciler.windows.week import DAYS
from tests.acceptance.other_server import OtherServer
from tests.acceptance.planted import PHONES, seen_in_output
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

LONG_DAYS = {"allowedTime": {"default": [{"localTimeFrom": "08:00", "localTimeTo": "22:00"}]}}
SHORT_DAYS = {"allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}}
WARNED = [{"name": "us-telemarketing", "severity": "warning"}]
OWN = """\
apiVersion: campaign/v1
kind: Profile
metadata: {name: lunch}
spec:
  purpose: Nobody is called at lunch
  source: our own promise
  seen: 2030-01-01
  countries: [GB, US]
  allowedTime:
    default: [{localTimeFrom: "09:00", localTimeTo: "12:00"}, {localTimeFrom: "13:00", localTimeTo: "18:00"}]
  holidays: {country: GB, subdivision: SCT, allowedTime: [{localTimeFrom: "10:00", localTimeTo: "12:00"}]}
  caps: [{calls: 1, per: 24h}, {conversations: 2, per: 7d}]
  notes: [Written on the first page of our terms]
"""


@pytest.fixture
def own(folder: Path) -> None:
    """A profile of one's own in the current folder."""
    (folder / "lunch.yaml").write_text(OWN)


def test_all_profiles_are_listed_without_any_manifest(campaign: Campaign, folder: Path) -> None:
    ran = campaign("profiles")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines() if line and not line.startswith((" ", "Profiles"))] == [
        *shipped_names()
    ]
    assert "Mon–Fri 9:00–20:00, Sat 9:00–17:00, local time of the person called" in ran.out
    assert ran.out.endswith("not legal advice: they know hours and counts, and nothing of consent or exemptions.\n")


def test_a_profile_that_is_named_is_shown_in_full(campaign: Campaign, own: None) -> None:
    ran = campaign("profiles", "lunch")
    assert ran.code == 0
    assert ran.out.splitlines()[:10] == [
        "lunch  Nobody is called at lunch",
        "  hours     Mon–Sun 9:00–12:00 and 13:00–18:00, local time of the person called",
        "  holidays  of GB-SCT: 10:00–12:00",
        "  at most   1 call in 24h and 2 conversations in 7d",
        "  source    our own promise, as of 2030-01-01",
        "  numbers   of GB, US",
        "  note      Written on the first page of our terms",
        "  from      lunch.yaml:1:1",
        "",
        "Profiles are a lint, not legal advice: they know hours and counts, and nothing of consent or exemptions.",
    ]


def test_a_profile_about_all_numbers_at_any_hour_says_so(campaign: Campaign, folder: Path) -> None:
    (folder / "p.yaml").write_text(
        "apiVersion: campaign/v1\nkind: Profile\nmetadata: {name: once}\n"
        "spec: {purpose: Once, source: we, seen: 2030-01-01, caps: [{calls: 1, per: 7d}]}\n"
    )
    ran = campaign("profiles", "once", "us-wa")
    assert "  hours    any\n" in ran.out
    assert "  numbers  all\n" in ran.out
    assert "  from     this program\n" in ran.out


def test_programs_get_the_same_as_json(campaign: Campaign, own: None) -> None:
    ran = campaign("profiles", "lunch", "us-fl", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    lunch, florida = json.loads(ran.out)["profiles"]
    assert lunch == {
        "name": "lunch",
        "purpose": "Nobody is called at lunch",
        "countries": ["GB", "US"],
        "hours": {day: ["09:00-12:00", "13:00-18:00"] for day in DAYS},
        "holidays": {"country": "GB", "subdivision": "SCT", "hours": ["10:00-12:00"]},
        "caps": [
            {"calls": 1, "conversations": None, "per": "24h"},
            {"calls": None, "conversations": 2, "per": "7d"},
        ],
        "source": "our own promise",
        "seen": "2030-01-01",
        "notes": ["Written on the first page of our terms"],
        "file": "lunch.yaml",
    }
    assert (florida["file"], florida["holidays"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["us-florida"], "did you mean us-fl?"),
        (["zzz"], "`campaign profiles` lists them"),
        (["--check", "us-fl"], "--check goes with neither names nor --format"),
        (["--check", "--format", "json"], "--check goes with neither names nor --format"),
    ],
)
def test_what_makes_no_sense_is_refused(campaign: Campaign, folder: Path, arguments: list[str], said: str) -> None:
    ran = campaign("profiles", *arguments)
    assert ran.code == 64
    assert said in ran.err


def breaking(folder: Path, host: str = "https://calls.example", **spec: Any) -> None:
    """A campaign whose calls may begin an hour too late."""
    write(folder, "spring", host, **{"policy": LONG_DAYS, "profiles": ["us-telemarketing"]} | spec)


@pytest.mark.parametrize("command", [("validate",), ("profiles", "--check")])
def test_a_breach_stops_validate_check_and_plan(
    campaign: Campaign, spring: Path, folder: Path, command: tuple[str, ...]
) -> None:
    breaking(folder)
    ran = campaign(*command)
    assert (ran.code, ran.out) == (1, "")
    assert "error: 1 problem in 1 file" in ran.err
    assert "leads.csv:2: spring.profiles.us-telemarketing: calls may begin at Mon–Sun 21:00–22:00 local time" in ran.err
    assert "[47 CFR 64.1200(c)(1); 16 CFR 310.4(c)]; 3 calls: " in ran.err


@pytest.mark.parametrize("command", [("validate",), ("profiles", "--check")])
def test_a_breach_that_is_a_warning_stops_nothing(
    campaign: Campaign, spring: Path, folder: Path, command: tuple[str, ...]
) -> None:
    breaking(folder, profiles=WARNED)
    ran = campaign(*command)
    assert ran.code == 0
    assert ran.err.startswith("warning: leads.csv:2: spring.profiles.us-telemarketing: calls may begin at")
    assert "hint: narrow allowedDays and allowedTime to what is allowed" in ran.err


def test_a_plan_holds_breaches_that_are_warnings_with_the_source_of_the_rule(
    campaign: Campaign, spring: Path, folder: Path
) -> None:
    breaking(folder, profiles=WARNED)
    ran = campaign("plan", "--no-refresh")
    assert (ran.code, ran.err) == (0, "")
    assert "warning profile-hours: us-telemarketing: calls may begin at Mon–Sun 21:00–22:00 local time" in ran.out
    assert "[47 CFR 64.1200(c)(1); 16 CFR 310.4(c)]; 3 calls  leads.csv:2" in ran.out
    (planned,) = json.loads(campaign("plan", "--no-refresh", "--format", "json").out)["campaigns"]
    found = [(each["code"], each["source"], each["calls"], each["line"]) for each in planned["warnings"]]
    assert ("profile-hours", "47 CFR 64.1200(c)(1); 16 CFR 310.4(c)", 3, 2) in found


def test_what_keeps_its_profiles_is_counted(campaign: Campaign, spring: Path, folder: Path) -> None:
    breaking(folder, policy=SHORT_DAYS)
    write(folder, "summer", "https://calls.example", policy=LONG_DAYS)
    ran = campaign("profiles", "--check")
    assert (ran.code, ran.out, ran.err) == (0, "Held against profiles: 1 campaign, 3 calls.\n", "")


def test_a_bad_manifest_is_told_before_any_profile(campaign: Campaign, spring: Path, folder: Path) -> None:
    breaking(folder, state="runing")
    ran = campaign("profiles", "--check")
    assert ran.code == 1
    assert "did you mean running?" in ran.err


def test_bad_rows_and_breaches_are_told_in_one_run(campaign: Campaign, spring: Path, folder: Path) -> None:
    breaking(folder)
    (folder / "leads.csv").write_text("id,phone,first_name\na,12,Ann\nb,16505550100,Bob\n")
    ran = campaign("validate")
    assert ran.code == 1
    assert "leads.csv:2: phone: has only 2 digits" in ran.err
    assert "leads.csv:3: spring.profiles.us-telemarketing" in ran.err


def test_nothing_is_sent_while_a_profile_is_broken(
    campaign: Campaign, spring: Path, folder: Path, server: OtherServer
) -> None:
    breaking(folder, server.host)
    assert campaign("plan").code == 1
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 1
    assert "spring.profiles.us-telemarketing" in ran.err
    assert [request for request in server.log if "addPhones" in str(request) or "control" in str(request)] == []


def test_a_warning_is_shown_once_by_an_apply_that_goes_on(
    campaign: Campaign, spring: Path, folder: Path, server: OtherServer
) -> None:
    breaking(folder, server.host, profiles=WARNED)
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 0
    assert ran.text.count("warning profile-hours: us-telemarketing") == 1


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_pausing_and_stopping_are_never_held_up_by_a_profile(
    campaign: Campaign, spring: Path, folder: Path, server: OtherServer, state: str
) -> None:
    breaking(folder, server.host, state=state)
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 0
    assert "warning profile-hours: us-telemarketing" in ran.out
    assert any(("pause" if state == "paused" else "stop") in str(request) for request in server.log)


def test_warnings_are_warnings_in_every_format(campaign: Campaign, spring: Path, folder: Path) -> None:
    breaking(folder, profiles=WARNED)
    ran = campaign("validate", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert (document["isValid"], document["problems"], len(document["warnings"])) == (True, [], 1)
    assert document["warnings"][0]["path"] == "spring.profiles.us-telemarketing"
    ran = campaign("validate", "--format", "sarif")
    assert [result["level"] for result in json.loads(ran.out)["runs"][0]["results"]] == ["warning"]
    ran = campaign("validate", "--format", "github")
    assert ran.code == 0
    assert ran.out.startswith("::warning file=leads.csv,line=2,title=spring.profiles.us-telemarketing::calls may")
    assert ran.out.endswith("\n1 warning\n")


def test_errors_and_warnings_are_counted_apart_in_annotations(campaign: Campaign, spring: Path, folder: Path) -> None:
    breaking(folder, profiles=["us-wa", *WARNED])
    ran = campaign("validate", "--format", "github")
    assert ran.code == 1
    assert (ran.out.count("::error "), ran.out.count("::warning ")) == (1, 1)
    assert ran.out.endswith("\n1 problem in 1 file, 1 warning\n")


def test_no_number_is_printed(campaign: Campaign, spring: Path, folder: Path) -> None:
    breaking(folder, profiles=["us-fl", "fr-telemarketing"], policy={})
    rows = [f"c-{n},{phone},quokkarow" for n, phone in enumerate(PHONES)]
    (folder / "leads.csv").write_text("\n".join(["id,phone,first_name", *rows, ""]))
    runs = [campaign("validate", "--format", format) for format in ("text", "github", "sarif", "json")]
    runs += [campaign("profiles", "--check"), campaign("plan", "--no-refresh")]
    assert all(ran.code == 1 for ran in runs)
    assert all("us-fl" in ran.text for ran in runs)
    assert seen_in_output(*runs) == []
