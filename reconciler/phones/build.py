"""Rows → the calls they ask for: the request objects in canonical bytes, and the keys that name the calls.

Canonical means: equal content, equal bytes, whatever order columns, fields or keys were written in. A digest of the
bytes tells later whether a call has changed, and the same bytes are what is sent.

All rows of a list ask for the same request but for some cells. So the canonical encoder writes it once, with holes
(the list's frame), and a row's request is the frame with the JSON of its cells in the holes. Rows that leave out a
field, or have a policy of their own, have other frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress, repeat
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Raw

from reconciler.manifest.model import ColumnRef, PhoneColumn, PhoneList, PolicyColumn
from reconciler.manifest.policy import RANGES, check_policy
from reconciler.phones.columns import CANONICAL, json_column, key_column
from reconciler.phones.model import Chunk
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Wrong
from reconciler.phones.rows import Block
from reconciler.phones.values import CONVERSIONS, as_text

Finding = tuple[str, Wrong]  # the column, or the path in the list's policy, and what is wrong there

POLICIES_KEPT: Final = 10_000  # distinct row policies remembered; a list has a handful, by mistake one has millions

_HOLE: Final = Raw(b"\0")  # JSON escapes this character, so nothing but a hole can hold it
_PHONE_HOLE: Final = Raw(b'"\0"')
_BEFORE_HOLE: Final = re.compile(rb"((?:[^%]|%%)*)%b", re.DOTALL)  # what a frame begins with


class _Field(NamedTuple):
    """A field of a payload or a policy that a column fills."""

    name: str
    column: str
    at: int  # of the column among the cells
    type: str  # of CONVERSIONS


class _RowPolicy(NamedTuple):
    """The whole policy of a row, what is wrong with it, and the frames of its rows by which fields these have."""

    fields: dict[str, Any]
    findings: tuple[Finding, ...]
    frames: dict[tuple[bool, ...], bytes]


def request_bytes(phone: str | Raw, payload: Mapping[str, Any], policy: Mapping[str, Any]) -> bytes:
    """The canonical request object of a call: sorted keys, no spaces, UTF-8; an empty payload is left out."""
    request = {"phone": phone, **policy}
    if payload:
        request["payload"] = payload
    return CANONICAL.encode(request)


def phone_column(phone_list: PhoneList) -> PhoneColumn:
    """Where the list's phones are and how they are read."""
    return phone_list.spec.phone or PhoneColumn()


class Template:
    """What the rows of one list are poured into.

    `constants` are the payload's fields that all rows share. `inherited` is the campaign's policy: an empty cell of a
    policy column falls back to it.
    """

    def __init__(
        self,
        phone_list: PhoneList,
        wave: str,
        numbering: Numbering,
        *,
        constants: Mapping[str, Any],
        inherited: Mapping[str, Any],
    ) -> None:
        self._wave, self._source = wave, phone_list.shown
        self._numbering, self._constants, self._inherited = numbering, dict(constants), inherited
        self._columns = {phone_column(phone_list).column: 0}
        key = phone_list.spec.key
        self._key_column = key.column if key else ""
        self._key_index = self._index(key.column) if key else -1
        # Sorted, as the holes of a frame are.
        self._payload = tuple(
            _Field(name, ref.column, self._index(ref.column), ref.type)
            for name, ref in sorted(phone_list.payload.items())
            if isinstance(ref, ColumnRef)
        )
        self._policy = tuple(
            _Field(name, ref.column, self._index(ref.column), "integer" if name in RANGES else "string")
            for name, ref in phone_list.policy.items()
            if isinstance(ref, PolicyColumn)
        )
        self._common = {n: value for n, value in phone_list.policy.items() if not isinstance(value, PolicyColumn)}
        self._known = frozenset((path, what) for path, what, _ in check_policy(self._common))
        self._policies: dict[tuple[str, ...], _RowPolicy] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the blocks that `chunk` takes, in this order: the phone's first."""
        return tuple(self._columns)

    def chunk(self, block: Block) -> tuple[Chunk, list[int]]:
        """The calls of a block's rows, and the positions of the rows that are wrong and want none (see `explain`).

        This and what it calls is where the time of a long list goes: all of it works on whole columns.
        """
        phones = self._numbering.column(block.columns[0])
        keys = phones if self._key_index < 0 else key_column(block.columns[self._key_index])
        head, tails = self._requests(block, phones)
        chunk = Chunk(self._source, self._wave, False, keys, phones, tails, block.rows, head)
        if all(keys) and all(tails):
            return chunk, []
        wanted = [bool(key and tail) for key, tail in zip(keys, tails, strict=True)]
        right = [at for at, is_wanted in enumerate(wanted) if is_wanted]
        return chunk.only(right), [at for at, is_wanted in enumerate(wanted) if not is_wanted]

    def explain(self, cells: Sequence[Any]) -> Iterator[Finding]:
        """Everything wrong with a row. No cell is quoted."""
        checks: list[tuple[str, int, Callable[[Any], Any]]] = [(self.columns[0], 0, self._digits)]
        if self._key_index >= 0:
            checks.append((self._key_column, self._key_index, _key))
        checks += [(field.column, field.at, CONVERSIONS[field.type]) for field in self._payload]
        for column, at, check in checks:
            try:
                check(cells[at])
            except Wrong as wrong:
                yield column, wrong
        yield from self._row_policy(tuple(_policy_text(cells[field.at]) for field in self._policy)).findings

    def _index(self, column: str) -> int:
        return self._columns.setdefault(column, len(self._columns))

    def _requests(self, block: Block, phones: Sequence[str]) -> tuple[bytes, list[bytes]]:
        """What all requests begin with, and the rest of each; b"" of rows that are wrong."""
        parts = [json_column(field.type, block.columns[field.at]) for field in self._payload]
        parts.append([*map(str.encode, phones)])
        if not self._policy and all(map(all, parts)):
            frame = self._frame(self._row_policy(()), (True,) * len(self._payload))
            head, tail = _cut(frame)
            return head, [*map(tail.__mod__, zip(*parts, strict=True))]
        return b"", [*map(self._request, self._row_policies(block), zip(*parts, strict=True))]

    def _request(self, policy: _RowPolicy, parts: Sequence[bytes | None]) -> bytes:
        """A row's request, or b"" where it is wrong. The last part is the phone, which is never left out."""
        if None in parts or not parts[-1] or policy.findings:
            return b""
        return self._frame(policy, tuple(map(bool, parts[:-1]))) % tuple(filter(None, parts))

    def _frame(self, policy: _RowPolicy, are_present: tuple[bool, ...]) -> bytes:
        """The request of all rows that have this policy and these of the payload's fields, with holes."""
        frame = policy.frames.get(are_present)
        if frame is None:
            holes = {field.name: _HOLE for field in compress(self._payload, are_present)}
            request = request_bytes(_PHONE_HOLE, self._constants | holes, policy.fields)
            frame = policy.frames[are_present] = request.replace(b"%", b"%%").replace(b"\0", b"%b")
        return frame

    def _digits(self, cell: Any) -> str:
        return self._numbering.digits(as_text(cell))

    def _row_policies(self, block: Block) -> Iterator[_RowPolicy]:
        if not self._policy:
            return repeat(self._row_policy(()))
        columns = (map(_policy_text, block.columns[field.at]) for field in self._policy)
        return map(self._row_policy, zip(*columns, strict=True))

    def _row_policy(self, texts: tuple[str, ...]) -> _RowPolicy:
        """The policy of a row with these texts in the columns of its policy."""
        known = self._policies.get(texts)
        if known is None:
            if len(self._policies) == POLICIES_KEPT:
                self._policies.clear()
            known = self._policies[texts] = self._resolved(texts)
        return known

    def _resolved(self, texts: Sequence[str]) -> _RowPolicy:
        fields, findings = dict(self._common), list[Finding]()
        for (name, column, _, type), text in zip(self._policy, texts, strict=True):
            try:
                value = CONVERSIONS[type](text) if text else UNSET
            except Wrong as wrong:
                findings.append((column, wrong))
                continue
            if value is UNSET:
                value = self._inherited.get(name, UNSET)
            if value is not UNSET:
                fields[name] = value
        findings += self._broken_rules(fields)
        return _RowPolicy(fields, tuple(findings), {})

    def _broken_rules(self, fields: Mapping[str, Any]) -> Iterator[Finding]:
        """What the rules say of a row's policy, less what they say of the whole list."""
        columns = {field.name: field.column for field in self._policy}
        for path, what, fix in check_policy(fields):
            if path in RANGES and path in columns:
                yield columns[path], Wrong("is out of range", fix)  # the rule quotes the number, of any column
            elif (path, what) not in self._known:
                yield columns.get(path, f"policy.{path}"), Wrong(what, fix)


def _cut(frame: bytes) -> tuple[bytes, bytes]:
    """What stands before a frame's first hole, as it is, and the frame of the rest."""
    at = _BEFORE_HOLE.match(frame)
    start = at.end(1) if at else 0
    return frame[:start].replace(b"%%", b"%"), frame[start:]


def _key(cell: Any) -> str:
    key = as_text(cell).strip()
    if not key:
        raise Wrong("is empty, but it is the key", "give every row a key of its own")
    return key


def _policy_text(cell: Any) -> str:
    try:
        return as_text(cell).strip()
    except Wrong:
        return "\ufffd"  # no rule lets this pass, so it is reported as any other text that makes no sense
