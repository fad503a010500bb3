"""The book of a run: the lock in memory, and the only writer of its journal and lockfile.

Every mutating request is written down before it is sent and its outcome after. The lock in memory changes only by
what is known: an intent alone changes nothing, closing it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

import msgspec

from reconciler.errors import LockError
from reconciler.lock.added import AddedLines
from reconciler.lock.days import added_on, day_of
from reconciler.lock.journal import (
    Answered,
    Begin,
    Closed,
    Confirmed,
    Doubtful,
    Entry,
    Intent,
    OpenIntent,
    Record,
    after_closing,
    encode_entry,
    with_doubts,
)
from reconciler.lock.lockfile import MANY, encode_calls, first_line, open_calls
from reconciler.lock.model import Header, Lock, LockedCall
from reconciler.lock.new_calls import NewCalls
from reconciler.lock.owned import OwnedJobs
from reconciler.lock.stores import Store
from reconciler.plan.diff import adopted
from reconciler.plan.model import Adopt
from reconciler.read.remembered import Recalled


class Book:
    """The lock and journal of one campaign, held for the time of a run. Use it only inside the store's `hold()`."""

    def __init__(self, store: Store, remembered: Recalled) -> None:
        self._store = store
        self._lock = remembered.lock
        self._added = AddedLines()  # calls of it that are not in there yet
        self._opened = {entry.seq: entry for entry in remembered.opened}
        self._next_seq = len(remembered.entries) + 1
        self._has_closed = bool(remembered.entries)
        self._unsaved_calls = 0
        self._saved = (
            None if remembered.lock.is_new else b"" if self._has_closed else self._fingerprint(self._lines()[1])
        )
        self._owned: OwnedJobs | None = None
        self._pending: list[bytes] | None = None  # lines that wait to be written together
        self._is_torn = False  # something is recorded that is not remembered
        self._is_behind = remembered.is_journal_behind
        if self._is_behind:
            self._restart_journal()  # the numbers it will have once it is written

    @property
    def lock(self) -> Lock:
        """The lock as it is known now. In the middle of adding it takes a while: for its header alone, see `header`."""
        if self._added:
            with self._remembering():
                self._lock = self._added.put_into(self._lock)
        return self._lock

    @property
    def header(self) -> Header:
        """The lock's header."""
        return self._lock.header

    @property
    def opened(self) -> tuple[OpenIntent, ...]:
        """The intents whose outcome is not known, oldest first."""
        return tuple(self._opened.values())

    def owns(self, job_id: str) -> bool:
        """Whether the lock created this job, now or earlier."""
        return self.owns_any([job_id])

    def owns_any(self, job_ids: Sequence[str]) -> bool:
        """Whether the lock created any of these jobs, now or earlier."""
        if self._owned is None:  # most runs add nothing, and a long lock takes a while
            self._owned = OwnedJobs(self.lock)
        return self._owned.has_any(job_ids)

    def intend(self, intent: Intent) -> OpenIntent:
        """The open intent, durable: only now may its request be sent. Raises LockError when it cannot be written."""
        if self._saved is None:
            self.save()  # a journal continues a lockfile, so there must be one
        seq = self._append(intent)
        self._opened[seq] = OpenIntent(seq, intent)
        return self._opened[seq]

    def answered(self, entry: OpenIntent, job_ids: tuple[str, ...]) -> OpenIntent:
        """The intent with the ids the server answered, durable."""
        self._append(Answered(entry.seq, job_ids))
        return self._update(entry, job_ids=job_ids)

    def doubt(self, entry: OpenIntent, at_ms: int, why: str) -> OpenIntent:
        """The intent with the moment we stopped waiting for an answer, durable."""
        self._append(Doubtful(entry.seq, at_ms, why))
        return self._update(entry, gave_up_ms=at_ms, why=why)

    def close(self, entry: OpenIntent, calls: Iterable[LockedCall] = (), *, control: str = "", why: str = "") -> None:
        """Records what the calls of the intent became, durable, and remembers it."""
        closed = Closed(entry.seq, tuple(calls), control, why)
        self._append(closed)
        with self._remembering():
            del self._opened[entry.seq]
            self._lock = after_closing(self.lock, entry.intent, closed)
            self._own([call.job_id for call in closed.calls if call.job_id])
            self._unsaved_calls += len(closed.calls)

    def confirm(
        self, entry: OpenIntent, new: NewCalls, phones: Sequence[str], job_ids: Sequence[str], statuses: str
    ) -> None:
        """Records that each of the intent's new calls has its job, durable, and remembers them.

        Of each call given are its phone (E.164 digits), its job and the letter of its status.
        """
        self._append(Confirmed(entry.seq, tuple(job_ids), statuses))
        with self._remembering():
            del self._opened[entry.seq]
            self._added.add(new, phones, job_ids, statuses)
            self.set_header(added_on(self.header, job_ids, day_of(entry.intent.created_ms)))
            self._own(job_ids)
            self._unsaved_calls += len(job_ids)

    def close_recovered(self, entry: OpenIntent) -> None:
        """Closes the intent that `entry` sends again, now that `entry` is durable and speaks for its calls."""
        recovered = self._opened.get(entry.intent.recovers)
        if recovered is not None:
            self.close(recovered, why="sent again")

    def adopt(self, adopts: Sequence[Adopt]) -> None:
        """Remembers calls under their new keys. Not journalled: a lost one is found again by the next plan."""
        self.lock.drop([adopt.locked.call_id for adopt in adopts])
        self.lock.calls.update({moved.call_id: moved for moved in map(adopted, adopts)})

    def remember(self, calls: Iterable[LockedCall]) -> None:
        """Takes calls into the lock in memory. Not journalled: what is found out can be found out again."""
        known = tuple(calls)
        self.lock.calls.update({call.call_id: call for call in known})
        self._own([call.job_id for call in known if call.job_id])

    def refresh(self, lock: Lock) -> None:
        """Takes over the statuses the server reported."""
        self._lock = msgspec.structs.replace(lock, is_new=self.lock.is_new)

    def put(self, lock: Lock, opened: Iterable[OpenIntent]) -> None:
        """Takes this lock, and these open intents, for what was remembered; the serial stays ours to count."""
        self._lock = Lock(self.lock.header, lock.calls, self.lock.is_new)
        self._opened = {entry.seq: entry for entry in opened}
        self._owned = None
        self.set_header(lock.header)

    def set_header(self, header: Header) -> None:
        """Changes the header; its serial stays ours to count."""
        serial = self.header.serial
        self._lock = msgspec.structs.replace(self._lock, header=msgspec.structs.replace(header, serial=serial))

    def save(self) -> bytes:
        """Writes the lockfile when its content changed, and leaves only open intents in the journal.

        Returns the lines of its calls. Raises LockError when it cannot be written, and when not all that is recorded is
        in memory: the journal, which knows it, stays then.
        """
        if self._is_torn:
            raise LockError(f"{self._store.shown} stays as it was: not all that is recorded is in memory; {_KEPT}")
        count, lines = self._lines()
        self._unsaved_calls = 0
        content = self._fingerprint(lines)
        if content == self._saved and not self._has_closed:
            return lines
        if content != self._saved and not self._is_behind:
            header = msgspec.structs.replace(self.header, serial=self.header.serial + 1)
            self._lock = Lock(header, self._lock.calls)
        journal = self._restart_journal()
        try:
            self._store.replace(lines, journal, first_line=first_line(self.header, count, lines))
        except OSError as error:
            raise LockError(f"cannot write {self._store.shown}: {error.strerror}; {_KEPT}") from None
        self._saved, self._has_closed, self._is_behind = content, False, False
        return lines

    def is_save_due(self, at_least: int) -> bool:
        """Whether so much was recorded that the lockfile should be written in the middle of a long run.

        That is at least so many calls, and half as many as the lockfile holds: so all saves of a run together cost no
        more than a few of the last.
        """
        remembered = len(self._lock.calls) + len(self._added)
        return self._unsaved_calls >= at_least and self._unsaved_calls >= remembered // 2

    def checkpoint(self) -> None:
        """Saves in the middle of a long run: the journal stays short, and little hangs on it.

        What was written is kept as it was written: a million calls as columns take a fifth of the memory.
        """
        lines = self.save()
        if not self._opened and not self._added and len(self.lock.calls) >= MANY:
            self._lock = msgspec.structs.replace(self.lock, calls=open_calls(lines))
            self._owned = None  # it holds on to what was there before, and to each new id as a text

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """For what takes into memory what is recorded: should it fail in between, nothing may be saved any more."""
        was_torn, self._is_torn = self._is_torn, True
        yield
        self._is_torn = was_torn

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded within the block becomes durable at its end, all at once."""
        opened, self._pending = dict(self._opened), []
        try:
            yield
        finally:
            lines, self._pending = self._pending, None
            try:
                self._write(lines)
            except LockError:
                self._opened = opened  # of what was begun here nothing was sent, of what was closed nothing is recorded
                raise

    def _lines(self) -> tuple[int, bytes]:
        """How many calls the lockfile would hold, and their lines."""
        lines = b"" if self._opened else self._added.lines_with(self._lock)
        if lines:
            return len(self._lock.calls) + len(self._added), lines
        lock = with_doubts(self.lock, self.opened) if self._opened else self.lock
        return len(lock.calls), encode_calls(lock)

    def _fingerprint(self, lines: bytes) -> bytes:
        """Stands for all a lockfile would hold, but for its serial."""
        header = msgspec.structs.replace(self.header, serial=0)
        digest = blake2b(msgspec.json.encode(header), digest_size=16)
        digest.update(lines)
        return digest.digest()

    def _restart_journal(self) -> bytes:
        """A new journal with nothing but the open intents; empty when there is none."""
        opened, self._opened, self._next_seq = self.opened, {}, 1
        if not opened:
            return b""
        lines = [self._line(self._begin())]
        renumbered: dict[int, int] = {}
        for entry in opened:
            seq = renumbered[entry.seq] = self._next_seq
            recovers = renumbered.get(entry.intent.recovers, 0)
            intent = msgspec.structs.replace(entry.intent, recovers=recovers)
            lines.append(self._line(intent))
            if entry.job_ids:
                lines.append(self._line(Answered(seq, entry.job_ids)))
            if entry.gave_up_ms is not None:
                lines.append(self._line(Doubtful(seq, entry.gave_up_ms, entry.why)))
            self._opened[seq] = msgspec.structs.replace(entry, seq=seq, intent=intent)
        return b"".join(lines)

    def _begin(self) -> Begin:
        return Begin(self.header.lineage, self.header.serial)

    def _own(self, job_ids: Sequence[str]) -> None:
        if self._owned is not None:
            self._owned.add(job_ids)

    def _update(self, entry: OpenIntent, **changes: object) -> OpenIntent:
        self._opened[entry.seq] = msgspec.structs.replace(entry, **changes)
        return self._opened[entry.seq]

    def _append(self, record: Record) -> int:
        if self._is_behind:
            # Outcomes in a journal that is behind its lockfile count as remembered: a new one there would be lost. Its
            # lockfile keeps the serial, or a crash in here would leave a journal that is two behind.
            self.save()
        lines = [] if self._next_seq > 1 else [self._line(self._begin())]
        seq = self._next_seq
        lines.append(self._line(record))
        self._has_closed = True
        if self._pending is None:
            self._write(lines)
        else:
            self._pending += lines
        return seq

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        try:
            self._store.append(b"".join(lines))
        except OSError as error:
            # An fsync that failed may have lost the record: whatever is in memory can no longer be trusted.
            raise LockError(f"cannot write the journal of {self._store.shown}: {error.strerror}; {_KEPT}") from None

    def _line(self, record: Record) -> bytes:
        line = encode_entry(Entry(self._next_seq, record))
        self._next_seq += 1
        return line


_KEPT = "what was sent before is recorded; make room or repair the disk and apply again"
