"""A sandbox that goes on where it stopped."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from reconciler.sandbox import World, serve
from tests.sandbox.api import MONDAY_10_UTC, PHONES, Api, numbers

A_DAY = 24 * 3600


def world(path: Path, *campaigns: str, start_ms: int = MONDAY_10_UTC) -> World:
    return World(campaigns, start_ms=start_ms, state_file=path)


def lived(path: Path) -> World:
    """A stored world with a job in process, one waiting for its retry and one finished."""
    made = world(path, "demo:state=inProgress:lines=1:outcome=noAnswer:attempts=2:retry=30m")
    made.campaign().add(numbers(3))
    made.set_status(made.campaign().jobs[2].id, "longCallWithResult")
    made.advance(35)
    assert {"inProcess", "onRetry", "longCallWithResult"} == {job.status for job in made.campaign().jobs}
    made.store()
    return made


def test_a_restarted_sandbox_knows_its_jobs_and_their_life_goes_on(tmp_path: Path) -> None:
    before = lived(tmp_path / "state")
    after = world(tmp_path / "state")
    assert after.campaign().jobs == before.campaign().jobs
    assert after.clock.now_ms() == before.clock.now_ms()
    before.advance(A_DAY)
    after.advance(A_DAY)
    assert after.campaign().jobs == before.campaign().jobs
    assert {job.status for job in after.campaign().jobs} == {"noAnswer", "longCallWithResult"}


def test_virtual_time_never_goes_back_and_catches_up_with_the_real_one(tmp_path: Path) -> None:
    stored_ms = lived(tmp_path / "state").clock.now_ms()
    assert world(tmp_path / "state", start_ms=0).clock.now_ms() == stored_ms
    assert world(tmp_path / "state", start_ms=stored_ms + 5).clock.now_ms() == stored_ms + 5


def test_a_campaign_named_again_lives_on_and_a_new_one_joins(tmp_path: Path) -> None:
    before = lived(tmp_path / "state")
    after = world(tmp_path / "state", "demo:state=finished", "more")
    assert [one.settings.name for one in after.campaigns] == ["demo", "more"]
    assert after.campaign("demo").state == "inProgress"
    assert after.campaign("demo").settings == before.campaign().settings


def test_job_ids_are_not_given_twice_after_a_restart(tmp_path: Path) -> None:
    lived(tmp_path / "state")
    after = world(tmp_path / "state", "more")
    after.campaign("more").add(numbers(2))
    ids = [job.id for one in after.campaigns for job in one.jobs]
    assert len(ids) == len(set(ids)) == 5


@pytest.mark.parametrize("state", ["new", "paused", "finished"])
def test_the_state_of_a_campaign_is_kept(tmp_path: Path, state: str) -> None:
    before = world(tmp_path / "state", "demo")
    before.campaign().set_state(state)
    before.store()
    after = world(tmp_path / "state")
    assert after.campaign().state == state
    assert after.campaign().ended_ms == before.campaign().ended_ms


def test_every_change_is_on_disk_before_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with serve(["demo"], state_file=path) as sandbox:
        api = Api(sandbox)
        api.post("addPhones", numbers(2), key="k")
        assert len(json.loads(path.read_bytes())["campaigns"][0]["jobs"]) == 2
        api.post("control/start")
        assert json.loads(path.read_bytes())["campaigns"][0]["state"] == "inProgress"
        api.admin("POST", "campaigns/demo/state", {"state": "paused"})
        assert json.loads(path.read_bytes())["campaigns"][0]["state"] == "paused"
        api.client.close()


def test_an_idempotence_key_is_remembered_across_restarts(tmp_path: Path) -> None:
    def sent() -> list[str]:
        with serve(["demo"], state_file=tmp_path / "state") as sandbox:
            api = Api(sandbox)
            ids: list[str] = api.post("addPhones", numbers(2), key="k").json()
            api.client.close()
            return ids

    assert sent() == sent()


def test_the_state_file_is_for_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    lived(tmp_path / "state")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_failed_write_leaves_the_old_state(tmp_path: Path) -> None:
    path = tmp_path / "state"
    made = lived(path)
    content = path.read_bytes()
    path.with_name(f".state.{__import__('os').getpid()}.tmp").mkdir()
    with pytest.raises(OSError, match="directory"):
        made.store()
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff\xfe", b'{"seed": 0}', b"[1]"], ids=["empty", "object", "binary", "half", "list"]
)
def test_a_file_that_is_no_state_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="state file"):
        world(path)
    assert path.read_bytes() == content


def test_a_state_of_another_format_is_refused(tmp_path: Path) -> None:
    lived(tmp_path / "state")
    stored = json.loads((tmp_path / "state").read_bytes()) | {"format": 2}
    (tmp_path / "state").write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="another version"):
        world(tmp_path / "state")


def test_without_a_state_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    World(["demo"]).store()
    assert list(tmp_path.iterdir()) == []


def test_without_any_campaign_there_is_a_demo(tmp_path: Path) -> None:
    (campaign,) = World().campaigns
    assert (campaign.settings.token, campaign.settings.dialect, campaign.state) == ("sandbox-demo", "current", "new")
    assert campaign.add([{"phone": PHONES[0]}])
