"""What other locks count towards a cap: a long one says what a short one does, and each is read when it changed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import LockError
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Lock, LockedCall, Span
from reconciler.lock.rekey import Rekey
from reconciler.lock.stores import Store, Stored
from reconciler.manifest.model import Cap
from reconciler.phones.model import Desired
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed
from reconciler.read.usage import Counted, Neighbourhood, Other
from tests.plan.values import KEYER, call, campaign, lock_of, remembered

TODAY = 100
CAPS = (Cap("week", 1, 7, "reached"),)


def phone(number: int) -> str:
    """The digest of a phone."""
    return KEYER.phone(f"1650777{number:04}")


def by_digest(*numbers: int) -> dict[str, str]:
    """These phones by their digests."""
    return {phone(number): f"1650777{number:04}" for number in numbers}


def spanned(*calls: LockedCall) -> Lock:
    """A lock whose jobs up to 200 were over on day 95, and from there on are not yet."""
    lock = lock_of(*calls)
    return msgspec.structs.replace(
        lock, header=msgspec.structs.replace(lock.header, added=(Span(0, 90, 95), Span(200, 97)))
    )


def long(lock: Lock) -> Lock:
    """The same lock, read as a long one is."""
    return decode_lock(encode_lock(lock), campaign="promo", shown="promo.lock.jsonl", many=0)


CALLS = st.lists(
    st.builds(
        lambda n, number, status: remembered(call(f"key-{n}", n), status, str(number)),
        st.integers(1, 6),
        st.integers(100, 300),
        st.sampled_from(CallStatus),
    ),
    unique_by=lambda one: one.call_id,
)


@given(CALLS, st.sets(st.integers(1, 6)))
def test_a_long_lock_counts_what_a_short_one_does(calls: list[LockedCall], numbers: set[int]) -> None:
    phones = by_digest(*numbers)
    found = [
        Counted(CAPS, TODAY, [Other("other", lock, KEYER)], {}) for lock in (spanned(*calls), long(spanned(*calls)))
    ]
    one, two = ({digest: sorted(uses) for digest, uses in each.of(phones).items()} for each in found)
    assert one == two
    assert one.keys() <= phones.keys()


def test_a_call_of_a_long_lock_that_was_made_since_counts() -> None:
    lock = long(spanned(remembered(call("ann", 1), CallStatus.NO_ANSWER, "100")))
    lock.calls.update({one.call_id: one for one in [remembered(call("bob", 2), CallStatus.PLANNED, "250")]})
    assert phone(2) in Counted(CAPS, TODAY, [Other("other", lock, KEYER)], {}).of(by_digest(2))


class Shelf:
    """Stored locks by name; counts the readings."""

    def __init__(self, **locks: Lock) -> None:
        self.locks = {name: self._named(name, lock) for name, lock in locks.items()}

    def _named(self, name: str, lock: Lock) -> Lock:
        return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, campaign=name))

    def put(self, name: str, lock: Lock) -> None:
        """Another version of a lock."""
        self.locks[name] = self._named(name, lock)

    def stores(self) -> dict[str, Store]:
        """Their stores."""
        return {name: _Fixed(lambda name=name: encode_lock(self.locks[name])) for name in self.locks}  # type: ignore[misc]


class _Fixed:
    """As much of a store as is read here."""

    shown = "a.lock.jsonl"

    def __init__(self, content: Callable[[], bytes]) -> None:
        self._content = content

    def read(self) -> Stored:
        """What is stored now."""
        return Stored(self._content(), b"")


ANN = remembered(call("ann", 1), CallStatus.TALKED_WITH_RESULT, "100")
BOB = remembered(call("bob", 2), CallStatus.TALKED_WITH_RESULT, "101")


def test_a_campaigns_own_lock_is_no_other() -> None:
    shelf = Shelf(one=spanned(ANN), two=spanned(BOB))
    hood = Neighbourhood(shelf.stores, None, TODAY)
    assert hood.usage("one", CAPS).of(by_digest(1, 2)).keys() == {phone(2)}


def test_a_lock_that_changed_meanwhile_is_read_again() -> None:
    shelf = Shelf(one=spanned(), two=spanned())
    hood = Neighbourhood(shelf.stores, None, TODAY)
    assert hood.usage("one", CAPS).of(by_digest(2)) == {}
    shelf.put("two", spanned(BOB))
    assert hood.usage("one", CAPS).of(by_digest(2)).keys() == {phone(2)}


def test_what_the_run_plans_for_one_campaign_counts_for_the_next_and_not_for_itself() -> None:
    hood = Neighbourhood(Shelf().stores, None, TODAY)
    hood.plans("one", make_plan(campaign(), Desired((call("ann", 1),)), lock_of(), Observed(), KEYER))
    assert hood.usage("two", CAPS).of(by_digest(1)).keys() == {phone(1)}
    assert hood.usage("one", CAPS).of(by_digest(1)) == {}


def test_a_lock_with_other_digests_counts_as_much() -> None:
    other = Rekey(KEYER.under("another secret")).lock(spanned(BOB))
    hood = Neighbourhood(Shelf(two=other).stores, "another secret", TODAY)
    assert hood.usage("one", CAPS).of(by_digest(1, 2)).keys() == {phone(2)}


def test_a_lock_whose_secret_is_not_at_hand_is_refused() -> None:
    other = Rekey(KEYER.under("another secret")).lock(spanned(BOB))
    with pytest.raises(LockError, match="CAMPAIGN_LOCK_SECRET"):
        Neighbourhood(Shelf(two=other).stores, None, TODAY).usage("one", CAPS)
