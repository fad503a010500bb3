"""The main job against the sandbox, on both dialects: few requests, the right ids, nothing more than shown."""

from __future__ import annotations

from collections import Counter

import pytest

from reconciler.errors import GuardTripped, InvalidToken, LockError, LockHeld, Refusal
from reconciler.lock.model import CallStatus
from reconciler.lock.stores.files import FileStore
from reconciler.manifest.model import Guards
from reconciler.phones.model import Desired
from reconciler.plan.model import Deferred, Frozen, Unmanaged
from tests.apply.conftest import Open
from tests.apply.stage import ODD, TOKEN
from tests.apply.world import NAME, call, calls, phone

THREE = calls(0, 1, 2)


@pytest.mark.parametrize("style", ["", ODD], ids=["plain", "odd"])
def test_500_calls_take_as_many_requests_as_batches_and_each_lock_line_has_its_own_job(
    open_stage: Open, dialect: str, style: str
) -> None:
    stage, wanted = open_stage(dialect, *filter(None, [style])), calls(*range(500))
    tally = stage.apply(wanted, batch=200)
    assert tally.added == 500
    assert stage.mutations()["addPhones"] == 3
    masks = {locked.job_id: locked.mask for locked in stage.lock().calls.values()}
    assert {job.id: f"{job.phone[:4]}•••{job.phone[-4:]}" for job in stage.remote.jobs} == masks
    stage.assert_right(wanted)


def test_one_apply_takes_back_replaces_adds_defers_and_freezes_with_one_cancel_and_one_add(
    open_stage: Open, dialect: str
) -> None:
    stage, before = open_stage(dialect), calls(*range(30))
    stage.apply(before)
    old = {n: stage.job_of(n).id for n in range(30)}
    stage.remote.set_status(old[10], "inProcess")
    stage.remote.set_status(old[11], "noAnswer")
    sent = stage.mutations()
    changed = [call(n, text="new") for n in range(10, 17)]  # 10 is being called, 11 was, five are queued
    wanted = Desired((*changed, *(call(n) for n in range(17, 37 - 7)), *(call(n) for n in range(30, 37))))
    tally = stage.apply(wanted)  # 0 to 9 are removed
    assert stage.mutations() - sent == Counter(cancel=1, addPhones=1)
    assert (tally.cancelled, tally.replaced, tally.added) == (10, 5, 7)
    assert stage.plan is not None
    assert [type(note) for note in stage.plan.notes] == [Deferred, Frozen]
    assert [stage.remote.job(old[n]).status for n in range(10)] == ["canceled"] * 10
    for n in range(12, 17):
        taken_back, made = stage.jobs_of(n)
        assert (taken_back.status, made.status) == ("canceled", "planned")
        assert taken_back.finished_ms is not None
        assert taken_back.finished_ms <= made.created_ms
        assert made.payload == {"text": "new"}
    assert len(stage.remote.jobs) == 30 + 12


def test_applying_what_is_applied_sends_nothing_and_leaves_the_lockfile_as_it_is(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    before = (stage.folder / f"{NAME}.lock.jsonl").read_bytes()
    stage.assert_right(THREE)
    assert (stage.folder / f"{NAME}.lock.jsonl").read_bytes() == before


def test_a_raised_wave_calls_finished_people_again_and_takes_queued_older_calls_back(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, 1, wave="1"))
    stage.remote.set_status(stage.job_of(0).id, "longCallWithResult")
    tally = stage.apply(calls(0, 1, wave="2"))
    assert (tally.cancelled, tally.added) == (1, 2)
    assert [job.status for job in stage.jobs_of(0)] == ["longCallWithResult", "planned"]
    assert [job.status for job in stage.jobs_of(1)] == ["canceled", "planned"]


def test_a_wave_that_was_done_before_calls_nobody_again(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, wave="1"))
    stage.remote.set_status(stage.job_of(0).id, "noAnswer")
    stage.apply(calls(0, wave="2"))
    stage.remote.set_status(stage.jobs_of(0)[1].id, "noAnswer")
    before = stage.mutations()
    stage.apply(calls(0, wave="1"))
    assert stage.mutations() == before


def test_suppression_takes_a_queued_call_back_and_keeps_a_new_one_from_being_added(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, 1))
    stage.apply(Desired(calls(0, 1, 2).calls, frozenset({phone(0), phone(2)})))
    assert [job.status for job in stage.jobs_of(0)] == ["canceled"]
    assert stage.jobs_of(2) == []
    assert stage.job_of(1).status == "planned"


def test_a_changed_key_sends_no_request(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, 1))
    before = stage.mutations()
    tally = stage.apply(Desired((call(0, key="renamed"), call(1))))
    assert tally.adopted == 1
    assert stage.mutations() == before
    stage.assert_right(Desired((call(0, key="renamed"), call(1))))


def test_a_person_called_under_two_keys_gets_two_jobs_in_two_requests(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    twins = Desired((call(0, key="a", shares=True), call(0, key="b", shares=True, text="b"), call(1)))
    stage.apply(twins)
    assert stage.mutations()["addPhones"] == 2
    jobs = {(job.payload or {}).get("text", "a"): job.id for job in stage.jobs_of(0)}
    locked = {one.job_id for one in stage.lock().calls.values()}
    assert set(jobs) == {"a", "b"}
    assert set(jobs.values()) <= locked


# ------------------------------------------------------------------------------------------ numbers the server refuses


def test_a_number_the_server_refuses_is_set_aside_and_the_rest_is_added(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect, f"rejects={phone(2)}")
    tally = stage.apply(calls(*range(5)))
    assert tally.added == 4
    assert tally.rejected == [("1650•••0002", "phone.bad.format")]
    assert stage.mutations()["addPhones"] == 2
    before = stage.mutations()
    stage.apply(calls(*range(5)))
    assert stage.mutations() == before


def test_a_refused_number_is_tried_again_once_its_data_changes(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect, f"rejects={phone(2)}")
    stage.apply(calls(0, 2))
    stage.apply(Desired((call(0), call(2, to=3))))
    assert stage.job_of(3).status == "planned"


def test_with_many_refused_numbers_halves_let_the_good_ones_through(open_stage: Open, dialect: str) -> None:
    bad = range(0, 200, 10)
    stage = open_stage(dialect, f"rejects={','.join(map(phone, bad))}")
    tally = stage.apply(calls(*range(200)))
    assert tally.added == 180
    assert len(tally.rejected) == 20
    assert sorted(job.phone for job in stage.remote.jobs) == sorted(phone(n) for n in range(200) if n not in bad)
    assert stage.mutations()["addPhones"] <= 3 * len(bad)


def test_a_replaced_call_whose_new_data_is_refused_is_taken_back_and_stays_so(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    stage.remote.reject(phone(1))
    wanted = Desired((call(0), call(1, text="new"), call(2)))
    tally = stage.apply(wanted)
    assert (tally.replaced, tally.cancelled, len(tally.rejected)) == (0, 0, 1)
    assert [job.status for job in stage.jobs_of(1)] == ["canceled"]


# ------------------------------------------------------------------------------- what is found out while taking back


def test_a_call_in_process_that_is_no_longer_wanted_is_cancelled_and_watched_to_its_end(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, 1))
    job = stage.job_of(0)
    stage.remote.set_status(job.id, "inProcess")
    stage.apply(calls(1))
    assert {one.status for one in stage.lock().calls.values()} == {CallStatus.CANCELLING, CallStatus.PLANNED}
    stage.remote.set_status(job.id, "canceled")
    stage.apply(calls(1))
    assert {one.status for one in stage.lock().calls.values()} == {CallStatus.CANCELLED, CallStatus.PLANNED}


def test_a_job_the_server_lost_blocks_its_call_and_does_not_keep_the_others_from_being_cancelled(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    stage.remote.forget(stage.job_of(0).id)
    stage.apply(calls(2))
    assert stage.jobs_of(0) == []
    assert [job.status for job in stage.jobs_of(1)] == ["canceled"]
    stage.apply(calls(0, 2))
    assert stage.jobs_of(0) == []


# -------------------------------------------------------------------------------------------------- other people's jobs


def test_a_phone_that_has_somebody_elses_job_is_not_called_again(open_stage: Open) -> None:
    stage = open_stage("dialect=current")
    stage.apply(calls(0))
    stage.remote.add_foreign(phone(1))
    stage.apply(calls(0, 1, 2))
    assert len(stage.jobs_of(1)) == 1
    assert stage.job_of(2).status == "planned"
    assert stage.plan is not None
    assert Unmanaged(1) in stage.plan.notes


def test_with_foreign_allow_the_phone_is_called_all_the_same(open_stage: Open) -> None:
    stage = open_stage("dialect=current")
    stage.apply(calls(0))
    stage.remote.add_foreign(phone(1))
    stage.apply(calls(0, 1), foreign="allow")
    assert len(stage.jobs_of(1)) == 2


def test_a_call_somebody_else_cancelled_is_left_alone(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, 1))
    stage.remote.cancel_externally(stage.job_of(0).id)
    stage.apply(Desired((call(0, text="new"), call(1))))
    assert [job.status for job in stage.jobs_of(0)] == ["canceled"]


# --------------------------------------------------------------------------------------------------------- refusals


def test_a_lost_lockfile_is_refused_where_the_server_can_tell(open_stage: Open) -> None:
    stage = open_stage("dialect=current")
    stage.apply(THREE)
    (stage.folder / f"{NAME}.lock.jsonl").unlink()
    before = stage.mutations()
    with pytest.raises(Refusal, match="import"):
        stage.apply(THREE)
    assert stage.mutations() == before


def test_without_a_lockfile_a_legacy_campaign_needs_first(open_stage: Open) -> None:
    stage = open_stage("dialect=legacy")
    with pytest.raises(Refusal, match="--first"):
        stage.apply(THREE, is_first=False)
    assert not stage.mutations()
    stage.apply(THREE)
    stage.assert_right(THREE, is_first=False)


def test_a_wrong_token_sends_nothing_and_writes_nothing(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    with pytest.raises(InvalidToken):
        stage.apply(THREE, token="wrong", state="running")
    assert not stage.mutations()
    assert not (stage.folder / f"{NAME}.lock.jsonl").exists()


def test_a_token_that_leads_to_another_campaign_than_the_locks_is_refused(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    stage.sandbox.world.add_campaign(f"other:{dialect}:state=paused")
    before = stage.mutations()
    with pytest.raises(Refusal, match="another campaign"):
        stage.apply(calls(0, 1, 2, 3), token="other")
    assert stage.mutations() == before


def test_a_renamed_campaign_beside_its_old_lockfile_is_refused(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    before = stage.mutations()
    with pytest.raises(Refusal, match="same campaign"):
        stage.apply(THREE, name="summer-promo")
    assert stage.mutations() == before


def test_a_renamed_lockfile_is_refused(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    (stage.folder / f"{NAME}.lock.jsonl").rename(stage.folder / "summer-promo.lock.jsonl")
    with pytest.raises(LockError, match="renamed or copied"):
        stage.apply(THREE, name="summer-promo")


def test_a_second_run_is_told_that_the_first_holds_the_lock(open_stage: Open) -> None:
    stage = open_stage()
    with FileStore(stage.folder, NAME).hold("campaign apply of somebody"), pytest.raises(LockHeld, match="somebody"):
        stage.apply(THREE)
    assert not stage.mutations()


def test_a_finished_campaign_takes_no_more_calls_and_nothing_is_sent(open_stage: Open) -> None:
    stage = open_stage(state="finished")
    with pytest.raises(Refusal, match="finished"):
        stage.apply(THREE, state="running")
    assert not stage.mutations()


def test_a_plan_that_is_not_approved_does_nothing(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.is_approved = False
    stage.apply(THREE)
    assert not stage.mutations()
    assert not (stage.folder / f"{NAME}.lock.jsonl").exists()


# ----------------------------------------------------------------------------------------------------------- guards


def test_a_guard_about_adding_holds_adds_back_while_what_is_safe_is_done(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0, 1))
    wanted = calls(1, 2, 3, 4)
    with pytest.raises(GuardTripped):
        stage.apply(wanted, guards=Guards(new_calls=2, cancel_percent=100), payload={"brand": "Acme"})
    assert stage.tally.withheld == 3
    assert [job.status for job in stage.jobs_of(0)] == ["canceled"]
    assert stage.jobs_of(2) == []
    assert stage.lock().header.payload == {}
    stage.apply(wanted, guards=Guards(new_calls=2), allowed={"new-calls": 3}, payload={"brand": "Acme"})
    assert stage.job_of(2).status == "planned"
    assert stage.lock().header.payload == {"brand": "Acme"}


def test_neither_lockfile_nor_mutex_holds_a_phone_or_the_token(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(THREE)
    written = b"".join(path.read_bytes() for path in stage.folder.glob("*.lock*"))
    assert written
    assert phone(0).encode() not in written
    assert TOKEN.encode() not in written
