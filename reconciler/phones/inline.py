"""Calls written in the manifest itself.

That a list without a file names no columns, and that policies keep the rules, the manifest's own check has said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby, islice, zip_longest
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from reconciler.errors import Problem
from reconciler.manifest.model import ColumnRef, InlinePhone, PhoneList, PolicyColumn
from reconciler.phones.build import Finding, request_bytes
from reconciler.phones.model import Call, Chunk
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import BLOCK
from reconciler.phones.values import checked_json


def constants(payload: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """The fields of a payload that come from no column, and what is wrong with those that JSON cannot hold."""
    fields, findings = dict[str, Any](), list[Finding]()
    for name, value in payload.items():
        if not isinstance(value, ColumnRef):
            try:
                fields[name] = checked_json(value)
            except Wrong as wrong:
                findings.append((f"payload.{name}", wrong))
    return fields, findings


def inline_chunks(
    phone_list: PhoneList, wave: str, numbering: Numbering, shared: Mapping[str, Any], problems: Problems
) -> Iterator[Chunk]:
    """The calls of a list's `phones`, each at its place in the manifest; `shared` is the payload all have in common."""
    calls = _calls(phone_list, wave, numbering, shared, problems)
    for source, group in groupby(calls, attrgetter("source")):
        while batch := [*islice(group, BLOCK)]:
            yield Chunk(
                source=source,
                wave=wave,
                is_same_phone_allowed=False,
                keys=[call.key for call in batch],
                phones=[call.phone for call in batch],
                tails=[call.request for call in batch],
                rows=[call.row for call in batch],
            )


def _calls(
    phone_list: PhoneList, wave: str, numbering: Numbering, shared: Mapping[str, Any], problems: Problems
) -> Iterator[Call]:
    policy = {name: value for name, value in phone_list.policy.items() if not isinstance(value, PolicyColumn)}
    items = phone_list.spec.phones or ()
    rest = zip_longest(items, phone_list.inline_policies, phone_list.inline_places)
    for index, (item, own, place) in enumerate(rest):
        where = place or phone_list.place
        payload, findings = constants(item.payload)
        phone, key = _names(item, numbering, findings)
        problems.extend(Problem(where, f"phones[{index}].{path}", w.what, w.fix) for path, w in findings)
        if not findings:
            request = request_bytes(phone, {**shared, **payload}, {**policy, **(own or {})})
            yield Call(key, wave, phone, request, where.file, where.line)


def _names(item: InlinePhone, numbering: Numbering, findings: list[Finding]) -> tuple[str, str]:
    """The phone's digits and the call's key; what is wrong with them is added to `findings`."""
    phone = ""
    try:
        phone = numbering.digits(item.phone)
    except Wrong as wrong:
        findings.append(("phone", wrong))
    key = phone if item.key is UNSET else item.key.strip()
    if not key and phone:
        findings.append(("key", Wrong("is empty", "leave it out: then the phone is the key")))
    return phone, key
