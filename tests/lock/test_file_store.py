"""Locks as files: durable before it is said so, replaced in an order that loses nothing, and held by one run alone."""

from __future__ import annotations

import errno
import fcntl
import getpass
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import pytest

from reconciler.errors import LockError, LockHeld
from reconciler.lock.journal import Begin, Entry, encode_entry
from reconciler.lock.stores import Stored
from reconciler.lock.stores.files import FileStore, lock_names
from tests.lock.samples import entries, intent, locked

LINES = [encode_entry(entry) for entry in entries(intent("addPhones", locked("ann")))]
HOLDER = """
import sys
from pathlib import Path
from reconciler.lock.stores.files import FileStore, lock_names
with FileStore(Path(sys.argv[1]), "promo").hold("campaign apply -f promo.yaml"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """The store of campaign promo."""
    return FileStore(tmp_path, "promo")


BESIDE = r"beside this one: promo\.lock\.mutex was deleted while it was held"


@pytest.mark.parametrize("meanwhile", ["append", "replace"])
def test_two_runs_that_both_believe_to_be_alone_do_not_write_beside_each_other(tmp_path: Path, meanwhile: str) -> None:
    first, second = FileStore(tmp_path, "promo"), FileStore(tmp_path, "promo")
    with first.hold("campaign apply"):
        first.replace(b"lock")
        first.append(LINES[0])
        (tmp_path / "promo.lock.mutex").unlink()
        with second.hold("campaign apply"):
            if meanwhile == "append":
                second.append(LINES[1])
            else:
                second.replace(b"other", LINES[0])
            with pytest.raises(LockError, match=BESIDE):
                first.append(LINES[1])
            with pytest.raises(LockError, match=BESIDE):
                first.replace(b"mine")
            second.replace(b"whole")
    assert second.read() == Stored(b"whole", b"")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Files are made with this mask for a while."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until it is asked to end, or killed."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


class Syncs:
    """What had reached the files whenever one was synced: its name, and the bytes of lockfile and journal then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen: list[tuple[str, bytes, bytes]] = []

    def fsync(self, fd: int) -> None:
        """Stands in for os.fsync, and does it too."""
        _FSYNC(fd)
        inode = os.fstat(fd).st_ino
        paths = [self._folder, *self._folder.iterdir()]
        name = next(path.name for path in paths if path.stat().st_ino == inode)
        self.seen.append((name, self._bytes("promo.lock.jsonl"), self._bytes("promo.journal.jsonl")))

    def _bytes(self, name: str) -> bytes:
        path = self._folder / name
        return path.read_bytes() if path.exists() else b""


_FSYNC = os.fsync


@pytest.fixture
def syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """Watches every fsync."""
    watch = Syncs(tmp_path)
    monkeypatch.setattr(os, "fsync", watch.fsync)
    return watch


# -------------------------------------------------------------------------------------------------- reading and writing


def test_a_campaign_that_never_had_a_lock_has_none(store: FileStore) -> None:
    assert store.read() == Stored(None, b"")


def test_the_store_is_shown_by_the_name_of_the_lockfile(store: FileStore) -> None:
    assert store.shown == "promo.lock.jsonl"


def test_what_was_replaced_and_appended_is_read(store: FileStore) -> None:
    store.replace(b"lock", LINES[0])
    store.append(LINES[1])
    assert store.read() == Stored(b"lock", b"".join(LINES))


def test_a_first_line_is_written_before_the_lock(store: FileStore) -> None:
    store.replace(b"lock", first_line=b"first\n")
    assert store.read() == Stored(b"first\nlock", b"")


def test_replacing_the_lock_empties_the_journal(store: FileStore) -> None:
    store.append(LINES[0])
    store.replace(b"lock")
    assert store.read() == Stored(b"lock", b"")


def test_an_empty_lockfile_is_not_taken_for_none(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "promo.lock.jsonl").touch()
    assert store.read() == Stored(b"", b"")


def test_only_its_own_files_are_left_behind(store: FileStore, tmp_path: Path) -> None:
    with store.hold("campaign apply"):
        store.append(LINES[0])
        store.replace(b"lock", LINES[0])
    assert {path.name for path in tmp_path.iterdir()} == {"promo.lock.jsonl", "promo.journal.jsonl", "promo.lock.mutex"}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_journal_is_for_its_owner_alone_however_it_comes_about(store: FileStore, tmp_path: Path, mask: int) -> None:
    journal = tmp_path / "promo.journal.jsonl"
    with umask(mask):
        store.append(LINES[0] + b"torn")
        modes = [S_IMODE(journal.stat().st_mode)]
        with store.hold("campaign apply"):
            modes.append(S_IMODE(journal.stat().st_mode))
        modes.append(S_IMODE((tmp_path / "promo.journal.torn").stat().st_mode))
        store.replace(b"lock", LINES[0])
        modes.append(S_IMODE(journal.stat().st_mode))
    assert modes == [0o600] * 4


def test_the_lockfile_can_be_read_by_all_who_may_read_the_repository(store: FileStore, tmp_path: Path) -> None:
    with umask(0o022):
        store.replace(b"lock")
    assert S_IMODE((tmp_path / "promo.lock.jsonl").stat().st_mode) == 0o644


def test_a_write_that_the_system_does_in_pieces_is_whole(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:7]))
    store.replace(b"a lock of some length", LINES[0])
    store.append(LINES[1])
    assert store.read() == Stored(b"a lock of some length", b"".join(LINES))


# ----------------------------------------------------------------------------------------------------------- durability


def test_an_appended_line_is_synced_whole_before_it_is_said_to_be_there(store: FileStore, syncs: Syncs) -> None:
    store.replace(b"lock", LINES[0])
    syncs.seen.clear()
    store.append(LINES[1])
    assert syncs.seen == [("promo.journal.jsonl", b"lock", b"".join(LINES))]


def test_a_new_journal_is_synced_into_its_folder(store: FileStore, tmp_path: Path, syncs: Syncs) -> None:
    store.append(LINES[0])
    assert [name for name, _, _ in syncs.seen] == ["promo.journal.jsonl", tmp_path.name]


def test_the_lockfile_is_in_its_place_before_the_journal_is_touched(
    store: FileStore, tmp_path: Path, syncs: Syncs
) -> None:
    store.replace(b"old", b"old journal")
    syncs.seen.clear()
    store.replace(b"new", b"new journal")
    assert syncs.seen == [
        ("promo.lock.jsonl.tmp", b"old", b"old journal"),
        (tmp_path.name, b"new", b"old journal"),
        ("promo.journal.jsonl.tmp", b"new", b"old journal"),
        (tmp_path.name, b"new", b"new journal"),
    ]


def test_a_sync_that_fails_is_fatal_and_keeps_the_old_files(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.replace(b"old", LINES[0])

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        store.append(LINES[1])
    with pytest.raises(OSError, match="Input/output error"):
        store.replace(b"new")
    assert store.read().lock == b"old"


def test_what_a_crash_left_of_a_replacement_does_not_matter(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "promo.lock.jsonl.tmp").write_bytes(b"half of a much longer lock")
    store.replace(b"new")
    assert store.read().lock == b"new"


# ----------------------------------------------------------------------------------------------------------- torn lines


@pytest.mark.parametrize("size", [1, len(LINES[1]) // 2, len(LINES[1]) - 1])
def test_a_torn_line_is_set_aside_when_the_lock_is_taken(store: FileStore, tmp_path: Path, size: int) -> None:
    store.append(LINES[0] + LINES[1][:size])
    with store.hold("campaign apply"):
        store.append(LINES[1])
    assert store.read().journal == b"".join(LINES)
    assert (tmp_path / "promo.journal.torn").read_bytes() == LINES[1][:size]


def test_a_whole_journal_is_left_alone_when_the_lock_is_taken(store: FileStore, tmp_path: Path) -> None:
    store.append(b"".join(LINES))
    with store.hold("campaign apply"):
        assert store.read().journal == b"".join(LINES)
    assert not (tmp_path / "promo.journal.torn").exists()


def test_a_damaged_journal_stops_everything_and_stays_as_it_is(store: FileStore) -> None:
    store.append(b"damaged\n" + LINES[1] + b"torn")
    with pytest.raises(LockError, match=r"promo\.journal\.jsonl:1 is damaged"), store.hold("campaign apply"):
        pass
    assert store.read().journal == b"damaged\n" + LINES[1] + b"torn"
    with pytest.raises(LockError, match="is damaged"), store.hold("campaign apply"):
        pass  # and the mutex was let go


# ---------------------------------------------------------------------------------------------------------------- mutex


def test_another_process_is_told_who_holds_the_lock_since_when_and_doing_what(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "promo")
    with holder(tmp_path) as process:
        with pytest.raises(LockHeld) as caught, store.hold("campaign plan"):
            pass
        message = str(caught.value)
    assert message.startswith(f"campaign promo is locked by {getpass.getuser()}@")
    assert f"(process {process.pid}) since 2" in message
    assert message.endswith(" UTC, doing `campaign apply -f promo.yaml`")


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
        with FileStore(tmp_path, "promo").hold("campaign apply"):
            pass


def test_a_thread_of_the_same_process_is_kept_out_too(tmp_path: Path) -> None:
    errors: list[LockHeld] = []

    def second() -> None:
        try:
            with FileStore(tmp_path, "promo").hold("campaign halt"):
                pass
        except LockHeld as error:
            errors.append(error)

    with FileStore(tmp_path, "promo").hold("campaign apply"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert [f"(process {os.getpid()})" in str(error) for error in errors] == [True]


def test_the_lock_is_free_again_after_a_run_and_after_an_error_in_it(store: FileStore) -> None:
    with pytest.raises(ZeroDivisionError), store.hold("campaign apply"):
        raise ZeroDivisionError
    with store.hold("campaign apply"):
        pass


def test_two_campaigns_do_not_wait_for_each_other(store: FileStore, tmp_path: Path) -> None:
    with store.hold("campaign apply"), FileStore(tmp_path, "other").hold("campaign apply"):
        pass


def test_the_mutex_file_is_never_replaced_or_removed(store: FileStore, tmp_path: Path) -> None:
    mutex = tmp_path / "promo.lock.mutex"
    with store.hold("a command that is much longer than the next"):
        inode = mutex.stat().st_ino
    with store.hold("short"):
        assert mutex.stat().st_ino == inode
        assert mutex.read_bytes().endswith(b'"command":"short"}')
    assert mutex.stat().st_ino == inode


def test_a_holder_that_says_nothing_readable_is_another_run(store: FileStore, tmp_path: Path) -> None:
    with (tmp_path / "promo.lock.mutex").open("wb") as mutex:
        mutex.write(b"\xff")
        mutex.flush()
        fcntl.flock(mutex, fcntl.LOCK_EX)
        with pytest.raises(LockHeld, match=r"^campaign promo is locked by another run$"), store.hold("campaign apply"):
            pass


def test_a_user_without_a_name_holds_the_lock_by_number(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nameless)
    with store.hold("campaign apply"):
        assert f'"who":"{os.getuid()}@'.encode() in (tmp_path / "promo.lock.mutex").read_bytes()


# -------------------------------------------------------------------------------------------------- what cannot be used


@pytest.mark.parametrize("name", ["promo.lock.jsonl", "promo.journal.jsonl"])
def test_a_directory_in_place_of_a_file_is_said(store: FileStore, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(LockError, match=f"^cannot read {name}: Is a directory$"):
        store.read()


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "gone", "promo")
    with pytest.raises(LockError, match=r"cannot write promo\.lock\.mutex in the lock's folder: No such"):
        store.hold("campaign apply").__enter__()


def test_a_file_that_may_not_be_read_is_said(store: FileStore, tmp_path: Path) -> None:
    store.replace(b"lock")
    with unprivileged(tmp_path), pytest.raises(LockError, match=r"^cannot read promo\.lock\.jsonl: Permission denied$"):
        store.read()
    assert store.read().lock == b"lock"


def test_a_folder_that_may_not_be_written_is_said(store: FileStore, tmp_path: Path) -> None:
    with (
        unprivileged(tmp_path),
        pytest.raises(LockError, match=r"cannot write promo\.lock\.mutex in the lock's folder: Permission"),
    ):
        store.hold("campaign apply").__enter__()


def test_a_torn_line_that_was_set_aside_can_be_taken_away(store: FileStore, tmp_path: Path) -> None:
    store.append(b"torn")
    with store.hold("erase"):
        assert (tmp_path / "promo.journal.torn").exists()
        store.drop_torn()
        store.drop_torn()  # nothing is there any more
    assert not (tmp_path / "promo.journal.torn").exists()


def test_a_torn_line_that_cannot_be_set_aside_is_said(store: FileStore, tmp_path: Path) -> None:
    store.append(b"torn")
    (tmp_path / "promo.journal.torn.tmp").mkdir()
    with pytest.raises(LockError, match="cannot lock campaign promo in its folder: Is a directory"):
        store.hold("campaign apply").__enter__()
    assert store.read().journal == b"torn"


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """As somebody who may not enter `folder`; root, whom nothing keeps out, becomes nobody for a while."""
    mode, user = S_IMODE(folder.stat().st_mode), os.geteuid()
    folder.chmod(0)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(mode)


# ----------------------------------------------------------------------------------------------------------- neighbours


def test_the_neighbours_are_the_other_lockfiles_by_their_first_lines(store: FileStore, tmp_path: Path) -> None:
    store.replace(b"own\nline\n", b"own journal")
    (tmp_path / "b.lock.jsonl").write_bytes(b"header of b\nline\n")
    (tmp_path / "a.lock.jsonl").write_bytes(b"header of a")
    (tmp_path / "c.lock.jsonl").touch()
    (tmp_path / "d.lock.jsonl").mkdir()
    assert list(store.neighbours()) == [
        ("a.lock.jsonl", b"header of a"),
        ("b.lock.jsonl", b"header of b\n"),
        ("c.lock.jsonl", b""),
    ]


# --------------------------------------------------------------------------------------------------------------- copies


def test_a_copy_is_kept_beside_the_lock_and_never_overwrites_an_older_one(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "promo")
    with store.hold("test"):
        store.replace(b"one\n")
        first = store.keep()
        store.replace(b"two\n")
        second = store.keep()
    assert [(tmp_path / name).read_bytes() for name in (*first, *second)] == [b"one\n", b"two\n"]


def test_a_copy_is_no_second_lock_of_the_campaign(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "promo")
    with store.hold("test"):
        store.replace(b"one\n")
        store.keep()
    assert lock_names(tmp_path) == ["promo"]
    assert list(FileStore(tmp_path, "other").neighbours()) == [("promo.lock.jsonl", b"one\n")]


def test_the_copy_of_a_journal_is_its_owners_only_and_kept_out_of_git_as_journals_are(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "promo")
    journal = encode_entry(Entry(1, Begin("lineage", 7)))
    with store.hold("test"):
        store.append(journal)
        (name,) = store.keep()
    assert name.endswith(".journal.jsonl")
    assert (tmp_path / name).read_bytes() == journal
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_where_there_is_nothing_nothing_is_kept(tmp_path: Path) -> None:
    assert FileStore(tmp_path, "promo").keep() == ()


def test_a_lock_can_be_taken_away_and_leaves_the_mutex(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "promo")
    with store.hold("test"):
        store.replace(b"one\n")
        store.withdraw()
    assert [path.name for path in tmp_path.iterdir()] == ["promo.lock.mutex"]


def test_who_holds_the_mutex_is_told_while_it_is_held_and_who_did_afterwards(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "promo")
    assert store.holder() == (False, "")
    with store.hold("campaign apply"):
        is_held, told = store.holder()
    assert is_held
    assert f"(process {os.getpid()})" in told
    assert store.holder() == (False, told)
