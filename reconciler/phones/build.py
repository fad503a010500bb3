"""A row → the call it asks for: the request object in canonical bytes, and the key that names the call.

Canonical means: equal content, equal bytes, whatever order columns, fields or keys were written in. A digest of the
bytes tells later whether a call has changed, and the same bytes are what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from reconciler.manifest.model import ColumnRef, PhoneColumn, PhoneList, PolicyColumn
from reconciler.manifest.policy import RANGES, check_policy
from reconciler.phones.model import Call
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Wrong
from reconciler.phones.values import CONVERSIONS, as_integer, as_text

Finding = tuple[str, Wrong]  # the column, or the path in the list's policy, and what is wrong there

POLICIES_KEPT: Final = 10_000  # distinct row policies remembered; a list has a handful, by mistake one has millions

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class _Field(NamedTuple):
    """A field of a payload or a policy that a column fills."""

    name: str
    column: str
    at: int  # of the column among the cells
    convert: Callable[[Any], Any]

    def of(self, cells: Sequence[Any]) -> Any:
        """Its value in this row, or UNSET. Raises Wrong."""
        return self.convert(cells[self.at])


class _RowPolicy(NamedTuple):
    """The whole policy of a row, and what is wrong with it."""

    fields: dict[str, Any]
    findings: tuple[Finding, ...]


def request_bytes(phone: str, payload: Mapping[str, Any], policy: Mapping[str, Any]) -> bytes:
    """The canonical request object of a call: sorted keys, no spaces, UTF-8; an empty payload is left out."""
    request = {"phone": phone, **policy}
    if payload:
        request["payload"] = payload
    return _ENCODER.encode(request)


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
        self._payload = tuple(
            _Field(name, ref.column, self._index(ref.column), CONVERSIONS[ref.type])
            for name, ref in phone_list.payload.items()
            if isinstance(ref, ColumnRef)
        )
        self._policy = tuple(
            _Field(name, ref.column, self._index(ref.column), as_integer if name in RANGES else _text_or_unset)
            for name, ref in phone_list.policy.items()
            if isinstance(ref, PolicyColumn)
        )
        self._common = {n: value for n, value in phone_list.policy.items() if not isinstance(value, PolicyColumn)}
        self._known = frozenset((path, what) for path, what, _ in check_policy(self._common))
        self._policies: dict[tuple[str, ...], _RowPolicy] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose cells `call` takes, in this order: the phone's first."""
        return tuple(self._columns)

    def call(self, row: int, cells: Sequence[Any]) -> Call:
        """The call that a row asks for. Raises Wrong for the first thing wrong; `explain` tells all."""
        phone = self._phone(cells)
        payload = self._constants.copy()
        for name, _, index, convert in self._payload:
            value = convert(cells[index])
            if value is not UNSET:
                payload[name] = value
        request = request_bytes(phone, payload, self._fields(cells) if self._policy else self._common)
        key = phone if self._key_index < 0 else self._key(cells)
        return Call(key, self._wave, phone, request, self._source, row)

    def explain(self, cells: Sequence[Any]) -> Iterator[Finding]:
        """Everything wrong with a row. No cell is quoted."""
        parts: list[tuple[str, Callable[[Sequence[Any]], Any]]] = [(self.columns[0], self._phone)]
        if self._key_index >= 0:
            parts.append((self._key_column, self._key))
        parts += [(field.column, field.of) for field in self._payload]
        for column, part in parts:
            try:
                part(cells)
            except Wrong as wrong:
                yield column, wrong
        yield from self._row_policy(cells).findings

    def _index(self, column: str) -> int:
        return self._columns.setdefault(column, len(self._columns))

    def _phone(self, cells: Sequence[Any]) -> str:
        return self._numbering.digits(as_text(cells[0]))

    def _key(self, cells: Sequence[Any]) -> str:
        key = as_text(cells[self._key_index]).strip()
        if not key:
            raise Wrong("is empty, but it is the key", "give every row a key of its own")
        return key

    def _fields(self, cells: Sequence[Any]) -> dict[str, Any]:
        policy = self._row_policy(cells)
        for _, wrong in policy.findings:
            raise wrong
        return policy.fields

    def _row_policy(self, cells: Sequence[Any]) -> _RowPolicy:
        texts = tuple(_policy_text(cells[field.at]) for field in self._policy)
        known = self._policies.get(texts)
        if known is None:
            if len(self._policies) == POLICIES_KEPT:
                self._policies.clear()
            known = self._policies[texts] = self._resolved(texts)
        return known

    def _resolved(self, texts: Sequence[str]) -> _RowPolicy:
        fields, findings = dict(self._common), list[Finding]()
        for (name, column, _, convert), text in zip(self._policy, texts, strict=True):
            try:
                value = convert(text)
            except Wrong as wrong:
                findings.append((column, wrong))
                continue
            if value is UNSET:
                value = self._inherited.get(name, UNSET)
            if value is not UNSET:
                fields[name] = value
        findings += self._broken_rules(fields)
        return _RowPolicy(fields, tuple(findings))

    def _broken_rules(self, fields: Mapping[str, Any]) -> Iterator[Finding]:
        """What the rules say of a row's policy, less what they say of the whole list."""
        columns = {field.name: field.column for field in self._policy}
        for path, what, fix in check_policy(fields):
            if path in RANGES and path in columns:
                yield columns[path], Wrong("is out of range", fix)  # the rule quotes the number, of any column
            elif (path, what) not in self._known:
                yield columns.get(path, f"policy.{path}"), Wrong(what, fix)


def _text_or_unset(text: str) -> Any:
    return text or UNSET


def _policy_text(cell: Any) -> str:
    try:
        return as_text(cell).strip()
    except Wrong:
        return "\ufffd"  # no rule lets this pass, so it is reported as any other text that makes no sense
