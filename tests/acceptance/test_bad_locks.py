"""Locks that cannot be trusted, and folders that cannot be used: refused, and left exactly as they were."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.other_campaign import PLAIN
from tests.acceptance.other_server import OtherServer
from tests.acceptance.refusals import refused
from tests.acceptance.warm import Warm
from tests.acceptance.workshop import Workshop, people, remote


@pytest.fixture(scope="module")
def good_lock(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> bytes:
    """The lockfile of three people."""
    server = OtherServer(remote("current", style=PLAIN))
    with server.serving():
        work = Workshop(tmp_path_factory.mktemp("lock"), server, warm)
        work.manifest()
        work.people(people(3))
        assert work.apply().code == 0
        return work.lockfile.read_bytes()


def lines(lock: bytes) -> list[bytes]:
    return lock.splitlines(keepends=True)


LOCKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda lock: b"", "not a readable lockfile"),
    "cut": (lambda lock: lock[: len(lock) * 3 // 4], "damaged or cut"),
    "a-line-lost": (lambda lock: b"".join(lines(lock)[:-1]), "damaged or cut"),
    "a-line-twice": (lambda lock: lock + lines(lock)[-1], "damaged or cut"),
    "a-status-changed": (lambda lock: lock.replace(b'"p"', b'"n"', 1), "damaged or cut"),
    "conflict": (lambda lock: b"<<<<<<< HEAD\n" + lock + b"=======\n" + lock + b">>>>>>> x\n", "merge conflict"),
    "newer": (lambda lock: lock.replace(b'"format":1', b'"format":3'), "use a newer version"),
    "bytes": (lambda lock: bytes(range(256)) * 10, "not a readable lockfile"),
    "json-of-something-else": (lambda lock: b"[]\n", "not a readable lockfile"),
    "nested": (lambda lock: lines(lock)[0] + b"[" * 100_000, "damaged or cut"),
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_cannot_be_trusted_is_refused_and_left_as_it_is(
    current: Workshop, good_lock: bytes, name: str
) -> None:
    damage, says = LOCKS[name]
    current.people(people(3))
    current.lockfile.write_bytes(damage(good_lock))
    for arguments in (["plan"], ["status"], ["apply", "--auto-approve"], ["apply", "--auto-approve", "--first"]):
        refused(current, *arguments, says=says)


def test_the_lock_of_another_campaign_is_refused_and_left_as_it_is(current: Workshop) -> None:
    current.people(people(3))
    current.name = "winter"
    current.manifest()
    assert current.apply().code == 0
    current.server.forget()
    foreign = current.lockfile.read_bytes()
    current.name = "spring"
    current.manifest()
    current.lockfile.write_bytes(foreign)
    refused(current, "apply", "--auto-approve", says="winter")


@pytest.mark.parametrize("second", ["two", ""], ids=["another", "none"])
def test_a_lock_made_with_another_secret_is_refused(current: Workshop, second: str) -> None:
    current.people(people(3))
    current.variables["CAMPAIGN_LOCK_SECRET"] = "one"
    assert current.apply().code == 0
    current.server.forget()
    refused(current, "apply", "--auto-approve", says="CAMPAIGN_LOCK_SECRET", CAMPAIGN_LOCK_SECRET=second)


@pytest.mark.parametrize("kind", ["lock.jsonl", "journal.jsonl", "lock.mutex"])
def test_a_folder_where_a_file_of_ours_should_be_is_refused(current: Workshop, kind: str) -> None:
    current.people(people(3))
    (current.folder / f"spring.{kind}").mkdir()
    refused(current, "apply", "--auto-approve", says=f"spring.{kind}")


def test_a_journal_that_is_damaged_in_the_middle_stops_everything(current: Workshop) -> None:
    current.people(people(3))
    current.journal.write_bytes(b"00000000 {}\n00000000 {}\n")
    refused(current, "apply", "--auto-approve", says="spring.journal.jsonl:1 is damaged")


def test_the_torn_end_of_a_journal_is_kept_aside_for_nobody_else_to_read(current: Workshop) -> None:
    current.people(people(3))
    current.journal.write_bytes(b"0000")
    assert current.apply().code == 0
    torn = current.folder / "spring.journal.torn"
    assert torn.read_bytes() == b"0000"
    assert stat.S_IMODE(torn.stat().st_mode) == 0o600


# -- permissions


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can read and list: that of pytest is only its own user's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def nobodys(open_folder: Path, warm: Warm) -> Iterator[Workshop]:
    """A campaign applied by somebody who may read its folder and write nothing there."""
    server = OtherServer(remote("current", style=PLAIN))
    with server.serving():
        work = Workshop(open_folder, server, warm, is_unprivileged=True)
        work.manifest()
        work.people(people(3))
        if os.getuid() != 0:
            open_folder.chmod(0o555)
        yield work
        open_folder.chmod(0o755)


@pytest.mark.parametrize("name", ["campaign.yaml", "leads.csv"])
def test_a_file_that_may_not_be_read_is_refused_with_its_name(nobodys: Workshop, name: str) -> None:
    (nobodys.folder / name).chmod(0)
    ran = nobodys.run("plan")
    assert ran.code == 1
    assert f"{name}: " in ran.err
    assert "permission denied" in ran.err.lower()
    assert not nobodys.server.log


def test_a_folder_that_may_not_be_written_is_refused_before_anything_is_sent(nobodys: Workshop) -> None:
    ran = nobodys.run("apply", "--auto-approve")
    assert ran.code == 1
    assert "cannot write spring.lock.mutex" in ran.err
    assert not nobodys.server.mutations


def test_a_plan_needs_no_right_to_write(nobodys: Workshop) -> None:
    assert nobodys.run("plan").code == 0
