"""Lost answers, signals and crashes: whatever happens, nobody is called twice and the next apply finishes."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.acceptance.workshop import Ran, Workshop, ended, people, phone

SOON = ("--timeout", "1", "--settle", "1")
LOST_AFTER = ["drop", "500-after", "cut", "nonsense"]  # the server did what it was asked
LOST_BEFORE = ["lose", "500", "502"]  # it did not


def once_each(work: Workshop, count: int) -> None:
    """Fails unless each of the first people has one job, the lock pairs it rightly and the journal is empty."""
    assert work.remote.ringing == {phone(n): 1 for n in range(1, count + 1)}
    assert work.ids() == work.real_ids()
    assert work.journal.read_bytes() == b""


def nothing_left(work: Workshop) -> None:
    """Fails unless another apply sends nothing."""
    work.server.forget()
    ran = work.apply(*SOON)
    assert ran.code == 0, ran.text
    assert not work.server.mutations


# -- lost answers


@pytest.mark.parametrize("fault", LOST_AFTER)
def test_an_answer_that_is_lost_after_the_calls_were_added_adds_nobody_again(workshop: Workshop, fault: str) -> None:
    workshop.people(people(5))
    workshop.server.fault("addPhones", fault)
    ran = workshop.apply(*SOON)
    assert ran.code == 0, ran.text
    assert workshop.server.mutations["addPhones"] == 1
    once_each(workshop, 5)
    nothing_left(workshop)


@pytest.mark.parametrize("fault", LOST_BEFORE)
def test_an_answer_that_is_lost_before_the_calls_were_added_is_found_out_and_they_are_added(
    workshop: Workshop, fault: str
) -> None:
    workshop.people(people(5))
    workshop.server.fault("addPhones", fault)
    ran = workshop.apply(*SOON)
    assert ran.code == 0, ran.text
    assert workshop.server.mutations["addPhones"] == 2
    once_each(workshop, 5)


def test_a_request_that_takes_effect_after_its_client_gave_up_is_not_repeated(workshop: Workshop) -> None:
    workshop.people(people(5))
    workshop.server.fault("addPhones", "slow:1.5")
    ran = workshop.apply(*SOON)
    assert ran.code == 0, ran.text
    assert workshop.server.mutations["addPhones"] == 1
    once_each(workshop, 5)


def test_a_server_that_ignores_idempotence_keys_changes_nothing_about_that(current: Workshop) -> None:
    current.remote.honours_keys = False
    current.people(people(5))
    current.server.fault("addPhones", "drop")
    current.server.fault("addPhones", "lose")
    ran = current.apply("--batch", "3", *SOON)
    assert ran.code == 0, ran.text
    once_each(current, 5)


@pytest.mark.parametrize("skew_s", [-3600.0, 3600.0])
def test_a_lost_answer_is_found_out_although_the_clocks_differ_by_an_hour(current: Workshop, skew_s: float) -> None:
    current.remote.skew_s = skew_s
    current.people(people(5))
    current.server.fault("addPhones", "drop")
    ran = current.apply(*SOON)
    assert ran.code == 0, ran.text
    once_each(current, 5)


@pytest.mark.parametrize("fault", ["", "drop"])
def test_jobs_that_show_in_reports_only_after_a_while_are_waited_for(workshop: Workshop, fault: str) -> None:
    workshop.remote.lag_s = 1.0
    workshop.people(people(5))
    workshop.server.fault("addPhones", fault)
    ran = workshop.apply(*SOON)
    assert ran.code == 0, ran.text
    once_each(workshop, 5)


def test_with_jobs_of_others_among_them_only_ours_are_taken_up_after_a_lost_answer(current: Workshop) -> None:
    current.people(people(2))
    assert current.apply().code == 0
    for number in range(50, 260):
        current.remote.seed(phone(number)).created_ms = current.remote.now_ms()
    current.people(people(5))
    current.server.fault("addPhones", "drop")
    ran = current.apply(*SOON)
    assert ran.code == 0, ran.text
    assert current.ids() == {number: job for number, job in current.real_ids().items() if number <= "0005"}


@pytest.mark.parametrize("fault", [*LOST_AFTER, *LOST_BEFORE, "429"])
def test_a_cancel_whose_answer_is_lost_takes_everybody_back_all_the_same(current: Workshop, fault: str) -> None:
    current.people(people(5))
    assert current.apply().code == 0
    current.people(people(2))
    current.server.fault("callJob/cancel", fault)
    ran = current.apply(*SOON)
    assert ran.code == 0, ran.text
    assert current.remote.ringing == {phone(1): 1, phone(2): 1}
    nothing_left(current)


def test_a_server_that_is_busy_is_asked_again(workshop: Workshop) -> None:
    workshop.people(people(5))
    workshop.server.fault("addPhones", "429", 2)
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    once_each(workshop, 5)


def test_when_nobody_can_tell_the_calls_are_unknown_and_exit_4_says_so(current: Workshop) -> None:
    current.people(people(5))
    current.server.fault("addPhones", "drop")
    current.server.fault("callJob/getReportByDate", "500", 100)
    ran = current.apply(*SOON)
    assert ran.code == 4, ran.text
    assert "campaign resolve" in ran.text
    assert current.journal.read_bytes()


def test_unknown_calls_are_taken_up_by_the_next_apply_that_can_ask(current: Workshop) -> None:
    current.people(people(5))
    current.server.fault("addPhones", "drop")
    current.server.fault("callJob/getReportByDate", "500", 100)
    assert current.apply(*SOON).code == 4
    current.server.faults.clear()
    ran = current.apply(*SOON)
    assert ran.code == 0, ran.text
    assert current.server.mutations["addPhones"] == 1
    once_each(current, 5)


# -- signals and crashes


def interrupted(work: Workshop, *signals: signal.Signals, count: int = 6, at_once: int = 1, timeout_s: int = 20) -> Ran:
    """An apply of people, two a request, that gets signals while the first `at_once` requests are in flight."""
    work.people(people(count))
    gate = work.server.gate("addPhones")
    first = ["--first"] if work.remote.dialect == "legacy" else []
    options = ["--batch", "2", "--parallelism", str(at_once), "--timeout", str(timeout_s), *first]
    process = work.start("apply", "--auto-approve", *options)
    assert gate.arrived.wait(30)
    assert process.stderr is not None
    for number, sent in enumerate(signals):
        process.send_signal(sent)
        if number + 1 < len(signals):
            process.stderr.readline()  # it has said that it is finishing
    if signals[-1:] == (signal.SIGKILL,) or len(signals) > 1:
        process.wait(30)
    else:
        process.stderr.readline()
    gate.release.set()
    return ended(process)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_request_in_flight_and_stops_cleanly(workshop: Workshop, sent: signal.Signals) -> None:
    ran = interrupted(workshop, sent)
    assert ran.code == 1, ran.text
    assert "stopped on request" in ran.err
    assert workshop.server.mutations == {"addPhones": 1}
    once_each(workshop, 2)


def test_a_signal_finishes_all_requests_in_flight_and_begins_no_more(current: Workshop) -> None:
    ran = interrupted(current, signal.SIGTERM, count=12, at_once=3)
    assert ran.code == 1, ran.text
    assert current.server.mutations == {"addPhones": 3}
    once_each(current, 6)
    assert current.apply(*SOON).code == 0
    once_each(current, 12)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("signals", [(signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGKILL,)])
def test_however_an_apply_was_ended_the_next_one_finishes_it(
    workshop: Workshop, signals: tuple[signal.Signals, ...], at_once: int
) -> None:
    # What the next run has to wait for; a run that finishes its requests has to have the time to.
    timeout_s = 20 if signals == (signal.SIGINT,) else 3
    ran = interrupted(workshop, *signals, count=10, at_once=at_once, timeout_s=timeout_s)
    assert ran.code in (1, -signals[-1]), ran.text
    again = workshop.run("apply", "--auto-approve", "--timeout", "1", "--settle", "0", "--first")
    assert again.code == 0, again.text
    once_each(workshop, 10)


def test_a_second_signal_ends_the_command_at_once(current: Workshop) -> None:
    ran = interrupted(current, signal.SIGINT, signal.SIGINT)
    assert ran.code == -signal.SIGINT
    assert current.journal.read_bytes()


def test_after_a_crash_a_plan_says_what_is_in_doubt_and_changes_nothing(current: Workshop) -> None:
    interrupted(current, signal.SIGKILL)
    before = current.journal.read_bytes(), current.lockfile.read_bytes()
    ran = current.run("plan")
    assert ran.code == 0, ran.text
    assert "2 blocked" in ran.out
    assert current.server.mutations.total() <= 1  # that of the apply that crashed, which may still be on its way
    assert (current.journal.read_bytes(), current.lockfile.read_bytes()) == before


# -- two at a time


@pytest.fixture
def held(current: Workshop) -> Workshop:
    """A campaign that somebody is applying right now."""
    current.people(people(3))
    return current


def applying(work: Workshop, *options: str) -> subprocess.Popen[bytes]:
    """An apply that waits in the middle of its request."""
    gate = work.server.gate("addPhones")
    process = work.start("apply", "--auto-approve", *options)
    assert gate.arrived.wait(30)
    return process


def test_a_second_apply_is_told_who_holds_the_lock_since_when_and_what_for(held: Workshop) -> None:
    process = applying(held)
    ran = held.apply()
    held.server.gates["addPhones"].release.set()
    assert ended(process).code == 0
    assert ran.code == 6, ran.text
    assert f"process {process.pid}" in ran.err
    assert "campaign apply" in ran.err
    assert "since 20" in ran.err
    once_each(held, 3)


def test_planning_and_halting_need_no_lock(held: Workshop) -> None:
    process = applying(held)
    codes = [held.run(*command).code for command in (["plan"], ["status"], ["halt", "--all"])]
    held.server.gates["addPhones"].release.set()
    assert ended(process).code == 0
    assert codes == [0, 0, 6]  # halt has paused it, and says that an apply is at work
    assert held.remote.state == "paused"


@pytest.mark.parametrize("state", ["new", "paused"])
def test_after_the_apply_that_halt_names_is_ended_and_halt_repeated_nobody_calls(held: Workshop, state: str) -> None:
    held.remote.state = state
    process = applying(held)
    first = held.run("halt", "--all")
    assert first.code == 6
    assert f"process {process.pid}" in first.err
    process.send_signal(signal.SIGTERM)
    held.server.gates["addPhones"].release.set()
    assert ended(process).code == 1
    assert held.run("halt", "--all").code == 0
    assert held.remote.state == state


def test_a_lock_whose_owner_died_holds_nobody_up(held: Workshop) -> None:
    process = applying(held, "--timeout", "3")
    process.send_signal(signal.SIGKILL)
    ended(process)
    held.server.gates["addPhones"].release.set()
    ran = held.apply(*SOON)
    assert ran.code == 0, ran.text
    once_each(held, 3)
