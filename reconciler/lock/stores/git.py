"""A lock kept in Git: always the newest one of a branch on the remote, and pushed back when a run ends.

What is checked out does not matter. The lockfile comes from the tip of the branch, and goes back as one commit that
changes nothing else; work tree, index and local branches stay as they are. The working copy, the journal and the
mutex live in git's own folder, where no commit takes them in and no `git clean` finds them.

A second machine cannot see that mutex, so a run first *claims* the lock: it creates a ref on the remote, which only
one can. The claim is given back once the lock is pushed. A run that is killed leaves it behind, and that is meant:
what it did is remembered nowhere else, so no other machine may go on as if nothing had happened.
"""

from __future__ import annotations

import getpass
import random
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

import msgspec

from reconciler.errors import LockError, LockHeld, LockNotKept
from reconciler.lock.lockfile import decode_header
from reconciler.lock.stores import Stored
from reconciler.lock.stores.files import FileStore
from reconciler.lock.stores.heads import Heads
from reconciler.lock.stores.repository import Push, Repository

LOCK = ".lock.jsonl"
CLAIMS = "refs/campaign/held"
"""Where on the remote all claims are."""

TRIES = 6
_WAITS_S = (0.2, 1.0, 2.0, 4.0, 8.0)  # between tries: others push too, and lines fail
_SAFE = re.compile(r"[^A-Za-z0-9_-]")  # what may not stand in every ref's and every file's name


class _Origin(msgspec.Struct, frozen=True):
    """Where the working copy came from: the content it was taken from, and the claim of the run that works on it.

    `claim` is empty once a run gave it back, that is, once what it did was pushed.
    """

    base: str = ""
    claim: str = ""


_decode_origin = msgspec.json.Decoder(_Origin).decode


class GitStore:
    """One campaign's lock in `branch` of the remote. Raises LockError when Git or the remote cannot be used.

    `what` is what messages say is locked, where it is not the campaign of that name.
    """

    def __init__(
        self,
        repository: Repository,
        branch: str,
        name: str,
        *,
        who: str = "",
        what: str = "",
        heads: Heads | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._git, self._branch, self._name, self._sleep = repository, branch, name, sleep
        self._heads, self._what = heads or Heads(), what or f"campaign {name}"
        self._who = who or f"{_user()}@{socket.gethostname()}"
        folder = repository.inner_path()
        self._path = folder / f"{name}{LOCK}"
        inside = _inside(branch, folder)
        self._claim_ref = claim_ref(branch, folder, name)
        self._folder = repository.own_folder() / "campaign" / inside
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files = FileStore(self._folder, name, what=self._what)
        self._note = self._folder / f"{name}.origin.json"
        self._is_held = False
        self._is_unsaved = False  # the journal tells of something that the lockfile does not
        self._seen = ""  # the tip that was read last
        self.commit = ""  # of the lock that was pushed last; '' while none was

    @property
    def shown(self) -> str:
        """The lockfile's name, and where it is."""
        return f"{self._path.name} (branch {self._branch})"

    def read(self) -> Stored:
        """What is stored now: in the branch, unless a run of this machine has not pushed yet."""
        if self._is_held:
            return self._files.read()
        return self._newest(self._tip(), self._origin())[0]

    def append(self, line: bytes) -> None:
        """Adds one journal line, durable on this machine."""
        self._is_unsaved = True
        self._files.append(line)

    def replace(self, lock: bytes, journal: bytes = b"", *, first_line: bytes = b"") -> None:
        """Replaces the working copy; the branch gets it when the run ends."""
        self._files.replace(lock, journal, first_line=first_line)
        self._is_unsaved = False

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """The mutex of this machine and the claim on the remote; at the end the lock is pushed, however it ends.

        Raises LockHeld when another run has either, LockNotKept when what was done could not be pushed.
        """
        with self._files.hold(command):
            before = self._origin()
            claim = self._claim(command)
            self._take(claim, before)
            failure: Exception | None = None
            try:
                self._is_held = True
                yield
            except Exception as error:
                failure = error
                raise
            finally:
                self._is_held = False
                self._publish(command, claim, failure)

    def claimed_by(self) -> str:
        """Who claims the lock on the remote, since when and doing what; "" when nobody does."""
        there = self._git.tip(self._claim_ref)
        return self._git.message(there) if there else ""

    def held_here(self) -> str:
        """Who is at work on this machine, since when and doing what; "" when nobody is."""
        is_held, told = self._files.holder()
        return told or "by another run" if is_held else ""

    def is_claimed_here(self) -> bool:
        """Whether the claim is of a run on this machine, which can go on with what that run began."""
        return bool(claim := self._origin().claim) and self._git.tip(self._claim_ref) == claim

    def give_back(self) -> None:
        """Deletes the claim that is there now, whoever made it. Raises LockError when the remote does not let go."""
        there = self._git.tip(self._claim_ref)
        pushed = self._git.push("", self._claim_ref, there) if there else None
        if pushed is not None and not pushed.is_done and self._git.tip(self._claim_ref):
            raise LockError(f"{self._claim_ref} could not be deleted on the remote ({pushed.why})")

    def keep(self) -> tuple[str, ...]:
        """Copies what is stored into the folder where this machine keeps its journal; the branch has its history."""
        return self._files.keep()

    def drop_torn(self) -> None:
        """Takes away what a crash left of a half-written journal line on this machine. Only inside `hold()`."""
        self._files.drop_torn()

    def neighbours(self) -> Iterable[tuple[str, bytes]]:
        """Name and first line of every other lockfile in the same folder of the branch, sorted."""
        for name, blob in sorted(self._git.files(self._seen or self._tip(), self._path.parent).items()):
            if name.endswith(LOCK) and name != self._path.name:
                yield name, self._heads.of_blob(blob, self._git.first_line)

    # -- taking

    def _tip(self) -> str:
        tip = self._git.tip(f"refs/heads/{self._branch}")
        if not tip:
            raise LockError(f"the remote has no branch {self._branch}, which is to hold {self._path.name}")
        self._seen = tip
        return tip

    def _claim(self, command: str) -> str:
        """The commit that stands for this run's claim. Raises LockHeld when another one is there."""
        origin = self._origin()
        there = self._git.tip(self._claim_ref)
        if there and there == origin.claim:
            return there  # of an earlier run on this machine that was killed, or could not push
        if there:
            raise LockHeld(self._held(there))
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        claim = self._git.note(f"{self._who} since {since}, doing `{command}`")
        self._write(_Origin(origin.base, claim))  # first: a claim this machine does not know is nobody's
        pushed = self._git.push(claim, self._claim_ref)
        if pushed.is_done:
            return claim
        there = self._git.tip(self._claim_ref)
        if there == claim:
            return claim  # the answer was lost
        self._write(origin)
        if there:
            raise LockHeld(self._held(there))
        raise LockError(
            f"nothing may be pushed to the repository, so what an apply does could not be remembered ({pushed.why}); "
            "give the run a token that may write; nothing was sent"
        )

    def _held(self, claim: str) -> str:
        return (
            f"{self._what} is locked by {self._git.message(claim)}\n"
            "if that run is no longer at work it was cut off, and what it did is remembered only in its journal: go on "
            f'where that is, or read docs/ci.md, "After a runner died", before `campaign state unlock {self._name}`'
        )

    def _take(self, claim: str, before: _Origin) -> None:
        """Puts the newest lock into the working copy. When that cannot be, gives back the claim it made itself.

        One of an earlier run stays: what that did is not where others look.
        """
        try:
            stored, base = self._newest(self._tip(), before)
        except BaseException:
            if claim != before.claim:
                self._release(claim)
                self._write(before)
            raise
        if stored.lock is not None:
            self._files.replace(stored.lock, stored.journal)
        else:
            (self._folder / self._path.name).unlink(missing_ok=True)
        self._write(_Origin(base, claim))
        self._is_unsaved = bool(before.claim and stored.journal)

    def _newest(self, tip: str, origin: _Origin) -> tuple[Stored, str]:
        """What counts now, and the content in the branch it comes from ('' for none)."""
        mine = self._files.read()
        there = self._git.blob(tip, self._path)
        if there == origin.base and (mine.lock is not None or not there):
            return mine, there
        blob = self._git.store(mine.lock) if mine.lock is not None else ""
        if blob and blob == there:  # it was pushed, and this machine died before it took note of that
            return Stored(mine.lock, mine.journal if origin.claim else b""), there
        if blob and blob != origin.base:
            raise LockError(
                f"{self.shown} was changed while an earlier run on this machine had not pushed what it did; that is "
                f'kept in {self._kept()}. Neither holds what the other did: see docs/ci.md, "Two locks"'
            )
        if mine.lock is not None and there:
            self._refuse_older(there, mine.lock)
        # What a run that ended by itself left in the journal stands in the lock it pushed, as calls in doubt.
        journal = mine.journal if origin.claim else b""
        return Stored(self._git.content(there) if there else None, journal), there

    def _refuse_older(self, there: str, pushed: bytes) -> None:
        """Raises LockError when the branch has gone back to a lock before the one this machine pushed."""
        try:
            now = decode_header(self._git.first_line(there), self.shown)
            then = decode_header(pushed.partition(b"\n")[0], self.shown)
        except LockError:
            return  # whoever reads the lock says what is wrong with it
        if now.lineage == then.lineage and now.serial < then.serial:
            raise LockError(
                f"{self.shown} has serial {now.serial}, and this machine pushed serial {then.serial} of it: the branch "
                "was reverted or overwritten, and whom the newer one knows would be called again; bring that one back "
                f"(it is {self._kept()}), or delete it there if going back is meant"
            )

    # -- giving back

    def _publish(self, command: str, claim: str, failure: Exception | None) -> None:
        base = self._origin().base
        lock = self._files.read().lock
        blob = self._git.store(lock) if lock is not None else ""
        if blob != base:
            self._push_lock(command, base, blob, failure)
            self._write(_Origin(blob, claim))
        if not self._is_unsaved:  # else only this machine knows what was done, and no other may go on
            self._release(claim)

    def _push_lock(self, command: str, base: str, blob: str, failure: Exception | None) -> None:
        """Puts the lock onto the branch's tip, again on each new tip, while nobody else changed that lock."""
        message = f"Lock of {self._name} after `{command}` [skip ci]\n\nBy {self._who}.\n"
        pushed, commit = Push(is_done=False), ""
        for attempt in range(TRIES):
            if attempt:
                # Not in step with others who met each other, or they meet again.
                self._sleep(random.uniform(0.5, 1.5) * _WAITS_S[attempt - 1])  # noqa: S311 - keeps no secret
            try:
                with self._git.alone("push"):
                    pushed, commit = self._pushed(base, blob, message, commit, failure)
            except LockNotKept:
                raise
            except LockError as error:
                pushed = Push(is_done=False, why=str(error))
            if pushed.is_done:
                self.commit = commit
                return
            if pushed.is_final:
                break
        self._keep_aside(commit, blob, failure, why=pushed.why)

    def _pushed(self, base: str, blob: str, message: str, before: str, failure: Exception | None) -> tuple[Push, str]:
        """One try to put the lock onto the branch's tip, and the commit it is in; `before` is that of the last try."""
        tip = self._tip()
        there = self._git.blob(tip, self._path)
        if there == blob:
            return Push(is_done=True), tip  # the answer to the last push was lost
        if there != base:
            self._keep_aside(before or self._git.commit(tip, self._path, blob, message), blob, failure)
        commit = self._git.commit(tip, self._path, blob, message)
        return self._git.push(commit, f"refs/heads/{self._branch}", tip), commit

    def _keep_aside(self, commit: str, blob: str, failure: Exception | None, *, why: str = "") -> None:
        """Pushes the lock to a branch of its own, and raises LockNotKept. The claim stays: nobody else goes on."""
        branch = f"campaign-lock-{self._name}-{blob[:10]}"
        is_kept = bool(commit) and self._git.push(commit, f"refs/heads/{branch}").is_done
        raise LockNotKept(
            self.shown,
            why or "somebody else changed that lockfile while this run was at work",
            f"branch {branch}" if is_kept else self._kept(),
            failure,
        )

    def _release(self, claim: str) -> None:
        pushed = self._git.push("", self._claim_ref, claim)
        if pushed.is_done or self._git.tip(self._claim_ref) != claim:  # somebody may have deleted it by hand
            self._write(_Origin(self._origin().base))

    # -- the note beside the working copy

    def _kept(self) -> str:
        """The working copy's path from git's own folder, which is all that is said of it."""
        return f".git/campaign/{(self._folder / self._path.name).relative_to(self._git.own_folder() / 'campaign')}"

    def _origin(self) -> _Origin:
        try:
            return _decode_origin(self._note.read_bytes())
        except FileNotFoundError:
            return _Origin()
        except (OSError, msgspec.DecodeError):
            raise LockError(f"{self._note.name} beside the working copy of {self.shown} cannot be read") from None

    def _write(self, origin: _Origin) -> None:
        temporary = self._note.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(origin))
        temporary.replace(self._note)


def claim_ref(branch: str, folder: PurePosixPath, name: str) -> str:
    """The ref on the remote that a run creates to claim a campaign's lock, which is in this folder of the branch."""
    return f"{CLAIMS}/{_inside(branch, folder)}/{name}.held"


def _inside(branch: str, folder: PurePosixPath) -> str:
    """The part of a claim's and a working copy's path that stands for a folder of a branch."""
    return "/".join(_SAFE.sub(_escaped, part) for part in (branch, *folder.parts))


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"  # a container's user may have no name
