"""`campaign import`: after a lost lockfile the next plan adds nobody who has a job already, and nobody is called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from reconciler.lock.lockfile import encode_lock
from reconciler.lock.model import Lock
from tests.resolve.conftest import OpenPlace
from tests.resolve.place import NAME, Place, Ran, mask, phone

LOCKFILE = f"{NAME}.lock.jsonl"


def lose(place: Place) -> None:
    """The lockfile is gone; the journal and the mutex are still there."""
    (place.folder / LOCKFILE).unlink()


def take_over(place: Place, *arguments: str) -> Ran:
    """`campaign import`, without a question; it must send nothing that changes anything."""
    before = place.mutations()
    ran = place.run("import", "--auto-approve", *arguments)
    assert place.mutations() == before
    return ran


def to_do(place: Place) -> dict[str, int]:
    """What a plan would do to calls, by kind."""
    ran = place.run("plan")
    found = re.search(r"Plan: (\d+) to add, (\d+) to cancel, (\d+) to replace", ran.out)
    assert found, ran.text
    counted = zip(("add", "cancel", "replace"), map(int, found.groups()), strict=True)
    return {kind: n for kind, n in counted if n}


def applied(place: Place, rows: Iterable[int]) -> None:
    """Declares these rows and applies them."""
    place.declare(rows)
    assert place.apply().code == 0


# ------------------------------------------------------------------------------------------------------ a lost lockfile


def test_after_a_lost_lockfile_import_and_plan_add_nobody(place: Place) -> None:
    applied(place, range(1, 8))
    statuses = ("planned", "onRetry", "inProcess", "longCallWithResult", "noAnswer", "canceled", "notDone")
    for n, status in enumerate(statuses, 1):
        place.remote.set_status(place.jobs_of(n)[0].id, status)
    lose(place)
    assert take_over(place).code == 0
    assert place.statuses() == {"p": 1, "r": 1, "i": 1, "t": 1, "n": 1, "o": 1, "d": 1}
    assert to_do(place) == {"add": 1}  # the one that was never called, as with the lockfile that was lost


def test_the_rebuilt_lock_works_as_the_lost_one_did(place: Place) -> None:
    applied(place, [1, 2, 3])
    lose(place)
    take_over(place)
    place.declare([1, 2], word="quokkaother")
    assert to_do(place) == {"cancel": 1, "replace": 2}
    assert place.apply().code == 0
    place.assert_right()


def test_a_row_without_a_job_is_added_by_the_next_apply(place: Place) -> None:
    applied(place, [1, 2])
    lose(place)
    place.declare([1, 2, 3])
    ran = take_over(place)
    assert "1 call of the lists has no job: the next apply adds it" in ran.out
    assert re.search(rf"{mask(3)}  \S*leads.csv:4\n", ran.out)
    assert to_do(place) == {"add": 1}
    place.apply()
    place.assert_right()


def test_of_many_rows_without_a_job_the_first_are_shown_and_the_others_counted(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1])
    lose(place)
    place.declare(range(1, 15))
    ran = take_over(place)
    assert "13 calls of the lists have no job" in ran.out
    assert "… and 3 more" in ran.out
    assert (ran.out.count("leads.csv:"), mask(2) in ran.out, mask(14) in ran.out) == (10, True, False)


def test_a_call_somebody_cancelled_is_left_alone(place: Place) -> None:
    applied(place, [1, 2])
    assert place.remote.cancel_externally(place.jobs_of(1)[0].id)
    lose(place)
    assert "1  cancelled by somebody else" in take_over(place).out
    assert to_do(place) == {}
    assert "cancelled by somebody else, perhaps on the person's wish" in place.run("plan", "--full").out


def test_a_dry_run_writes_nothing(place: Place) -> None:
    applied(place, [1, 2])
    lose(place)
    before = {path.name for path in place.folder.iterdir()}
    ran = place.run("import", "--dry-run")
    assert (ran.code, "Nothing was written" in ran.out) == (0, True)
    assert {path.name for path in place.folder.iterdir()} == before


def test_without_a_terminal_nothing_is_written_unless_approved(place: Place) -> None:
    applied(place, [1])
    lose(place)
    ran = place.run_alone("import")
    assert (ran.code, "there is no terminal to ask on" in ran.err) == (64, True)
    assert not (place.folder / LOCKFILE).exists()


@pytest.mark.parametrize(("answer", "is_written"), [("n", False), ("y", True)])
def test_on_a_terminal_it_asks(place: Place, answer: str, is_written: bool) -> None:
    applied(place, [1])
    lose(place)
    ran = place.run_on_a_terminal(answer, "import")
    assert "Write spring.lock.jsonl with these calls? Nobody is called." in ran.err
    assert (place.folder / LOCKFILE).exists() is is_written
    assert ran.code == (0 if is_written else 1)


def test_a_campaign_without_jobs_gets_no_lockfile(place: Place) -> None:
    place.declare([1, 2])
    ran = take_over(place)
    assert (ran.code, "There is nothing to take over" in ran.out) == (0, True)
    assert not (place.folder / LOCKFILE).exists()  # so that a legacy server still needs --first


def test_all_calls_can_be_marked_as_changed(place: Place) -> None:
    applied(place, [1, 2, 3])
    place.remote.set_status(place.jobs_of(3)[0].id, "noAnswer")
    lose(place)
    ran = take_over(place, "--as-changed")
    assert "They are remembered as created from other data" in ran.out
    assert to_do(place) == {"replace": 2}


def test_jobs_of_an_older_wave_can_be_taken_over_as_such(place: Place) -> None:
    applied(place, [1, 2])
    for n in (1, 2):
        place.remote.set_status(place.jobs_of(n)[0].id, "noAnswer")
    lose(place)
    place.declare([1, 2], wave="2")
    take_over(place, "--wave", "1")
    assert {call.wave for call in place.lock().calls.values()} == {"1"}
    assert to_do(place) == {"add": 2}


def test_settings_count_as_applied(place: Place) -> None:
    applied(place, [1])
    lose(place)
    take_over(place)
    assert "setting" not in place.run("plan").out


# --------------------------------------------------------------------------------------------------- several of a phone


def test_a_second_job_that_may_ring_is_taken_back_by_the_next_apply(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.add_foreign(phone(1))
    lose(place)
    ran = take_over(place)
    assert "1 further job may still ring for a phone that has one already" in ran.out
    assert to_do(place) == {"cancel": 1}
    assert place.apply().code == 0
    assert [len(place.jobs_of(n)) for n in (1, 2)] == [1, 1]
    assert to_do(place) == {}


def test_older_jobs_are_kept_so_that_counts_add_up(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    place.declare([1, 2], word="quokkaother")
    place.apply()  # two replaced: two jobs each
    lose(place)
    ran = take_over(place)
    assert "2 older jobs of these phones kept as former jobs" in ran.out
    place.sandbox.world.clear_requests()
    assert to_do(place) == {}
    assert not any(request.endpoint == "getReportByDate" for request in place.sandbox.world.requests)


def test_a_phone_wanted_under_two_keys_has_a_job_for_each(place: Place) -> None:
    place.declare([1, 2])
    manifest = place.folder / "campaign.yaml"
    manifest.write_text(manifest.read_text().replace("key: {column: id}", "key: {column: id}\n      samePhone: allow"))
    leads = place.folder / "leads.csv"
    leads.write_text(leads.read_text() + f"key-twin,{phone(1)},quokkatwin\n")
    assert place.apply().code == 0
    lose(place)
    ran = take_over(place)
    assert "1 phone is wanted under several keys" in ran.out
    assert to_do(place) == {}
    assert len(place.lock().calls) == 3


# ------------------------------------------------------------------------------------------- phones that are in no list


def test_jobs_of_phones_in_no_list_are_left_alone_and_counted(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    place.remote.add_foreign(phone(7))
    lose(place)
    ran = take_over(place)
    assert "1 job of phones in no list: left alone, unmanaged" in ran.out
    assert mask(7) in ran.out
    assert to_do(place) == {}
    assert "left alone" in place.run("plan").out


def test_jobs_of_phones_in_no_list_can_be_taken_over_and_are_cancelled(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    lose(place)
    place.declare([1])
    take_over(place, "--unlisted")
    assert to_do(place) == {"cancel": 1}
    place.apply()
    assert [len(place.jobs_of(n)) for n in (1, 2)] == [1, 0]


def test_a_queued_job_of_a_suppressed_phone_is_taken_over_and_cancelled(place: Place) -> None:
    applied(place, [1, 2])
    lose(place)
    suppress(place, 2)
    take_over(place)
    assert to_do(place) == {"cancel": 1}


def test_the_same_where_the_phone_is_in_no_list(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    lose(place)
    place.declare([1])
    suppress(place, 2)
    assert "1 job may still ring for a phone that is suppressed" in take_over(place).out
    assert to_do(place) == {"cancel": 1}


def test_a_suppressed_row_without_a_job_is_not_said_to_be_added(place: Place) -> None:
    applied(place, [1])
    lose(place)
    place.declare([1, 2])
    suppress(place, 2)
    assert "has no job" not in take_over(place).out


def suppress(place: Place, *rows: int) -> None:
    """Puts these rows' phones on a suppression list."""
    (place.folder / "quiet.txt").write_text("".join(f"{phone(n)}\n" for n in rows))
    manifest = place.folder / "campaign.yaml"
    manifest.write_text(manifest.read_text() + "  suppress: [{file: quiet.txt}]\n")


# ------------------------------------------------------------------------------------------------- a lock that is there


def test_a_lock_with_calls_is_not_rebuilt(place: Place) -> None:
    applied(place, [1, 2])
    before = (place.folder / LOCKFILE).read_bytes()
    ran = take_over(place)
    assert ran.code == 1
    assert "remembers 2 calls: nothing is to be rebuilt; --merge takes over jobs that it does not own" in ran.err
    assert (place.folder / LOCKFILE).read_bytes() == before


def test_merging_takes_over_the_job_that_blocks_a_new_row(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1])
    place.remote.add_foreign(phone(2))
    place.declare([1, 2])
    assert "campaign import" in place.run("plan").out
    assert take_over(place, "--merge").code == 0
    assert to_do(place) == {}
    place.assert_right()


def test_merging_mends_an_old_lockfile(place: Place) -> None:
    applied(place, [1, 2])
    old = (place.folder / LOCKFILE).read_bytes()
    place.declare([1, 2, 3], word="quokkaother")
    assert place.apply().code == 0  # replaces two and adds one
    (place.folder / LOCKFILE).write_bytes(old)
    assert take_over(place, "--merge").code == 0
    assert to_do(place) == {}
    assert {job.id for job in place.remote.jobs} == {
        job.job_id for call in place.lock().calls.values() for job in call.job_history()
    }


def test_merging_finds_nothing_where_the_lock_owns_every_job(place: Place) -> None:
    applied(place, [1, 2])
    ran = take_over(place, "--merge")
    assert (ran.code, "nothing to take over" in ran.out) == (0, True)


def test_a_stranger_beside_a_queued_call_of_the_lock_is_taken_back(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    place.remote.add_foreign(phone(1))
    assert take_over(place, "--merge").code == 0
    assert to_do(place) == {"cancel": 1}
    place.apply()
    assert [len(place.jobs_of(n)) for n in (1, 2)] == [1, 1]


def test_a_damaged_lockfile_is_rebuilt_only_when_that_is_said(place: Place) -> None:
    applied(place, [1, 2])
    damaged = (place.folder / LOCKFILE).read_bytes()[:-20]
    (place.folder / LOCKFILE).write_bytes(damaged)
    refused = take_over(place)
    assert (refused.code, "`campaign import --rebuild`" in refused.err) == (1, True)
    assert (place.folder / LOCKFILE).read_bytes() == damaged
    ran = take_over(place, "--rebuild")
    assert ran.code == 0
    (kept,) = place.folder.glob(f"{NAME}.lock.2*.jsonl")
    assert kept.read_bytes() == damaged
    assert f"kept as it was: {kept.name}" in ran.err
    assert to_do(place) == {}


def test_a_lock_whose_secret_is_lost_can_be_rebuilt(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkalost")
    applied(place, [1, 2])
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkanew")
    assert take_over(place).code == 1
    assert take_over(place, "--rebuild").code == 0
    assert to_do(place) == {}


# ----------------------------------------------------------------------------------------- a journal with open requests


@pytest.mark.parametrize("fault", ["drop-response", "drop-request"])
def test_a_request_that_was_left_open_is_never_sent_twice(place: Place, fault: str) -> None:
    place.in_doubt(1, 2, fault=fault)
    lose(place)
    ran = take_over(place)
    assert ran.code == 0
    assert to_do(place) == {}  # found, or in doubt until somebody can tell
    assert place.statuses() == ({"p": 2} if fault == "drop-response" else {"q": 2})
    assert ("2 calls of a request that an earlier run left open" in ran.out) is (fault == "drop-request")
    assert place.journal.read_bytes() == b""
    (kept,) = place.folder.glob(f"{NAME}.2*.journal.jsonl")
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()  # it holds phones, as every journal does
    place.assert_clean()


def test_calls_left_in_doubt_can_be_decided(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    lose(place)
    take_over(place)
    assert place.resolve("--not-sent", "--why", "vendor says so").code == 0
    assert place.apply().code == 0
    assert [len(place.jobs_of(n)) for n in (1, 2)] == [1, 1]


def test_a_phone_of_an_open_request_is_blocked_when_it_comes_back_into_the_lists(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    lose(place)
    place.declare([3])
    take_over(place)
    assert to_do(place) == {"add": 1}
    place.declare([1, 3])
    assert to_do(place) == {"add": 1}


def test_open_requests_of_a_lock_that_is_there_are_settled_by_apply_not_here(place: Place) -> None:
    place.in_doubt(1, 2)
    ran = take_over(place, "--merge")
    assert (ran.code, "`campaign apply` settles them" in ran.err) == (1, True)


# --------------------------------------------------------------------------------------------------------- many of them


@pytest.mark.parametrize("dialect", ["current", "legacy"])
def test_thousands_are_taken_over_with_duplicates_and_what_others_cancelled(
    open_place: OpenPlace, dialect: str
) -> None:
    place = open_place(f"dialect={dialect}")
    applied(place, range(1, 6_101))
    jobs = {job.phone: job.id for job in place.remote.jobs}
    for n in range(1, 40):
        place.remote.set_status(jobs[phone(n)], "longCallWithResult")
    for n in range(40, 50):
        place.remote.cancel_externally(jobs[phone(n)])
    place.remote.set_status(jobs[phone(50)], "inProcess")
    for n in (51, 52):
        place.remote.add_foreign(phone(n))
    for n in (53, 54, 55):
        place.remote.add_foreign(phone(n), status="noAnswer")
    lose(place)
    assert take_over(place).code == 0
    assert place.statuses() == {"t": 39, "o": 10, "i": 1, "p": 6_052}
    assert to_do(place) == {"cancel": 2}
    assert place.lock().ledger is not None
    assert place.apply().code == 0
    assert to_do(place) == {}
    assert take_over(place, "--merge").code == 0


# ------------------------------------------------------------------------------------------------------ what is refused


def test_a_listing_that_shows_less_than_the_server_counts_is_not_believed(open_place: OpenPlace) -> None:
    place = open_place("dialect=current", "visible=3600")
    applied_unseen(place)
    ran = take_over(place)
    assert (ran.code, "lists 0 jobs" in ran.err) == (1, True)
    assert not (place.folder / LOCKFILE).exists()


def applied_unseen(place: Place) -> None:
    """Two jobs on the server that its listing does not show yet."""
    place.declare([1, 2])
    for n in (1, 2):
        place.remote.add_foreign(phone(n))


def test_two_lockfiles_of_one_campaign_are_refused(place: Place) -> None:
    applied(place, [1])
    lock = place.folder / LOCKFILE
    lock.rename(place.folder / "other.lock.jsonl")
    assert take_over(place).code == 1


def test_a_run_at_work_is_not_disturbed(place: Place) -> None:
    applied(place, [1])
    lose(place)
    from reconciler.lock.stores.files import FileStore

    with FileStore(place.folder, NAME).hold("campaign apply"):
        assert take_over(place).code == 6


def test_a_wrong_token_is_an_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(place, [1])
    lose(place)
    monkeypatch.setenv("SPRING_TOKEN", "quokkawrong")
    assert take_over(place).code == 1


def test_lists_that_change_while_a_legacy_server_is_asked_are_refused(tmp_path: Path) -> None:
    from reconciler.errors import ManifestError
    from reconciler.phones.model import Desired
    from reconciler.read.existing import checked
    from tests.plan.values import call, campaign

    one = call()
    assert [chunk.phones[0] for chunk in checked(campaign(), Desired((one,)), {one.phone})] == [one.phone]
    with pytest.raises(ManifestError, match="changed while they were read"):
        list(checked(campaign(), Desired((one,)), set()))


# --------------------------------------------------------------------------------------------- people who were erased


def erase(place: Place, n: int) -> None:
    """Somebody is erased, whom nothing can ring any more."""
    assert place.run("erase", phone(n), "--auto-approve").code == 0


def test_a_lockfile_that_is_built_anew_still_knows_whom_the_broken_one_had_erased(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.set_status(place.jobs_of(1)[0].id, "longCallWithResult")
    erase(place, 1)
    lockfile = place.folder / LOCKFILE
    lockfile.write_bytes(lockfile.read_bytes().replace(b'"p"', b'"n"'))  # no longer what its checksum says
    ran = take_over(place, "--rebuild")
    assert "the next apply adds it" not in ran.out
    assert place.statuses() == {"p": 1}
    assert to_do(place) == {}
    assert "1 frozen: erased; nobody calls them again" in place.run("plan").out


def test_what_may_still_ring_for_somebody_who_was_erased_is_taken_over_to_be_taken_back(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.set_status(place.jobs_of(1)[0].id, "longCallWithResult")
    erase(place, 1)
    place.remote.add_foreign(phone(1))
    ran = take_over(place, "--merge")
    assert "1 job may still ring for a phone that is suppressed or was erased" in ran.out
    assert to_do(place) == {"cancel": 1}


def test_a_lost_lockfile_is_built_without_those_whom_one_beside_it_has_erased(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.set_status(place.jobs_of(1)[0].id, "longCallWithResult")
    erase(place, 1)
    other = msgspec.structs.replace(place.lock().header, campaign="autumn", token="", remote="", lineage="another")
    (place.folder / "autumn.lock.jsonl").write_bytes(encode_lock(Lock(other, {})))
    lose(place)
    ran = take_over(place)
    assert "1 job of people who were erased: known by their ids alone" in ran.out
    assert place.statuses() == {"p": 1}
    assert to_do(place) == {}
