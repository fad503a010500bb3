"""Answers remembered by `Idempotence-Key`: the same request sent again gets the same answer and has no second
effect.

How long the real API remembers a key is not known; the sandbox never forgets one. A key sent again with
another body is refused: that is always a client's mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256

import msgspec

from reconciler.sandbox.answers import Answer, RefusedError, refused


class Remembered(msgspec.Struct, frozen=True):
    """What a key was used for: `path` below the token, digest of the body, and the answer given."""

    path: str
    key: str
    digest: str
    answer: Answer


class RememberedAnswers:
    """The keys one campaign has seen."""

    def __init__(self, known: Iterable[Remembered] = ()) -> None:
        self._known = {(item.path, item.key): item for item in known}

    def all(self) -> tuple[Remembered, ...]:
        """Everything remembered, oldest first."""
        return tuple(self._known.values())

    def once(self, path: str, key: str, content: bytes, act: Callable[[], Answer]) -> Answer:
        """The answer remembered for this request, else the one `act` gives now (a refusal is remembered too)."""
        digest = sha256(content).hexdigest()
        known = self._known.get((path, key))
        if known is None:
            answer = _outcome(act)
            self._known[path, key] = Remembered(path, key, digest, answer)
            return answer
        if known.digest != digest:
            raise refused("idempotence.key.reused", "The Idempotence-Key was used with another body")
        return known.answer


def _outcome(act: Callable[[], Answer]) -> Answer:
    try:
        return act()
    except RefusedError as error:
        return error.answer
