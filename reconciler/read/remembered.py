"""The lock of a campaign as a run starts from it: lockfile, journal on top, and the keyer that made its digests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b

import msgspec

from reconciler.errors import LockError
from reconciler.lock.erasure import inherited, proof
from reconciler.lock.journal import Begin, Entry, OpenIntent, parse_journal, replay
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_header, decode_lock
from reconciler.lock.model import FORMAT, Header, Lock
from reconciler.lock.stores import Store
from reconciler.lock.waves import with_waves
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
    keyer = keyer_of(lock.header, secret, store.shown)
    entries = parse_journal(stored.journal, f"the journal of {store.shown}").entries
    lock, opened = replay(lock, entries, f"the journal of {store.shown}")
    _refuse_lost_tombstones(lock.header, keyer, store.shown)
    header = inherited(lock.header, _headers(store), keyer)
    return Remembered(with_waves(msgspec.structs.replace(lock, header=header)), opened, entries, keyer)


def _refuse_lost_tombstones(header: Header, keyer: Keyer, shown: str) -> None:
    if header.erased and header.erased.proof != proof(keyer):
        raise LockError(f"{shown} no longer knows who was erased: it got another secret, and they did not")


def _headers(store: Store) -> Iterator[Header]:
    """Those of the locks beside this one that can be read."""
    for name, first_line in store.neighbours():
        with suppress(LockError):
            yield decode_header(first_line, name)


def _new_header(campaign: Campaign, secret: str | None, token: str | None) -> Header:
    """The header of a first lock. Its salt comes from the token, so that two plans of a new campaign agree."""
    seed = token or uuid.uuid4().hex
    salt = "" if secret else blake2b(seed.encode(), digest_size=16, person=b"campaign-salt").hexdigest()
    check = Keyer(secret, salt).check() if secret else ""
    return Header(
        FORMAT, campaign.name, lineage=uuid.uuid4().hex, serial=0, host=campaign.host, salt=salt, secret_check=check
    )


def keyer_of(header: Header, secret: str | None, shown: str) -> Keyer:
    if not header.secret_check:
        return Keyer(None, header.salt)
    if not secret:
        raise LockError(f"{shown} was made with a secret; set CAMPAIGN_LOCK_SECRET to it, or every call would look new")
    keyer = Keyer(secret)
    if keyer.check() != header.secret_check:
        raise LockError(f"{shown} was made with another CAMPAIGN_LOCK_SECRET; with this one every call would look new")
    return keyer
