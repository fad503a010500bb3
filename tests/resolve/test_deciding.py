"""`campaign resolve --sent` and `--not-sent`: a person decides, and the lockfile remembers who and why."""

from __future__ import annotations

import getpass
import os
import re

import pytest

from tests.resolve.place import Place, mask

WHY = ("--why", "vendor confirms on 2024-01-02, ticket 4711")


def shown_id(place: Place, n: int) -> str:
    """The id by which the n-th row's call is shown."""
    found = re.search(rf"{mask(n)}\s+(\S+)", place.run("resolve").out)
    assert found
    return found[1]


def test_after_not_sent_the_next_apply_adds_each_once(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    assert place.resolve("--not-sent", *WHY).code == 0
    assert place.run("resolve").code == 0
    assert place.jobs_of(1) == []
    assert place.apply().code == 0
    place.assert_right()


def test_calls_that_are_no_longer_wanted_are_not_added_after_not_sent(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    assert place.resolve("--not-sent", *WHY).code == 0
    place.declare([2])
    assert place.apply().code == 0
    assert place.jobs_of(1) == []
    place.assert_right()


def test_after_sent_nothing_adds_them_again_in_this_wave_and_a_raised_wave_does(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    assert place.resolve("--sent", *WHY).code == 0
    for word in ("same", "changed"):
        place.declare([1, 2], word=word)
        assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 1  # the one that was dropped
    place.declare([1, 2], wave="2")
    assert place.apply().code == 0
    assert len(place.remote.jobs) == 2
    place.assert_right()


def test_a_decision_is_kept_with_when_who_why_and_about_which_calls(place: Place) -> None:
    place.in_doubt(1, 2)
    assert place.resolve("--sent", *WHY, "--who", "Ann, on call").code == 0
    (decision,) = place.lock().header.decisions
    assert (decision.verdict, decision.why, decision.who) == ("sent", WHY[1], "Ann, on call")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", decision.at)
    assert set(decision.calls) == set(place.lock().calls)
    place.declare([1, 2, 3])
    place.apply()
    assert place.lock().header.decisions == (decision,)
    place.assert_clean()


def test_who_decides_is_the_user_of_the_machine_unless_said_otherwise(place: Place) -> None:
    place.in_doubt(1)
    place.resolve("--sent", *WHY)
    (decision,) = place.lock().header.decisions
    assert decision.who.startswith(f"{getpass.getuser()}@")


def test_a_user_without_a_name_decides_by_number(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987_654_321)  # as in many a container
    place.in_doubt(1)
    assert place.resolve("--sent", *WHY).code == 0
    (decision,) = place.lock().header.decisions
    assert decision.who.startswith("987654321@")


def test_decisions_are_kept_in_the_order_in_which_they_were_taken(place: Place) -> None:
    place.in_doubt(1, 2)
    assert place.resolve("--not-sent", "--why", "first", "--call", shown_id(place, 2)).code == 4
    assert place.resolve("--sent", "--why", "second").code == 0
    assert [each.why for each in place.lock().header.decisions] == ["first", "second"]


# ---------------------------------------------------------------------------------------------------------- only some


def test_deciding_about_one_call_leaves_the_others_an_open_question(place: Place) -> None:
    place.in_doubt(1, 2, 3, fault="drop-request")
    one = shown_id(place, 2)
    ran = place.resolve("--sent", *WHY, "--call", one)
    assert ran.code == 4
    left = place.run("resolve").out
    assert "addPhones of 2 calls" in left
    assert one not in left


def test_the_others_are_added_by_the_next_apply_once_it_can_be_sure(place: Place) -> None:
    place.in_doubt(1, 2, 3, fault="drop-request")
    place.resolve("--sent", *WHY, "--call", shown_id(place, 2))
    assert place.apply().code == 0
    assert [len(place.jobs_of(n)) for n in (1, 2, 3)] == [1, 0, 1]
    place.assert_right([1, 3])


def test_the_others_are_found_by_the_next_apply_where_they_were_added(place: Place) -> None:
    place.in_doubt(1, 2, 3)
    place.resolve("--sent", *WHY, "--call", shown_id(place, 2))
    assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 1
    assert [len(place.jobs_of(n)) for n in (1, 2, 3)] == [1, 1, 1]
    place.assert_right([1, 3])


def test_several_calls_can_be_named(place: Place) -> None:
    place.in_doubt(1, 2, 3, fault="drop-request")
    named = [part for n in (1, 3) for part in ("--call", shown_id(place, n))]
    assert place.resolve("--not-sent", *WHY, *named).code == 4
    assert place.resolve("--sent", *WHY).code == 0
    assert place.apply().code == 0
    assert [len(place.jobs_of(n)) for n in (1, 2, 3)] == [1, 0, 1]


# ------------------------------------------------------------------------------------------------ jobs that are strange


def strange(place: Place) -> None:
    """An applied campaign in which the server lost the first job, and has a word of its own for the second."""
    place.declare([1, 2, 3])
    place.apply()
    place.remote.forget(place.jobs_of(1)[0].id)
    place.remote.set_status(place.jobs_of(2)[0].id, "beamedUp")
    assert place.apply().code == 0
    assert place.statuses() == {"m": 1, "u": 1, "p": 1}


def test_a_missing_job_that_counts_as_sent_is_left_at_that(place: Place) -> None:
    strange(place)
    assert place.resolve("--sent", *WHY).code == 0
    assert place.apply().code == 0
    assert place.statuses() == {"v": 2, "p": 1}
    assert place.mutations()["addPhones"] == 1
    assert "blocked" not in place.run("plan").out


def test_a_missing_job_that_counts_as_never_sent_is_added_again(place: Place) -> None:
    strange(place)
    assert place.resolve("--not-sent", *WHY, "--call", shown_id(place, 1)).code == 4
    assert place.apply().code == 0
    assert place.statuses() == {"u": 1, "p": 2}
    assert len(place.jobs_of(1)) == 1
    assert len(place.jobs_of(2)) == 1


def test_a_job_in_a_strange_status_can_be_decided_by_itself(place: Place) -> None:
    strange(place)
    assert place.resolve("--sent", *WHY, "--call", shown_id(place, 2)).code == 4
    assert place.statuses() == {"m": 1, "v": 1, "p": 1}
