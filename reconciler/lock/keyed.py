"""Keyed digests: how keys, phones and requests are remembered without being written down.

BLAKE2b with a key (the team's secret, or the lockfile's random salt) and a purpose, so that a phone that is also a
key has two unrelated digests. Lengths: 12 bytes for keys (two of ten million keys collide with odds of 1 in 10^15),
9 bytes for phones and requests (compared within one campaign or one call).

Where the secret was changed, digests are chains: the digest of the first secret, digested under the second, and so on.
So a lock gets a new secret without anybody's number (`campaign state rekey`). The keys before the last one are kept in
the lockfile, wrapped under the last.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from reconciler.lock.wrapping import unwrap, wrap

KEY_BYTES = 12
PHONE_BYTES = 9
KEY_SIZE = KEY_BYTES * 4 // 3
"""Characters of a key's digest."""
DIGEST_SIZE = PHONE_BYTES * 4 // 3
"""Characters of the digests of phones and requests."""


class Keyer:
    """Makes the digests of one lockfile. `secret` is the configured secret, or None to use the lock's `salt`.

    `earlier` are the keys of a lockfile whose secret was changed, oldest first.
    """

    def __init__(self, secret: str | None, salt: str = "", earlier: Sequence[bytes] = ()) -> None:
        self._secret, self._salt = secret, salt
        material = secret.encode() if secret else bytes.fromhex(salt)
        self._key = blake2b(material, digest_size=32, person=b"campaign-lock").digest()
        self._earlier = tuple(earlier)
        first, *later = (*self._earlier, self._key)
        self._bases = _bases(first)
        self._links = tuple(map(_bases, later))  # none, but where the secret was changed

    def _digest(self, purpose: bytes, value: bytes) -> str:
        # Copying a keyed state skips hashing the key block again: half the time per digest.
        state = self._bases[purpose].copy()
        state.update(value)
        digest = state.digest()
        for link in self._links:
            (digest,) = _linked(link[purpose], (digest,))
        return urlsafe_b64encode(digest).decode()

    def digests(self, purpose: bytes, values: Iterable[bytes], head: bytes = b"") -> bytes:
        """The digests of many values, each of which begins with `head`, one after the other.

        This is half of the time of a plan. What a `head` costs is paid once, however many values have it.
        """
        base = self._bases[purpose].copy()
        base.update(head)
        found = _linked(base, values)
        for link in self._links:
            found = _linked(link[purpose], found)
        return urlsafe_b64encode(b"".join(found))  # their sizes are multiples of three, so each is as if alone

    def texts(self, purpose: bytes, values: Sequence[bytes]) -> list[str]:
        """The digests of many values, each by itself."""
        if not values:
            return []
        digests = self.digests(purpose, values).decode()
        return cut(digests, len(digests) // len(values))

    def key(self, key: str) -> str:
        """Digest of a call's key, 16 characters."""
        return self._digest(b"key", key.encode())

    def phone(self, phone: str) -> str:
        """Digest of a phone's E.164 digits, 12 characters."""
        return self._digest(b"phone", phone.encode())

    def request(self, request: bytes) -> str:
        """Digest of a canonical request object, 12 characters."""
        return self._digest(b"request", request)

    def fingerprint(self, value: str) -> str:
        """Digest of a token, a remote campaign's id or a secret setting, 16 characters."""
        return self._digest(b"fingerprint", value.encode())

    def check(self) -> str:
        """A value that tells whether two keyers use the same secret, 12 characters. Says nothing of earlier ones."""
        digest = blake2b(b"", digest_size=PHONE_BYTES, key=self._key, person=b"check").digest()
        return urlsafe_b64encode(digest).decode()

    # ------------------------------------------------------------------------------------------- changing the secret

    def under(self, secret: str) -> Keyer:
        """The keyer of the same lockfile once its secret is this one."""
        return Keyer(secret, earlier=(*self._earlier, self._key))

    def again(self, purpose: bytes, digests: bytes) -> bytes:
        """Digests as they were before the last secret, one after the other, as they are under it.

        Raises ValueError when they are none.
        """
        whole, size = urlsafe_b64decode(digests), PURPOSES[purpose]
        if urlsafe_b64encode(whole) != digests or len(whole) % size:
            raise ValueError("not a row of digests")
        before = (whole[at : at + size] for at in range(0, len(whole), size))
        return urlsafe_b64encode(b"".join(_linked(self._links[-1][purpose], before)))

    def wrapped(self) -> str:
        """The earlier keys, for the lockfile: only who has the secret of this keyer can read them."""
        return wrap(self._earlier, self._key)

    def after(self, wrapped: str) -> Keyer | None:
        """The keyer of this secret and the earlier keys that `wrapped` holds; None when it is not this secret's."""
        earlier = unwrap(wrapped, self._key)
        return None if earlier is None else Keyer(self._secret, self._salt, earlier)


def cut(digests: str, size: int) -> list[str]:
    """Digests of so many characters that stand one after the other, each by itself."""
    return [digests[start : start + size] for start in range(0, len(digests), size)]


def _linked(base: blake2b, values: Iterable[bytes]) -> list[bytes]:
    """The digest of each value. Written for speed: a million times this is most of a plan."""
    copy, found = base.copy, []
    for value in values:
        state = copy()
        state.update(value)
        found.append(state.digest())
    return found


def _bases(key: bytes) -> dict[bytes, blake2b]:
    return {purpose: blake2b(b"", digest_size=size, key=key, person=purpose) for purpose, size in PURPOSES.items()}


PURPOSES = {
    b"key": KEY_BYTES,
    b"phone": PHONE_BYTES,
    b"request": PHONE_BYTES,
    b"fingerprint": KEY_BYTES,
}
"""What digests are for, and their sizes in bytes."""
