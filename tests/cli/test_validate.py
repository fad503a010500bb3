"""`campaign validate` and `campaign status`: what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import phone
from tests.cli.conftest import Campaign
from tests.cli.manifests import write


def test_what_is_valid_is_counted_without_a_token_or_a_server(
    campaign: Campaign, spring: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPRING_TOKEN")
    ran = campaign("validate")
    assert (ran.code, ran.out, ran.err) == (0, "Valid: 1 campaign, 3 calls.\n", "")
    assert not server.log


def test_problems_of_every_file_are_reported_at_once(campaign: Campaign, spring: Path, folder: Path) -> None:
    write(folder, "summer", "nowhere")
    (folder / "leads.csv").write_text("id,phone,first_name\na,none,A\n")
    ran = campaign("validate", "--errors-file", "errors.txt")
    assert ran.code == 1
    places = [line.split(":")[0] for line in (folder / "errors.txt").read_text().splitlines()]
    assert sorted(set(places)) == ["leads.csv", "summer.yaml"]
    assert all(f"{place}:" in ran.err for place in places)


def test_an_errors_file_is_not_written_when_there_is_nothing_to_write(
    campaign: Campaign, spring: Path, folder: Path
) -> None:
    assert campaign("validate", "--errors-file", "errors.txt").code == 0
    assert not (folder / "errors.txt").exists()


def test_an_errors_file_that_cannot_be_written_is_wrong_usage(campaign: Campaign, spring: Path, folder: Path) -> None:
    (folder / "leads.csv").write_text("id,phone,first_name\na,none,A\n")
    ran = campaign("validate", "--errors-file", "nowhere/errors.txt")
    assert ran.code == 64
    assert "--errors-file nowhere/errors.txt: No such file or directory" in ran.err


def test_status_counts_calls_as_the_server_reports_them(campaign: Campaign, spring: Path, server: OtherServer) -> None:
    assert campaign("apply", "--auto-approve").code == 0
    server.campaign().set_status(phone(1), "longCallWithResult")
    server.campaign().set_status(phone(2), "inProcess")
    ran = campaign("status")
    assert ran.code == 0
    assert "state    running" in ran.out
    counted = {line.split("  ")[1].strip(): line.split()[-2] for line in ran.out.splitlines() if line.endswith("%")}
    assert sorted(counted.values()) == ["1", "1", "1"]


def test_status_remembers_what_cannot_change_and_asks_only_for_the_rest(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    assert campaign("apply", "--auto-approve").code == 0
    for number in (1, 2, 3):
        server.campaign().set_status(phone(number), "noAnswer")
    assert campaign("apply", "--auto-approve").code == 0
    server.forget()
    ran = campaign("status")
    assert "100%" in ran.out
    assert server.count("callJob/getReport") == 0


def test_status_without_a_lock_shows_what_the_server_says_of_the_campaign(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    server.campaign().seed(phone(9))
    ran = campaign("status")
    assert ran.code == 0
    assert "1 in the campaign" in ran.out


def test_status_names_jobs_that_the_server_does_not_report(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    assert campaign("apply", "--auto-approve").code == 0
    server.campaign().jobs.popitem()
    ran = campaign("status")
    assert ran.code == 0
    assert "! 1 call missing from the server's report" in ran.out
    assert "jobs    2" in ran.out


def test_status_on_a_server_that_does_not_tell_its_state(campaign: Campaign, spring: Path, server: OtherServer) -> None:
    server.campaign().dialect = "legacy"
    ran = campaign("status")
    assert ran.code == 0
    assert "this server does not tell its state" in ran.out


def test_a_dialect_that_is_pinned_is_not_asked_for(
    campaign: Campaign, spring: Path, server: OtherServer, folder: Path
) -> None:
    server.campaign().dialect = "legacy"
    write(folder, "spring", server.host, dialect="legacy")
    assert campaign("apply", "--auto-approve", "--first").code == 0
    assert server.count("status") == 0


def test_a_lock_kept_with_a_secret_says_nothing_without_it(
    campaign: Campaign, spring: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "s3cret-of-the-team")
    assert campaign("apply", "--auto-approve").code == 0
    header = json.loads((folder / "spring.lock.jsonl").read_text().splitlines()[0])["lock"]
    assert not header.get("salt")
    assert "s3cret" not in (folder / "spring.lock.jsonl").read_text()
    assert campaign("plan").code == 0


def test_a_secret_that_comes_too_late_for_a_lock_is_warned_about(
    campaign: Campaign, spring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert campaign("apply", "--auto-approve").code == 0
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "s3cret-of-the-team")
    ran = campaign("plan")
    assert ran.code == 0
    assert "warning: CAMPAIGN_LOCK_SECRET is set" in ran.err
