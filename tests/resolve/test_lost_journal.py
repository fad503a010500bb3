"""The journal is gone, with the machine that was thrown away; the lockfile remembers which calls are in doubt."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.resolve.conftest import OpenPlace
from tests.resolve.place import NO_READ_BACK, WORD, Place, phone


def lost(place: Place, *rows: int, fault: str) -> None:
    """Calls in doubt of which only the lockfile is left."""
    place.in_doubt(*rows, fault=fault)
    place.journal.unlink()


def test_the_next_apply_finds_the_jobs_by_itself(place: Place) -> None:
    lost(place, 1, 2, 3, fault="drop-response")
    assert place.statuses() == {"q": 3}
    ran = place.apply()
    assert ran.code == 0
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_so_does_resolve(place: Place) -> None:
    lost(place, 1, 2, fault="drop-response")
    assert "whose journal is gone" in place.run("resolve").out
    assert place.resolve("--adopt").code == 0
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_calls_the_server_does_not_have_stay_blocked_and_are_not_sent_on_a_guess(place: Place) -> None:
    lost(place, 1, 2, fault="drop-request")
    place.declare([1, 2, 3])
    for _ in range(2):
        assert place.apply().code == 4
        assert "2 blocked: sent, outcome unknown" in place.run("plan").out
    assert [len(place.jobs_of(n)) for n in (1, 2, 3)] == [0, 0, 1]
    assert place.run("resolve").code == 4


@pytest.mark.parametrize(("verdict", "jobs"), [("--not-sent", 1), ("--sent", 0)])
def test_a_person_can_decide_about_them(place: Place, verdict: str, jobs: int) -> None:
    lost(place, 1, fault="drop-request")
    assert place.resolve(verdict, "--why", "asked the vendor").code == 0
    assert place.apply().code == 0
    assert len(place.jobs_of(1)) == jobs


def test_while_the_server_cannot_be_asked_the_run_ends_with_4_and_sends_nothing(place: Place) -> None:
    lost(place, 1, 2, fault="drop-response")
    place.declare([1, 2, 3])
    place.fault(*NO_READ_BACK)
    ran = place.apply()
    assert ran.code == 4
    assert "cannot be asked" in ran.err
    assert place.mutations()["addPhones"] == 1
    place.heal()
    assert place.apply().code == 0
    place.assert_right()


def test_on_the_current_dialect_jobs_of_people_who_left_the_lists_are_found_and_taken_back(
    open_place: OpenPlace,
) -> None:
    place = open_place("dialect=current")
    lost(place, 1, 2, fault="drop-response")
    place.declare([2])
    assert place.apply().code == 0
    assert place.jobs_of(1) == []
    place.assert_right()


def test_on_the_legacy_dialect_they_cannot_be_asked_for_and_stay_in_doubt(open_place: OpenPlace) -> None:
    place = open_place("dialect=legacy")
    lost(place, 1, 2, fault="drop-response")
    place.declare([2])
    place.apply()
    assert len(place.jobs_of(1)) == 1
    assert place.run("resolve").code == 4
    assert place.mutations()["addPhones"] == 1


@pytest.mark.parametrize("dialect", ["current", "legacy"])
def test_two_calls_of_one_phone_are_each_given_a_job_of_their_own(open_place: OpenPlace, dialect: str) -> None:
    place = open_place(f"dialect={dialect}", "visible=1h")
    place.declare([1])
    manifest, leads = place.folder / "campaign.yaml", place.folder / "leads.csv"
    manifest.write_text(manifest.read_text().replace("- name: leads", "- name: leads\n      samePhone: allow"))
    leads.write_text(leads.read_text() + f"key-other,{phone(1)},{WORD}other\n")
    assert [place.apply().code for _ in range(2)] == [4, 4]  # one request each, and nobody sees their jobs
    place.journal.unlink()
    place.remote.settings = replace(place.remote.settings, visible=0.0)
    assert place.statuses() == {"q": 2}
    assert place.apply().code == 0
    assert len({call.job_id for call in place.lock().calls.values()}) == 2
    assert place.mutations()["addPhones"] == 2
    assert place.run("resolve").code == 0
