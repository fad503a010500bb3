"""Wanted calls, before anything is known of the lock or the server: one by one, and by the thousand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

import msgspec

from reconciler.calls.masks import mask
from reconciler.errors import Place


class Call(msgspec.Struct, frozen=True, gc=False):
    """One wanted call. Everything in it may identify a person: it is never printed, only its mask is."""

    key: str  # names the call from run to run; by default the phone's digits
    wave: str
    phone: str  # E.164 digits without +
    request: bytes  # the canonical JSON object sent to addPhones: sorted keys, no spaces, UTF-8
    source: str  # the list's file as the user names it
    row: int  # line of the row in that file, from 1
    is_same_phone_allowed: bool = False

    @property
    def place(self) -> Place:
        """Where the call is declared."""
        return Place(self.source, self.row)

    def __repr__(self) -> str:
        return f"Call({mask(self.phone)}, {self.source}:{self.row})"


class Chunk(NamedTuple):
    """Some thousand wanted calls of one source, column by column: what stands at one position is one call.

    A million calls are never a million objects at once; whoever needs one as such asks for it by its position. What
    the requests of a chunk begin with is kept once (`head`), since nearly all of them are only ever digested. Only
    requests of one policy have such a head in common.
    """

    source: str
    wave: str
    is_same_phone_allowed: bool
    keys: Sequence[str]
    phones: Sequence[str]
    tails: Sequence[bytes]
    rows: Sequence[int]
    head: bytes = b""

    @property
    def has_one_policy(self) -> bool:
        """Whether all requests are known to have the same call policy."""
        return bool(self.head)

    @property
    def requests(self) -> list[bytes]:
        """The canonical request of each call."""
        head = self.head
        return [head + tail for tail in self.tails]

    def call(self, at: int) -> Call:
        """The call at this position."""
        return Call(
            self.keys[at],
            self.wave,
            self.phones[at],
            self.head + self.tails[at],
            self.source,
            self.rows[at],
            self.is_same_phone_allowed,
        )

    def calls(self) -> Iterator[Call]:
        """All of them, in order."""
        return map(self.call, range(len(self.keys)))

    def only(self, positions: Sequence[int], *, is_same_phone_allowed: bool = False) -> Chunk:
        """The calls at these positions."""
        return self._replace(
            is_same_phone_allowed=is_same_phone_allowed,
            keys=[self.keys[at] for at in positions],
            phones=[self.phones[at] for at in positions],
            tails=[self.tails[at] for at in positions],
            rows=[self.rows[at] for at in positions],
        )

    def __repr__(self) -> str:
        return f"Chunk({len(self.keys)} calls, {self.source})"


class Sizes(msgspec.Struct, frozen=True):
    """How long the lists were when they were read: what came of them is held against what it was the last time."""

    lists: Mapping[str, int] = {}  # calls by name of the list, inline ones too
    suppressions: Mapping[str, int] = {}  # entries by file, as seen from the manifest's folder


class Desired(msgspec.Struct, frozen=True):
    """All that a campaign's lists want, and the numbers nobody may call whatever the lists say."""

    calls: tuple[Call, ...]
    suppressed: frozenset[str] = frozenset()  # E.164 digits
    sizes: Sizes = Sizes()

    def suppressed_now(self) -> frozenset[str]:
        """The same numbers: here nothing changes any more."""
        return self.suppressed

    def chunks(self) -> Iterator[Chunk]:
        """The calls in chunks, as they come from lists too long to be held."""
        for (source, wave, is_allowed), group in groupby(self.calls, _sort_of):
            keys, phones, requests, rows = zip(*((c.key, c.phone, c.request, c.row) for c in group), strict=True)
            yield Chunk(source, wave, is_allowed, keys, phones, requests, rows)


def _sort_of(call: Call) -> tuple[str, str, bool]:
    return call.source, call.wave, call.is_same_phone_allowed


class CallSource(Protocol):
    """Where the wanted calls come from: a `Desired`, or lists that are read as they are asked for."""

    @property
    def suppressed(self) -> frozenset[str]:
        """E.164 digits of those nobody may call."""
        ...

    @property
    def sizes(self) -> Sizes:
        """How long the lists are, known once they have been read."""
        ...

    def suppressed_now(self) -> frozenset[str]:
        """E.164 digits of those nobody may call by now. Raises ManifestError, GuardTripped: call nobody then."""
        ...

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls, provisional until the last; raises ManifestError then. May be asked for again."""
        ...
