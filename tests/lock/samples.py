"""Locks, calls and journals the lock tests are made of."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.lock.journal import Begin, Entry, Intent, Operation, Record, encode_entry
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, FormerJob, Header, Lock, LockedCall

SALT = "5a" * 16
KEYER = Keyer(None, SALT)
SHOWN = "promo.lock.jsonl"
JOURNAL = "promo.journal.jsonl"


def header(**fields: object) -> Header:
    """A header; serial 7 unless given."""
    given: dict[str, Any] = {"campaign": "promo", "lineage": "lineage", "serial": 7, "salt": SALT, **fields}
    return Header(1, host="https://calls.example", **given)


def locked(
    name: str = "ann",
    status: CallStatus = CallStatus.PLANNED,
    *,
    wave: str = "1",
    job: str | None = None,
    former: tuple[FormerJob, ...] = (),
) -> LockedCall:
    """A remembered call; its digests are those of its name."""
    job_id = f"job-{name}-{wave}" if job is None else job
    key, phone, request = KEYER.key(name), KEYER.phone(name), KEYER.request(name.encode())
    return LockedCall(key, wave, phone, request, job_id, status, "1650•••0042", former)


def lock_of(*calls: LockedCall, is_new: bool = False, **fields: object) -> Lock:
    """A lock that remembers these; `fields` are the header's."""
    return Lock(header(**fields), {call.call_id: call for call in calls}, is_new)


def owned_jobs(lock: Lock) -> dict[str, str]:
    """Every job id the lock ever created, with the digest of its phone."""
    return {job.job_id: job.phone for call in lock.calls.values() for job in call.job_history()}


def intent(operation: Operation = "addPhones", *calls: LockedCall, body: str = "", recovers: int = 0) -> Intent:
    """A request that was about to be sent."""
    key = "00000000-0000-4000-8000-000000000000"
    return Intent(operation, key, created_ms=1_000, deadline_ms=61_000, held=calls, body=body, recovers=recovers)


def entries(*records: Record, serial: int = 7) -> tuple[Entry, ...]:
    """A journal that continues the lock of that serial; the first of `records` has number 2."""
    return tuple(Entry(seq, record) for seq, record in enumerate((Begin("lineage", serial), *records), 1))


def journal_bytes(*records: Record, serial: int = 7) -> bytes:
    """The same as it is stored."""
    return b"".join(map(encode_entry, entries(*records, serial=serial)))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

CALLS = st.builds(
    LockedCall,
    key=st.sampled_from([KEYER.key(name) for name in ("ann", "bob", "cyd", "dan", "eve")]),
    wave=TEXTS,
    phone=st.sampled_from([KEYER.phone(name) for name in ("ann", "bob")]),
    request=st.sampled_from([KEYER.request(name) for name in (b"x", b"y")]),
    job_id=TEXTS,
    status=st.sampled_from(CallStatus),
    mask=TEXTS,
    former=st.lists(st.builds(FormerJob, TEXTS, TEXTS), max_size=2).map(tuple),
)
SETTINGS = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.none()), max_size=3)
HEADERS = st.builds(
    Header,
    format=st.just(1),
    campaign=st.just("promo"),
    lineage=TEXTS,
    serial=st.integers(0, 2**53),
    host=TEXTS,
    salt=st.just(SALT),
    secret_check=TEXTS,
    token=TEXTS,
    remote=TEXTS,
    control=TEXTS,
    policy=SETTINGS,
    payload=SETTINGS,
)
LOCKS = st.builds(lambda head, calls: Lock(head, {c.call_id: c for c in calls}), HEADERS, st.lists(CALLS, max_size=6))
