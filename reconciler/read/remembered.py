"""The lock of a campaign as a run starts from it: lockfile, journal on top, and the keyer that made its digests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b

import msgspec

from reconciler.errors import LockError
from reconciler.lock.erasure import Graves, graves, inherited, proof
from reconciler.lock.journal import Begin, Entry, Intent, OpenIntent, parse_journal, replay
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_header, decode_lock
from reconciler.lock.model import FIRST_FORMAT, Header, Lock
from reconciler.lock.opening import open_keyer
from reconciler.lock.stores import Store, Stored
from reconciler.lock.waves import with_waves
from reconciler.manifest.model import Campaign

UNUSED_SECRET = "CAMPAIGN_LOCK_SECRET is set, but this lockfile has a salt; see `campaign state rekey`"  # noqa: S105 - a message


class Recalled(msgspec.Struct, frozen=True):
    """What a store holds of a campaign. `opened` are requests whose outcome nobody recorded."""

    lock: Lock
    opened: tuple[OpenIntent, ...]
    entries: tuple[Entry, ...]

    @property
    def is_salted(self) -> bool:
        """The lockfile was made without a secret, and stays so: its digests can be guessed by trying all numbers."""
        return not self.lock.is_new and not self.lock.header.secret_check

    @property
    def is_journal_behind(self) -> bool:
        """The lockfile holds what the journal records: a run died between replacing one and the other."""
        first = self.entries[0].record if self.entries else None
        return isinstance(first, Begin) and first.serial != self.lock.header.serial


class Remembered(Recalled, frozen=True):
    """What is remembered of a campaign, and the keyer that tells which of its calls is which."""

    keyer: Keyer
    graves: Graves = Graves()  # of locks beside this one whose digests are not its own


def read_remembered(store: Store, campaign: Campaign, secret: str | None, token: str | None) -> Remembered:
    """The lock, or an empty new one. Raises LockError when what is stored cannot be trusted.

    `secret` is CAMPAIGN_LOCK_SECRET; `token` only seeds the salt of a lock made without one.
    """
    stored = store.read()
    recalled = recall(store, stored, campaign.name, _new_header(campaign, secret, token))
    keyer = open_keyer(recalled.lock.header, secret, store.shown)
    _refuse_lost_tombstones(recalled.lock.header, keyer, store.shown)
    others = [*_headers_of_erased(store)]
    header = inherited(recalled.lock.header, others, keyer)
    lock = with_waves(msgspec.structs.replace(recalled.lock, header=header))
    return Remembered(lock, recalled.opened, recalled.entries, keyer, graves(others, secret, keyer))


def _refuse_lost_tombstones(header: Header, keyer: Keyer, shown: str) -> None:
    if header.erased and header.erased.proof != proof(keyer):
        raise LockError(f"{shown} no longer knows who was erased: it got another secret, and they did not")


def _headers_of_erased(store: Store) -> Iterator[Header]:
    """Those of the locks beside this one that can be read and know of somebody who was erased."""
    for name, first_line in store.neighbours():
        if b'"erased":' in first_line:
            with suppress(LockError):
                yield decode_header(first_line, name)


def recall(store: Store, stored: Stored, name: str, blank: Header | None = None) -> Recalled:
    """What is stored of campaign `name`, read without the secret. Raises LockError when it cannot be trusted.

    Where there is no lockfile, a new lock of that header stands for it, if there is one.
    """
    if stored.lock is not None:
        lock = decode_lock(stored.lock, campaign=name, shown=store.shown)
    elif blank is not None:
        lock = Lock(blank, {}, is_new=True)
    else:
        raise LockError(f"there is no lockfile {store.shown}")
    entries = parse_journal(stored.journal, f"the journal of {store.shown}").entries
    lock, opened = replay(lock, entries, f"the journal of {store.shown}")
    return Recalled(_with_last_add(lock, entries), opened, entries)


def _with_last_add(lock: Lock, entries: tuple[Entry, ...]) -> Lock:
    """The lock with the time of the last add as the journal of a run that died tells it: a rollout waits from there."""
    mark = lock.header.rollout
    added = [e.record.created_ms for e in entries if isinstance(e.record, Intent) and e.record.operation == "addPhones"]
    if mark is None or not added:
        return lock
    later = msgspec.structs.replace(mark, last_add_ms=max(mark.last_add_ms, *added))
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, rollout=later))


def start_over(store: Store, campaign: Campaign, secret: str | None, token: str) -> Remembered:
    """What is remembered of a campaign whose lockfile is lost, or cannot be read: only who was erased."""
    header = _new_header(campaign, secret, token)
    keyer, others = Keyer(secret, header.salt), [*_headers_of_erased(store)]
    with suppress(LockError):
        others.append(decode_header((store.read().lock or b"").partition(b"\n")[0], store.shown))
    header = inherited(header, others, keyer)
    return Remembered(Lock(header, {}, is_new=True), (), (), keyer, graves(others, secret, keyer))


def _new_header(campaign: Campaign, secret: str | None, token: str | None) -> Header:
    """The header of a first lock. Its salt comes from the token, so that two plans of a new campaign agree."""
    seed = token or uuid.uuid4().hex
    salt = "" if secret else blake2b(seed.encode(), digest_size=16, person=b"campaign-salt").hexdigest()
    check = Keyer(secret, salt).check() if secret else ""
    return Header(
        FIRST_FORMAT,
        campaign.name,
        lineage=uuid.uuid4().hex,
        serial=0,
        host=campaign.host,
        salt=salt,
        secret_check=check,
    )
