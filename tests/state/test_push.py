"""`campaign state push`: a lock takes another one's place only where nobody is called twice because of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import Lock, LockedCall
from tests.resolve.conftest import OpenPlace
from tests.resolve.place import NAME, Place
from tests.state.test_import import applied
from tests.state.test_state import LOCKFILE, approved, lock_of_nobody

LOST = {
    "gone": None,
    "half": lambda data: data[: len(data) // 2],
    "in conflict": lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n>>>>>>> x\n",
}
"""What can have become of a lockfile, so that no run takes it."""


def lose(place: Place, how: str) -> None:
    """The lockfile is lost, in one of these ways; the journal is still there."""
    file, change = place.folder / LOCKFILE, LOST[how]
    if change is None:
        file.unlink()
    else:
        file.write_bytes(change(file.read_bytes()))


def copied(place: Place, name: str = "copy") -> Path:
    """A copy of the lockfile as it is now."""
    copy = place.folder / name
    copy.write_bytes((place.folder / LOCKFILE).read_bytes())
    return copy


def serial_of(file: Path) -> int:
    """The serial of a lockfile."""
    return decode_lock(file.read_bytes(), campaign=NAME, shown="lock").header.serial


def made(place: Place, *, serial: int, calls: Iterable[LockedCall] = ()) -> Path:
    """A file with the lock as it is now, but for its serial and its calls."""
    header = msgspec.structs.replace(place.lock().header, serial=serial)
    file = place.folder / f"serial-{serial}"
    file.write_bytes(encode_lock(Lock(header, {call.call_id: call for call in calls})))
    return file


def jobs(place: Place, rows: Iterable[int]) -> list[int]:
    """How many jobs each of these rows got."""
    return [len(place.jobs_of(n)) for n in rows]


def without_copies(place: Place) -> None:
    """Takes away the copies of the journal, which hold phones as every journal does."""
    for path in place.folder.glob(f"{NAME}.2*.journal.jsonl"):
        path.unlink()


# ------------------------------------------------------------------------------------------------------------ a journal


@pytest.mark.parametrize("how", LOST)
def test_the_journal_stays_beside_the_lock_that_it_continues(place: Place, how: str) -> None:
    place.in_doubt(1, 2)
    journal = place.journal.read_bytes()
    good = made(place, serial=place.lock().header.serial)  # as it was before a run that was killed: without its doubts
    lose(place, how)
    ran = approved(place, "push", NAME, str(good))
    assert (ran.code, "The journal of a run that was cut off continues it" in ran.out) == (0, True)
    assert place.journal.read_bytes() == journal
    assert place.apply().code == 0
    without_copies(place)
    place.assert_right()


def test_so_it_does_beside_a_copy_that_was_pulled(place: Place) -> None:
    place.in_doubt(1, 2)
    pulled = place.folder / "pulled"
    pulled.write_bytes(place.state("pull", NAME).out.encode())
    journal = place.journal.read_bytes()
    lose(place, "gone")
    assert approved(place, "push", NAME, str(pulled)).code == 0
    assert place.journal.read_bytes() == journal
    assert place.apply().code == 0
    without_copies(place)
    place.assert_right()


def test_so_it_does_where_an_old_lock_was_put_in_the_place_of_its_own(place: Place) -> None:
    place.in_doubt(1, 2)
    good, old = copied(place), made(place, serial=place.lock().header.serial - 1)
    journal = place.journal.read_bytes()
    (place.folder / LOCKFILE).write_bytes(old.read_bytes())
    assert approved(place, "push", NAME, str(good)).code == 0
    assert place.journal.read_bytes() == journal
    assert place.apply().code == 0
    without_copies(place)
    place.assert_right()


@pytest.mark.parametrize("fault", ["drop-response", "drop-request"])
@pytest.mark.parametrize("how", LOST)
def test_a_lock_that_it_does_not_continue_is_refused_and_an_import_leads_on(place: Place, how: str, fault: str) -> None:
    place.in_doubt(1, 2, fault=fault)
    serial, journal = place.lock().header.serial, place.journal.read_bytes()
    old = made(place, serial=serial - 1)
    lose(place, how)
    ran = approved(place, "push", NAME, str(old), "--serial", str(serial - 1))
    assert (ran.code, f"does not continue the new lock but serial {serial} of lineage" in ran.err) == (1, True)
    assert place.journal.read_bytes() == journal
    rebuild = [] if how == "gone" else ["--rebuild"]
    assert f"if nobody has it: `{' '.join(['campaign import', *rebuild])}`" in ran.err
    assert place.run("import", "--auto-approve", *rebuild).code == 0
    place.apply()
    assert jobs(place, [1, 2]) == ([1, 1] if fault == "drop-response" else [0, 0])


def test_nor_does_naming_the_lineage_throw_it_away(place: Place) -> None:
    place.in_doubt(1)
    journal = place.journal.read_bytes()
    (place.folder / "other").write_bytes(lock_of_nobody())
    lose(place, "gone")
    ran = approved(place, "push", NAME, str(place.folder / "other"), "--lineage", "lineage")
    assert (ran.code, "does not continue the new lock" in ran.err) == (1, True)
    assert place.journal.read_bytes() == journal
    assert not (place.folder / LOCKFILE).exists()


def test_what_a_run_says_of_a_journal_whose_lock_is_lost_can_be_followed(place: Place) -> None:
    place.in_doubt(1, 2)
    lineage = place.lock().header.lineage[:8]
    good = copied(place)
    lose(place, "gone")
    ran = place.apply()
    assert (ran.code, f"lineage {lineage}), or if nobody has it: `campaign import`" in ran.err) == (1, True)
    assert approved(place, "push", NAME, str(good)).code == 0
    assert place.apply().code == 0
    assert jobs(place, [1, 2]) == [1, 1]


# --------------------------------------------------------------------------------------- two that went on from one lock


def gone_apart(place: Place) -> Path:
    """Two machines went on from one lock: the lock here has calls 2 and 3, a file of a larger serial 4 and 5."""
    applied(place, [1])
    base = copied(place, "base")
    applied(place, [1, 4])
    applied(place, [1, 4, 5])
    other = copied(place, "other")
    (place.folder / LOCKFILE).write_bytes(base.read_bytes())
    applied(place, [1, 2, 3])
    assert serial_of(other) > place.lock().header.serial
    return other


def test_a_larger_serial_is_not_later_where_it_lacks_jobs(place: Place) -> None:
    other = gone_apart(place)
    before = (place.folder / LOCKFILE).read_bytes()
    ran = approved(place, "push", NAME, str(other))
    assert (ran.code, f"--serial {serial_of(other)}" in ran.err) == (1, True)
    assert "remembers 2 jobs, and the new lock" in ran.err
    assert (place.folder / LOCKFILE).read_bytes() == before
    assert place.apply().code == 0
    assert jobs(place, range(1, 6)) == [1, 1, 1, 1, 1]


def test_it_is_put_there_by_its_serial_and_an_import_takes_over_what_it_lacks(place: Place) -> None:
    other = gone_apart(place)
    assert approved(place, "push", NAME, str(other), "--serial", str(serial_of(other))).code == 0
    assert (place.folder / LOCKFILE).read_bytes() == other.read_bytes()
    place.declare([1, 2, 3, 4, 5])
    assert place.run("import", "--merge", "--auto-approve").code == 0
    assert place.apply().code == 0
    assert jobs(place, range(1, 6)) == [1, 1, 1, 1, 1]


def test_the_serial_of_another_lock_does_not_speak_for_it(place: Place) -> None:
    other = gone_apart(place)
    assert approved(place, "push", NAME, str(other), "--serial", str(serial_of(other) + 1)).code == 1


def test_a_later_version_needs_no_word_whatever_became_of_the_calls(place: Place) -> None:
    applied(place, [1, 2, 3])
    place.remote.set_status(place.jobs_of(1)[0].id, "noAnswer")
    old = copied(place, "old")
    applied(place, [1, 2])
    place.declare([1, 2, 4], word="quokkaother")
    assert place.apply().code == 0
    approved(place, "rm", NAME, "--key", "key-1", "--allow", "called=1")
    later = copied(place, "later")
    (place.folder / LOCKFILE).write_bytes(old.read_bytes())
    assert approved(place, "push", NAME, str(later)).code == 0


def test_whom_a_person_decided_about_has_to_be_remembered_too(place: Place) -> None:
    place.in_doubt(1, 2, fault="drop-request")
    assert place.resolve("--sent", "--why", "ticket 4711").code == 0
    other = made(place, serial=place.lock().header.serial + 1)
    ran = approved(place, "push", NAME, str(other))
    assert (ran.code, "remembers 2 calls in doubt or decided about, and" in ran.err) == (1, True)


def test_jobs_of_a_long_lock_are_counted(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, range(1, 6_001))
    calls, serial = [*place.lock().calls.values()], place.lock().header.serial
    shorter, longer = (made(place, serial=serial + n, calls=some) for n, some in ((1, calls[7:]), (2, calls)))
    assert "remembers 7 jobs" in approved(place, "push", NAME, str(shorter)).err
    (place.folder / LOCKFILE).write_bytes(shorter.read_bytes())
    assert approved(place, "push", NAME, str(longer)).code == 0


# ------------------------------------------------------------------------------------------------------------ a rename


def test_a_rename_is_not_finished_by_a_lock_that_went_on_by_itself(place: Place) -> None:
    other = gone_apart(place)
    here = copied(place, "here")
    (place.folder / LOCKFILE).write_bytes(other.read_bytes())
    approved(place, "mv", NAME, "summer")
    (place.folder / LOCKFILE).write_bytes(here.read_bytes())
    ran = approved(place, "mv", NAME, "summer")
    assert (ran.code, "another lock; nothing was changed" in ran.err) == (1, True)
    assert (place.folder / LOCKFILE).read_bytes() == here.read_bytes()
