"""A rollout on the command line: what `apply`, `plan` and `status` say and end with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import people
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

GATE = {"abortIf": {"nonexistentNumber": ">20%"}}


def rolling(folder: Path, server: OtherServer, **rollout: Any) -> None:
    """The manifest with a rollout, two calls first, and a list of five."""
    steps = [{"calls": 2}, {"share": "100%"}]
    write(folder, "spring", server.host, rollout={"steps": steps, "gate": GATE} | rollout)
    rows = [",".join(row) for row in people(5)]
    (folder / "leads.csv").write_text("\n".join(["id,phone,first_name", *rows, ""]))


def called(campaign: Campaign, folder: Path, server: OtherServer, status: str) -> None:
    """The first step was applied, and everybody in it came out like this."""
    rolling(folder, server)
    campaign("apply", "--auto-approve")
    come_out(server, status)


def come_out(server: OtherServer, status: str) -> None:
    """Everybody who was called came out like this."""
    for job in server.campaign().jobs.values():
        job.status = status


@pytest.mark.usefixtures("spring")
def test_a_good_rollout_goes_on_apply_by_apply(campaign: Campaign, folder: Path, server: OtherServer) -> None:
    rolling(folder, server)
    assert "2 added" in campaign("apply", "--auto-approve").out
    assert "waits until 80% are finished" in campaign("plan").out
    assert "rollout  step 1 of 2; 2 of 2 added, 0 finished (0%)" in campaign("status").out
    come_out(server, "longCallWithResult")
    assert "the gate holds, so the next apply goes on" in campaign("status").out
    assert campaign("plan", "--detailed-exitcode").code == 2
    ran = campaign("apply", "--auto-approve")
    assert (ran.code, len(server.campaign().jobs)) == (0, 5)


@pytest.mark.usefixtures("spring")
def test_a_bad_one_ends_with_3_until_the_text_it_shows_is_in_the_manifest(
    campaign: Campaign, folder: Path, server: OtherServer
) -> None:
    called(campaign, folder, server, "nonexistentNumber")
    shown = campaign("plan")
    assert (shown.code, campaign("plan").code) == (3, 3)
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 3
    assert "the rollout of spring is aborted: 100% nonexistentNumber, more than 20%" in ran.err
    assert server.campaign().state == "paused"
    found = re.search(r'resume: "([0-9a-f]{8})"', ran.err)
    assert found
    assert found[1] in shown.out
    assert found[1] in campaign("status").out
    assert campaign("apply", "--auto-approve").code == 3
    rolling(folder, server, resume=found[1])
    assert campaign("apply", "--auto-approve").code == 0
    assert len(server.campaign().jobs) == 5
    assert server.campaign().is_running


@pytest.mark.usefixtures("spring")
def test_no_output_of_a_rollout_holds_a_phone(campaign: Campaign, folder: Path, server: OtherServer) -> None:
    called(campaign, folder, server, "nonexistentNumber")
    formats = [campaign("plan", "--format", name) for name in ("text", "json", "markdown", "html")]
    ran = [*formats, campaign("apply", "--auto-approve"), campaign("status")]
    assert [each.code for each in ran] == [3, 3, 3, 3, 3, 0]
    assert not any(phone in each.text for each in ran for _, phone, _ in people(5))
    (one,) = json.loads(formats[1].out)["campaigns"]
    assert one["rollout"]["verdict"] == "aborted"
    lock = (folder / "spring.lock.jsonl").read_text()
    assert not any(phone in lock for _, phone, _ in people(5))


@pytest.mark.usefixtures("spring")
def test_a_plan_that_asks_nobody_stands_where_the_lock_does(
    campaign: Campaign, folder: Path, server: OtherServer
) -> None:
    called(campaign, folder, server, "longCallWithResult")
    assert "2 of 2 added, 0 finished (0%)" in campaign("plan", "--no-refresh").out


@pytest.mark.usefixtures("spring")
def test_a_saved_plan_adds_the_step_it_holds_and_never_the_next(
    campaign: Campaign, folder: Path, server: OtherServer
) -> None:
    rolling(folder, server)
    assert campaign("plan", "--out", "step.plan").code == 0
    ran = campaign("apply", "step.plan", "--first")
    assert (ran.code, len(server.campaign().jobs)) == (0, 2)
    assert campaign("apply", "step.plan").code == 0  # the gate waits, so nothing is needed
    come_out(server, "longCallWithResult")
    ran = campaign("apply", "step.plan")
    assert (ran.code, len(server.campaign().jobs)) == (5, 2)
    assert "3 to add, which it does not hold" in ran.err


@pytest.mark.usefixtures("spring")
def test_a_saved_plan_adds_nobody_once_the_rollout_is_aborted(
    campaign: Campaign, folder: Path, server: OtherServer
) -> None:
    rolling(folder, server, gate=GATE | {"onAbort": "hold"})
    campaign("apply", "--auto-approve")
    come_out(server, "longCallWithResult")
    assert campaign("plan", "--out", "step.plan").code == 0
    come_out(server, "nonexistentNumber")
    ran = campaign("apply", "step.plan")
    assert (ran.code, len(server.campaign().jobs)) == (3, 2)


@pytest.mark.usefixtures("spring")
def test_a_saved_plan_is_told_of_other_steps_as_of_another_manifest(
    campaign: Campaign, folder: Path, server: OtherServer
) -> None:
    rolling(folder, server)
    assert campaign("plan", "--out", "step.plan").code == 0
    rolling(folder, server, steps=[{"calls": 3}, {"share": "100%"}])
    ran = campaign("apply", "step.plan", "--first")
    assert (ran.code, len(server.campaign().jobs)) == (5, 0)
    assert "the manifest or its lists changed" in ran.err
