"""The main job against a server written by somebody else: few requests, the right ids, and nothing more than shown."""

from __future__ import annotations

import pytest

from tests.acceptance.other_campaign import FINISHED_WORDS
from tests.acceptance.workshop import Workshop, people, phone

every_style = pytest.mark.parametrize("style", ["plain", "shouting", "strings"])


@every_style
def test_500_calls_take_as_many_requests_as_batches_and_each_gets_its_own_id(workshop: Workshop) -> None:
    workshop.people(people(500))
    ran = workshop.apply("--batch", "200")
    assert ran.code == 0, ran.text
    assert workshop.server.mutations["addPhones"] == 3
    assert sorted(len(asked.body) for asked in workshop.server.log if asked.endpoint == "addPhones") == [100, 200, 200]
    assert len(workshop.remote.jobs) == 500
    assert workshop.ids() == workshop.real_ids()


def test_500_calls_go_in_one_request_by_default(workshop: Workshop) -> None:
    workshop.people(people(500))
    assert workshop.apply().code == 0
    assert workshop.server.mutations["addPhones"] == 1
    assert workshop.ids() == workshop.real_ids()


@every_style
def test_with_nothing_to_do_neither_plan_nor_apply_sends_a_mutating_request(workshop: Workshop) -> None:
    workshop.people(people(20))
    assert workshop.apply().code == 0
    before = workshop.lockfile.read_bytes()
    workshop.server.forget()
    planned = workshop.run("plan", "--detailed-exitcode")
    applied = workshop.apply()
    assert (planned.code, applied.code) == (0, 0), planned.text + applied.text
    assert "Nothing to do: 20 calls in step." in planned.out
    assert not workshop.server.mutations
    assert workshop.lockfile.read_bytes() == before


def test_the_payload_and_policy_of_a_call_arrive_as_declared(workshop: Workshop) -> None:
    workshop.manifest(payload={"brand": "Acme"}, policy={"maxAttempts": 3, "allowedDays": ["mon", "tue"]}, wave="1")
    workshop.people(people(1))
    assert workshop.apply().code == 0
    (job,) = workshop.remote.jobs.values()
    assert job.request == {
        "phone": phone(1),
        "payload": {"brand": "Acme", "first_name": "Name1"},
        "maxAttempts": 3,
        "allowedDays": ["mon", "tue"],
    }


def changed_list(workshop: Workshop) -> None:
    """After an apply of 40: 1–10 are gone, 11–15 changed, 16 changed while called, 17 changed after it, 7 are new."""
    workshop.people(people(40))
    assert workshop.apply().code == 0
    workshop.remote.set_status(phone(16), "inProcess")
    workshop.remote.set_status(phone(17), "longCallWithResult")
    workshop.server.forget()
    rows = [(key, number, f"Other {name}" if int(key[2:]) <= 17 else name) for key, number, name in people(30, 11)]
    workshop.people([*rows, *people(7, 41)])


def test_a_plan_says_exactly_what_a_changed_list_does_to_people(workshop: Workshop) -> None:
    changed_list(workshop)
    ran = workshop.run("plan", "--detailed-exitcode")
    assert ran.code == 2, ran.text
    assert "Plan: 7 to add, 10 to cancel, 5 to replace, 0 to adopt, 0 moves; 23 in step." in ran.out
    assert not workshop.server.mutations


def test_a_changed_list_is_cancelled_in_one_request_and_added_in_another(workshop: Workshop) -> None:
    changed_list(workshop)
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    assert workshop.server.mutations == {"callJob/cancel": 1, "addPhones": 1}
    order = [asked for asked in workshop.server.log if asked.is_mutation]
    assert [asked.endpoint for asked in order] == ["callJob/cancel", "addPhones"]
    assert sorted(item["phone"] for item in order[1].body) == [phone(n) for n in [*range(11, 16), *range(41, 48)]], ran.text


def test_a_changed_list_cancels_10_replaces_5_adds_7_and_leaves_everybody_else_alone(workshop: Workshop) -> None:
    changed_list(workshop)
    assert workshop.apply().code == 0
    jobs = {n: [job.status for job in workshop.remote.jobs_of(phone(n))] for n in range(1, 48)}
    cancelled = workshop.remote.style.cancelled
    assert all(jobs[n] == [cancelled] for n in range(1, 11))
    assert all(jobs[n] == [cancelled, "planned"] for n in range(11, 16))
    assert jobs[16] == ["inProcess"]
    assert jobs[17] == ["longCallWithResult"]
    assert all(jobs[n] == ["planned"] for n in range(18, 48))
    assert max(workshop.remote.ringing.values()) == 1


def test_after_a_changed_list_only_the_calls_that_were_too_late_are_still_noted(workshop: Workshop) -> None:
    changed_list(workshop)
    assert workshop.apply().code == 0
    ran = workshop.run("plan", "--detailed-exitcode")
    assert ran.code == 0, ran.text
    assert "1 being called now" in ran.out or "being called" in ran.out
    assert "already called" in ran.out


@pytest.mark.parametrize("status", sorted(FINISHED_WORDS - {"canceled", "cancelledByUser", "notDone"}))
def test_a_finished_call_is_never_made_again_however_its_status_is_spelled(workshop: Workshop, status: str) -> None:
    workshop.people(people(3))
    assert workshop.apply().code == 0
    workshop.remote.set_status(phone(2), status)
    workshop.server.forget()
    workshop.people([(key, number, "Changed") for key, number, _ in people(3)])
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    assert len(workshop.remote.jobs_of(phone(2))) == 1
    assert len(workshop.remote.jobs_of(phone(1))) == 2
