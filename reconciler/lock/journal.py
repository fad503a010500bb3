"""The journal: what is about to be asked of the server, and what came of it.

A record is one line, `crc32 SP json LF`, numbered without gaps. An intent is durable before its request is sent; it
stays open until a `Closed` record says what its calls became. After a crash the open intents are the questions to ask
the server. A last line without its LF is torn: its append never returned, so nothing was done because of it. Any
other bad line, also a whole one at the end, may be a request that was sent: it stops everything.
"""

from __future__ import annotations

import zlib
from collections.abc import Container, Iterable, MutableMapping
from typing import Any, Literal, assert_never

import msgspec

from reconciler.errors import LockError
from reconciler.lock.days import added_on, day_of
from reconciler.lock.model import CallId, CallStatus, Lock, LockedCall
from reconciler.lock.new_calls import NewCalls
from reconciler.lock.owned import OwnedJobs

Operation = Literal["addPhones", "cancel", "control"]


class _Sent(msgspec.Struct):
    """As much of what was sent for a call as tells whom it is about."""

    phone: str


_sent = msgspec.json.Decoder(list[_Sent]).decode
_objects = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """First record: which lockfile the following ones continue."""

    lineage: str
    serial: int


class Intent(msgspec.Struct, frozen=True, tag="intent", omit_defaults=True):
    """A mutating request that is about to be sent."""

    operation: Operation
    idempotence_key: str  # random UUID4
    created_ms: int  # Unix milliseconds
    deadline_ms: int  # when we stop waiting for the answer
    # As calls, or in columns where nothing was remembered of any. Not a field of its own: a version that knows only
    # calls would take an intent without them for one about nobody. So it cannot read the line, and stops.
    held: tuple[LockedCall, ...] | NewCalls = msgspec.field(default=(), name="calls")
    body: str = ""  # the exact request, for sending again
    move: str = ""  # control only
    recovers: int = 0  # number of the intent this one sends again
    skew_ms: int = 0  # the server's clock minus ours when it was created

    @property
    def calls(self) -> tuple[LockedCall, ...]:
        """The calls it is about. addPhones: as they will be, without job, as in the body; cancel: as they are."""
        return tuple(self.held.calls(self.phones())) if isinstance(self.held, NewCalls) else self.held

    @property
    def size(self) -> int:
        """How many calls it is about."""
        return self.held.size if isinstance(self.held, NewCalls) else len(self.held)

    def phones(self) -> list[str]:
        """addPhones: the E.164 digits of the body."""
        return [sent.phone for sent in _sent(self.body)]

    def objects(self) -> list[bytes]:
        """addPhones: the request objects of the body, as they stand in it."""
        return list(map(bytes, _objects(self.body)))

    def about(self, calls: Iterable[LockedCall], **changes: Any) -> Intent:
        """The intent about other calls, and with other changes."""
        return msgspec.structs.replace(self, held=tuple(calls), **changes)

    def __repr__(self) -> str:
        """Without the request: it holds phones and payloads."""
        return f"Intent({self.operation}, {self.size} calls)"


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The server answered addPhones with these ids; which belongs to whom is not confirmed yet."""

    of: int
    job_ids: tuple[str, ...]


class Doubtful(msgspec.Struct, frozen=True, tag="doubtful"):
    """No usable answer came by `at_ms`: the request may or may not have taken effect."""

    of: int
    at_ms: int
    why: str


class Closed(msgspec.Struct, frozen=True, tag="closed", omit_defaults=True):
    """The outcome of intent `of` is known: these calls, and the campaign's last control, are now so."""

    of: int
    calls: tuple[LockedCall, ...] = ()
    control: str = ""
    why: str = ""  # when it did not do what was wanted


class Confirmed(msgspec.Struct, frozen=True, tag="confirmed"):
    """Each of the new calls of addPhones intent `of` has the job at its place; that is its outcome."""

    of: int
    job_ids: tuple[str, ...]
    statuses: str  # a letter each

    def closed(self, intent: Intent) -> Closed:
        """The same call by call. Raises ValueError when there are not as many jobs as calls."""
        held = intent.held if isinstance(intent.held, NewCalls) else NewCalls("", "", "", "")
        return Closed(self.of, tuple(held.calls(intent.phones(), self.job_ids, self.statuses)))


Record = Begin | Intent | Answered | Doubtful | Closed | Confirmed


class Entry(msgspec.Struct, frozen=True):
    """A record with its number; numbers count from 1."""

    seq: int
    record: Record


class OpenIntent(msgspec.Struct, frozen=True):
    """An intent whose outcome is not known, with what is known of it."""

    seq: int
    intent: Intent
    job_ids: tuple[str, ...] = ()  # answered, not confirmed
    gave_up_ms: int | None = None  # when waiting for the answer ended; None: the process died first
    why: str = ""  # what came instead of an answer


class Parsed(msgspec.Struct, frozen=True):
    """A journal's entries, and how many bytes of the file they are; what follows is a torn line."""

    entries: tuple[Entry, ...]
    whole_bytes: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """The journal line of `entry`, newline included."""
    text = _encoder.encode(entry)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def parse_journal(data: bytes, shown: str) -> Parsed:
    """The entries in `data`, a torn last line left out. Raises LockError for any other bad line."""
    *lines, torn = data.split(b"\n")
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        entry = _decode_entry(line)
        if entry is None or entry.seq != number:
            raise LockError(f"{shown}:{number} is damaged; nothing was changed: keep the file and restore it")
        entries.append(entry)
    return Parsed(tuple(entries), len(data) - len(torn))


def _decode_entry(line: bytes) -> Entry | None:
    crc, _, text = line.partition(b" ")
    if crc != b"%08x" % zlib.crc32(text):
        return None
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError:
        return None


def replay(lock: Lock, entries: tuple[Entry, ...], shown: str) -> tuple[Lock, tuple[OpenIntent, ...]]:
    """The lock after the journal, and the intents still open. Raises LockError when the two do not belong together.

    What the lockfile says because of those intents is taken out of it; `with_doubts` puts it back.
    """
    if not entries:
        return lock, ()
    owned = OwnedJobs(lock) if _is_included(lock, entries[0].record, shown) else None
    lock = lock.copy()
    opened: dict[int, OpenIntent] = {}
    for entry in entries[1:]:
        if isinstance(entry.record, Answered | Doubtful | Closed | Confirmed) and entry.record.of not in opened:
            raise LockError(f"{shown}:{entry.seq} is about a request that is not open; nothing was changed")
        match entry.record:
            case Intent() as intent:
                opened[entry.seq] = OpenIntent(entry.seq, intent)
            case Answered(of, job_ids):
                opened[of] = msgspec.structs.replace(opened[of], job_ids=job_ids)
            case Doubtful(of, at_ms, why):
                opened[of] = msgspec.structs.replace(opened[of], gave_up_ms=at_ms, why=why)
            case Closed() | Confirmed() as record:
                intent = opened.pop(record.of).intent
                closed = _closed(record, intent, f"{shown}:{entry.seq}")
                if owned is None:
                    lock = after_closing(lock, intent, closed)
                elif any(call.job_id and call.job_id not in owned for call in closed.calls):
                    raise LockError(f"{shown}:{entry.seq} records calls that are not in the lockfile; {_BRING_BACK}")
            case Begin():
                raise LockError(f"{shown}:{entry.seq} begins a second time; nothing was changed")
            case _:
                assert_never(entry.record)
    still_open = tuple(each for each in opened.values() if owned is None or not _is_settled(lock, each.intent))
    for entry_open in still_open:
        _clear_doubts(lock, entry_open.intent)
    return lock, still_open


def _is_settled(lock: Lock, intent: Intent) -> bool:
    """Whether a lockfile that is later than the journal knows what became of a request to add the journal leaves open.

    Where the same run wrote it these calls are in doubt. Else another run found out about them since.
    """
    known = [lock.calls.get(call.call_id) for call in intent.calls] if intent.operation == "addPhones" else []
    return bool(known) and all(call is not None and call.status is not CallStatus.IN_DOUBT for call in known)


def sent_phones(entries: Iterable[Entry]) -> frozenset[str]:
    """The phones of requests to add that these entries leave open: what is known of them without their lockfile."""
    opened: dict[int, Intent] = {}
    for entry in entries:
        if isinstance(entry.record, Intent):
            opened[entry.seq] = entry.record
        elif isinstance(entry.record, Closed | Confirmed):
            opened.pop(entry.record.of, None)
    added = (intent for intent in opened.values() if intent.operation == "addPhones")
    return frozenset(phone for intent in added for phone in intent.phones())


def _closed(record: Closed | Confirmed, intent: Intent, where: str) -> Closed:
    if isinstance(record, Closed):
        return record
    try:
        return record.closed(intent)
    except (ValueError, msgspec.DecodeError):
        raise LockError(f"{where} does not fit the request it is about; nothing was changed") from None


_BRING_BACK = "bring back the lockfile of the interrupted run, then apply again"


def with_doubts(lock: Lock, opened: tuple[OpenIntent, ...]) -> Lock:
    """The lock as it must be read while these intents are open: calls in doubt, cancellations not confirmed."""
    doubts = (call for entry in opened for call in _doubted(lock, entry.intent))
    return lock.with_calls(doubts)


def _doubted(lock: Lock, intent: Intent) -> tuple[LockedCall, ...]:
    if intent.operation == "addPhones":
        return intent.calls
    known = (lock.calls.get(call.call_id) for call in intent.calls)
    return tuple(call.with_status(CallStatus.CANCELLING) for call in known if call and not call.status.is_final)


def after_closing(lock: Lock, intent: Intent, closed: Closed) -> Lock:
    """The lock once an intent is closed: its calls as recorded, and no doubt left about the others.

    Changes `lock.calls` itself: a copy for every batch would make large applies slow.
    """
    recorded = {call.call_id: call for call in closed.calls}
    lock.calls.update(recorded)
    _clear_doubts(lock, intent, recorded)
    header = msgspec.structs.replace(lock.header, control=closed.control, state="") if closed.control else lock.header
    if intent.operation == "addPhones" and closed.calls:
        header = added_on(header, [call.job_id for call in closed.calls], day_of(intent.created_ms))
    return msgspec.structs.replace(lock, header=header)


def _clear_doubts(lock: Lock, intent: Intent, recorded: Container[CallId] = ()) -> None:
    """Takes the doubt about the intent's calls out of the lock, save for those that are `recorded`."""
    ids = (call.call_id for call in intent.calls) if intent.operation == "addPhones" else ()
    for call_id in ids:
        if call_id in recorded:  # nearly always all of them: these are not looked up
            continue
        known = lock.calls.get(call_id)
        if known and known.status is CallStatus.IN_DOUBT:
            _clear_doubt(lock.calls, known)


def _clear_doubt(calls: MutableMapping[CallId, LockedCall], doubted: LockedCall) -> None:
    """Nothing came of the request: what was remembered before it holds again, a job that was free to be replaced."""
    del calls[doubted.call_id]
    if doubted.former:
        *older, last = doubted.former
        calls[doubted.call_id] = msgspec.structs.replace(
            doubted, job_id=last.job_id, phone=last.phone, status=CallStatus.CANCELLED, former=tuple(older)
        )


def _is_included(lock: Lock, first: Record, shown: str) -> bool:
    """Whether the lockfile already holds the journal: the run died between replacing one and emptying the other."""
    if not isinstance(first, Begin):
        raise LockError(f"{shown}:1 does not say which lock it belongs to; nothing was changed")
    if first.lineage != lock.header.lineage or lock.is_new:
        where = "which is not here" if lock.is_new else "not to the one that is here"
        gone = "`campaign import`" if lock.is_new else "`campaign import --rebuild`"
        raise LockError(
            f"{shown} belongs to another lockfile, {where}; restore that one first (serial {first.serial}, lineage "
            f"{first.lineage[:8]}), or if nobody has it: {gone}"
        )
    if lock.header.serial not in (first.serial, first.serial + 1):
        raise LockError(
            f"{shown} continues serial {first.serial} of the lockfile, but serial {lock.header.serial} is here; "
            f"{_BRING_BACK}"
        )
    return lock.header.serial == first.serial + 1
