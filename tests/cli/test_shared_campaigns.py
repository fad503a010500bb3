"""Two manifests that lead to one campaign on the server, by whatever way: nobody is called by both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import TOKEN
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

LEADS = [{"name": "leads", "source": {"file": "leads.csv"}, "key": {"column": "id"}}]


@pytest.fixture
def both(spring: Path, server: OtherServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> OtherServer:
    """Summer beside spring: the same list, and another token of the same campaign."""
    server.campaigns["tok-summer"] = server.campaigns[TOKEN]
    monkeypatch.setenv("SUMMER_TOKEN", "tok-summer")
    write(folder, "summer", server.host, token={"env": "SUMMER_TOKEN"}, phoneLists=LEADS)
    return server


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_of_them_is_refused_however_many_are_applied_at_once(
    campaign: Campaign, both: OtherServer, jobs: str
) -> None:
    ran = campaign("apply", "--auto-approve", "--jobs", jobs)
    assert ran.code == 7
    assert "lead to the same campaign on the server" in ran.err
    assert len(both.campaign().jobs) == 3


def test_a_plan_says_so(campaign: Campaign, both: OtherServer) -> None:
    ran = campaign("plan")
    assert ran.code == 7
    assert "lead to the same campaign on the server" in ran.err


def test_a_run_of_the_other_one_while_somebody_thinks_about_the_plan_is_seen(
    campaign: Campaign, both: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []

    def meanwhile(*_: object, **__: object) -> bool:
        codes.append(campaign("apply", "--auto-approve", "--target", "summer").code)
        return True

    monkeypatch.setattr("reconciler.cli.apply.can_ask", lambda: True, raising=False)
    monkeypatch.setattr("reconciler.cli.terminal.can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", meanwhile)
    ran = campaign("apply", "--target", "spring")
    assert codes == [0]
    assert ran.code == 1
    assert "summer.lock.jsonl belongs to the same campaign on the server as spring" in ran.err
    assert len(both.campaign().jobs) == 3


@pytest.mark.parametrize("write_host", [str.upper, lambda host: host.replace("http", "HTTP")], ids=["all", "scheme"])
def test_a_host_written_in_another_way_is_the_same_host(
    campaign: Campaign, spring: Path, server: OtherServer, folder: Path, write_host: object
) -> None:
    assert callable(write_host)
    host = write_host(server.host)
    write(folder, "summer", host, phoneLists=LEADS)
    ran = campaign("apply", "--auto-approve")
    assert ran.code == 1
    assert "campaigns spring and summer have the same host and token" in ran.err
    assert not server.log
