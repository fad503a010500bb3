"""The lockfile and journal of a run: written before each request and after, and only when there is something to say."""

from __future__ import annotations

import pytest

from reconciler.errors import LockError, OutcomeUnknown
from reconciler.lock.journal import Answered, Begin, Closed, Doubtful, Entry, Intent, parse_journal
from reconciler.lock.lockfile import decode_lock
from reconciler.phones.model import Desired
from tests.apply.server import Answer
from tests.apply.world import NAME, Crash, World, call, calls, phone

ADD = "post addPhones"
REPORTS = ("getReport", "callJob/getReport", "callJob/getReportByDate")
TWO = calls(0, 1)


def entries(world: World) -> tuple[Entry, ...]:
    return parse_journal(world.disk.journal, "journal").entries


def kinds(world: World) -> list[type]:
    return [type(entry.record) for entry in entries(world)]


def serial(world: World) -> int:
    assert world.disk.lock is not None
    return decode_lock(world.disk.lock, campaign=NAME, shown="lock").header.serial


def test_the_intent_with_the_exact_request_is_on_disk_before_the_request_is_sent() -> None:
    world = World(state="paused")
    seen: list[bytes] = []
    world.server.watch = lambda path: seen.append(world.disk.journal) if path == "addPhones" else None
    world.apply(TWO, state="paused")
    (journal,) = seen
    begin, intent = (entry.record for entry in parse_journal(journal, "journal").entries)
    assert isinstance(begin, Begin)
    assert isinstance(intent, Intent)
    assert intent.body.encode() == b"[" + b",".join(one.request for one in TWO.calls) + b"]"
    assert intent.idempotence_key == world.server.keys[0]


def test_every_step_of_an_add_is_recorded_in_turn() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"replace lock#2": "before"}, state="paused")
    assert kinds(world) == [Begin, Intent, Answered, Closed]


def test_a_lost_answer_is_recorded_as_doubtful() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"post addPhones#1": "lost, never", "sleep": "before"}, state="paused")
    assert kinds(world) == [Begin, Intent, Doubtful]


def test_the_identical_request_is_recorded_before_the_one_it_repeats_is_closed() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"post addPhones#1": "lost, never", "append#4": "before"}, state="paused")
    assert kinds(world) == [Begin, Intent, Doubtful, Intent]
    first, again = (entry for entry in entries(world) if isinstance(entry.record, Intent))
    assert isinstance(first.record, Intent)
    assert isinstance(again.record, Intent)
    assert again.record.recovers == first.seq
    assert again.record.body == first.record.body
    assert again.record.idempotence_key == first.record.idempotence_key
    assert again.record.created_ms == first.record.created_ms
    assert again.record.deadline_ms > first.record.deadline_ms


def test_a_lockfile_is_there_before_the_first_journal_record() -> None:
    world = World(state="paused")
    world.apply(TWO, state="paused")
    assert world.power.effects[:4] == ["replace lock", "replace journal", "append", ADD]


def test_the_serial_counts_changes_of_the_lockfile_and_nothing_else() -> None:
    world = World(state="paused")
    world.apply(TWO, state="paused")
    first = serial(world)
    world.apply(TWO, state="paused")
    assert serial(world) == first
    world.apply(calls(0, 1, 2), state="paused")
    assert serial(world) == first + 1


def test_an_apply_with_nothing_to_do_writes_nothing() -> None:
    world = World(state="paused")
    world.apply(TWO, state="paused")
    world.apply(TWO, state="paused")
    assert world.power.effects == []


def test_outcomes_in_a_journal_are_taken_into_the_lockfile_under_a_new_serial() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"replace lock#2": "before"}, state="paused")
    before = serial(world)
    world.apply(TWO, state="paused")
    assert serial(world) == before + 1
    assert world.disk.journal == b""
    assert world.changes == ["addPhones"]


def test_a_journal_behind_its_lockfile_is_replaced_before_anything_is_added_to_it() -> None:
    world = World(state="paused")
    with pytest.raises(Crash):
        world.apply(TWO, {"replace lock#2": "after"}, state="paused")
    before = serial(world)
    with pytest.raises(Crash):
        world.apply(calls(0, 1, 2), {ADD: "crash after"}, state="paused")
    assert world.power.effects[:3] == ["replace lock", "replace journal", "append"]
    assert serial(world) == before
    world.apply(calls(0, 1, 2), state="paused")
    assert [len(world.jobs_that_count(phone(n))) for n in range(3)] == [1, 1, 1]


def test_a_journal_behind_its_lockfile_with_an_open_request_keeps_it() -> None:
    world = World(state="paused")
    world.apply(calls(9), state="paused")
    world.server.jobs["5665330001"].status = "noAnswer"
    world.apply(calls(9), state="paused")
    world.server.refusals = {path: Answer(200, "a page") for path in REPORTS}
    with pytest.raises((OutcomeUnknown, Crash)):
        world.apply(calls(0, 9), {"replace lock": "after"}, state="paused")
    world.server.refusals.clear()
    world.apply(calls(0, 9), state="paused")
    assert world.changes == ["addPhones", "addPhones"]
    assert len(world.jobs_that_count(phone(0))) == 1


def test_an_open_request_is_kept_in_the_journal_with_all_that_is_known_of_it() -> None:
    world = World(state="paused")
    world.server.refusals = {path: Answer(200, "a page") for path in REPORTS}
    with pytest.raises(OutcomeUnknown):
        world.apply(TWO, state="paused")
    assert kinds(world) == [Begin, Intent, Answered]
    world.server.refusals.clear()
    world.apply(TWO, state="paused")
    world.server.refusals = {"callJob/getReportByDate": Answer(200, "a page")}
    with pytest.raises(OutcomeUnknown):
        world.apply(calls(0, 1, 2), {ADD: "lost, done"}, state="paused")
    assert kinds(world) == [Begin, Intent, Doubtful]


@pytest.mark.parametrize("kind", ["append", "replace"])
def test_a_full_disk_stops_the_run_before_anything_is_sent_and_the_next_one_finishes(kind: str) -> None:
    world = World(state="paused")
    world.disk.fails = kind
    with pytest.raises(LockError) as raised:
        world.apply(TWO, state="paused")
    assert raised.value.exit_code == 1
    assert "No space left" in str(raised.value)
    assert world.changes == []
    world.disk.fails = ""
    world.apply(TWO, state="paused")
    assert world.changes == ["addPhones"]


def test_a_disk_that_fills_up_while_a_request_is_under_way_ends_as_unknown_and_is_recovered() -> None:
    world = World(state="paused")
    world.server.watch = lambda path: setattr(world.disk, "fails", "append") if path == "addPhones" else None
    with pytest.raises(LockError) as raised:
        world.apply(TWO, state="paused")
    assert raised.value.exit_code == 4
    world.server.watch = lambda path: None
    world.disk.fails = ""
    world.apply(TWO, state="paused")
    assert world.changes == ["addPhones"]
    assert [len(world.jobs_that_count(phone(n))) for n in range(2)] == [1, 1]


def test_a_new_key_is_on_disk_before_anything_is_recorded_under_it() -> None:
    world = World(state="paused")
    world.apply(TWO, state="paused")
    wanted = Desired((call(0, key="renamed"), call(1), call(2)))
    world.apply(wanted, state="paused")
    assert world.power.effects[:3] == ["replace lock", "replace journal", "append"]


def test_what_an_earlier_run_was_about_to_send_is_still_known_after_a_key_was_changed() -> None:
    world = World(state="paused")
    world.apply(TWO, state="paused")
    with pytest.raises(Crash):
        world.apply(calls(0, 1, 2), {ADD: "crash before"}, state="paused")
    world.apply(Desired((call(0, key="renamed"), call(1), call(2))), state="paused")
    assert world.disk.journal == b""
    assert [len(world.jobs_that_count(phone(n))) for n in range(3)] == [1, 1, 1]


def test_a_long_run_writes_its_lockfile_now_and_then_less_often_the_more_it_holds() -> None:
    world = World(state="paused")
    world.apply(calls(*range(32)), state="paused", batch=2, checkpoint=4)
    posts_before_each_save = [0]
    for effect in world.power.effects:
        if effect == "replace lock":
            posts_before_each_save.append(0)
        posts_before_each_save[-1] += effect == ADD
    # A header first; then after 4 calls, and whenever half of what the lockfile would hold is new.
    assert posts_before_each_save == [0, 2, 2, 4, 8, 0]


def test_a_run_cut_off_after_a_checkpoint_is_finished_by_the_next() -> None:
    wanted = calls(*range(8))
    for number in range(1, 60):
        world = World(state="paused")
        try:
            world.apply(wanted, {number: "after"}, state="paused", batch=2, checkpoint=2)
        except Crash:
            world.apply(wanted, state="paused", batch=2, checkpoint=2)
        assert [len(world.jobs_that_count(phone(n))) for n in range(8)] == [1] * 8
