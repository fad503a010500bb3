"""Who is asked about, and an eye kept on the lists for them while they are read for a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from reconciler.calls.masks import mask
from reconciler.errors import Place, ReconcilerError
from reconciler.manifest.model import Campaign
from reconciler.phones.build import phone_column
from reconciler.phones.model import Call, CallSource, Chunk
from reconciler.phones.normalise import Numbering
from reconciler.phones.passing import Passing
from reconciler.phones.problems import Wrong

NEAR: Final = 3
"""Calls of a campaign that are named because they are nearly those asked for."""

_ALIKE: Final = 7  # last digits that two ways of writing one number have in common; more than a local number has
_LEAST: Final = 4  # characters of a key that may be compared without its zeros


class Absent(ReconcilerError):
    """Nobody asked about is in the lists or the lock, so that no plan is needed."""


class Asked(msgspec.Struct, frozen=True):
    """Who is asked about: a text that is a key, or a phone in one of its readings (E.164 digits)."""

    text: str
    readings: frozenset[str]

    def __repr__(self) -> str:
        return f"Asked({len(self.readings)} readings)"

    def positions(self, chunk: Chunk) -> list[int]:
        """Where in a chunk the calls asked about are."""
        # Both questions loop in C: of a million calls nearly none is asked about.
        if self.readings.isdisjoint(chunk.phones) and self.text not in chunk.keys:
            return []
        pairs = enumerate(zip(chunk.keys, chunk.phones, strict=True))
        return [at for at, (key, phone) in pairs if phone in self.readings or key == self.text]

    @property
    def tail(self) -> str:
        """The last digits of what may be a phone; "" for what is none."""
        digits = "".join(letter for letter in self.text if letter.isascii() and letter.isdigit())
        has_letters = any(map(str.isalpha, self.text))
        return "" if has_letters or len(digits) < _ALIKE else digits[-_ALIKE:]


def asked(text: str, campaign: Campaign) -> Asked:
    """Who `text` means in this campaign: read as a phone in international form, and as one of its lists' regions."""
    regions = {phone_column(each).region or "" for each in campaign.lists}
    return Asked(text, frozenset(filter(None, (_reading(text, region) for region in {"", *regions}))))


def _reading(text: str, region: str) -> str:
    try:
        return Numbering(region).digits(text)
    except Wrong:
        return ""


class NearCall(msgspec.Struct, frozen=True):
    """A call that is not asked for and nearly is."""

    mask: str
    place: Place
    what: str


class Spotted(Passing):
    """The same calls; those asked about are kept when they pass."""

    def __init__(self, source: CallSource, asked: Asked, *, is_known: bool) -> None:
        """Where the lock knows none of them either (`is_known`), the stream ends with Absent."""
        super().__init__(source)
        self._asked, self._is_known = asked, is_known
        self._found: dict[tuple[str, str, int], Call] = {}  # lists may be read again
        self._near: dict[Place, NearCall] = {}
        self._calls: list[int] = []  # of each reading

    @property
    def found(self) -> tuple[Call, ...]:
        """The calls asked about."""
        return tuple(self._found.values())

    @property
    def near(self) -> tuple[NearCall, ...]:
        """A few calls that nearly are."""
        return tuple(self._near.values())[:NEAR]

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return max(self._calls, default=0)

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls; raises Absent after the last when nobody asked about was among them."""
        self._calls.append(0)
        for chunk in self._source.chunks():
            self._calls[-1] += len(chunk.keys)
            self._look(chunk)
            yield chunk
        if not (self._found or self._is_known):
            raise Absent

    def _look(self, chunk: Chunk) -> None:
        found = self._asked.positions(chunk)
        for at in found:
            self._found[chunk.keys[at], chunk.source, chunk.rows[at]] = chunk.call(at)
        if self._found or len(self._near) >= NEAR:
            return
        for at, what in islice(_nearly(chunk, self._asked), NEAR):
            place = Place(chunk.source, chunk.rows[at])
            self._near[place] = NearCall(mask(chunk.phones[at]), place, what)


def _nearly(chunk: Chunk, asked: Asked) -> Iterator[tuple[int, str]]:
    tail = asked.tail
    if tail:
        yield from ((at, "its number ends with the same digits") for at in _ending(chunk.phones, tail))
    key = _bare(asked.text)
    if len(key) >= _LEAST:
        same = (at for at, each in enumerate(map(_bare, chunk.keys)) if each == key)
        yield from ((at, "its key is the same but for capitals, spaces or leading zeros") for at in same)


def _ending(phones: Sequence[str], tail: str) -> Iterable[int]:
    return (at for at, phone in enumerate(phones) if phone.endswith(tail))


def _bare(key: str) -> str:
    return key.casefold().strip().lstrip("0")
