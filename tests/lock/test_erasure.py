"""One person out of a lock: what goes, what stays, and that a long lock does as a short one."""

from __future__ import annotations

import msgspec
import pytest

from reconciler.lock.erasure import Graves, Person, graves, inherited, proof, traces, without
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Decision, Erased, FormerJob, Header, Lock, LockedCall
from reconciler.lock.owned import OwnedJobs
from reconciler.phones.model import Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed
from tests.plan.values import KEYER, call, campaign, lock_of, remembered, said


def phone(number: int) -> str:
    """A phone's digits."""
    return f"1650777{number:04}"


ANN_1 = remembered(call("ann", 1), CallStatus.NO_ANSWER, "100")
ANN_2 = remembered(call("ann", 1, wave="2"), CallStatus.NO_ANSWER, "200")
BOB = remembered(call("bob", 2), CallStatus.NO_ANSWER, "300")
CYD = remembered(call("cyd", 3), CallStatus.NO_ANSWER, "400", (FormerJob("90", KEYER.phone(phone(9))),))
EVERYBODY = (ANN_1, ANN_2, BOB, CYD)


@pytest.fixture(params=["short", "long"])
def lock(request: pytest.FixtureRequest) -> Lock:
    """A lock of these people, in each form."""
    short = lock_of(*EVERYBODY)
    return short if request.param == "short" else decode_lock(encode_lock(short), campaign="promo", shown="x", many=0)


def of(number: int = 0, key: str = "") -> Person:
    """Somebody."""
    return Person.of(KEYER, phone(number) if number else "", key)


def erased(lock: Lock, person: Person) -> Lock:
    """The lock without them."""
    return without(lock, person, traces(lock, person), KEYER)


@pytest.mark.parametrize(
    ("person", "found"),
    [
        (of(1), [ANN_1, ANN_2]),
        (of(key="ann"), [ANN_1, ANN_2]),
        (of(9), [CYD]),
        (of(3), [CYD]),
        (of(7), []),
        (of(key="dan"), []),
    ],
    ids=["by phone", "by key", "by a phone they had", "by the phone they have", "no such phone", "no such key"],
)
def test_somebodys_calls_are_found_in_every_wave(lock: Lock, person: Person, found: list[LockedCall]) -> None:
    assert traces(lock, person) == sorted(found, key=lambda one: one.call_id)


def test_a_key_has_its_calls_to_other_phones_erased_too() -> None:
    moved = remembered(call("ann", 5, wave="2"), CallStatus.NO_ANSWER)
    assert len(traces(lock_of(ANN_1, moved, BOB), of(1))) == 2


def test_nothing_is_left_of_them_but_tombstones_and_others_are_as_they_were(lock: Lock) -> None:
    after = encode_lock(erased(lock, of(1)))
    header, *lines = after.decode().splitlines()
    assert len(lines) == 2
    assert ANN_1.request not in after.decode()
    assert ANN_1.phone not in "".join(lines)
    assert header.count(ANN_1.phone) == header.count(ANN_1.key) == 1
    assert encode_lock(lock_of(BOB, CYD)).split(b"\n")[1:] == after.split(b"\n")[1:]


def test_the_lock_that_was_given_is_not_changed(lock: Lock) -> None:
    before = encode_lock(lock)
    erased(lock, of(1))
    assert encode_lock(lock) == before


def test_their_jobs_are_still_ours(lock: Lock) -> None:
    owned = OwnedJobs(erased(lock, of(9)))
    assert "400" in owned
    assert "90" in owned
    assert len(owned) == len(OwnedJobs(lock))


def test_by_phone_the_phone_and_their_keys_are_remembered_and_by_key_their_phones() -> None:
    lock = lock_of(*EVERYBODY)
    by_phone, by_key = erased(lock, of(1)).header.erased, erased(lock, of(key="ann")).header.erased
    assert by_phone == by_key == Erased(proof(KEYER), (ANN_1.phone,), (ANN_1.key,), ("100", "200"))


def test_somebody_who_is_not_in_the_lock_is_remembered_all_the_same() -> None:
    assert erased(lock_of(BOB), of(7)).header.erased == Erased(proof(KEYER), (KEYER.phone(phone(7)),), (), ())


def test_people_who_were_erased_before_stay_erased() -> None:
    after = erased(erased(lock_of(*EVERYBODY), of(1)), of(2)).header.erased
    assert after is not None
    assert after.phones == tuple(sorted([ANN_1.phone, BOB.phone]))


def test_a_decision_about_them_no_longer_names_them() -> None:
    lock = lock_of(*EVERYBODY)
    both = Decision("2024-05-01", "ann", "ticket", "sent", (ANN_1.call_id, BOB.call_id))
    alone = Decision("2024-05-02", "ann", "ticket", "sent", (ANN_2.call_id,))
    decided = msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, decisions=(both, alone)))
    (left,) = erased(decided, of(1)).header.decisions
    assert left.calls == (BOB.call_id,)


def test_a_lock_takes_over_whom_its_neighbours_of_the_same_secret_have_erased() -> None:
    before, ours = erased(lock_of(*EVERYBODY), of(1)).header, lock_of(BOB).header
    theirs = msgspec.structs.replace(before, campaign="another")
    after = inherited(ours, [theirs, ours], KEYER).erased
    assert after == Erased(proof(KEYER), (ANN_1.phone,), (ANN_1.key,), ())


def test_the_first_line_of_a_broken_lockfile_of_the_campaign_itself_says_which_jobs_were_theirs_too() -> None:
    before = erased(lock_of(*EVERYBODY), of(1)).header
    assert inherited(lock_of().header, [before], KEYER).erased == before.erased


def test_what_another_secret_made_is_not_taken_over() -> None:
    other = Keyer(None, "5b" * 16)
    theirs = without(lock_of(), Person.of(other, phone(1), ""), [], other).header
    assert inherited(lock_of(BOB).header, [theirs], KEYER).erased is None


def buried(keyer: Keyer, **fields: str) -> Header:
    """The header of a lock of this keyer that knows of the first phone as erased."""
    header = msgspec.structs.replace(lock_of().header, **fields)
    return without(Lock(header, {}), Person.of(keyer, phone(1), ""), [], keyer).header


SALT, SECRET = Keyer(None, "5b" * 16), Keyer("a secret")


@pytest.mark.parametrize(
    "header",
    [buried(SALT, salt="5b" * 16), buried(SECRET, salt="", secret_check=SECRET.check())],
    ids=["a salt", "a secret"],
)
def test_a_lock_with_other_digests_still_tells_who_was_erased(header: Header) -> None:
    assert graves([header], "a secret", KEYER).of([phone(1), phone(2)]) == [True, False]


def test_a_lock_whose_secret_is_not_at_hand_and_those_of_the_same_digests_are_not_asked_by_phone() -> None:
    unknown = buried(SECRET, salt="", secret_check=SECRET.check())
    assert graves([unknown, buried(KEYER)], "another secret", KEYER) == Graves()


def test_whoever_was_erased_from_a_lock_with_other_digests_is_not_called() -> None:
    elsewhere = graves([buried(SALT, salt="5b" * 16)], None, KEYER)
    wanted = Desired((call("ann", 1), call("bob", 2)))
    plan = make_plan(campaign(), wanted, lock_of(), Observed(), KEYER, graves=elsewhere)
    assert said(plan) == ["Add bob/1: NEW", "Frozen ann/1: ERASED", "Start"]


def test_nobody_is_in_a_repr() -> None:
    assert repr(of(1)) == "Person(…)"
