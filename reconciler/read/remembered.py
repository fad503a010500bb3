"""The lock of a campaign as a run starts from it: lockfile, journal on top, and the keyer that made its digests."""

from __future__ import annotations

import uuid
from hashlib import blake2b

import msgspec

from reconciler.errors import LockError
from reconciler.lock.journal import Begin, Entry, Intent, OpenIntent, parse_journal, replay
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_lock
from reconciler.lock.model import FORMAT, Header, Lock
from reconciler.lock.stores import Store
from reconciler.manifest.model import Campaign

UNUSED_SECRET = "CAMPAIGN_LOCK_SECRET is set, but this lockfile was made without it and keeps its salt"  # noqa: S105 - a message


class Remembered(msgspec.Struct, frozen=True):
    """What is remembered of a campaign. `opened` are requests whose outcome nobody recorded."""

    lock: Lock
    opened: tuple[OpenIntent, ...]
    entries: tuple[Entry, ...]
    keyer: Keyer

    @property
    def is_salted(self) -> bool:
        """The lockfile was made without a secret, and stays so: its digests can be guessed by trying all numbers."""
        return not self.lock.is_new and not self.lock.header.secret_check

    @property
    def is_journal_behind(self) -> bool:
        """The lockfile holds what the journal records: a run died between replacing one and the other."""
        first = self.entries[0].record if self.entries else None
        return isinstance(first, Begin) and first.serial != self.lock.header.serial


def read_remembered(store: Store, campaign: Campaign, secret: str | None, token: str | None) -> Remembered:
    """The lock, or an empty new one. Raises LockError when what is stored cannot be trusted.

    `secret` is CAMPAIGN_LOCK_SECRET; `token` only seeds the salt of a lock made without one.
    """
    stored = store.read()
    if stored.lock is None:
        lock = Lock(_new_header(campaign, secret, token), {}, is_new=True)
    else:
        lock = decode_lock(stored.lock, campaign=campaign.name, shown=store.shown)
    keyer = _keyer(lock.header, secret, store.shown)
    entries = parse_journal(stored.journal, f"the journal of {store.shown}").entries
    lock, opened = replay(lock, entries, f"the journal of {store.shown}")
    return Remembered(_with_last_add(lock, entries), opened, entries, keyer)


def _with_last_add(lock: Lock, entries: tuple[Entry, ...]) -> Lock:
    """The lock with the time of the last add as the journal of a run that died tells it: a rollout waits from there."""
    mark = lock.header.rollout
    added = [e.record.created_ms for e in entries if isinstance(e.record, Intent) and e.record.operation == "addPhones"]
    if mark is None or not added:
        return lock
    later = msgspec.structs.replace(mark, last_add_ms=max(mark.last_add_ms, *added))
    return msgspec.structs.replace(lock, header=msgspec.structs.replace(lock.header, rollout=later))


def _new_header(campaign: Campaign, secret: str | None, token: str | None) -> Header:
    """The header of a first lock. Its salt comes from the token, so that two plans of a new campaign agree."""
    seed = token or uuid.uuid4().hex
    salt = "" if secret else blake2b(seed.encode(), digest_size=16, person=b"campaign-salt").hexdigest()
    check = Keyer(secret, salt).check() if secret else ""
    return Header(
        FORMAT, campaign.name, lineage=uuid.uuid4().hex, serial=0, host=campaign.host, salt=salt, secret_check=check
    )


def _keyer(header: Header, secret: str | None, shown: str) -> Keyer:
    if not header.secret_check:
        return Keyer(None, header.salt)
    if not secret:
        raise LockError(f"{shown} was made with a secret; set CAMPAIGN_LOCK_SECRET to it, or every call would look new")
    keyer = Keyer(secret)
    if keyer.check() != header.secret_check:
        raise LockError(f"{shown} was made with another CAMPAIGN_LOCK_SECRET; with this one every call would look new")
    return keyer
