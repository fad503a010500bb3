"""The lockfile's bytes: stable, small, without a phone in them, and refused when anything about them is wrong."""

from __future__ import annotations

import random
import re
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import LockError
from reconciler.lock.lockfile import decode_header, decode_lock, encode_lock
from reconciler.lock.model import CallStatus, FormerJob, Lock
from reconciler.lock.settings import remembered
from reconciler.phones.model import Call
from reconciler.plan.diff import identify
from tests.lock.samples import KEYER, LOCKS, SHOWN, header, lock_of, locked

THREE = lock_of(
    locked("ann"),
    locked("bob", CallStatus.NO_ANSWER, former=(FormerJob("17", KEYER.phone("old")),)),
    locked("cyd", CallStatus.CANCELLED, wave="2"),
    policy={"maxAttempts": 3},
)
WHOLE = encode_lock(THREE)


def read(data: bytes) -> Lock:
    """The lock in `data`."""
    return decode_lock(data, campaign="promo", shown=SHOWN)


def by_hand(calls: bytes, count: int) -> bytes:
    """A lockfile with these lines whose checksum is right."""
    head = msgspec.json.encode(header())
    crc = f"{zlib.crc32(head + calls):08x}"
    return b'{"lock":' + head + b',"calls":%d,"crc32":"%b"}\n' % (count, crc.encode()) + calls


@given(LOCKS)
def test_a_lock_reads_back_as_it_was_written(lock: Lock) -> None:
    assert read(encode_lock(lock)) == lock


@given(LOCKS, st.randoms(use_true_random=False))
def test_the_same_content_has_the_same_bytes_whatever_came_first(lock: Lock, shuffle: random.Random) -> None:
    calls = list(lock.calls.items())
    shuffle.shuffle(calls)
    assert encode_lock(Lock(lock.header, dict(calls))) == encode_lock(lock)


def test_a_lock_without_calls_reads_back() -> None:
    assert read(encode_lock(lock_of())) == lock_of()


def test_every_call_has_a_line_of_its_own_in_the_order_of_keys() -> None:
    lines = WHOLE.decode().splitlines()[1:]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_a_call_takes_at_most_one_hundred_bytes() -> None:
    digits = [f"1650777{n:04}" for n in range(500)]
    calls = [Call(phone, "1", phone, b"{}", "leads.csv", 2) for phone in digits]
    known = (
        wanted.locked(str(5_665_334_669 + n), CallStatus.PLANNED, None)
        for n, wanted in enumerate(identify(calls, KEYER))
    )
    _, *lines = encode_lock(lock_of(*known)).splitlines(keepends=True)
    assert len(lines) == 500
    assert max(map(len, lines)) <= 100


def test_no_phone_payload_or_secret_is_in_the_bytes() -> None:
    phone, name, url = "16507770042", "Ann Unmistakable", "https://check.example/s3cr3t"
    call = Call(phone, "1", phone, f'{{"payload":{{"name":"{name}"}},"phone":"{phone}"}}'.encode(), "leads.csv", 2)
    (wanted,) = identify([call], KEYER)
    settings = remembered({"externalCheck": {"externalCheckUrl": url}}, {"hotline": f"+{phone}"}, KEYER)
    policy, payload = settings["policy"], settings["payload"]
    data = encode_lock(lock_of(wanted.locked("17", CallStatus.PLANNED, None), policy=policy, payload=payload)).decode()
    assert "1650•••0042" in data
    for planted in (phone, phone[:7], name, "Unmistakable", "s3cr3t", "check.example"):
        assert planted not in data


def test_a_lockfile_that_was_cut_anywhere_is_refused() -> None:
    for size in range(len(WHOLE)):
        with pytest.raises(LockError, match=re.escape(SHOWN)):
            read(WHOLE[:size])


def test_a_lockfile_with_any_bit_flipped_is_refused() -> None:
    for at in range(8 * len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[at // 8] ^= 1 << at % 8
        with pytest.raises(LockError, match=re.escape(SHOWN)):
            read(bytes(damaged))


GARBAGE = {
    "nothing": b"",
    "an empty line": b"\n",
    "another document": b"apiVersion: campaign/v1\n",
    "an array": b"[]\n",
    "null": b"null\n",
    "no header": b'{"lock":null}\n',
    "nesting without end": b'{"lock":' + b"[" * 100_000,
    "bytes that are no text": b"\xff\xfe\x00" * 1000,
    "text that is no text inside": b'{"lock":{"format":1,"campaign":"\xff"}}\n',
    "zeros": bytes(1000),
    "a byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "Windows line ends": WHOLE.replace(b"\n", b"\r\n"),
    "more at the end": WHOLE + b"\n",
    "a line twice": WHOLE + WHOLE.splitlines(keepends=True)[-1],
    "one line less": b"".join(WHOLE.splitlines(keepends=True)[:-1]),
    "two lines swapped": b"".join(WHOLE.splitlines(keepends=True)[i] for i in (0, 2, 1, 3)),
    "an unknown header field": WHOLE.replace(b'"serial"', b'"extra":1,"serial"', 1),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_whole_lockfile_is_refused_with_a_way_out(data: bytes) -> None:
    with pytest.raises(LockError, match=rf"^{re.escape(SHOWN)} .*restore it from Git.*nothing was changed$"):
        read(data)


def test_a_call_that_is_there_twice_is_refused() -> None:
    line = WHOLE.splitlines(keepends=True)[1]
    assert read(by_hand(line, 1)).calls
    with pytest.raises(LockError, match="should hold 2 calls and holds 1"):
        read(by_hand(line + line, 2))


def test_a_count_that_is_not_that_of_the_calls_is_refused() -> None:
    with pytest.raises(LockError, match="should hold 3 calls and holds 1"):
        read(by_hand(WHOLE.splitlines(keepends=True)[1], 3))


@pytest.mark.parametrize("line", [b"[]\n", b"{}\n", b'["a","1","b","c","7","?","m"]\n', b"\n"])
def test_a_line_that_is_no_call_is_refused(line: bytes) -> None:
    with pytest.raises(LockError, match="not a readable lockfile"):
        read(by_hand(line, 1))


@pytest.mark.parametrize(
    "data",
    [
        b"<<<<<<< HEAD\n" + WHOLE + b"=======\n" + WHOLE + b">>>>>>> theirs\n",
        WHOLE.replace(b"\n", b"\n<<<<<<< HEAD\n", 1) + b"=======\n>>>>>>> theirs\n",
    ],
    ids=["from the first line", "between calls"],
)
def test_a_merge_conflict_is_named(data: bytes) -> None:
    with pytest.raises(LockError, match="marks of a Git merge conflict; restore it"):
        read(data)


@pytest.mark.parametrize("newer", [{"format": 3}, {"format": 99, "calls": "kept elsewhere"}])
def test_a_newer_format_asks_for_a_newer_version(newer: dict[str, object]) -> None:
    with pytest.raises(LockError, match=rf"has format {newer['format']}; this version reads up to 2: use a newer"):
        read(msgspec.json.encode({"lock": newer}) + b"\n")


def test_the_lock_of_another_campaign_is_refused() -> None:
    with pytest.raises(LockError, match="is the lock of campaign 'promo', not of 'other'"):
        decode_lock(WHOLE, campaign="other", shown=SHOWN)


@pytest.mark.parametrize("data", [WHOLE[:-40], b"\xffx1650777" + WHOLE, WHOLE.replace(b"ann", b"1650777")])
def test_a_message_never_quotes_the_file(data: bytes) -> None:
    with pytest.raises(LockError) as caught:
        read(data[: data.rindex(b",")])
    assert "1650777" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_first_line_alone_tells_the_header() -> None:
    assert decode_header(WHOLE.splitlines()[0], SHOWN) == THREE.header


@pytest.mark.parametrize("first", [b"", b"not a header", b'{"lock":{"format":1}}'])
def test_a_first_line_that_is_no_header_is_refused(first: bytes) -> None:
    with pytest.raises(LockError, match="not a readable lockfile"):
        decode_header(first, SHOWN)
