"""Another secret for a lock: the same calls are found by their numbers, and the old secret alone opens nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import LockError
from reconciler.lock.erasure import proof
from reconciler.lock.keyed import PURPOSES, Keyer
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Decision, Erased, FormerJob, Header, Lock, LockedCall
from reconciler.lock.opening import find_keyer, open_keyer
from reconciler.lock.rekey import Rekey
from reconciler.lock.settings import remembered
from reconciler.lock.wrapping import unwrap, wrap
from tests.lock.samples import SALT, header, intent

NAMES = [f"name-{n}" for n in range(40)]
POLICY = {"externalCheck": {"externalCheckUrl": "https://check.example/?k=quokka"}}
PAYLOAD = {"brand": "Acme", "helpline": "+1 650 777 0042", "digest:of what": "digest:nothing"}


def locked(keyer: Keyer, name: str, *, wave: str = "1", status: CallStatus = CallStatus.PLANNED) -> LockedCall:
    """What a lock with this keyer remembers of somebody; every third has had a job before."""
    phone = keyer.phone(name)
    former = (FormerJob(f"old-{name}", keyer.phone(f"old {name}")),) if hash_of(name) % 3 == 0 else ()
    return LockedCall(
        keyer.key(name), wave, phone, keyer.request(name.encode()), f"job-{name}", status, "1650•••0042", former
    )


def hash_of(name: str) -> int:
    """A number that is the same in every run."""
    return sum(name.encode())


def lock_under(keyer: Keyer, **fields: object) -> Lock:
    """A lock of forty people, two of whom have two waves, as this keyer digests it."""
    calls = [*(locked(keyer, name) for name in NAMES), *(locked(keyer, name, wave="0") for name in NAMES[:2])]
    settings = remembered(POLICY, PAYLOAD, keyer)
    decided = Decision("2024-01-02", "Ann", "ticket 1", "sent", tuple(sorted(c.call_id for c in calls[:2])))
    erased = Erased(
        proof(keyer), tuple(sorted(map(keyer.phone, NAMES))), tuple(sorted(map(keyer.key, NAMES))), ("j-1", "j-2")
    )
    sizes = dict(sorted((keyer.fingerprint(name), len(name)) for name in NAMES[:12]))
    told: dict[str, object] = {
        "token": keyer.fingerprint("token"),
        "remote": keyer.fingerprint("remote"),
        "decisions": (decided,),
    } | {"erased": erased, "lists": sizes, "suppressions": sizes}
    return Lock(header(**settings, **told, **fields), {call.call_id: call for call in calls})


SALTED = Keyer(None, SALT)
FIRST = Keyer("first secret")
CASES = {
    "from a salt": (SALTED, {}),
    "from a secret": (FIRST, {"salt": "", "secret_check": FIRST.check()}),
}


def read(lock: Lock, many: int = 5_000) -> Lock:
    """The lock as it is read from its bytes."""
    return decode_lock(encode_lock(lock), campaign="promo", shown="promo.lock.jsonl", many=many)


@pytest.mark.parametrize("many", [5_000, 0], ids=["a short lock", "a long lock"])
@pytest.mark.parametrize(("before", "fields"), CASES.values(), ids=CASES)
def test_a_rekeyed_lock_is_what_the_new_keyer_would_have_written(
    before: Keyer, fields: dict[str, object], many: int
) -> None:
    after = before.under("new secret")
    rekeyed = read(Rekey(after).lock(read(lock_under(before, **fields), many)))
    expected = lock_under(after)
    assert rekeyed.calls == expected.calls
    ours, theirs = rekeyed.header, expected.header
    for name in ("token", "remote", "policy", "payload", "decisions", "erased", "lists", "suppressions"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_long_lock_keeps_what_changed_since_it_was_read() -> None:
    lock = read(lock_under(SALTED), 0)
    assert lock.ledger is not None
    lock.ledger.statuses[:] = ord(CallStatus.NO_ANSWER)
    lock.calls.update({call.call_id: call for call in [locked(SALTED, "newcomer", status=CallStatus.IN_PROCESS)]})
    after = SALTED.under("new secret")
    rekeyed = read(Rekey(after).lock(lock), 0)
    assert rekeyed.calls[after.key("newcomer"), "1"].status is CallStatus.IN_PROCESS
    assert rekeyed.count_statuses() == {CallStatus.NO_ANSWER: 42, CallStatus.IN_PROCESS: 1}


def test_the_same_lock_short_or_long_becomes_the_same_bytes() -> None:
    after = SALTED.under("new secret")
    rekey = Rekey(after)
    short, long = rekey.lock(read(lock_under(SALTED))), rekey.lock(read(lock_under(SALTED), 0))
    head = short.header
    assert encode_lock(short) == encode_lock(Lock(head, long.calls))


def test_only_the_new_secret_opens_it() -> None:
    found = rekeyed_header(FIRST.under("second"))
    assert find_keyer(found, "second") is not None
    for secret in (None, "", "first secret", "third"):
        assert find_keyer(found, secret) is None
        with pytest.raises(LockError, match="every call would look new"):
            open_keyer(found, secret, "promo.lock.jsonl")


def test_the_new_secret_alone_makes_the_digests_of_all_before_it() -> None:
    keyer = SALTED.under("second").under("third").under("fourth")
    opened = find_keyer(rekeyed_header(keyer), "fourth")
    assert opened is not None
    values = [b"16507770042", b"c-1001"]
    for purpose in PURPOSES:
        assert opened.digests(purpose, values, b"head") == keyer.digests(purpose, values, b"head")
    assert opened.phone("16507770042") == keyer.phone("16507770042")


def test_many_digests_at_once_are_those_made_one_by_one() -> None:
    keyer = SALTED.under("second")
    assert keyer.digests(b"key", [b"a", b"b"]).decode() == keyer.key("a") + keyer.key("b")


def test_a_secret_that_is_already_there_earlier_still_makes_other_digests() -> None:
    assert FIRST.phone("1") != FIRST.under("first secret").phone("1") != SALTED.phone("1")


def test_the_file_says_nothing_of_the_secret_or_the_salt_before() -> None:
    text = encode_lock(Rekey(SALTED.under("new secret")).lock(lock_under(SALTED))).decode()
    before = lock_under(SALTED)
    for call in before.calls.values():
        assert not any(digest in text for digest in (call.key, call.phone, call.request))
    assert SALT not in text
    assert before.header.token not in text
    assert "quokka" not in text


def test_a_lock_that_was_rekeyed_asks_older_programs_for_a_newer_version() -> None:
    assert rekeyed_header(SALTED.under("x")).format == 2


def test_keys_that_came_to_harm_are_refused() -> None:
    found = rekeyed_header(SALTED.under("x"))
    harmed = ("A" if found.rekeyed[30] != "A" else "B").join((found.rekeyed[:30], found.rekeyed[31:]))
    with pytest.raises(LockError, match="does not hold the keys it was made with"):
        open_keyer(msgspec.structs.replace(found, rekeyed=harmed), "x", "promo.lock.jsonl")


def test_open_requests_are_about_the_same_calls_afterwards() -> None:
    from reconciler.lock.journal import OpenIntent

    entry = OpenIntent(2, intent("addPhones", locked(SALTED, "ann"), body='[{"phone":"1"}]'))
    after = SALTED.under("new secret")
    (rekeyed,) = Rekey(after).opened([entry])
    assert rekeyed.intent.calls == (locked(after, "ann"),)
    assert rekeyed.intent.body == entry.intent.body


@pytest.mark.parametrize("field", ["key", "phone", "request"])
def test_what_is_no_digest_is_not_taken_for_one(field: str) -> None:
    call = msgspec.structs.replace(locked(SALTED, "ann"), **{field: "too short"})
    with pytest.raises(ValueError, match="not a digest"):
        Rekey(SALTED.under("x")).calls([call])


@pytest.mark.parametrize("text", [b"????????????", b"AAAA"], ids=["not base64", "too short"])
def test_only_digests_can_be_digested_again(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64 has words of its own for it
        SALTED.under("x").again(b"phone", text)


def rekeyed_header(keyer: Keyer) -> Header:
    """The header of an empty lock under the last secret of `keyer`."""
    return Rekey(keyer).lock(Lock(header(), {})).header


# ------------------------------------------------------------------------------------------------------------- wrapping


KEYS = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5)


@given(KEYS, st.binary(min_size=32, max_size=32))
def test_wrapped_keys_come_back(keys: list[bytes], under: bytes) -> None:
    assert unwrap(wrap(keys, under), under) == tuple(keys)


@given(KEYS, st.binary(min_size=32, max_size=32), st.floats(0, 1), st.permutations("Az09-_"))
def test_wrapped_keys_that_were_changed_do_not(
    keys: list[bytes], under: bytes, place: float, letters: list[str]
) -> None:
    text = wrap(keys, under)  # never the same twice, so nothing drawn may depend on its letters
    at = round(place * (len(text.rstrip("=")) - 2))  # of the last letter some bits count for nothing
    other = next(letter for letter in letters if letter != text[at])
    assert unwrap(text[:at] + other + text[at + 1 :], under) is None


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "A" * 9])
def test_what_never_was_wrapped_is_nothing(text: str) -> None:
    assert unwrap(text, bytes(32)) is None


def test_no_two_wrappings_are_alike() -> None:
    assert wrap([bytes(32)], bytes(32)) != wrap([bytes(32)], bytes(32))


def test_nothing_of_a_key_shows() -> None:
    assert unwrap(wrap([b"k" * 32], b"u" * 32), b"v" * 32) is None
