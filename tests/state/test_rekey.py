"""`campaign state rekey`: another secret, the same people, and nobody is asked for a number."""

from __future__ import annotations

import pytest

from tests.resolve.conftest import OpenPlace
from tests.resolve.place import NAME, Place, phone
from tests.state.test_import import applied, to_do
from tests.state.test_state import LOCKFILE, approved, kept

OLD, NEW = "CAMPAIGN_LOCK_SECRET_OLD", "CAMPAIGN_LOCK_SECRET"


def rekeyed(place: Place, monkeypatch: pytest.MonkeyPatch, new: str, old: str = "") -> None:
    """The place's lock is under the new secret, which every run now has."""
    monkeypatch.setenv(NEW, new)
    monkeypatch.setenv(OLD, old)
    ran = approved(place, "rekey", NAME)
    assert ran.code == 0, ran.text
    monkeypatch.delenv(OLD)
    place.assert_clean()


def test_a_salted_lock_gets_a_secret_and_everything_is_in_step(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(place, [1, 2, 3])
    rekeyed(place, monkeypatch, "quokkaone")
    assert to_do(place) == {}
    place.declare([1, 2], word="quokkaother")
    assert place.apply().code == 0
    place.assert_right()


def test_secrets_can_be_changed_again_and_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(place, [1, 2])
    rekeyed(place, monkeypatch, "quokkaone")
    applied(place, [1, 2, 3])
    rekeyed(place, monkeypatch, "quokkatwo", "quokkaone")
    rekeyed(place, monkeypatch, "quokkathree", "quokkatwo")
    assert to_do(place) == {}
    place.assert_right()


@pytest.mark.parametrize("secret", ["", "quokkaone", "quokkaother"], ids=["none", "the old one", "another"])
def test_only_the_new_secret_opens_the_lock(place: Place, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv(NEW, "quokkaone")
    applied(place, [1, 2])
    rekeyed(place, monkeypatch, "quokkatwo", "quokkaone")
    monkeypatch.setenv(NEW, secret)
    for command in (("plan",), ("apply", "--auto-approve")):
        ran = place.run(*command)
        assert (ran.code, "every call would look new" in ran.err) == (1, True)


def test_the_old_secret_has_to_be_right(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEW, "quokkaone")
    applied(place, [1])
    before = (place.folder / LOCKFILE).read_bytes()
    monkeypatch.setenv(NEW, "quokkatwo")
    for old in ("", "quokkawrong"):
        monkeypatch.setenv(OLD, old)
        ran = approved(place, "rekey", NAME)
        assert (ran.code, "CAMPAIGN_LOCK_SECRET_OLD does not hold it" in ran.err) == (1, True)
    assert (place.folder / LOCKFILE).read_bytes() == before


def test_a_lock_that_has_the_secret_stays_as_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEW, "quokkaone")
    applied(place, [1])
    ran = approved(place, "rekey", NAME)
    assert (ran.code, "has this secret already" in ran.out) == (0, True)
    assert kept(place) == []


def test_without_a_new_secret_it_is_wrong_usage(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    ran = approved(place, "rekey", NAME)
    assert (ran.code, "set CAMPAIGN_LOCK_SECRET to the new secret" in ran.err) == (64, True)


@pytest.mark.parametrize("fault", ["drop-response", "drop-request"])
def test_open_requests_are_settled_afterwards_as_they_would_have_been(
    place: Place, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    place.in_doubt(1, 2, fault=fault)
    monkeypatch.setenv(NEW, "quokkaone")
    assert approved(place, "rekey", NAME).code == 0
    assert place.apply().code == 0
    for copy in place.folder.glob("*.2*.journal.jsonl"):
        copy.unlink()  # it holds phones, as every journal does
    place.assert_right()


def test_thousands_are_rekeyed_with_former_jobs_and_several_waves(
    open_place: OpenPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = open_place("dialect=current")
    applied(place, range(1, 5_201))
    place.declare(range(1, 5_201), wave="1", word="quokkaother")
    for job in place.remote.jobs[50:]:
        place.remote.set_status(job.id, "noAnswer")
    assert place.apply().code == 0  # replaces fifty
    place.declare(range(1, 5_201), wave="2", word="quokkaother")
    assert place.apply().code == 0
    rekeyed(place, monkeypatch, "quokkaone")
    assert place.lock().ledger is not None
    place.sandbox.world.clear_requests()
    assert to_do(place) == {}
    lines = (place.folder / LOCKFILE).read_text().splitlines()[1:]
    assert lines == sorted(lines)
    assert place.state("show", NAME, "--phone", f"+{phone(7)}").out.count("/") == 2


def test_a_second_lock_of_the_campaign_is_still_noticed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(place, [1])
    rekeyed(place, monkeypatch, "quokkaone")
    approved(place, "mv", NAME, "summer")
    ran = place.run("plan")
    assert (ran.code, "summer.lock.jsonl belongs to the same campaign" in ran.err) == (1, True)


def test_what_is_no_digest_stops_it(open_place: OpenPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    from msgspec.structs import replace

    from reconciler.lock.lockfile import encode_lock

    place = open_place()
    applied(place, [1])
    lock = place.lock()
    odd = lock.with_calls(replace(call, phone="?") for call in lock.calls.values())
    (place.folder / LOCKFILE).write_bytes(encode_lock(odd))
    monkeypatch.setenv(NEW, "quokkaone")
    ran = approved(place, "rekey", NAME)
    assert (ran.code, "holds something that is no digest" in ran.err) == (1, True)


def test_the_list_says_that_the_secret_was_changed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(place, [1])
    rekeyed(place, monkeypatch, "quokkaone")
    assert "secret, changed" in place.state("list").out
    assert '"isRekeyed": true' in place.state("list", "--format", "json").out
