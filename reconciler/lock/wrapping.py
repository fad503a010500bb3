"""Keys kept in a file that everybody may read: encrypted under another key, so that only who has that one has them.

Encrypt-then-MAC with keyed BLAKE2b for both, the function every digest of the lockfile is made with: the keys are XORed
with a keystream nobody can tell from random bytes, and a tag tells whether they came back as they were. A random nonce
makes every keystream one of a kind. ADR 11 says why no library does this.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b
from hmac import compare_digest

KEY_BYTES = 32
_NONCE_BYTES = 16
_TAG_BYTES = 16


def wrap(keys: Iterable[bytes], under: bytes) -> str:
    """The keys, each of 32 bytes, as text from which only `under` brings them back."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    hidden = _crossed(b"".join(keys), under, nonce)
    return urlsafe_b64encode(nonce + hidden + _tag(nonce + hidden, under)).decode()


def unwrap(text: str, under: bytes) -> tuple[bytes, ...] | None:
    """The keys `text` was made of; None when it was made under another key, or is not as it was."""
    try:
        data = urlsafe_b64decode(text)
    except ValueError:
        return None
    whole, tag = data[:-_TAG_BYTES], data[-_TAG_BYTES:]
    if not compare_digest(tag, _tag(whole, under)):
        return None
    keys = _crossed(whole[_NONCE_BYTES:], under, whole[:_NONCE_BYTES])
    return tuple(keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES))


def _crossed(data: bytes, under: bytes, nonce: bytes) -> bytes:
    blocks = range(-(-len(data) // KEY_BYTES))
    stream = b"".join(
        blake2b(nonce + block.to_bytes(4), digest_size=KEY_BYTES, key=under, person=b"wrap").digest()
        for block in blocks
    )
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _tag(data: bytes, under: bytes) -> bytes:
    return blake2b(data, digest_size=_TAG_BYTES, key=under, person=b"wrap-tag").digest()
