"""`make mutants`: takes out each safeguard of an apply in a copy of the tree, and sees a named test turn red.

    python -m tests.mutants [NAME…]

A mutant that no test notices is a promise nothing proves: the exit code is 1 then, and when the code a mutant changes
is no longer there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]


class Mutant(msgspec.Struct, frozen=True):
    """One safeguard, the code without it, and the test that must notice."""

    name: str
    file: str
    old: str
    new: str
    test: str


_DOUBT = "tests/apply/test_doubt.py"
_MEANWHILE = "tests/apply/test_suppressed_meanwhile.py"
_CRASHES = "tests/apply/test_crashes.py"
_STRANGERS = "tests/apply/test_strangers.py"
_GIT_STORE = "tests/lock/test_git_store.py"
_SHARED = "tests/cli/test_shared_campaigns.py"
_SUPPRESSION = "tests/phones/test_suppression.py"
_FILE_STORE = "tests/lock/test_file_store.py"
_TAKING_BACK = "tests/apply/test_taking_back.py"
_REPLAY = "tests/lock/test_replay.py"
_LOCK_IN_GIT = "tests/ci/test_lock_in_git.py"
_ROLLOUT = "tests/plan/test_rollout.py"
_MEMORY = "tests/apply/test_memory_and_disk.py"
_SIEVE = "tests/read/test_sieve.py"
_PUSH = "tests/state/test_push.py"
_AT_WORK = "tests/cli/test_halt_at_work.py"

MUTANTS = (
    Mutant(
        "somebody else's cancellation beside ours is taken for ours",
        "reconciler/apply/cancels.py",
        "    statuses = {**statuses, **others}\n",
        "",
        f"{_TAKING_BACK}::test_whoever_was_called_or_taken_back_by_others_meanwhile_is_left_alone_from_then_on",
    ),
    Mutant(
        "a cancellation long after ours was cut off is taken for ours",
        "reconciler/apply/recover.py",
        "call if call.job_id in later else call.with_status",
        "call if False else call.with_status",
        f"{_TAKING_BACK}::test_whoever_others_took_back_long_after_a_cancel_that_was_cut_off_is_left_alone",
    ),
    Mutant(
        "a claim is given back while only a journal knows what was done",
        "reconciler/lock/stores/git.py",
        "        if not self._is_unsaved:",
        "        if True:",
        f"{_GIT_STORE}::test_a_claim_stays_while_only_a_journal_on_that_machine_knows_what_was_done",
    ),
    Mutant(
        "a run that cannot begin gives back the claim of the one before it",
        "reconciler/lock/stores/git.py",
        "            if claim != before.claim:",
        "            if True:",
        f"{_GIT_STORE}::test_a_run_that_cannot_begin_leaves_the_claim_of_the_one_before_it",
    ),
    Mutant(
        "an old journal is put over what another run found out",
        "reconciler/lock/journal.py",
        "if owned is None or not _is_settled(lock, each.intent))",
        "if True)",
        f"{_REPLAY}::test_what_another_run_found_out_since_about_an_open_request_to_add_holds",
    ),
    Mutant(
        "two runs write beside each other",
        "reconciler/lock/stores/files.py",
        "        if _state(self._journal) != self._left:",
        "        if False:",
        f"{_FILE_STORE}::test_two_runs_that_both_believe_to_be_alone_do_not_write_beside_each_other",
    ),
    Mutant(
        "a number to suppress is only read as one of another country",
        "reconciler/phones/suppression.py",
        "*_numberings(suppression.regions)]",
        "*_numberings(())]",
        f"{_SUPPRESSION}::test_without_a_region_of_its_own_a_number_is_also_one_of_the_lists_countries",
    ),
    Mutant(
        "two runs make the same claim on a lock in Git",
        "reconciler/lock/stores/repository.py",
        'own = f"{message}\\n\\n{uuid.uuid4().hex}\\n"',
        'own = f"{message}\\n"',
        f"{_GIT_STORE}::test_a_run_that_saw_no_claim_does_not_take_one_of_its_own_name_and_second_for_its_own",
    ),
    Mutant(
        "two campaigns of a run are applied to one on the server",
        "reconciler/read/observed.py",
        "self._campaign.host, self._details) if self._details else",
        "self._campaign.host, self._details) if False else",
        f"{_SHARED}::test_one_of_them_is_refused_however_many_are_applied_at_once",
    ),
    Mutant(
        "a first apply does not look whether another one began meanwhile",
        "reconciler/apply/session.py",
        "    if book.lock.is_new and plan.actions:",
        "    if False:",
        f"{_SHARED}::test_a_run_of_the_other_one_while_somebody_thinks_about_the_plan_is_seen",
    ),
    Mutant(
        "what was not remembered is not in the lockfile either",
        "reconciler/apply/session.py",
        "    except ReconcilerError:  #",
        "    except BaseException:  #",
        f"{_MEMORY}::test_what_could_not_be_remembered_is_in_the_journal",
    ),
    Mutant(
        "a lockfile is saved without what is only in the journal",
        "reconciler/apply/book.py",
        "        if self._is_torn:",
        "        if False:",
        f"{_MEMORY}::test_a_book_that_does_not_hold_all_that_is_recorded_is_not_saved",
    ),
    Mutant(
        "a batch that is filled up forgets whom else others are about",
        "reconciler/apply/batch.py",
        "one, more, shared = self.held, other.held, self.shared | other.shared",
        "one, more, shared = self.held, other.held, frozenset[str]()",
        f"{_DOUBT}::test_two_calls_of_one_phone_whose_answers_are_lost_are_not_given_each_others_job",
    ),
    Mutant(
        "half a request that came back from the disk is sent",
        "reconciler/read/spool.py",
        "if zlib.crc32(text) != crc32:",
        "if False:",
        f"{_MEMORY}::test_requests_that_cannot_be_read_back_are_not_sent",
    ),
    Mutant(
        "who is remembered under another key passes for new",
        "reconciler/plan/fresh.py",
        "if key in keys or phone in phones]",
        "if key in keys]",
        f"{_SIEVE}::test_whoever_was_called_under_another_key_is_not_new",
    ),
    Mutant(
        "what a journal told is not held against new calls",
        "reconciler/read/sieve.py",
        "apart(Fresh(left), ledger.later(), header)",
        "apart(Fresh(left), (), header)",
        f"{_SIEVE}::test_whoever_was_called_under_another_key_is_not_new",
    ),
    Mutant(
        "a lost request is sent again while its calls are added as new",
        "reconciler/apply/engine.py",
        "    sent, new = new.apart(",
        "    sent, _ = new.apart(",
        f"{_CRASHES}::test_a_first_apply_cut_off_anywhere_is_finished_by_the_next",
    ),
    Mutant(
        "somebody else's job does not speak against a new call",
        "reconciler/plan/singly.py",
        '    if campaign.foreign == "block":\n',
        "    if False:\n",
        "tests/plan/test_fresh.py::test_whoever_the_campaign_has_a_job_of_already_is_blocked",
    ),
    Mutant(
        "jobs that are counted and not listed are nobody's",
        "reconciler/plan/build.py",
        '    if unseen and campaign.foreign == "block"',
        '    if False and campaign.foreign == "block"',
        "tests/read/test_observed.py::test_nobody_is_added_while_the_server_lists_fewer_jobs_than_it_counts",
    ),
    Mutant(
        "nobody asks who is suppressed before a batch",
        "reconciler/apply/flights.py",
        "            self._suppressed = self._run.suppressed()",
        "            self._suppressed = frozenset()",
        f"{_MEANWHILE}::test_whoever_lands_on_a_list_between_two_batches_is_left_out_of_the_next",
    ),
    Mutant(
        "a lost request is sent again with whoever is suppressed by then",
        "reconciler/apply/adds.py",
        "            spared = spare(run, intent)\n",
        "            spared = intent if intent.recovers else spare(run, intent)\n",
        f"{_MEANWHILE}::test_a_lost_request_is_not_sent_again_with_somebody_who_is_suppressed_by_then",
    ),
    Mutant(
        "a short suppression list is taken as it is once a guard held it back",
        "reconciler/apply/session.py",
        "    if not plan.tripped:  # a list",
        "    if plan:  # a list",
        "tests/acceptance/test_suppression.py::test_a_list_held_back_once_is_held_back_again",
    ),
    Mutant(
        "the intent is not synced before its request",
        "reconciler/lock/stores/files.py",
        "            _write_all(fd, line)\n            os.fsync(fd)\n",
        "            _write_all(fd, line)\n",
        "tests/real/test_order.py::test_every_request_that_changes_something_goes_out_after_its_intent_is_synced",
    ),
    Mutant(
        "requests of batches that begin together go out before their intents are written",
        "reconciler/apply/flights.py",
        "            for batch in self._room(batches):\n                onward.append(self._take_off(batch))\n",
        "            for batch in self._room(batches):\n                self._send_all([self._take_off(batch)])\n",
        "tests/apply/test_flights.py::test_no_request_is_sent_before_its_intent_is_durable",
    ),
    Mutant(
        "a firewall's page says that nothing was added",
        "reconciler/calls/failures.py",
        '    if ask.name == "addPhones" and answer.status not in _BEFORE_THE_SERVER and not _is_error(said):\n',
        "    if False:\n",
        f"{_DOUBT}::test_a_page_of_a_firewall_that_kept_back_the_answer_does_not_send_anybody_twice",
    ),
    Mutant(
        "a proxy that asks to come later says that nothing was added",
        "reconciler/apply/adds.py",
        "        if has_acted(run, entry):\n",
        "        if False:\n",
        f"{_DOUBT}::test_a_proxy_that_asks_to_come_later_for_a_server_at_work_has_nobody_called_twice",
    ),
    Mutant(
        "what was told to come later counts as not done where another batch is refused",
        "reconciler/apply/flights.py",
        "    if isinstance(error, CallsError) and not leaves_doubt(error):\n",
        "    if isinstance(error, CallsError):\n",
        "tests/apply/test_flights.py::"
        "test_what_was_told_to_come_later_may_have_been_done_where_another_batch_is_refused",
    ),
    Mutant(
        "a phone that a report leaves out has no job",
        "reconciler/calls/lookup.py",
        "    if again.left_out:\n",
        "    if False:\n",
        f"{_DOUBT}::test_a_report_that_leaves_somebody_out_does_not_say_that_nobody_calls_them",
    ),
    Mutant(
        "what the clocks said when a request was written is forgotten",
        "reconciler/apply/readback.py",
        "    skew_s = min(entry.intent.skew_ms / 1000, run.client.clock_skew_s())\n",
        "    skew_s = run.client.clock_skew_s()\n",
        f"{_DOUBT}::test_a_clock_that_was_ahead_when_a_request_was_written_and_is_right_by_now_hides_no_job",
    ),
    Mutant(
        "a lost answer is not read back",
        "reconciler/apply/adds.py",
        "    found = look(run, entry)\n"
        "    if not found.rest and uncertain_for_s(run, entry, found) > 0:\n"
        "        postpone(run, entry)\n"
        "        return None\n"
        "    found = look_until_settled(run, entry, found)\n",
        "    found = Found((), entry.intent.calls)\n",
        f"{_CRASHES}::test_a_first_apply_cut_off_anywhere_is_finished_by_the_next",
    ),
    Mutant(
        "nothing waits for a request that may still travel",
        "reconciler/apply/readback.py",
        "    if wait_s > 0:\n",
        "    if wait_s > 1e9:\n",
        f"{_DOUBT}::test_nothing_is_sent_again_before_the_deadline_and_the_settle_time_are_over",
    ),
    Mutant(
        "what is found counts for a lost request that may still arrive",
        "reconciler/apply/readback.py",
        "    if entry.job_ids and not found.rest:\n",
        "    if not found.rest:\n",
        f"{_STRANGERS}::test_somebody_elses_job_does_not_stand_for_the_request_of_a_dead_process_while_it_may_arrive",
    ),
    Mutant(
        "a run whose answer was lost does not wait at its end",
        "reconciler/apply/postponed.py",
        "    if waits:\n        _wait(run, entries)\n",
        "",
        f"{_STRANGERS}::test_nor_for_one_whose_answer_was_lost",
    ),
    Mutant(
        "two requests for one phone are open at once",
        "reconciler/apply/flights.py",
        "        return is_under_way or is_postponed(self._run, batch.shared)\n",
        "        return is_under_way\n",
        f"{_STRANGERS}::"
        "test_jobs_of_two_requests_for_one_phone_are_not_taken_for_each_others_when_both_answers_are_lost",
    ),
    Mutant(
        "a job that somebody cancelled is taken although another may ring",
        "reconciler/apply/readback.py",
        "(job.job_id in answered, not _may_be_followed(job), job.created_at_ms or 0)",
        "(job.job_id in answered, job.created_at_ms or 0)",
        f"{_STRANGERS}::test_of_a_live_job_and_a_newer_one_that_somebody_cancelled_the_live_one_is_taken",
    ),
    Mutant(
        "resolve takes over what it finds while the request may still arrive",
        "reconciler/apply/resolve.py",
        "    return look_until_settled(run, entry, found) if found.done else found\n",
        "    return found\n",
        f"{_STRANGERS}::test_an_operator_who_asks_again_is_not_given_somebody_elses_job_while_the_request_may_arrive",
    ),
    Mutant(
        "jobs the lock owns count as new ones",
        "reconciler/apply/readback.py",
        "    unowned = (job for job in jobs if not run.book.owns(job.job_id))\n",
        "    unowned = iter(jobs)\n",
        f"{_CRASHES}::test_an_edited_apply_cut_off_anywhere_is_finished_by_the_next",
    ),
    Mutant(
        "a replaced call is added before its cancellation is confirmed",
        "reconciler/apply/engine.py",
        "    return is_own or decide_conflict(",
        "    return False and decide_conflict(",
        "tests/apply/test_taking_back.py::"
        "test_a_call_that_was_or_is_being_called_when_the_cancel_arrives_is_not_added_again",
    ),
    Mutant(
        "a lock in Git is not claimed on the remote",
        "reconciler/lock/stores/git.py",
        "        if there:\n            raise LockHeld(self._held(there))\n        since",
        "        if there:\n            return there\n        since",
        f"{_LOCK_IN_GIT}::test_while_a_lock_could_not_be_pushed_no_other_machine_calls_anybody",
    ),
    Mutant(
        "a lock in Git is pushed over one that somebody else changed",
        "reconciler/lock/stores/git.py",
        "        if there != base:\n",
        "        if False:\n",
        "tests/lock/test_git_store.py::"
        "test_two_locks_are_never_merged_the_second_is_put_aside_and_every_other_run_refused",
    ),
    Mutant(
        "a lock in Git is taken from the checkout",
        "reconciler/lock/stores/git.py",
        '        tip = self._git.tip(f"refs/heads/{self._branch}")\n',
        "        tip = self._git.head()\n",
        f"{_LOCK_IN_GIT}::test_a_run_of_a_commit_that_was_made_before_the_lock_takes_the_lock_that_came_after",
    ),
    Mutant(
        "a pipeline applies lists that a newer commit has changed",
        "reconciler/cli/ci_run.py",
        "        if newer:\n",
        "        if False:\n",
        f"{_LOCK_IN_GIT}::test_a_run_of_an_older_commit_does_not_bring_back_what_a_newer_one_took_out",
    ),
    Mutant(
        "a step of a rollout is not written down before its calls are added",
        "reconciler/apply/rollout.py",
        "    _remember(run, plan.rollout.mark)\n    run.book.save()\n",
        "    _remember(run, plan.rollout.mark)\n",
        "tests/apply/test_rollout.py::test_whoever_dies_at_any_effect_of_a_step_goes_on_in_it_and_calls_nobody_of_the_next_one",
    ),
    Mutant(
        "a step of a rollout takes what is there already for nothing",
        "reconciler/plan/rollout.py",
        "line.first(max(0, reach - self.added))",
        "line.first(reach)",
        f"{_ROLLOUT}::test_whatever_became_of_the_calls_and_whenever_it_is_asked_no_plan_exceeds_its_step",
    ),
    Mutant(
        "a rollout is over when nobody was called",
        "reconciler/plan/standing.py",
        "return added > 0 and finished * ALL >= least * added",
        "return finished * ALL >= least * added",
        f"{_ROLLOUT}::test_a_rollout_of_nobody_is_not_over",
    ),
    Mutant(
        "changed steps of a rollout apply before the gate has held",
        "reconciler/plan/rollout.py",
        "steps_digest(rollout), 0 if added else 1",
        "steps_digest(rollout), 1",
        f"{_ROLLOUT}::test_changed_steps_add_nobody_before_the_gate_of_those_who_were_called_has_held",
    ),
    Mutant(
        "an aborted rollout goes on when the results get better",
        "reconciler/plan/rollout.py",
        "        if rollout.resume != token(header.lineage, mark.aborts):\n            return mark\n",
        "",
        f"{_ROLLOUT}::test_an_abort_stands_whatever_the_results_become_until_a_person_says_so",
    ),
    Mutant(
        "a push throws the journal of a lost lockfile away",
        "reconciler/cli/state/exchange.py",
        "        _replace(store, data, journal)\n",
        '        _replace(store, data, b"")\n',
        f"{_PUSH}::test_the_journal_stays_beside_the_lock_that_it_continues",
    ),
    Mutant(
        "a halt does not say that a run is at work that may start the campaign again",
        "reconciler/cli/at_work.py",
        "if is_held else None",
        "if False else None",
        f"{_AT_WORK}::test_the_campaign_is_paused_and_the_run_that_may_start_it_again_is_named",
    ),
    Mutant(
        "a halt looks for runs at work before the pause, not after it",
        "reconciler/cli/halt.py",
        "return _outcome(self._openers[name]), self._runs.in_folder(name)",
        "return (self._runs.in_folder(name), _outcome(self._openers[name]))[::-1]",
        f"{_AT_WORK}::test_a_run_that_took_the_lock_just_before_the_pause_is_seen",
    ),
    Mutant(
        "a lock is pushed beside a journal that does not continue it",
        "reconciler/cli/state/there.py",
        "        if not self._continues(new):",
        "        if False:",
        f"{_PUSH}::test_a_lock_that_it_does_not_continue_is_refused_and_an_import_leads_on",
    ),
    Mutant(
        "a larger serial is later, whatever jobs it lacks",
        "reconciler/cli/state/there.py",
        "        self._refuse_other_history(self._lock, new)\n",
        "",
        f"{_PUSH}::test_a_larger_serial_is_not_later_where_it_lacks_jobs",
    ),
    Mutant(
        "a rename is taken for finished by a lock that lacks jobs",
        "reconciler/cli/state/mv.py",
        "    if is_later and not lacking(there, recalled.lock):",
        "    if is_later:",
        f"{_PUSH}::test_a_rename_is_not_finished_by_a_lock_that_went_on_by_itself",
    ),
)


def copy_of(mutant: Mutant, folder: Path) -> Path:
    """The program and its tests with the mutant's change; SystemExit when its code is not there exactly once."""
    for name in ("reconciler", "tests", "schemas", "pyproject.toml", "README.md"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, folder / name)
    source = (folder / mutant.file).read_text()
    if source.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: its code is no longer in {mutant.file}; bring the mutant up to date")
    (folder / mutant.file).write_text(source.replace(mutant.old, mutant.new))
    return folder


def is_noticed(mutant: Mutant) -> bool:
    """Whether the named test fails without the safeguard. SystemExit when it cannot even be run."""
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of(mutant, Path(name))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test]
        environment = os.environ | {"PYTHONPATH": str(folder)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{mutant.name}: {mutant.test} could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1


def main() -> int:
    """Tries the mutants and says which were noticed."""
    chosen = [mutant for mutant in MUTANTS if not sys.argv[1:] or mutant.name in sys.argv[1:]]
    survivors = 0
    for mutant in chosen:
        noticed = is_noticed(mutant)
        survivors += not noticed
        sys.stdout.write(f"{'noticed ' if noticed else 'SURVIVED'}  {mutant.name}\n          {mutant.test}\n")
        sys.stdout.flush()
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
