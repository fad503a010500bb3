"""A lock kept in Git: the newest one always, one commit back, and never two runs that do not know of each other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest

from reconciler.errors import GuardTripped, LockError, LockHeld, LockNotKept
from reconciler.lock.journal import encode_entry
from reconciler.lock.lockfile import encode_lock
from reconciler.lock.model import Header, Lock
from reconciler.lock.stores import Stored
from reconciler.lock.stores import git as git_store
from reconciler.lock.stores.git import GitStore
from reconciler.lock.stores.repository import Repository
from tests.lock.samples import entries, intent, locked
from tests.lock.team import CLEAN, Team, git

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="a store in Git needs git")

LOCK = "promo.lock.jsonl"
HELD = "refs/campaign/held/main/promo.held"
APPLY = "campaign apply"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A remote with one commit, and a clone at the office."""
    return Team(tmp_path)


@pytest.fixture
def runner(team: Team) -> GitStore:
    """The store on a pipeline's machine."""
    return team.store(team.clone("runner"))


def nothing() -> None:
    """What happens meanwhile, mostly."""


def apply(
    store: GitStore, text: str, meanwhile: Callable[[], object] = nothing, failure: Exception | None = None
) -> None:
    """A run that leaves this lockfile, whatever happens meanwhile and however it ends."""
    with store.hold(APPLY):
        store.replace(text.encode())
        meanwhile()
        if failure is not None:
            raise failure


def by_hand(team: Team) -> Callable[[], object]:
    """Somebody changes the lock in the branch."""
    return lambda: team.commit({LOCK: "somebody's\n"}, "By hand")


def killed(team: Team, clone: Path, text: str, *, journal: str = "") -> None:
    """A run in a process of its own that is killed after it wrote this lockfile and journal."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from reconciler.lock.stores.git import GitStore\n"
        "from reconciler.lock.stores.repository import Repository\n"
        "store = GitStore(Repository(Path(sys.argv[1])), 'main', 'promo', who='killed')\n"
        "with store.hold('campaign apply'):\n"
        "    if sys.argv[2]: store.replace(sys.argv[2].encode(), sys.argv[3].encode())\n"
        "    print('held', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(clone), text, journal],
        stdout=subprocess.PIPE,
        env={**os.environ, **CLEAN},
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGKILL)


# -- reading


def test_the_lock_is_the_newest_of_the_branch_whatever_is_checked_out(team: Team) -> None:
    clone = team.clone("runner")
    team.commit({LOCK: "newest\n"}, "An apply elsewhere")
    assert team.store(clone).read().lock == b"newest\n"


def test_a_ref_that_only_ends_like_the_branch_is_not_taken_for_it(team: Team) -> None:
    team.commit({LOCK: "older\n"}, "An apply")
    git(team.office, "push", "--quiet", "origin", "main:refs/backup/refs/heads/main")
    team.commit({LOCK: "newest\n"}, "Another apply")
    assert team.store(team.clone("runner")).read().lock == b"newest\n"


def test_a_branch_without_a_lock_has_none_yet(runner: GitStore) -> None:
    stored = runner.read()
    assert (stored.lock, stored.journal) == (None, b"")


def test_a_lock_is_beside_its_manifest_in_whatever_folder(team: Team) -> None:
    store = team.store(team.clone("runner"), inner="eu/spring sale")
    apply(store, "x\n")
    assert team.file(f"eu/spring sale/{LOCK}") == "x\n"
    assert team.store(team.clone("other"), inner="eu/spring sale").read().lock == b"x\n"
    assert store.shown == f"{LOCK} (branch main)"


def test_locks_may_have_a_branch_of_their_own(team: Team) -> None:
    git(team.office, "push", "--quiet", "origin", "main:refs/heads/campaign/locks")
    store = team.store(team.clone("runner"), branch="campaign/locks")
    apply(store, "x\n")
    assert team.file(LOCK, "campaign/locks") == "x\n"
    assert team.log() == ["First"]


def test_a_branch_that_is_not_there_is_named_and_nothing_is_claimed_for_good(team: Team) -> None:
    store = team.store(team.clone("runner"), branch="mian")
    with pytest.raises(LockError, match="no branch mian"):
        apply(store, "x\n")
    assert team.refs() == ["refs/heads/main"]


def test_reading_changes_nothing_on_the_remote(team: Team, runner: GitStore) -> None:
    before = git(team.remote, "for-each-ref")
    runner.read()
    assert [*runner.neighbours()] == []
    assert git(team.remote, "for-each-ref") == before


def test_neighbours_are_the_other_locks_of_the_same_folder(team: Team) -> None:
    team.commit({f"eu/{LOCK}": "mine\n", "eu/b.lock.jsonl": "first\nsecond\n", "a.lock.jsonl": "no\n"}, "Locks")
    team.commit({"eu/deep/c.lock.jsonl": "no\n", "eu/list.csv": "no\n"}, "More")
    store = team.store(team.clone("runner"), inner="eu")
    assert [*store.neighbours()] == [("b.lock.jsonl", b"first\n")]


def test_a_shallow_clone_stays_shallow_and_a_whole_one_whole(team: Team) -> None:
    for n in range(3):
        team.commit({"a.txt": f"{n}\n"}, f"Commit {n}")
    shallow, whole = team.clone("shallow", "--depth=1"), team.clone("whole")
    team.commit({LOCK: "x\n"}, "An apply elsewhere")
    for clone in (shallow, whole):
        apply(team.store(clone), f"{clone.name}\n")
    assert (git(shallow, "rev-parse", "--is-shallow-repository"), team.log()[0]) == (
        "true",
        "Lock of promo after `campaign apply` [skip ci]",
    )
    assert git(whole, "rev-parse", "--is-shallow-repository") == "false"
    assert team.file(LOCK) == "whole\n"


# -- giving back


def test_a_run_pushes_one_commit_that_changes_the_lock_and_nothing_else(team: Team, runner: GitStore) -> None:
    apply(runner, "after\n")
    shown = git(team.remote, "show", "--name-only", "--format=%B", "main")
    assert shown.split("\n\n") == ["Lock of promo after `campaign apply` [skip ci]", "By runner.", f"\n{LOCK}"]
    assert runner.commit == git(team.remote, "rev-parse", "main")
    assert team.refs() == ["refs/heads/main"]


def test_checkout_index_and_local_branches_stay_as_they_were(team: Team) -> None:
    clone = team.clone("runner")
    (clone / "half-done.txt").write_text("mine\n")
    git(clone, "add", "half-done.txt")
    before = (git(clone, "status", "--porcelain"), git(clone, "for-each-ref", "refs/heads"))
    apply(team.store(clone), "x\n")
    assert (git(clone, "status", "--porcelain"), git(clone, "for-each-ref", "refs/heads")) == before
    assert git(clone, "for-each-ref", "refs/campaign") == ""


def test_a_run_that_changes_nothing_pushes_nothing(team: Team, runner: GitStore) -> None:
    apply(runner, "x\n")
    before = team.log()
    apply(runner, "x\n")
    assert team.log() == before


def test_a_run_that_wrote_no_lock_pushes_nothing(team: Team, runner: GitStore) -> None:
    with runner.hold(APPLY):
        pass
    assert team.log() == ["First"]


def test_the_lock_of_a_run_that_failed_half_way_is_pushed_too(team: Team, runner: GitStore) -> None:
    with pytest.raises(GuardTripped):
        apply(runner, "half\n", failure=GuardTripped("no"))
    assert team.file(LOCK) == "half\n"
    assert team.refs() == ["refs/heads/main"]


def test_the_journal_is_never_in_a_commit_and_the_next_run_here_starts_without_it(team: Team, runner: GitStore) -> None:
    with runner.hold(APPLY):
        runner.append(b"one\n")
        assert runner.read().journal == b"one\n"
        runner.replace(b"x\n", b"two\n")
    assert git(team.remote, "ls-tree", "-r", "--name-only", "main").splitlines() == ["README.md", LOCK]
    assert runner.read().journal == b"two\n"
    team.commit({LOCK: "settled elsewhere\n"}, "The next apply, on another machine")
    assert (runner.read().lock, runner.read().journal) == (b"settled elsewhere\n", b"")


def test_a_machine_without_an_identity_commits_under_a_name_of_ours(team: Team) -> None:
    store = team.store(team.clone("runner"), GIT_AUTHOR_NAME="", GIT_AUTHOR_EMAIL="")
    apply(store, "x\n")
    assert git(team.remote, "log", "-1", "--format=%an <%ae>", "main") == "campaign <campaign@localhost>"


def test_the_identity_that_is_configured_is_used(team: Team) -> None:
    clone = team.clone("runner")
    git(clone, "config", "user.name", "Bot")
    git(clone, "config", "user.email", "bot@team.example")
    apply(team.store(clone), "x\n")
    assert git(team.remote, "log", "-1", "--format=%an <%ae>", "main") == "Bot <bot@team.example>"


# -- others push too


SEVERAL = tuple(f"camp-{n}" for n in range(8))


def at_once(team: Team, clone: Path, act: Callable[[GitStore], object]) -> None:
    """Does it with the stores of several campaigns in one clone, in threads; raises what any of them raised."""
    ready = threading.Barrier(len(SEVERAL))

    def run(name: str) -> None:
        store = team.store(clone, name)
        ready.wait(30)
        act(store)

    with ThreadPoolExecutor(len(SEVERAL)) as pool:
        for done in [pool.submit(run, name) for name in SEVERAL]:
            done.result()


@pytest.mark.parametrize("options", [(), ("--depth=1",)], ids=["whole", "shallow"])
def test_campaigns_of_one_clone_can_look_for_news_at_once(team: Team, options: tuple[str, ...]) -> None:
    clone = team.clone("runner", *options)
    for n in range(3):
        team.commit({f"{name}.lock.jsonl": f"{n}\n" for name in SEVERAL}, f"News {n}")
    at_once(team, clone, lambda store: read_is(store, b"2\n"))


def read_is(store: GitStore, expected: bytes) -> None:
    """Reads, and looks what it was."""
    assert store.read().lock == expected


def test_campaigns_of_one_clone_that_end_at_once_do_not_push_each_other_out(team: Team) -> None:
    clone, ready = team.clone("runner"), threading.Barrier(len(SEVERAL))
    at_once(team, clone, lambda store: apply(store, "x\n", lambda: ready.wait(30)))
    assert [team.file(f"{name}.lock.jsonl") for name in SEVERAL] == ["x\n"] * len(SEVERAL)
    assert team.refs() == ["refs/heads/main"]


def test_a_lost_race_is_run_again_on_the_new_tip_and_nobodys_commit_is_lost(team: Team, runner: GitStore) -> None:
    apply(runner, "mine\n", lambda: team.commit({"leads.csv": "phone\n"}, "Merged meanwhile"))
    assert team.log()[1:] == ["Merged meanwhile", "First"]
    assert (team.file(LOCK), team.file("leads.csv")) == ("mine\n", "phone\n")


def test_the_remote_moving_between_look_and_push_is_only_another_try(team: Team) -> None:
    clone = team.clone("runner")
    # A hook of the remote that moves the branch right before the first push of it is taken.
    hook = team.remote / "hooks" / "pre-receive"
    moved = git(team.remote, "commit-tree", "main^{tree}", "-p", "main", "-m", "Right in between")
    hook.write_text(
        "#!/bin/sh\nread old new ref\n[ $ref = refs/heads/main ] || exit 0\nrm -f hooks/pre-receive\n"
        f"unset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {moved}\n"
    )
    hook.chmod(0o755)
    apply(team.store(clone), "mine\n")
    assert team.log()[1:] == ["Right in between", "First"]
    assert team.file(LOCK) == "mine\n"


def test_two_locks_are_never_merged_the_second_is_put_aside_and_every_other_run_refused(
    team: Team, runner: GitStore
) -> None:
    with pytest.raises(LockNotKept, match="somebody else changed that lockfile") as caught:
        apply(runner, "mine\n", by_hand(team))
    assert team.file(LOCK) == "somebody's\n"
    (aside,) = [ref for ref in team.refs() if "campaign-lock" in ref]
    assert team.file(LOCK, aside) == "mine\n"
    assert caught.value.kept == f"branch {aside.removeprefix('refs/heads/')}"
    assert caught.value.exit_code == 4
    with pytest.raises(LockHeld, match="runner since"):
        apply(team.store(team.clone("other")), "x\n")


def test_the_machine_with_the_second_lock_does_not_go_on_either(team: Team, runner: GitStore) -> None:
    with pytest.raises(LockNotKept):
        apply(runner, "mine\n", by_hand(team))
    with pytest.raises(LockError, match="had not pushed what it did"):
        runner.read()


def test_what_the_run_itself_failed_with_is_said_too(team: Team, runner: GitStore) -> None:
    with pytest.raises(LockNotKept, match="before that: guard said no"):
        apply(runner, "mine\n", by_hand(team), GuardTripped("guard said no"))


def test_a_branch_that_may_not_be_pushed_keeps_the_lock_in_one_of_its_own(team: Team, runner: GitStore) -> None:
    hook = team.remote / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "error: GH006: Protected branch"; exit 1; }\n')
    hook.chmod(0o755)
    with pytest.raises(LockNotKept, match=r"Protected branch"):
        apply(runner, "mine\n")
    (aside,) = [ref for ref in team.refs() if "campaign-lock" in ref]
    assert team.file(LOCK, aside) == "mine\n"
    assert HELD in team.refs()


def test_once_it_may_be_pushed_the_next_run_on_that_machine_does_it(team: Team, runner: GitStore) -> None:
    hook = team.remote / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ]\n')
    hook.chmod(0o755)
    with pytest.raises(LockNotKept):
        apply(runner, "mine\n")
    hook.unlink()
    with runner.hold(APPLY):
        assert runner.read().lock == b"mine\n"
    assert team.file(LOCK) == "mine\n"
    assert HELD not in team.refs()


def test_a_remote_that_went_away_leaves_the_lock_on_the_machine(team: Team, runner: GitStore) -> None:
    away = team.remote.with_name("away.git")
    with pytest.raises(LockNotKept, match=r"kept in \.git/campaign/main/promo\.lock\.jsonl"):
        apply(runner, "mine\n", lambda: team.remote.rename(away))
    away.rename(team.remote)
    with runner.hold(APPLY):
        pass
    assert team.file(LOCK) == "mine\n"


# -- one at a time


def test_a_second_machine_is_refused_while_a_run_is_at_work_and_told_who(team: Team, runner: GitStore) -> None:
    other = team.store(team.clone("other"))
    with runner.hold(APPLY), pytest.raises(LockHeld, match=r"runner since .* UTC, doing `campaign apply`"):
        apply(other, "y\n")
    apply(other, "x\n")
    assert team.file(LOCK) == "x\n"


@pytest.mark.parametrize("whos", [("one", "two"), ("ci@host", "ci@host")], ids=["two people", "one person"])
def test_of_two_machines_that_begin_at_the_same_moment_one_is_refused(team: Team, whos: tuple[str, str]) -> None:
    stores = [team.store(team.clone(name), who=who) for name, who in zip(("one", "two"), whos, strict=True)]
    together, done = threading.Barrier(2), threading.Barrier(2)
    ended: list[str] = []

    def run(store: GitStore) -> None:
        together.wait(30)
        try:
            with store.hold(APPLY):
                ended.append("held")
                done.wait(30)  # until the other one was refused
        except LockHeld:
            ended.append("refused")
            done.wait(30)

    threads = [threading.Thread(target=run, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["held", "refused"]
    assert team.refs() == ["refs/heads/main"]


def test_a_run_that_saw_no_claim_does_not_take_one_of_its_own_name_and_second_for_its_own(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (team.store(team.clone(name), who="ci@host") for name in ("one", "two"))
    look, looks = Repository.tip, iter([""])  # the second looked before the first pushed

    def looked_before(repository: Repository, ref: str) -> str:
        is_claim = ref == HELD
        return next(looks, look(repository, ref)) if is_claim else look(repository, ref)

    monkeypatch.setattr(git_store, "datetime", SameSecond)
    with first.hold(APPLY):
        monkeypatch.setattr(Repository, "tip", looked_before)
        with pytest.raises(LockHeld, match="locked by ci@host since 2030"):
            apply(second, "y\n")
        assert HELD in team.refs()


class SameSecond(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2030, 1, 7, 3, 0, tzinfo=tz)


def test_pushes_whose_answers_are_lost_have_worked_all_the_same(team: Team, runner: GitStore) -> None:
    hook = team.remote / "hooks" / "post-receive"
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")  # what receives a push dies once it is done
    hook.chmod(0o755)
    apply(runner, "x\n")
    assert team.file(LOCK) == "x\n"
    assert runner.commit == git(team.remote, "rev-parse", "main")
    assert team.refs() == ["refs/heads/main"]
    assert len(team.log()) == 2


def test_a_token_that_may_only_read_stops_a_run_before_anything_is_sent(team: Team, runner: GitStore) -> None:
    hook = team.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(LockError, match="nothing was sent"), runner.hold(APPLY):
        raise AssertionError("the run must not begin")
    assert runner.read().lock is None


def test_a_machine_that_died_keeps_every_other_one_from_going_on(team: Team) -> None:
    killed(team, team.clone("runner"), "x\n")
    with pytest.raises(LockHeld, match="killed since"):
        apply(team.store(team.clone("other")), "x\n")
    assert HELD in team.refs()


def test_the_machine_itself_goes_on_where_the_run_was_killed(team: Team) -> None:
    clone = team.clone("runner")
    killed(team, clone, "checkpoint\n", journal="")
    store = team.store(clone)
    assert store.read().lock == b"checkpoint\n"
    apply(store, "finished\n")
    assert team.file(LOCK) == "finished\n"
    assert HELD not in team.refs()


def test_a_journal_that_a_killed_run_left_is_kept_though_the_branch_moved_on(team: Team) -> None:
    clone = team.clone("runner")
    killed(team, clone, "")
    journal = clone / ".git" / "campaign" / "main" / "promo.journal.jsonl"
    journal.write_bytes(b"open\n")
    team.commit({LOCK: "by a person who deleted the claim\n"}, "By hand")
    stored = team.store(clone).read()
    assert (stored.lock, stored.journal) == (b"by a person who deleted the claim\n", b"open\n")


OPEN = b"".join(map(encode_entry, entries(intent("addPhones", locked("ann")))))
"""The journal of a run that asked to add somebody and does not know what came of it."""


def nothing_more(store: GitStore) -> None:
    """A run that looks, and ends without writing anything."""
    with store.hold("campaign resolve"):
        assert store.read().journal == OPEN


def test_a_claim_stays_while_only_a_journal_on_that_machine_knows_what_was_done(team: Team) -> None:
    clone, other = team.clone("runner"), team.store(team.clone("other"))
    killed(team, clone, "x\n", journal=OPEN.decode())
    for _ in range(2):
        nothing_more(team.store(clone))
        assert HELD in team.refs()
        with pytest.raises(LockHeld):
            apply(other, "y\n")
    apply(team.store(clone), "settled\n")
    assert HELD not in team.refs()
    apply(other, "y\n")


def test_nor_is_it_given_back_by_a_run_that_could_not_save_what_it_did(team: Team, runner: GitStore) -> None:
    def cut_off() -> None:
        with runner.hold(APPLY):
            runner.append(OPEN)
            raise GuardTripped("no room for the lockfile")

    with pytest.raises(GuardTripped):
        cut_off()
    assert HELD in team.refs()


def test_a_run_that_cannot_begin_leaves_the_claim_of_the_one_before_it(team: Team, runner: GitStore) -> None:
    with pytest.raises(LockNotKept):
        apply(runner, "mine\n", by_hand(team))
    for _ in range(2):
        with pytest.raises(LockError, match="Two locks"):
            apply(runner, "more\n")
        assert HELD in team.refs()


def test_a_machine_that_died_after_its_lock_was_pushed_goes_on(team: Team) -> None:
    clone = team.clone("runner")
    store, note = team.store(clone), clone / ".git" / "campaign" / "main" / "promo.origin.json"
    with store.hold(APPLY):
        store.replace(b"x\n", OPEN)
        before = note.read_bytes()
    note.write_bytes(before)  # as it was when the lock was pushed
    with team.store(clone).hold(APPLY):
        assert team.store(clone).read() == Stored(b"x\n", OPEN)
    apply(team.store(clone), "settled\n")
    assert HELD not in team.refs()


def test_the_next_run_here_begins_without_the_journal_of_one_that_others_went_on_from(team: Team) -> None:
    clone = team.clone("runner")
    with (mine := team.store(clone)).hold(APPLY):
        mine.append(OPEN)
        mine.replace(b"in doubt\n", OPEN)
    apply(team.store(team.clone("other")), "settled\n")
    with (store := team.store(clone)).hold(APPLY):
        assert store.read() == Stored(b"settled\n", b"")


def test_the_run_that_is_at_work_on_this_machine_is_told(team: Team) -> None:
    clone = team.clone("runner")
    with team.store(clone).hold(APPLY):
        assert f"doing {APPLY}" in team.store(clone).held_here().replace("`", "")
        assert team.store(team.clone("other")).held_here() == ""
    assert team.store(clone).held_here() == ""


def test_a_claim_that_a_person_deleted_does_not_disturb_the_run(team: Team, runner: GitStore) -> None:
    apply(runner, "x\n", lambda: git(team.remote, "update-ref", "-d", HELD))
    apply(team.store(team.clone("other")), "y\n")
    assert team.file(LOCK) == "y\n"


def test_a_claim_tells_whose_it_is_and_can_be_given_back_for_a_machine_that_is_gone(team: Team) -> None:
    killed(team, team.clone("runner"), "x\n")
    other = team.store(team.clone("other"))
    assert f"doing `{APPLY}`" in other.claimed_by()
    other.give_back()
    assert other.claimed_by() == ""
    other.give_back()  # nobody's claim is nothing to give back
    apply(other, "y\n")
    assert team.file(LOCK) == "y\n"


def lock_at(serial: int, lineage: str = "lineage") -> str:
    """A lockfile without calls."""
    return encode_lock(Lock(Header(1, "promo", lineage, serial, "https://calls.example"), {})).decode()


def test_a_branch_that_went_back_is_not_followed_by_the_machine_that_pushed_the_newer_lock(team: Team) -> None:
    clone = team.clone("runner")
    apply(team.store(clone), lock_at(3))
    apply(team.store(clone), lock_at(4))
    team.commit({LOCK: lock_at(3)}, "Revert of a range")
    for _ in range(2):
        with pytest.raises(LockError, match="has serial 3, and this machine pushed serial 4"):
            apply(team.store(clone), lock_at(5))
    assert HELD not in team.refs()
    (clone / ".git" / "campaign" / "main" / LOCK).unlink()
    apply(team.store(clone), lock_at(4))
    assert team.file(LOCK) == lock_at(4)


@pytest.mark.parametrize("newer", [lock_at(5), lock_at(1, "another"), "no lockfile\n"])
def test_another_lock_is_followed(team: Team, newer: str) -> None:
    clone = team.clone("runner")
    apply(team.store(clone), lock_at(4))
    team.commit({LOCK: newer}, "By somebody else")
    assert team.store(clone).read().lock == newer.encode()


def test_a_lock_that_was_deleted_from_the_branch_is_no_lock(team: Team, runner: GitStore) -> None:
    apply(runner, "x\n")
    git(team.office, "pull", "--quiet", "origin", "main")
    git(team.office, "rm", "--quiet", LOCK)
    git(team.office, "commit", "--quiet", "--message", "Deleted")
    git(team.office, "push", "--quiet", "origin", "main")
    with runner.hold(APPLY):
        assert runner.read().lock is None


def test_a_working_copy_that_was_deleted_is_taken_from_the_branch_again(team: Team) -> None:
    clone = team.clone("runner")
    apply(team.store(clone), "x\n")
    (clone / ".git" / "campaign" / "main" / LOCK).unlink()
    assert team.store(clone).read().lock == b"x\n"


def test_a_note_that_cannot_be_read_is_not_taken_for_an_empty_one(team: Team) -> None:
    clone = team.clone("runner")
    apply(team.store(clone), "x\n")
    (clone / ".git" / "campaign" / "main" / "promo.origin.json").write_text("}{")
    with pytest.raises(LockError, match="cannot be read"):
        team.store(clone).read()


def test_campaigns_of_one_name_in_different_folders_do_not_hold_each_other(team: Team) -> None:
    clone = team.clone("runner")
    with team.store(clone, inner="eu").hold(APPLY), team.store(clone, inner="us").hold(APPLY):
        assert len([ref for ref in team.refs() if "held" in ref]) == 2


# -- git itself


def test_a_folder_outside_of_git_is_said_to_be_one(tmp_path: Path) -> None:
    team = Team(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(LockError, match="not a git repository"):
        team.store(outside)


def test_a_machine_without_git_is_told_so(team: Team, tmp_path: Path) -> None:
    clone = team.clone("runner")
    with pytest.raises(LockError, match="git command is not installed"):
        team.store(clone, PATH=str(tmp_path / "nothing"))


def test_an_address_with_a_token_in_it_is_not_printed(team: Team) -> None:
    clone = team.clone("runner")
    git(clone, "remote", "set-url", "origin", "http://x:quokkatoken@127.0.0.1:9/r.git")
    with pytest.raises(LockError) as caught:
        team.store(clone).read()
    assert "quokka" not in str(caught.value)
    assert "git ls-remote failed" in str(caught.value)


def test_the_token_reaches_the_server_in_a_header_and_nobody_else(team: Team, serve_git: Callable[[Path], str]) -> None:
    address = serve_git(team.remote)
    clone = team.clone("runner")
    git(clone, "remote", "set-url", "origin", address)
    # As a checkout action leaves it: a header of its own, which here has no rights any more.
    git(clone, "config", "http.extraHeader", "Authorization: Basic b2xkOm9sZA==")
    with pytest.raises(LockError) as caught:
        team.store(clone).read()
    assert "127.0.0.1" not in str(caught.value)
    apply(team.store(clone, CAMPAIGN_GIT_TOKEN="quokkagit"), "x\n")
    assert team.file(LOCK) == "x\n"
    # As a GitLab runner leaves it: with the job's own token in the address.
    git(clone, "remote", "set-url", "origin", address.replace("//", "//gitlab-ci-token:old@"))
    apply(team.store(clone, CAMPAIGN_GIT_TOKEN="quokkagit"), "y\n")
    assert team.file(LOCK) == "y\n"
    assert "quokka" not in (clone / ".git" / "config").read_text()


def test_the_token_is_kept_for_http(team: Team) -> None:
    apply(team.store(team.clone("runner"), CAMPAIGN_GIT_TOKEN="quokkagit"), "x\n")
    assert team.file(LOCK) == "x\n"
