"""Locks as files: `<name>.lock.jsonl`, `<name>.journal.jsonl` and `<name>.lock.mutex` in one folder.

The mutex file is never unlinked: a run that waits on an unlinked file would hold a lock nobody else sees. The kernel
releases the lock when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

import msgspec

from reconciler.errors import LockError, LockHeld
from reconciler.lock.journal import parse_journal
from reconciler.lock.stores import Stored
from reconciler.lock.stores.heads import Heads

_LOCK = ".lock.jsonl"


class _Holder(msgspec.Struct, frozen=True):
    """Who holds the mutex, for the message the next one gets."""

    who: str
    pid: int
    since: str
    command: str


_holder = msgspec.json.Decoder(_Holder).decode


class FileStore:
    """One campaign's files in `folder`. Raises LockError when they cannot be read or written.

    `what` is what messages say is locked, where it is not the campaign of that name.
    """

    def __init__(self, folder: Path, name: str, heads: Heads | None = None, *, what: str = "") -> None:
        self._folder, self._name, self._what = folder, name, what or f"campaign {name}"
        self._heads = heads or Heads()
        self._lock = folder / f"{name}{_LOCK}"
        self._journal = folder / f"{name}.journal.jsonl"
        self._torn = folder / f"{name}.journal.torn"
        self._mutex = folder / f"{name}.lock.mutex"
        self._left: tuple[int, int] | None = None  # the journal as this run left it

    @property
    def shown(self) -> str:
        """The lockfile's name."""
        return self._lock.name

    def read(self) -> Stored:
        """What is stored now; a missing journal is an empty one.

        A run may put a new pair in place between the two reads: then both are read again.
        """
        while True:
            version = _version(self._lock)
            stored = Stored(_read(self._lock), _read(self._journal) or b"")
            if _version(self._lock) == version:
                return stored

    def append(self, line: bytes) -> None:
        """Adds one journal line, durable when this returns. Raises OSError when it may not be: that run must end."""
        self._refuse_company()
        is_new = not self._journal.exists()
        fd = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write_all(fd, line)
            os.fsync(fd)
        finally:
            os.close(fd)
            self._left = _state(self._journal)
        if is_new:
            self._sync_folder()  # else a power failure may take the whole file, however often it was synced

    def replace(self, lock: bytes, journal: bytes = b"", *, first_line: bytes = b"") -> None:
        """Replaces the lockfile, then the journal: a crash in between leaves both, and `replay` sees that."""
        self._refuse_company()
        try:
            self._put(self._lock, (first_line, lock), 0o644)
            self._put(self._journal, (journal,), 0o600)
        finally:
            self._left = _state(self._journal)

    def _refuse_company(self) -> None:
        """Raises LockError when another run writes here, too: the mutex was deleted, or this disk knows none."""
        if _state(self._journal) != self._left:
            raise LockError(
                f"another run is at work on {self._what} beside this one: {self._mutex.name} was deleted while it was "
                "held, or the lock's folder is on a disk without locks; nothing more is sent, see to it and apply again"
            )

    def _put(self, path: Path, parts: Iterable[bytes], mode: int) -> None:
        temporary = path.with_name(path.name + ".tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            for part in parts:
                _write_all(fd, part)
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
        self._sync_folder()

    def _sync_folder(self) -> None:
        fd = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """The mutex. Raises LockHeld with who has it, since when and doing what; LockError where there can be none."""
        try:
            fd = os.open(self._mutex, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise LockError(f"cannot write {self._mutex.name} in the lock's folder: {error.strerror}") from None
        try:
            self._prepare(fd, command)
            self._left = _state(self._journal)
            yield
        finally:
            os.close(fd)

    def _prepare(self, fd: int, command: str) -> None:
        try:
            self._take(fd, command)
            self._set_torn_line_aside()
            self._sync_folder()
        except OSError as error:
            raise LockError(f"cannot lock {self._what} in its folder: {error.strerror}") from None

    def _take(self, fd: int, command: str) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(f"{self._what} is locked{_holder_text(os.pread(fd, 4096, 0))}") from None
        holder = _Holder(f"{_user()}@{socket.gethostname()}", os.getpid(), _now_text(), command)
        os.ftruncate(fd, 0)
        os.pwrite(fd, msgspec.json.encode(holder), 0)

    def _set_torn_line_aside(self) -> None:
        """Moves what a crash left of a half-written record out of the journal's way; its append never returned."""
        data = _read(self._journal) or b""
        whole = parse_journal(data, self._journal.name).whole_bytes
        if whole == len(data):
            return
        self._put(self._torn, (data[whole:],), 0o600)
        self._put(self._journal, (data[:whole],), 0o600)

    def keep(self) -> tuple[str, ...]:
        """Copies what is stored beside it, under names with the time that nothing has yet; returns these names."""
        stored = self.read()
        stamp, kept = _now_text().translate(_TO_STAMP), []
        if stored.lock is not None:
            # Not a name that ends as a lockfile's does: it would be taken for a second lock of the campaign.
            kept.append(self._copy(f"{self._name}.lock.{stamp}{{}}.jsonl", stored.lock, 0o644))
        if stored.journal:
            # A name that ends as a journal's does: what keeps those out of Git has to keep its copies out, too.
            kept.append(self._copy(f"{self._name}.{stamp}{{}}.journal.jsonl", stored.journal, 0o600))
        return tuple(kept)

    def _copy(self, pattern: str, data: bytes, mode: int) -> str:
        name, fd = self._new_file(pattern, mode)
        try:
            _write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        self._sync_folder()
        return name

    def _new_file(self, pattern: str, mode: int) -> tuple[str, int]:
        """A file that nobody had before; where the name is taken, a number is put into it."""
        for number in chain([""], (f"-{n}" for n in count(2))):
            with suppress(FileExistsError):
                name = pattern.format(number)
                return name, os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        raise AssertionError("numbers do not end")

    def drop_torn(self) -> None:
        """Takes away what a crash left of a half-written journal line, which nothing reads. Only inside `hold()`."""
        self._torn.unlink(missing_ok=True)
        self._sync_folder()

    def withdraw(self) -> None:
        """Takes lockfile and journal away, once they are kept under another name. Only inside `hold()`."""
        self._journal.unlink(missing_ok=True)
        self._left = None
        self._lock.unlink(missing_ok=True)
        self._sync_folder()

    def holder(self) -> tuple[bool, str]:
        """Whether a run holds the mutex now, and who that is or was last, as far as it is known."""
        try:
            fd = os.open(self._mutex, os.O_RDONLY)
        except FileNotFoundError:
            return False, ""
        try:
            told = _holder_text(os.pread(fd, 4096, 0))
            return not _is_free(fd), told.strip()
        finally:
            os.close(fd)

    def neighbours(self) -> Iterable[tuple[str, bytes]]:
        """Name and first line of every other lockfile in the folder, sorted; unreadable ones are left out."""
        for path, name in sorted(_lockfiles(self._folder)):
            if name != self._lock.name:
                with suppress(OSError):
                    yield name, self._heads.first_line(path)


def _lockfiles(folder: Path) -> list[tuple[str, str]]:
    """All lockfiles in a folder, with their names; none where it cannot be looked into."""
    try:
        # Not with a Path for each: every campaign of a run looks at the lockfiles of all.
        with os.scandir(folder) as entries:
            return [(entry.path, entry.name) for entry in entries if entry.name.endswith(_LOCK)]
    except OSError:
        return []


_TO_STAMP = str.maketrans({"-": "", ":": "", " ": "-"})


def lock_names(folder: Path) -> list[str]:
    """The campaigns that have a lockfile in this folder, sorted."""
    return sorted(path.name.removesuffix(_LOCK) for path in folder.glob(f"*{_LOCK}"))


def _is_free(fd: int) -> bool:
    """Whether nobody holds the mutex behind this descriptor; closing that lets go of it again."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _state(path: Path) -> tuple[int, int] | None:
    """What changes when somebody appends to the file, or replaces it."""
    found = _found(path)
    return found and (found.st_ino, found.st_size)


def _version(path: Path) -> tuple[int, int] | None:
    """What changes when the file is replaced."""
    found = _found(path)
    return found and (found.st_ino, found.st_mtime_ns)


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LockError(f"cannot read {path.name}: {error.strerror}") from None


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _holder_text(data: bytes) -> str:
    try:
        holder = _holder(data)
    except msgspec.DecodeError:
        return " by another run"
    return f" by {holder.who} (process {holder.pid}) since {holder.since}, doing `{holder.command}`"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())  # a container's user may have no name


def _now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
