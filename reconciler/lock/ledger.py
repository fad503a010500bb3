"""The calls of a long lockfile as a mapping: the file's columns, and on top of them what has changed since.

It behaves as the dict of a short lockfile does. What it adds is for those who would otherwise look at every call: the
columns themselves, and the statuses as one array, so that a report on a million jobs changes a million letters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, ItemsView, Iterable, Iterator, MutableMapping, Sequence, ValuesView
from typing import Any, Final

import msgspec
import numpy as np

from reconciler.lock.columns import MOST_WAVES, Columns, Flags, Letters, Numbers, Positions, as_numbers
from reconciler.lock.keyed import KEY_SIZE
from reconciler.lock.lockfile import encode_lines
from reconciler.lock.model import CallId, CallStatus, LockedCall, call_decoder

_AT_ONCE: Final = 2000  # calls made from their lines together


class Ledger(MutableMapping[CallId, LockedCall]):
    """Calls by id. Iterates in the order of the file, then over what came after it.

    Raises what msgspec raises when a line cannot be read: at once for lines that look odd, never later.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.statuses: Letters = columns.statuses.copy()
        """Of each line, as it is known now; true of a call only while its line is (`holds`)."""
        self._gone: Flags = columns.odd.copy()  # lines that are no longer what is remembered of their call
        odd = map(columns.line, np.flatnonzero(columns.odd).tolist())
        self._later = {call.call_id: call for call in map(call_decoder.decode, odd)}
        self._leave([*self._later])  # an odd line may be of a call that has another one: then there are fewer calls

    def copy(self) -> Ledger:
        """Another mapping of the same calls; the columns are shared, as nobody changes them."""
        twin = object.__new__(type(self))
        twin.columns, twin.statuses, twin._gone = self.columns, self.statuses.copy(), self._gone.copy()
        twin._later = dict(self._later)
        return twin

    # -------------------------------------------------------------------------------------------------- as a mapping

    def __len__(self) -> int:
        return self.columns.size - int(np.count_nonzero(self._gone)) + len(self._later)

    def __getitem__(self, call_id: CallId) -> LockedCall:
        later = self._later.get(call_id)
        if later is not None:
            return later
        at = self._position(call_id)
        if at < 0 or self._gone[at]:
            raise KeyError(call_id)
        return self.calls(np.array([at]))[0]

    def __contains__(self, call_id: object) -> bool:
        if call_id in self._later:
            return True
        at = self._position(call_id)  # type: ignore[arg-type] # whatever it is, it is not found
        return at >= 0 and not self._gone[at]

    def __setitem__(self, call_id: CallId, call: LockedCall) -> None:
        at = -1 if call_id in self._later else self._position(call_id)
        if at >= 0:
            self._gone[at] = True
        self._later[call_id] = call

    def __delitem__(self, call_id: CallId) -> None:
        was_later = self._later.pop(call_id, None) is not None
        at = self._position(call_id)
        if not was_later and (at < 0 or self._gone[at]):
            raise KeyError(call_id)
        if at >= 0:
            self._gone[at] = True

    def __iter__(self) -> Iterator[CallId]:
        return (call.call_id for call in self._every())

    def values(self) -> ValuesView[LockedCall]:
        """All calls, made as they are asked for."""
        return _Values(self)

    def items(self) -> ItemsView[CallId, LockedCall]:
        """The same with their ids."""
        return _Items(self)

    def update(self, calls: Any = (), /, **_: Any) -> None:
        """Takes these calls, a dict of them, finding their lines together."""
        self._leave([*calls])
        self._later.update(calls)

    def drop(self, ids: Sequence[CallId]) -> None:
        """Forgets these calls, as far as they are known, finding their lines together."""
        self._leave(ids)
        for call_id in ids:
            self._later.pop(call_id, None)

    def pick(self, ids: Sequence[CallId]) -> list[LockedCall]:
        """These calls, finding their lines together. Raises KeyError where one is not known."""
        at = self.positions(ids)
        held = np.flatnonzero(at >= 0)
        held = held[~self._gone[at[held]]]
        lines = dict(zip(held.tolist(), self.calls(at[held]), strict=True))
        return [lines[n] if n in lines else self._later[call_id] for n, call_id in enumerate(ids)]

    def among(self, ids: Sequence[CallId]) -> list[LockedCall]:
        """Those of these calls that are known, in any order, finding their lines together."""
        at = self.positions(ids)
        at = at[at >= 0]
        later = (self._later[call_id] for call_id in ids if call_id in self._later)
        return [*self.calls(at[~self._gone[at]]), *later]

    # -------------------------------------------------------------------------------------------------- as columns

    @property
    def holds(self) -> Flags:
        """Of each line, whether it is what is remembered of its call, but for the status."""
        return ~self._gone

    def later(self) -> Iterable[LockedCall]:
        """The calls that no line holds."""
        return self._later.values()

    def are(self, statuses: Collection[CallStatus]) -> Flags:
        """Of each line, whether it has one of these statuses now."""
        table = np.zeros(256, np.bool_)
        table[[ord(status) for status in statuses]] = True
        return table[self.statuses]

    def with_status(self, statuses: Collection[CallStatus]) -> list[LockedCall]:
        """The calls that have one of these statuses."""
        later = (call for call in self._later.values() if call.status in statuses)
        return [*self.calls(np.flatnonzero(self.holds & self.are(statuses))), *later]

    def are_of(self, phones: Collection[str], keys: Collection[str]) -> Flags:
        """Of each line, whether it is of one of these phones or keys, by digest."""
        columns = self.columns
        of_phones = np.isin(columns.phones(), np.array(sorted(phones), "S12"))
        starts, rest = as_numbers("".join(key for key in keys if len(key) == KEY_SIZE).encode())
        of_keys = np.isin(columns.keys, starts) & np.isin(columns.keys_rest, rest)
        return (of_phones | of_keys) & ~columns.odd

    def of(self, phones: Collection[str], keys: Collection[str]) -> list[LockedCall]:
        """The calls of these lines, and those that had other phones before, of which some may be among them."""
        return self.calls(np.flatnonzero(self.holds & (self.are_of(phones, keys) | self.columns.has_former)))

    def count_statuses(self) -> Counter[CallStatus]:
        """How many calls have which status."""
        letters = np.bincount(self.statuses[self.holds], minlength=256)
        counts = Counter({status: int(letters[ord(status)]) for status in CallStatus if letters[ord(status)]})
        return counts + Counter(call.status for call in self._later.values())

    def count(self, wave: str) -> dict[CallStatus, int]:
        """How many calls of this wave have which status."""
        counts = np.bincount(self.statuses[self.holds & self._is_of(wave)], minlength=256)
        for call in self._later.values():
            counts[ord(call.status)] += call.wave == wave
        return {CallStatus(chr(letter)): int(counts[letter]) for letter in np.flatnonzero(counts).tolist()}

    def _is_of(self, wave: str) -> Flags:
        names = self.columns.wave_names
        is_it: Flags = self.columns.waves == (names.index(wave) if wave in names else MOST_WAVES)
        return is_it

    def calls(self, positions: Positions) -> list[LockedCall]:
        """The calls of these lines, with the statuses known now."""
        found = self._decoded(positions)
        statuses = self.statuses[positions]
        for at in np.flatnonzero(statuses != self.columns.statuses[positions]).tolist():
            found[at] = msgspec.structs.replace(found[at], status=CallStatus(chr(statuses[at])))
        return found

    def find(self, keys: Numbers, rest: Numbers, wave: str) -> Positions:
        """The lines of the calls with these keys in that wave; -1 where there is none."""
        columns = self.columns
        found = np.full(len(keys), -1)
        if wave not in columns.wave_names:
            return found
        number = columns.wave_names.index(wave)
        asked = np.arange(len(keys))
        at = np.searchsorted(columns.keys, keys)
        while len(asked):  # once, and once more for each further wave of a key
            inside = at < columns.size
            asked, at = asked[inside], at[inside]
            same = columns.keys[at] == keys[asked]
            asked, at = asked[same], at[same]
            is_it = (columns.keys_rest[at] == rest[asked]) & (columns.waves[at] == number) & ~columns.odd[at]
            found[asked[is_it]] = at[is_it]
            asked, at = asked[~is_it], at[~is_it] + 1
        return found

    def positions(self, ids: Sequence[CallId]) -> Positions:
        """The same by the ids of the calls, of any waves."""
        found = np.full(len(ids), -1)
        by_wave: dict[str, list[int]] = {}
        for at, (key, wave) in enumerate(ids):
            if len(key.encode()) == KEY_SIZE:
                by_wave.setdefault(wave, []).append(at)
        for wave, asked in by_wave.items():
            keys, rest = as_numbers("".join([ids[at][0] for at in asked]).encode())
            found[asked] = self.find(keys, rest, wave)
        return found

    def body(self) -> bytes:
        """All lines as the lockfile holds them."""
        if not self._later and not self._gone.any() and (self.statuses == self.columns.statuses).all():
            return self.columns.body[self.columns.starts[0] :]
        return b"".join(self._pieces())

    def _pieces(self) -> Iterator[memoryview | bytes]:
        """Long stretches of the file as it was, with other statuses, and between them what came later."""
        lines, starts = self._lines(), self.columns.starts
        edges = np.flatnonzero(np.diff(self.holds, prepend=False, append=False)).tolist()  # where stretches begin, end
        at, edge = 0, 0
        for place, later in [*self._places(), (self.columns.size, b"")]:
            while edge < len(edges) and edges[edge + 1] <= place:
                yield lines[starts[max(at, edges[edge])] : starts[edges[edge + 1]]]
                edge += 2
            if edge < len(edges) and edges[edge] < place:
                yield lines[starts[max(at, edges[edge])] : starts[place]]
            at = place
            yield later

    def _places(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the calls that no line holds yet, in order, and before which line each belongs."""
        ids = sorted(self._later)
        lines = encode_lines([self._later[call_id] for call_id in ids]).splitlines(keepends=True)
        return zip(self._places_of(ids).tolist(), lines, strict=True)

    def _places_of(self, ids: Sequence[CallId]) -> Positions:
        """Before which line each of these calls belongs, whether or not it has one."""
        columns, names = self.columns, sorted(self.columns.wave_names)
        keys, rest = as_numbers(b"".join([key.encode()[:KEY_SIZE].ljust(KEY_SIZE, b"\0") for key, _ in ids]))
        ranks = np.array([names.index(name) for name in columns.wave_names] or [0])
        rank_of = {wave: bisect_left(names, wave) for wave in {wave for _, wave in ids}}
        own = np.array([rank_of[wave] if len(key.encode()) <= KEY_SIZE else len(names) for key, wave in ids])
        at = np.searchsorted(columns.keys, keys)
        rising = np.arange(len(ids))
        while len(rising):  # once, and once more for each line whose key begins alike
            rising = rising[at[rising] < columns.size]
            line = at[rising]
            is_lower = (columns.keys_rest[line] < rest[rising]) | (
                (columns.keys_rest[line] == rest[rising]) & (ranks[columns.waves[line]] < own[rising])
            )
            rising = rising[(columns.keys[line] == keys[rising]) & (is_lower | columns.odd[line])]
            at[rising] += 1
        return at

    def _lines(self) -> memoryview:
        changed = np.flatnonzero((self.statuses != self.columns.statuses) & ~self._gone)
        if not len(changed):
            return memoryview(self.columns.body)
        letters = np.frombuffer(self.columns.body, np.uint8).copy()
        letters[self.columns.statuses_at(changed)] = self.statuses[changed]
        return letters.data

    # ------------------------------------------------------------------------------------------------------ inside

    def _every(self) -> Iterator[LockedCall]:
        held = np.flatnonzero(self.holds)
        for start in range(0, len(held), _AT_ONCE):
            yield from self.calls(held[start : start + _AT_ONCE])
        yield from list(self._later.values())

    def _decoded(self, positions: Positions) -> list[LockedCall]:
        return call_decoder.decode_lines(self.columns.lines(positions))

    def _leave(self, ids: Sequence[CallId]) -> None:
        """From now on no line holds these calls."""
        at = self.positions(ids)
        self._gone[at[at >= 0]] = True

    def _position(self, call_id: CallId) -> int:
        return int(self.positions([call_id])[0])


class _Values(ValuesView[LockedCall]):
    _mapping: Ledger

    def __iter__(self) -> Iterator[LockedCall]:
        return self._mapping._every()


class _Items(ItemsView[CallId, LockedCall]):
    _mapping: Ledger

    def __iter__(self) -> Iterator[tuple[CallId, LockedCall]]:
        return ((call.call_id, call) for call in self._mapping._every())
