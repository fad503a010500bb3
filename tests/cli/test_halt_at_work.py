"""`campaign halt` while a run is at work, whose plan is older than the pause: it may start the campaign again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from reconciler.lock.stores.files import FileStore
from reconciler.lock.stores.git import GitStore
from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.other_server import OtherServer
from tests.acceptance.workshop import TOKEN, Ran
from tests.cli.conftest import Campaign
from tests.lock.team import CLEAN, Team, git

Work = Callable[..., None]


@pytest.fixture
def at_work(folder: Path) -> Iterator[Work]:
    """Has a run at work on a campaign whose lock is in this folder, until the test ends."""
    with ExitStack() as stack:
        yield lambda name="spring", where=folder: stack.enter_context(FileStore(where, name).hold("campaign apply"))


def words(ran: Ran) -> str:
    """What was said, without line breaks."""
    return " ".join(ran.err.split())


def test_the_campaign_is_paused_and_the_run_that_may_start_it_again_is_named(
    campaign: Campaign, spring: Path, server: OtherServer, at_work: Work
) -> None:
    at_work()
    ran = campaign("halt", "--all")
    assert (ran.code, ran.out) == (6, "spring: paused\n")
    assert server.campaign().state == "paused"
    assert "spring may be started again: a run is at work on it; its lock is held by " in words(ran)
    assert "doing `campaign apply`" in words(ran)
    assert "end that run, then halt again" in words(ran)
    assert "known to call nobody" not in ran.err


@pytest.mark.parametrize("state", ["paused", "new"])
def test_one_that_was_not_calling_may_be_started_by_it_all_the_same(
    campaign: Campaign, spring: Path, server: OtherServer, at_work: Work, state: str
) -> None:
    server.campaign().state = state
    at_work()
    ran = campaign("halt", "spring", "--quiet")
    assert ran.code == 6
    assert "not calling already" in ran.out
    assert "may be started again" in ran.err


def test_once_the_run_has_ended_nobody_can_be_calling(campaign: Campaign, spring: Path, folder: Path) -> None:
    with FileStore(folder, "spring").hold("campaign apply"):
        pass
    ran = campaign("halt", "--all")
    assert (ran.code, ran.out) == (0, "spring: paused\n")
    assert "1 of 1 known to call nobody" in ran.err


def test_a_run_that_took_the_lock_just_before_the_pause_is_seen(
    campaign: Campaign, spring: Path, server: OtherServer, at_work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = RemoteCampaign.control

    def after_it_began(remote: RemoteCampaign, action: str) -> None:
        at_work()
        control(remote, action)

    monkeypatch.setattr(RemoteCampaign, "control", after_it_began)
    assert campaign("halt", "--all").code == 6


def test_of_several_those_that_may_be_started_again_are_named_last(
    campaign: Campaign, two: OtherServer, at_work: Work
) -> None:
    at_work("summer")
    ran = campaign("halt", "--all")
    assert ran.code == 7
    assert "spring may be" not in words(ran)
    assert "1 of 2 known to call nobody" in words(ran)
    assert words(ran).endswith("1 of 2 MAY BE STARTED AGAIN: summer")


def test_when_all_are_worked_on_the_code_is_that_of_a_held_lock(
    campaign: Campaign, two: OtherServer, at_work: Work
) -> None:
    at_work("spring")
    at_work("summer")
    assert campaign("halt", "--all").code == 6


def test_one_that_could_not_be_paused_is_said_to_be_worked_on_too(
    campaign: Campaign, spring: Path, server: OtherServer, at_work: Work
) -> None:
    server.refusals["control/pause"] = {"error": "mood", "message": "not today"}
    at_work()
    ran = campaign("halt", "--all")
    assert ran.code == 1
    assert "spring is NOT known to be paused" in ran.err
    assert "spring may be started again" in ran.err


def test_with_a_broken_manifest_beside_it_only_some_are_known(
    campaign: Campaign, spring: Path, folder: Path, at_work: Work
) -> None:
    (folder / "broken.yaml").write_text("apiVersion: campaign/v1\nkind: Campaign\nmetadata: {name: autumn}\n")
    at_work()
    assert campaign("halt", "--all").code == 7


def test_locks_may_be_in_a_folder_of_their_own(
    campaign: Campaign, spring: Path, folder: Path, at_work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "locks").mkdir()
    at_work("spring", folder / "locks")
    assert campaign("halt", "--all").code == 0
    assert campaign("halt", "--all", "--lock-store", "locks").code == 6
    monkeypatch.setenv("CAMPAIGN_LOCK_STORE", "locks")
    assert campaign("halt", "--all").code == 6


@pytest.mark.parametrize("store", ["nowhere", "leads.csv"])
def test_where_nobody_can_look_the_campaign_is_paused_and_that_is_said(
    campaign: Campaign, spring: Path, server: OtherServer, store: str
) -> None:
    ran = campaign("halt", "--all", "--lock-store", store)
    assert (ran.code, ran.out) == (6, "spring: paused\n")
    assert server.campaign().state == "paused"
    assert "nobody can see whether a run is at work on it (--lock-store is not a folder)" in words(ran)


def test_a_lock_that_cannot_be_looked_at_holds_nobody_up(campaign: Campaign, two: OtherServer, folder: Path) -> None:
    (folder / "summer.lock.mutex").mkdir()
    ran = campaign("halt", "--all")
    assert ran.code == 7
    assert sorted(ran.out.splitlines()) == ["spring: paused", "summer: paused"]
    assert "nobody can see whether a run is at work on it (Is a directory)" in words(ran)


def test_without_manifests_nobody_looks(
    campaign: Campaign, spring: Path, server: OtherServer, folder: Path, at_work: Work
) -> None:
    (folder / "tokens.txt").write_text(f"spring {TOKEN} {server.host}\n")
    at_work()
    assert campaign("halt", "--all", "--tokens-file", "tokens.txt").code == 0


# -- locks in Git


@pytest.fixture
def clone(
    spring: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Team:
    """The manifest's folder is a clone of a team that keeps its locks on main."""
    for variable, value in CLEAN.items():
        monkeypatch.setenv(variable, value)
    team = Team(tmp_path_factory.mktemp("team"))
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", f"file://{team.remote}")
    return team


@contextmanager
def working(team: Team, name: str = "spring") -> Iterator[GitStore]:
    """A run on another machine."""
    store = team.store(team.clone(f"runner-{name}"), name)
    with store.hold("campaign ci apply"):
        yield store


def test_a_run_on_another_machine_is_seen_by_its_claim(campaign: Campaign, clone: Team, server: OtherServer) -> None:
    with working(clone):
        ran = campaign("halt", "--all", "--lock-store", "git:main")
    assert (ran.code, ran.out) == (6, "spring: paused\n")
    assert "its lock in Git is claimed" in words(ran)
    assert "`campaign state unlock spring`" in words(ran)
    assert campaign("halt", "--all", "--lock-store", "git:main").code == 0


def test_a_claim_of_another_campaign_or_branch_is_none_of_this_one(campaign: Campaign, clone: Team) -> None:
    with working(clone, "summer"):
        assert campaign("halt", "--all", "--lock-store", "git:main").code == 0
    with working(clone):
        assert campaign("halt", "--all", "--lock-store", "git:other").code == 0


def test_a_remote_that_is_away_is_asked_once_and_the_campaigns_are_paused(
    campaign: Campaign, two: OtherServer, clone: Team
) -> None:
    clone.remote.rename(clone.remote.with_suffix(".away"))
    ran = campaign("halt", "--all", "--lock-store", "git:main")
    assert ran.code == 6
    assert [remote.state for remote in two.campaigns.values()] == ["paused", "paused"]
    assert words(ran).count("nobody can see whether a run is at work on it (git ls-remote failed") == 2


def test_a_manifest_outside_of_git_is_said_not_to_be_seen(
    campaign: Campaign, spring: Path, server: OtherServer
) -> None:
    ran = campaign("halt", "--all", "--lock-store", "git:main")
    assert (ran.code, ran.out) == (6, "spring: paused\n")
    assert "nobody can see whether a run is at work on it (git rev-parse failed" in words(ran)


def test_whoever_does_not_wait_for_git_is_told_what_nobody_has_seen(
    campaign: Campaign, clone: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.lock.stores.repository.subprocess.run", ctrl_c)
    ran = campaign("halt", "--all", "--lock-store", "git:main")
    assert (ran.code, ran.out) == (6, "spring: paused\n")
    assert "nobody can see whether a run is at work on it (stopped before Git answered)" in words(ran)
