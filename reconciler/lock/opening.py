"""Which keyer a lockfile's digests were made with."""

from __future__ import annotations

from reconciler.errors import LockError
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import Header


def find_keyer(header: Header, secret: str | None) -> Keyer | None:
    """The keyer of the lock with this header; None when `secret` is not the one it was made with."""
    if not header.secret_check:
        return Keyer(None, header.salt)
    keyer = Keyer(secret) if secret else None
    if keyer is None or keyer.check() != header.secret_check:
        return None
    return keyer.after(header.rekeyed) if header.rekeyed else keyer


def open_keyer(header: Header, secret: str | None, shown: str) -> Keyer:
    """The same; raises LockError where there is none. `shown` is the lockfile's name."""
    keyer = find_keyer(header, secret)
    if keyer is not None:
        return keyer
    if not secret:
        raise LockError(f"{shown} was made with a secret; set CAMPAIGN_LOCK_SECRET to it, or every call would look new")
    if Keyer(secret).check() == header.secret_check:
        raise LockError(f"{shown} does not hold the keys it was made with before its secret was changed; restore it")
    raise LockError(f"{shown} was made with another CAMPAIGN_LOCK_SECRET; with this one every call would look new")
