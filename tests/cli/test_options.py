"""Options that several commands share, from the command line and from variables."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import pytest

from reconciler.cli.allow import Allowance, AllowanceType
from reconciler.cli.options import Seconds
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import people
from tests.cli.conftest import Campaign
from tests.cli.manifests import write


def test_files_may_come_from_a_variable_separated_like_a_path(
    campaign: Campaign, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        write(folder, name, "http://127.0.0.1:9", phoneLists=[])
    monkeypatch.setenv("CAMPAIGN_FILE", os.pathsep.join(["a.yaml", "b.yaml"]))
    assert campaign("validate").out == "Valid: 2 campaigns, 0 calls.\n"
    assert campaign("validate", "-f", "c.yaml").out == "Valid: 1 campaign, 0 calls.\n"


def test_flags_and_numbers_may_come_from_variables(
    campaign: Campaign, spring: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"AUTO_APPROVE": "1", "BATCH": "2", "TIMEOUT": "30", "SETTLE": "1", "QUIET": "true"}.items():
        monkeypatch.setenv(f"CAMPAIGN_{name}", value)
    assert campaign("apply").code == 0
    assert server.mutations == {"addPhones": 2}


def test_a_bad_value_in_a_variable_is_wrong_usage_and_names_it(
    campaign: Campaign, spring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_BATCH", "0")
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 64
    assert "CAMPAIGN_BATCH" in ran.err


def test_allowances_may_come_from_a_variable(
    campaign: Campaign, spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "spring", server.host, guards={"newCalls": 1})
    assert campaign("plan").code == 3
    monkeypatch.setenv("CAMPAIGN_ALLOW", "new-calls=3 cancel-percent=5")
    assert campaign("plan").code == 0


def test_the_lock_may_live_in_another_folder(
    campaign: Campaign, spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "locks").mkdir()
    monkeypatch.setenv("CAMPAIGN_LOCK_STORE", "locks")
    assert campaign("apply", "--auto-approve").code == 0
    assert (folder / "locks" / "spring.lock.jsonl").exists()
    assert not (folder / "spring.lock.jsonl").exists()
    assert "3 in step" in campaign("plan").out


@pytest.mark.parametrize(
    ("target", "names"), [("spring", ["spring"]), ("s*", ["spring", "summer"]), ("?inter", ["winter"])]
)
def test_a_target_chooses_campaigns_by_name_and_pattern(
    campaign: Campaign, folder: Path, target: str, names: list[str]
) -> None:
    for name in ("spring", "summer", "winter"):
        write(folder, name, "http://127.0.0.1:9", phoneLists=[])
    ran = campaign("plan", "--no-refresh", "--target", target)
    assert ran.code == 0
    shown = [name for name in ("spring", "summer", "winter") if f"{name}\n" in ran.out]
    assert shown == names


def test_quiet_says_nothing_but_results(campaign: Campaign, spring: Path) -> None:
    ran = campaign("apply", "--auto-approve", "-q")
    assert "3 added" in ran.out
    assert ran.err == ""


def test_twice_verbose_names_every_request_and_no_address(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    ran = campaign("apply", "--auto-approve", "-vv")
    assert re.search(r"POST addPhones \d+ bytes → 200", ran.err)
    assert "POST callJob/getReport 3 items → 200" in ran.err
    assert server.campaign().token not in ran.text


def test_colours_are_for_terminals_and_for_those_who_force_them(
    campaign: Campaign, spring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in campaign("plan").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in campaign("plan").out
    assert "\x1b" not in campaign("plan", "--no-color").out


def test_a_plan_shows_every_call_only_when_asked(campaign: Campaign, spring: Path, folder: Path) -> None:
    lines = [",".join(row) for row in people(20)]
    (folder / "leads.csv").write_text("\n".join(["id,phone,first_name", *lines, ""]))
    assert campaign("plan").out.count("leads.csv:") < 20
    assert campaign("plan", "--full").out.count("leads.csv:") == 20


def test_a_plan_without_refresh_asks_nobody_and_needs_no_token(
    campaign: Campaign, spring: Path, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPRING_TOKEN")
    ran = campaign("plan", "--no-refresh", "--detailed-exitcode")
    assert ran.code == 2
    assert "3 to add" in ran.out
    assert not server.log


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("new-calls=1200", Allowance("new-calls", 1200)),
        ("cancel-percent=0", Allowance("cancel-percent", 0)),
        ("run-new-calls=5,until=18:00", Allowance("run-new-calls", 5, "18:00")),
        ("releases=7,until=2026-03-31T18:00+02:00", Allowance("releases", 7, "2026-03-31T18:00+02:00")),
    ],
)
def test_an_allowance_is_a_guard_an_amount_and_perhaps_an_end(text: str, said: Allowance) -> None:
    assert AllowanceType().convert(text, None, None) == said


def test_an_allowance_that_is_one_already_stays_as_it_is() -> None:
    assert AllowanceType().convert(Allowance("new-calls", 5), None, None) == Allowance("new-calls", 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("force", "there is no guard"),
        ("new-calls", "name an amount"),
        ("new-calls=-1", "name an amount"),
        ("new-calls=5,until=tomorrow", "write until=18:00"),
        ("new-calls=5,till=18:00", "write until=18:00"),
    ],
)
def test_an_allowance_of_something_else_says_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(click.BadParameter, match=says):
        AllowanceType().convert(text, None, None)


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "-1", "inf", "soon"])
def test_seconds_that_are_no_amount_of_time_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Seconds(min=0, max=3600).convert(text, None, None)


def test_seconds_may_have_a_fraction() -> None:
    assert Seconds(min=0, max=3600).convert("0.5", None, None) == 0.5
