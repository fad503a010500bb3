"""Which calls are wanted where a key or a phone is declared more than once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from reconciler.errors import Place, Problem
from reconciler.manifest.model import PhoneList
from reconciler.phones.build import phone_column
from reconciler.phones.model import Call, Chunk
from reconciler.phones.problems import Problems
from reconciler.phones.tally import Repeated


class Roster:
    """Rules on the calls whose key or phone may be repeated, in the order of the lists; all others are wanted anyway.

    Two calls of one key are one call declared twice; one phone under two keys would ring twice. Both go to
    `problems`, unless the later one's list says that the first wins, or that a phone may be called under several keys.
    """

    def __init__(self, problems: Problems, repeated: Repeated) -> None:
        self._problems, self._repeated = problems, repeated
        self._by_phone: dict[str, Place] = {}
        self._by_key: dict[str, Place] = {}
        self._shared: set[str] = set()  # phones that are called under several keys
        self._dropped: set[int] = set()  # by their number among all calls
        self._count = 0

    def add(self, chunk: Chunk, phone_list: PhoneList) -> None:
        """Rule on the next calls, which this list declares."""
        for at in self._repeated.among(chunk):
            if not self._admits(chunk.call(at), phone_list):
                self._dropped.add(self._count + at)
        self._count += len(chunk.keys)

    def wanted(self, chunk: Chunk, first: int) -> Iterator[Chunk]:
        """What remains of a chunk, whose first call has this number: those that share a phone say so."""
        numbers = range(first, first + len(chunk.keys))
        if self._dropped.isdisjoint(numbers) and self._shared.isdisjoint(chunk.phones):
            yield chunk
            return
        positions = (at for at, number in enumerate(numbers) if number not in self._dropped)
        for is_shared, group in groupby(positions, lambda at: chunk.phones[at] in self._shared):
            yield chunk.only(list(group), is_same_phone_allowed=is_shared)

    def _admits(self, call: Call, phone_list: PhoneList) -> bool:
        first = self._by_key.get(call.key)
        if first:
            self._twice(call, first, phone_list)
            return False
        first = self._by_phone.get(call.phone)
        if first and not self._may_share(call, first, phone_list):
            return False  # and as it is not called, it stands in nobody's way
        self._by_key[call.key] = call.place
        self._by_phone.setdefault(call.phone, call.place)
        return True

    def _twice(self, call: Call, first: Place, phone_list: PhoneList) -> None:
        if phone_list.spec.duplicates == "first":
            return
        key = phone_list.spec.key
        what = f"the same {'key' if key else 'phone'} as {first}"
        fix = "remove one, or write `duplicates: first` in this list"
        self._problems.add(Problem(call.place, key.column if key else phone_column(phone_list).column, what, fix))

    def _may_share(self, call: Call, first: Place, phone_list: PhoneList) -> bool:
        if phone_list.spec.same_phone == "allow":
            self._shared.add(call.phone)
            return True
        if phone_list.spec.duplicates == "error":
            what = f"the same phone as {first}, under another key"
            fix = "remove one, or write `samePhone: allow` in this list to call it for both"
            self._problems.add(Problem(call.place, phone_column(phone_list).column, what, fix))
        return False
