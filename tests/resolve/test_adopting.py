"""`campaign resolve --adopt`: the server is asked once more, and what it has is taken over."""

from __future__ import annotations

import msgspec
import pytest

from reconciler.apply.book import Book
from reconciler.lock.stores.files import FileStore
from reconciler.read.remembered import read_remembered
from tests.apply.world import campaign
from tests.lock.samples import owned_jobs
from tests.resolve.place import NAME, NO_READ_BACK, Place


def test_jobs_the_server_has_are_taken_over_by_their_ids_and_nothing_is_sent(place: Place) -> None:
    place.in_doubt(1, 2, 3)
    sent = place.mutations()
    ran = place.resolve("--adopt")
    assert ran.code == 0
    assert "3 taken over, 0 still in doubt" in ran.out
    assert place.mutations() == sent
    assert owned_jobs(place.lock()).keys() == {job.id for job in place.remote.jobs}
    place.assert_right()


def test_what_the_server_does_not_have_stays_in_doubt_and_the_next_apply_adds_it(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    ran = place.resolve("--adopt")
    assert ran.code == 4
    assert "0 taken over, 2 still in doubt" in ran.out
    assert place.remote.jobs == ()
    assert place.apply().code == 0
    place.assert_right()


@pytest.mark.parametrize("faults", [NO_READ_BACK, ("redirect:*:forever",)], ids=["unreadable", "redirect"])
def test_while_the_server_cannot_be_asked_everything_stays_in_doubt(place: Place, faults: tuple[str, ...]) -> None:
    place.in_doubt(1, 2)
    place.fault(*faults)
    assert place.resolve("--adopt").code == 4
    place.heal()
    assert place.resolve("--adopt").code == 0
    place.assert_right()


def test_calls_that_were_added_but_are_not_reported_are_never_sent_again_whatever_else_is_taken_over(
    place: Place,
) -> None:
    place.declare([1, 2, 3])
    hides_one = ("missing-from-report:getReport:forever", "missing-from-report:getReportByDate:forever")
    place.fault(*hides_one)
    assert place.apply().code == 4
    ran = place.resolve("--adopt")
    assert ran.code == 4
    assert "2 taken over, 1 still in doubt" in ran.out
    place.heal()
    assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_a_request_that_was_being_sent_again_when_the_run_died_is_asked_about_once(place: Place) -> None:
    place.in_doubt(1, 2)
    store = FileStore(place.folder, NAME)
    with store.hold("a run that dies"):
        book = Book(store, read_remembered(store, campaign(name=NAME), None, None))
        (entry,) = book.opened
        book.intend(msgspec.structs.replace(entry.intent, recovers=entry.seq))
    ran = place.resolve("--adopt")
    assert ran.code == 0
    assert "2 taken over, 0 still in doubt" in ran.out
    place.assert_right()


def test_a_call_that_was_answered_no_id_and_has_no_job_is_sent_again_by_the_next_apply(place: Place) -> None:
    place.declare([1, 2, 3])
    place.fault("short-ids:addPhones", *NO_READ_BACK)
    assert place.apply().code == 4
    (unanswered,) = [job for job in place.remote.jobs if job.id not in place.journal.read_text()]
    place.remote.forget(unanswered.id)
    place.heal()
    ran = place.resolve("--adopt")
    assert ran.code == 4
    assert "2 taken over, 1 still in doubt" in ran.out
    assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 2
    place.assert_right()


def test_a_job_that_is_reported_again_is_no_longer_in_doubt(place: Place) -> None:
    place.declare([1, 2])
    place.apply()
    job = place.jobs_of(1)[0]
    place.remote.set_status(job.id, "beamedUp")
    place.apply()
    assert place.resolve("--adopt").code == 4
    place.remote.set_status(job.id, "noAnswer")
    ran = place.resolve("--adopt")
    assert ran.code == 0
    assert "1 taken over" in ran.out
    place.assert_right()


def test_another_campaigns_token_adopts_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.in_doubt(1)
    place.sandbox.world.add_campaign(f"quokkaother:dialect={place.remote.settings.dialect}")
    monkeypatch.setenv("SPRING_TOKEN", "quokkaother")
    ran = place.resolve("--adopt")
    assert ran.code == 1
    assert "another campaign" in ran.err
    assert place.run("resolve").code == 4


def test_a_token_that_was_revoked_leaves_the_doubt(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.in_doubt(1)
    monkeypatch.setenv("SPRING_TOKEN", "quokkarevoked")
    assert place.resolve("--adopt").code in (1, 4)
    assert place.run("resolve").code == 4
