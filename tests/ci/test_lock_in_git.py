"""Two merges in a row, lost machines, lost races: with the lock in Git nobody is called twice, on either dialect."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import islice

import pytest

from reconciler.cli.ci_run import CiRun
from tests.ci.pipelines import Pipelines
from tests.lock.team import git
from tests.resolve.place import until

APPLY = ("apply", "--first")
NO_READ_BACK = ("truncated-json:getReport:forever", "truncated-json:getReportByDate:forever")


def serial(team: Pipelines) -> int:
    """Of the lock on main."""
    return int(json.loads(team.lock_lines()[0])["lock"]["serial"])


def test_an_apply_calls_whom_was_merged_and_pushes_the_lock(team: Pipelines) -> None:
    built = team.build(*APPLY, commit=team.merge([1, 2, 3]))
    assert built.code == 0, built.ran.text
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]
    assert len(team.lock_lines()) == 4
    assert built.outputs["lock-commit"] == git(team.team.remote, "rev-parse", "main")
    assert team.team.log()[:2] == ["Lock of spring after `campaign apply` [skip ci]", "Merged"]


def test_two_merges_in_a_row_whose_second_run_has_a_checkout_without_the_lock_call_nobody_twice(
    team: Pipelines,
) -> None:
    first = team.merge([1, 2, 3], "First merge")
    second = team.merge([1, 2, 3, 4], "Second merge")
    # The first run began before the second merge, and its lock was pushed on top of both.
    early = team.team.clone("early", "--depth=1")
    git(early, "fetch", "--quiet", "--depth=1", "origin", first)
    git(early, "checkout", "--quiet", first)
    git(team.team.office, "push", "--quiet", "--force", "origin", f"{first}:main")
    assert team.build_in(early, *APPLY).code == 0
    lock = git(team.team.remote, "rev-parse", "main")
    git(team.team.office, "fetch", "--quiet")
    git(team.team.office, "checkout", "--quiet", "-B", "main", second)
    git(team.team.office, "rebase", "--quiet", lock)
    git(team.team.office, "push", "--quiet", "--force", "origin", "main")
    built = team.build(*APPLY, commit=git(team.team.office, "rev-parse", "main"))
    assert built.code == 0, built.ran.text
    assert [team.calls_of(n) for n in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert len(team.lock_lines()) == 5


def test_a_run_of_a_commit_that_was_made_before_the_lock_takes_the_lock_that_came_after(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    assert team.build(*APPLY, commit=commit).code == 0
    again = team.build("apply", commit=commit)  # its checkout has no lockfile at all
    assert not (again.clone / "spring.lock.jsonl").exists()
    assert again.code == 0, again.ran.text
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_run_of_an_older_commit_does_not_bring_back_what_a_newer_one_took_out(team: Pipelines) -> None:
    older = team.merge([1, 2, 3], "First merge")
    newer = team.merge([1, 2], "Second merge: the third person asked not to be called")
    assert team.build(*APPLY, commit=newer).code == 0
    built = team.build(*APPLY, commit=older)
    assert built.code == 5
    assert "main has moved on since the commit of this run (leads.csv)" in built.ran.err
    assert team.calls_of(3) == 0


def test_nor_does_one_that_looked_before_the_newer_one_was_merged(
    team: Pipelines, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, look, merges = team.merge([1, 2, 3], "First merge"), CiRun._refuse_older_commit, iter([[1, 2]])

    def look_first(run: CiRun) -> None:
        look(run)
        for rows in islice(merges, 1):
            team.merge(rows, "Second merge: the third person asked not to be called")

    monkeypatch.setattr(CiRun, "_refuse_older_commit", look_first)
    built = team.build(*APPLY, commit=older)
    assert built.code == 5
    assert "main has moved on since the commit of this run (leads.csv)" in built.ran.text
    assert team.calls_of(3) == 0


def test_a_newer_commit_of_other_files_does_not_stop_a_run(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    team.team.commit({"README.md": "more\n", "compose.yaml": "services: {}\n", "docs/other.csv": "x\n"}, "Other files")
    assert team.build(*APPLY, commit=commit).code == 0
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_newer_manifest_stops_a_run_also_when_it_is_a_new_file(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    team.team.commit({"policy.yml": "apiVersion: campaign/v1\nkind: CallPolicy\n"}, "A policy")
    built = team.build(*APPLY, commit=commit)
    assert built.code == 5
    assert "(policy.yml)" in built.ran.err


def test_a_part_of_the_campaigns_under_a_cap_is_not_applied(team: Pipelines) -> None:
    cap = "apiVersion: campaign/v1\nkind: Cap\nmetadata: {name: week}\nspec: {calls: 1, per: 7d}\n"
    commit = team.team.commit(team.files([1]) | {"cap.yaml": cap}, "Once a week")
    built = team.build(*APPLY, "--shard", "1/1", commit=commit)
    assert built.code == 64
    assert "leave out --shard" in built.ran.text
    assert team.calls_of(1) == 0


def test_the_lock_of_a_run_that_a_guard_stopped_half_way_is_pushed(team: Pipelines) -> None:
    assert team.build(*APPLY, commit=team.merge([1, 2, 3])).code == 0
    before = serial(team)
    files = team.files([2, 4, 5, 6])
    files["campaign.yaml"] = files["campaign.yaml"].replace("newCalls: 100000", "newCalls: 2")
    built = team.build("apply", commit=team.team.commit(files, "Too many"))
    assert built.code == 3
    assert built.outputs["held-back"] == "true"
    assert serial(team) > before
    assert [json.loads(line)[5] for line in team.lock_lines()[1:]].count("g") == 2  # in progress, and not tried again
    assert [team.calls_of(n) for n in (4, 5, 6)] == [0, 0, 0]


def test_the_lock_of_a_run_that_left_calls_in_doubt_says_so_and_the_next_machine_settles_them(team: Pipelines) -> None:
    team.merge([1, 2, 3])
    team.fault("drop-response:addPhones", *NO_READ_BACK)
    built = team.build(*APPLY)
    assert built.code == 4, built.ran.text
    assert [json.loads(line)[5] for line in team.lock_lines()[1:]] == ["q"] * 3
    team.lose(built)  # and its journal with it
    team.sandbox.world.clear_faults()
    again = team.build("apply", "--timeout", "1")
    assert again.code == 0, again.ran.text
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_person_decides_about_calls_in_doubt_from_any_clone_and_the_decision_is_pushed(team: Pipelines) -> None:
    team.merge([1, 2])
    team.fault("drop-response:addPhones", *NO_READ_BACK)
    team.lose(team.build(*APPLY))
    command = [sys.executable, "-m", "reconciler", "resolve", "--auto-approve", "--lock-store", "git:main"]
    clone = team.team.clone("somebodys")
    done = subprocess.run([*command, "--sent", "--why", "vendor says so"], cwd=clone, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert team.team.log()[0] == "Lock of spring after `campaign resolve` [skip ci]"
    assert [json.loads(line)[5] for line in team.lock_lines()[1:]] == ["v", "v"]


def test_a_push_that_lost_the_race_against_a_merge_is_made_again(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    hook = team.team.remote / "hooks" / "pre-receive"
    other = git(team.team.remote, "commit-tree", "main^{tree}", "-p", "main", "-m", "Merged meanwhile")
    hook.write_text(
        "#!/bin/sh\nread old new ref\n[ $ref = refs/heads/main ] || exit 0\nrm -f hooks/pre-receive\n"
        f"unset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {other}\n"
    )
    hook.chmod(0o755)
    built = team.build(*APPLY, commit=commit)
    assert built.code == 0, built.ran.text
    assert team.team.log()[:2] == ["Lock of spring after `campaign apply` [skip ci]", "Merged meanwhile"]
    assert team.build("apply", commit=commit).code == 0
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_while_a_lock_could_not_be_pushed_no_other_machine_calls_anybody(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    hook = team.team.remote / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "error: protected"; exit 1; }\n')
    hook.chmod(0o755)
    first = team.build(*APPLY, commit=commit)
    assert first.code == 4
    assert "what this run did is kept in branch campaign-lock-spring-" in first.ran.err
    second = team.build(*APPLY, commit=commit)
    assert second.code == 6
    assert "locked by GitHub run 501 since" in second.ran.err
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]
    hook.unlink()
    third = team.build_in(first.clone, "apply")  # the machine that did it goes on by itself
    assert third.code == 0, third.ran.text
    assert len(team.lock_lines()) == 4
    assert team.build("apply", commit=commit).code == 0
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_runner_that_dies_in_the_middle_of_a_request_lets_nobody_else_call_and_is_finished_where_its_disk_is(
    team: Pipelines,
) -> None:
    commit = team.merge([1, 2, 3])
    team.fault("hang:addPhones:1:s=600")
    clone = team.team.clone("dying", "--depth=1")
    command = [
        sys.executable,
        "-m",
        "reconciler",
        "apply",
        "--auto-approve",
        "--first",
        "--lock-store",
        "git:main",
        "--timeout",
        "3",
    ]
    with subprocess.Popen(command, cwd=clone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as dying:
        until(lambda: team.calls_of(1))
        dying.kill()
    other = team.build(*APPLY, commit=commit)
    assert other.code == 6
    assert "go on where that is" in other.ran.err
    finished = team.build_in(clone, "apply", "--timeout", "1")
    assert finished.code == 0, finished.ran.text
    assert "cut off while adding 3 calls" in finished.ran.err
    assert team.build("apply", commit=commit).code == 0
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_run_that_is_cancelled_finishes_its_request_and_pushes_the_lock(hub: Pipelines) -> None:
    hub.merge([1, 2, 3])
    hub.fault("hang:addPhones:1:s=1")
    clone = hub.team.clone("cancelled", "--depth=1")
    command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "--lock-store", "git:main"]
    with subprocess.Popen(command, cwd=clone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as cancelled:
        until(lambda: hub.calls_of(1))
        cancelled.terminate()
        cancelled.wait(60)
    assert cancelled.returncode in (1, 4)
    assert len(hub.lock_lines()) == 4
    assert "refs/campaign/held/main/spring.held" not in hub.team.refs()
    assert hub.build("apply").code == 0
    assert [hub.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_runner_that_died_with_its_disk_leaves_calls_that_a_current_server_gives_away(hub: Pipelines) -> None:
    commit = hub.merge([1, 2, 3])
    hub.fault("hang:addPhones:1:s=600")
    clone = hub.team.clone("dying", "--depth=1")
    command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "--lock-store", "git:main"]
    with subprocess.Popen(command, cwd=clone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as dying:
        until(lambda: hub.calls_of(1))
        dying.kill()
    shutil.rmtree(clone)
    assert hub.build("apply", commit=commit).code == 6
    assert hub.team.store(hub.team.clone("look"), "spring").claimed_by()
    desk = hub.team.clone("desk", "--depth=1")
    unlock = [sys.executable, "-m", "reconciler", "state", "unlock", "spring", "--lock-store", "git:main"]
    shown = subprocess.run([*unlock, "--auto-approve"], cwd=desk, capture_output=True, text=True, check=True).stdout
    assert "spring is locked by " in shown
    assert "spring is free" in shown
    assert (
        subprocess.run(unlock, cwd=desk, capture_output=True, text=True, check=True).stdout == "spring is not locked\n"
    )
    assert hub.build("apply", commit=commit).code == 1
    assert [hub.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_what_a_run_under_a_cap_claims_is_freed_by_name(team: Pipelines) -> None:
    cap = "apiVersion: campaign/v1\nkind: Cap\nmetadata: {name: week}\nspec: {calls: 1, per: 7d}\n"
    commit = team.team.commit(team.files([1]) | {"cap.yaml": cap}, "Once a week")
    team.fault("hang:addPhones:1:s=600")
    clone = team.team.clone("dying", "--depth=1")
    command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "--first", "--lock-store", "git:main"]
    with subprocess.Popen(command, cwd=clone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as dying:
        until(lambda: team.calls_of(1))
        dying.kill()
    built = team.build("apply", commit=commit)
    assert built.code == 6
    assert "campaign state unlock all.caps" in built.ran.text
    unlock = [sys.executable, "-m", "reconciler", "state", "unlock", "all.caps", "--lock-store", "git:main"]
    here = subprocess.run([*unlock], cwd=clone, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert here.returncode == 64
    assert "A run on this machine made that claim" in here.stdout
    desk = team.team.clone("desk", "--depth=1")
    shown = subprocess.run([*unlock, "--auto-approve"], cwd=desk, capture_output=True, text=True, check=True).stdout
    assert "all.caps is free" in shown
    assert not [ref for ref in team.team.refs() if "all.caps" in ref]


def test_a_read_only_token_stops_an_apply_before_anybody_is_called(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    hook = team.team.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    built = team.build(*APPLY, commit=commit)
    assert built.code == 1
    assert "nothing may be pushed" in built.ran.err
    assert [team.calls_of(n) for n in (1, 2, 3)] == [0, 0, 0]


def test_a_plan_takes_the_newest_lock_and_pushes_nothing(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    team.build(*APPLY, commit=commit)
    before = git(team.team.remote, "for-each-ref")
    built = team.build("plan", commit=commit, request=True)
    assert "3 calls in step" in built.ran.out
    assert git(team.team.remote, "for-each-ref") == before


def test_locks_in_a_branch_of_their_own_leave_main_alone(team: Pipelines) -> None:
    commit = team.merge([1, 2, 3])
    git(team.team.office, "push", "--quiet", "origin", "main:refs/heads/campaign-locks")
    store = ("--lock-store", "git:campaign-locks")
    head = team.merge([1, 2, 3], "And more", other="x\n")
    built = team.build(*APPLY, *store, commit=head)
    assert (commit, built.code) == (commit, 0), built.ran.text
    assert team.team.log()[0] == "And more"
    again = team.build("apply", *store, commit=head)
    assert again.code == 0
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]


def test_a_machine_that_is_kept_loses_no_journal_to_git_clean(team: Pipelines) -> None:
    team.merge([1, 2, 3])
    team.fault("drop-response:addPhones", *NO_READ_BACK)
    built = team.build(*APPLY, "--timeout", "1")
    assert built.code == 4
    team.sandbox.world.clear_faults()
    git(built.clone, "clean", "-ffdx", "--quiet")
    assert [*built.clone.glob(".git/campaign/**/spring.journal.jsonl")]
    again = team.build_in(built.clone, "apply")
    assert again.code == 0, again.ran.text
    assert [team.calls_of(n) for n in (1, 2, 3)] == [1, 1, 1]
    shutil.rmtree(built.clone)
