"""Calls of which nothing is remembered, neither of their keys nor of their phones: by the thousand, in packed columns.

Of nearly all calls of a first apply nothing has to be decided: they are new, so they are added. What else may speak for
or against a call needs to know something of its key or phone; whoever does is taken `apart` and decided about by
itself. Of all others nothing is held here but where the reader put what they say, and their digests; they become
requests a batch at a time, when they are sent.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol, Self

import msgspec

from reconciler.lock.keyed import KEY_SIZE, Keyer, cut
from reconciler.lock.new_calls import NewCalls
from reconciler.phones.model import Chunk
from reconciler.plan.wanted import Wanted

_encode = msgspec.json.Encoder().encode
_texts = msgspec.json.Decoder(list[str]).decode


class Kept(Protocol):
    """What was put somewhere, to be read when it is needed."""

    def read(self) -> bytes:
        """It, as it was."""


class InMemory(NamedTuple):
    """Kept here."""

    content: bytes

    def read(self) -> bytes:
        """It, as it was."""
        return self.content

    def __repr__(self) -> str:
        """Without the content, which names people."""
        return f"InMemory({len(self.content)} bytes)"


class Part(msgspec.Struct, frozen=True):
    """Some of the calls: those of a chunk, or of these the `picked`, and their digests."""

    source: str
    wave: str
    head: bytes
    rows: Sequence[int]  # of the chunk
    said: Kept  # by the chunk, a line each: phones as JSON, keys as JSON or nothing where they are the phones, tails
    digests: Kept  # of all keys of the chunk, all phones and all requests
    picked: Sequence[int] | None = None

    @classmethod
    def of(
        cls,
        chunk: Chunk,
        keyer: Keyer,
        keys: bytes = b"",
        requests: bytes = b"",
        keep: Callable[[bytes], Kept] = InMemory,
    ) -> Self:
        """The calls of a chunk; digests of its keys and requests that are known already need not be made again.

        `keep` puts away what they say.
        """
        are_phones = chunk.keys is chunk.phones or chunk.keys == chunk.phones
        phones = [*map(str.encode, chunk.phones)]
        keys = keys or keyer.digests(b"key", phones if are_phones else map(str.encode, chunk.keys))
        requests = requests or keyer.digests(b"request", chunk.tails, chunk.head)
        # JSON escapes all line ends within a text.
        said = keep(b"\n".join([_encode(chunk.phones), b"" if are_phones else _encode(chunk.keys), *chunk.tails]))
        digests = keep(keys + keyer.digests(b"phone", phones) + requests)
        rows = chunk.rows if isinstance(chunk.rows, range) else array("q", chunk.rows)
        return cls(chunk.source, chunk.wave, chunk.head, rows, said, digests)

    def __len__(self) -> int:
        """How many calls there are."""
        return len(self.rows if self.picked is None else self.picked)

    def __repr__(self) -> str:
        return f"Part({len(self)} calls, {self.source})"

    def chunk(self) -> Chunk:
        """The calls as they were read."""
        phones_said, keys_said, *tails = self.said.read().split(b"\n")
        phones = _texts(phones_said)
        keys = _texts(keys_said) if keys_said else phones
        whole = Chunk(self.source, self.wave, False, keys, phones, tails, self.rows, self.head)
        return whole if self.picked is None else whole.only(self.picked)

    def phones(self) -> list[str]:
        """The E.164 digits of each."""
        phones = _texts(self.said.read().split(b"\n", 1)[0])
        return phones if self.picked is None else [phones[at] for at in self.picked]

    def new(self) -> NewCalls:
        """Their digests."""
        whole = NewCalls.of(self.wave, self.digests.read().decode())
        return whole if self.picked is None else whole.only(self.picked)

    def wanted(self) -> Iterator[Wanted]:
        """The calls with their digests."""
        return map(Wanted, self.chunk().calls(), *self.new().columns())

    def only(self, positions: Sequence[int]) -> Self:
        """The calls at these positions."""
        picked = positions if self.picked is None else [self.picked[at] for at in positions]
        return msgspec.structs.replace(self, picked=array("I", picked))

    def without(self, positions: Collection[int]) -> tuple[list[Wanted], Self]:
        """The calls at these positions, and a part without them."""
        if not positions:
            return [], self
        picked = set(positions)
        taken = [wanted for at, wanted in enumerate(self.wanted()) if at in picked]
        return taken, self.only([at for at in range(len(self)) if at not in picked])


class Fresh:
    """Calls of which nothing is remembered, in the order of the lists. Nobody among them is called under two keys."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.parts = tuple(part for part in parts if len(part))
        self._count = sum(map(len, self.parts))

    def __len__(self) -> int:
        """How many calls there are."""
        return self._count

    def wanted(self) -> Iterator[Wanted]:
        """All of them, made as they are asked for."""
        return (wanted for part in self.parts for wanted in part.wanted())

    def has_phone(self, phones: frozenset[str]) -> bool:
        """Whether any of these phones, as digests, is among them."""
        return bool(phones) and any(_positions(part, frozenset(), phones) for part in self.parts)

    def apart(self, keys: Collection[str], phones: Collection[str] = ()) -> tuple[list[Wanted], Fresh]:
        """Those that have one of these keys or phones, as digests, and the others."""
        if not keys and not phones:
            return [], self
        known = frozenset(keys), frozenset(phones)
        return self.where(lambda part: _positions(part, *known))

    def where(self, found: Callable[[Part], Collection[int]]) -> tuple[list[Wanted], Fresh]:
        """Those at the positions that are `found` in each part, and the others."""
        taken: list[Wanted] = []
        left: list[Part] = []
        for part in self.parts:
            some, rest = part.without(found(part))
            taken += some
            left.append(rest)
        return taken, Fresh(left) if taken else self

    def keys(self) -> Iterator[str]:
        """The digests of the keys, those of a part one after the other."""
        return (part.new().keys for part in self.parts)

    def up_to(self, last: str) -> Fresh:
        """Those whose keys have no higher digest than this one."""
        return Fresh(
            part.only([at for at, key in enumerate(cut(keys, KEY_SIZE)) if key <= last])
            for part, keys in zip(self.parts, self.keys(), strict=True)
        )

    def digest(self) -> bytes:
        """Stands for which calls these are and what they say, in their order."""
        digest = blake2b(digest_size=16)
        for part in self.parts:
            new = part.new()
            digest.update(_encode((new.wave, new.keys, new.requests)))
        return digest.digest()


NONE: Final = Fresh()


def _positions(part: Part, keys: frozenset[str], phones: frozenset[str]) -> list[int]:
    """Where in the part these keys or phones are."""
    own_keys, own_phones, _ = part.new().columns()
    if keys.isdisjoint(own_keys) and phones.isdisjoint(own_phones):
        return []
    pairs = enumerate(zip(own_keys, own_phones, strict=True))
    return [at for at, (key, phone) in pairs if key in keys or phone in phones]
