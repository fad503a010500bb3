"""A lock that cannot be trusted is refused when a run begins, in words, and every file stays as it was."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from reconciler.errors import LockError
from reconciler.lock.journal import Closed
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import encode_lock
from reconciler.lock.model import CallStatus
from reconciler.lock.stores.files import FileStore
from reconciler.read.remembered import Remembered, read_remembered
from tests.lock.samples import intent, journal_bytes, lock_of, locked
from tests.plan.values import campaign

LOCK = encode_lock(lock_of(locked("ann")))
SENT = intent("addPhones", locked("bob", CallStatus.IN_DOUBT, job=""))
JOURNAL = journal_bytes(SENT, Closed(2, (locked("bob"),)))

REFUSED = {
    "an empty lockfile": (b"", JOURNAL, "not a readable lockfile"),
    "garbage": (b"\x00\xff" * 5_000, JOURNAL, "not a readable lockfile"),
    "a lockfile that was cut": (LOCK[:-20], JOURNAL, "damaged or cut"),
    "a lockfile that was edited": (LOCK.replace(b"job-ann", b"job-bob"), JOURNAL, "damaged or cut"),
    "a merge conflict": (b"<<<<<<< HEAD\n" + LOCK, JOURNAL, "Git merge conflict"),
    "a newer format": (LOCK.replace(b'"format":1', b'"format":3'), JOURNAL, "use a newer version"),
    "the lock of another campaign": (encode_lock(lock_of(campaign="other")), b"", "lock of campaign 'other'"),
    "a lockfile with another secret": (encode_lock(lock_of(salt="", secret_check="x")), b"", "CAMPAIGN_LOCK_SECRET"),
    "a lockfile of another serial": (encode_lock(lock_of(serial=5)), JOURNAL, "continues serial 7"),
    "a lockfile of another lineage": (encode_lock(lock_of(lineage="x")), JOURNAL, "belongs to another lockfile"),
    "no lockfile and yet a journal": (None, JOURNAL, "belongs to another lockfile"),
    "a damaged journal": (LOCK, JOURNAL.replace(b"addPhones", b"addphones"), ":2 is damaged"),
}


def stored(folder: Path, lock: bytes | None, journal: bytes) -> dict[str, bytes]:
    """Writes the two files; returns them by name."""
    files = {"promo.journal.jsonl": journal} | ({} if lock is None else {"promo.lock.jsonl": lock})
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def remembered(folder: Path, secret: str | None = None) -> Remembered:
    """What a run starts from."""
    store = FileStore(folder, "promo")
    with store.hold("campaign apply"):
        return read_remembered(store, campaign(), secret, "token")


@pytest.mark.parametrize(("lock", "journal", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trusted_is_refused_and_left(
    tmp_path: Path, lock: bytes | None, journal: bytes, message: str
) -> None:
    files = stored(tmp_path, lock, journal)
    with pytest.raises(LockError, match=re.escape(message)):
        remembered(tmp_path)
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".mutex"}
    assert left == files


def test_what_can_be_trusted_is_read(tmp_path: Path) -> None:
    stored(tmp_path, LOCK, JOURNAL)
    assert {call.job_id for call in remembered(tmp_path).lock.calls.values()} == {"job-ann-1", "job-bob-1"}


@pytest.mark.parametrize("secret", [None, "", "another"])
def test_a_lock_made_with_a_secret_needs_that_secret(tmp_path: Path, secret: str | None) -> None:
    stored(tmp_path, encode_lock(lock_of(salt="", secret_check=Keyer("secret").check())), b"")
    assert remembered(tmp_path, "secret").keyer.check() == Keyer("secret").check()
    with pytest.raises(LockError, match="every call would look new"):
        remembered(tmp_path, secret)


def test_a_lock_made_without_a_secret_is_read_without_it(tmp_path: Path) -> None:
    lock = lock_of(locked("ann"))
    stored(tmp_path, encode_lock(lock), b"")
    assert remembered(tmp_path, "secret").keyer.check() == Keyer(None, lock.header.salt).check()


def test_two_first_runs_of_a_campaign_know_its_calls_by_the_same_digests(tmp_path: Path) -> None:
    one, two = remembered(tmp_path), remembered(tmp_path)
    assert one.lock.is_new
    assert one.keyer.check() == two.keyer.check()
    assert msgspec.structs.replace(one.lock.header, lineage="") == msgspec.structs.replace(two.lock.header, lineage="")
