"""The main job against a server written by somebody else: few requests, the right ids, and nothing more than shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.acceptance.other_campaign import CANCELLED_WORDS, FINISHED_WORDS
from tests.acceptance.other_server import Asked
from tests.acceptance.warm import Warm
from tests.acceptance.workshop import Ran, Workshop, open_workshop, people, phone


@pytest.mark.parametrize("style", ["plain", "shouting", "strings"])
def test_500_calls_take_as_many_requests_as_batches_and_each_gets_its_own_id(workshop: Workshop) -> None:
    workshop.people(people(500))
    ran = workshop.apply("--batch", "200")
    assert ran.code == 0, ran.text
    sizes = [len(asked.body) for asked in workshop.server.log if asked.endpoint == "addPhones"]
    assert sorted(sizes) == [100, 200, 200]
    assert len(workshop.remote.jobs) == 500
    assert workshop.ids() == workshop.real_ids()


def test_500_calls_go_in_one_request_by_default(workshop: Workshop) -> None:
    workshop.people(people(500))
    assert workshop.apply().code == 0
    assert workshop.server.mutations["addPhones"] == 1
    assert workshop.ids() == workshop.real_ids()


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


# -- a changed list


@dataclass(frozen=True)
class Changed:
    """40 calls applied; then 1-10 go, 11-15 change, 16 changes while called, 17 after it, and 41-47 come."""

    plan: Ran
    asked_by_plan: list[Asked]
    apply: Ran
    asked_by_apply: list[Asked]
    jobs: dict[int, list[str]]
    cancelled: str
    next_plan: Ran


@pytest.fixture(scope="module", params=["legacy", "current"])
def changed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Iterator[Changed]:
    """What came of it."""
    with open_workshop(tmp_path_factory.mktemp("changed"), warm, request.param) as work:
        work.people(people(40))
        assert work.apply().code == 0
        work.remote.set_status(phone(16), "inProcess")
        work.remote.set_status(phone(17), "longCallWithResult")
        rows = [(key, number, f"Other {name}" if int(key[2:]) <= 17 else name) for key, number, name in people(30, 11)]
        work.people([*rows, *people(7, 41)])
        work.server.forget()
        plan = work.run("plan", "--detailed-exitcode")
        asked_by_plan = list(work.server.log)
        work.server.forget()
        apply = work.apply()
        yield Changed(
            plan,
            asked_by_plan,
            apply,
            [asked for asked in work.server.log if asked.is_mutation],
            {n: [job.status for job in work.remote.jobs_of(phone(n))] for n in range(1, 48)},
            work.remote.style.cancelled,
            work.run("plan", "--detailed-exitcode"),
        )


def test_a_plan_says_exactly_what_a_changed_list_does_to_people(changed: Changed) -> None:
    assert changed.plan.code == 2, changed.plan.text
    assert "Plan: 7 to add, 10 to cancel, 5 to replace, 0 to adopt, 0 moves; 23 in step." in changed.plan.out


def test_a_plan_sends_nothing_that_could_change_anything(changed: Changed) -> None:
    assert not [asked for asked in changed.asked_by_plan if asked.is_mutation]


def test_a_changed_list_is_taken_back_in_one_request_and_added_in_the_next(changed: Changed) -> None:
    assert changed.apply.code == 0, changed.apply.text
    assert [asked.endpoint for asked in changed.asked_by_apply] == ["callJob/cancel", "addPhones"]


def test_what_is_added_is_what_changed_and_what_is_new(changed: Changed) -> None:
    added = sorted(item["phone"] for item in changed.asked_by_apply[1].body)
    assert added == [phone(n) for n in [*range(11, 16), *range(41, 48)]]


def test_ten_removed_calls_are_cancelled_and_nobody_else(changed: Changed) -> None:
    assert [changed.jobs[n] for n in range(1, 11)] == [[changed.cancelled]] * 10
    assert [changed.jobs[n] for n in range(18, 41)] == [["planned"]] * 23


def test_five_changed_calls_are_cancelled_before_they_are_added_again(changed: Changed) -> None:
    assert [changed.jobs[n] for n in range(11, 16)] == [[changed.cancelled, "planned"]] * 5


def test_a_changed_call_in_progress_is_left_to_its_end(changed: Changed) -> None:
    assert changed.jobs[16] == ["inProcess"]
    assert "1 deferred" in changed.plan.out


def test_a_changed_call_that_was_made_is_not_made_again(changed: Changed) -> None:
    assert changed.jobs[17] == ["longCallWithResult"]
    assert "1 frozen: already called" in changed.plan.out


def test_afterwards_there_is_nothing_to_do(changed: Changed) -> None:
    assert changed.next_plan.code == 0, changed.next_plan.text
    assert "Plan: 0 to add, 0 to cancel, 0 to replace" in changed.next_plan.out


def test_a_finished_call_is_never_made_again_however_its_status_is_spelled(workshop: Workshop) -> None:
    words = sorted(FINISHED_WORDS - CANCELLED_WORDS - {"notDone"})
    workshop.people(people(len(words) + 1))
    assert workshop.apply().code == 0
    for n, word in enumerate(words, start=1):
        workshop.remote.set_status(phone(n), word)
    workshop.people([(key, number, "Changed") for key, number, _ in people(len(words) + 1)])
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    assert [len(workshop.remote.jobs_of(phone(n))) for n in range(1, len(words) + 2)] == [*[1] * len(words), 2]
