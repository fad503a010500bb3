"""A wanted call's request, field by field: what it is, and which level says so: campaign, list, column or phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from reconciler.explain.levels import Level, Levels, Written
from reconciler.explain.model import Field
from reconciler.manifest.model import Campaign, ColumnRef, PhoneList, PolicyColumn
from reconciler.phones.build import phone_column
from reconciler.phones.lists import Declared, sheet_of
from reconciler.phones.model import Call
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import read_rows
from reconciler.phones.stream import unwatched
from reconciler.phones.values import as_text

POLICY = (
    "startDateTime",
    "finishDateTime",
    "allowedDays",
    "allowedTime",
    "gmtZone",
    "maxAttempts",
    "retryIntervalInMinutes",
    "dialerPriority",
    "externalCheck",
)
"""The fields of a call policy, in the order they are shown."""

_KINDS = {
    "str": "text",
    "bool": "truth",
    "int": "number",
    "float": "number",
    "list": "list",
    "dict": "object",
    "NoneType": "null",
}


class Listing(NamedTuple):
    """The list a call is of, and which of that list's phones in the manifest it is; -1 for a row of its file."""

    phone_list: PhoneList
    position: int  # of the list
    inline: int = -1


def listing_of(campaign: Campaign, call: Call) -> Listing:
    """Where a call comes from."""
    for index, each in enumerate(campaign.lists):
        for at, place in enumerate(each.inline_places):
            if (place.file, place.line) == (call.source, call.row) and _is_inline(each, at, call):
                return Listing(each, index, at)
    of_file = [Listing(each, at) for at, each in enumerate(campaign.lists) if each.path and each.shown == call.source]
    return of_file[0] if len(of_file) == 1 else next(each for each in of_file if _has(campaign, each, call))


def _is_inline(phone_list: PhoneList, at: int, call: Call) -> bool:
    item = (phone_list.spec.phones or ())[at]
    return Numbering(phone_column(phone_list).region or "").digits(item.phone) == call.phone


def _has(campaign: Campaign, listing: Listing, call: Call) -> bool:
    """Whether this list makes that call of its file: several may read one file, each in its own way."""
    declared = Declared([listing.phone_list], campaign.wave, campaign.policy)
    found = (chunk.call(at) for _, chunk in declared.chunks(Problems(0), unwatched) for at in range(len(chunk.keys)))
    return any((each.row, each.key, each.request) == (call.row, call.key, call.request) for each in found)


def key_words(listing: Listing) -> str:
    """What a call's key is."""
    spec = listing.phone_list.spec
    if listing.inline >= 0:
        return "written with the phone" if (spec.phones or ())[listing.inline].key else "the phone itself"
    return f"column {spec.key.column}" if spec.key else "the phone itself"


class Sources:
    """Which level each field of one call comes from."""

    def __init__(self, campaign: Campaign, call: Call, listing: Listing, written: Written) -> None:
        self._campaign, self._call, self._listing = campaign, call, listing
        self.of_campaign = written.campaign(campaign.name)
        levels = [self.of_campaign, written.phone_list(campaign.name, listing.position)]
        if listing.inline >= 0:
            levels.append(written.phone(campaign.name, listing.position, listing.inline))
        self._policy, self._payload = (_merged(each) for each in zip(*levels, strict=True))
        self._cells = self._policy_cells() if listing.inline < 0 else {}

    def policy(self, name: str) -> Level:
        """Where a field of the policy comes from."""
        value = self._listing.phone_list.policy.get(name)
        if isinstance(value, PolicyColumn) and self._listing.inline < 0:
            if self._cells.get(value.column):
                return Level(f"column {value.column}", self._call.place)
            return self.of_campaign[0][name]  # an empty cell leaves it to the campaign
        return self._policy[name]

    def payload(self, name: str) -> Level:
        """Where a field of the payload comes from."""
        value = self._listing.phone_list.payload.get(name)
        if isinstance(value, ColumnRef) and self._listing.inline < 0:
            return Level(f"column {value.column}", self._call.place)
        return self._payload[name]

    @property
    def columns(self) -> dict[str, str]:
        """The column of each payload field that comes from one."""
        payload = {} if self._listing.inline >= 0 else self._listing.phone_list.payload
        return {name: each.column for name, each in payload.items() if isinstance(each, ColumnRef)}

    def _policy_cells(self) -> dict[str, bool]:
        """Whether the row has something in each column of the list's policy."""
        phone_list = self._listing.phone_list
        columns = tuple({each.column: 0 for each in phone_list.policy.values() if isinstance(each, PolicyColumn)})
        if not columns or phone_list.path is None:
            return {}
        rows = read_rows(sheet_of(phone_list, phone_list.path, columns), Problems(0))
        cells = next((cells for row, cells in rows if row == self._call.row), ())
        return {column: _has_text(cell) for column, cell in zip(columns, cells, strict=False)}


def _merged(levels: tuple[Levels, ...]) -> dict[str, Level]:
    found: dict[str, Level] = {}
    for each in levels:
        found |= each
    return found


def _has_text(cell: Any) -> bool:
    try:
        return bool(as_text(cell).strip())
    except Wrong:
        return True


def fields_of(call: Call, phone: str, listing: Listing, sources: Sources) -> tuple[Field, ...]:
    """The fields of a call's request: the phone, as it may be shown, the policy, the payload."""
    request: dict[str, Any] = msgspec.json.decode(call.request)
    return (_phone(call, phone, listing), *_policy(request, sources), *_payload(request.get("payload", {}), sources))


def _phone(call: Call, phone: str, listing: Listing) -> Field:
    column = phone_column(listing.phone_list)
    said_by = "this phone" if listing.inline >= 0 else f"column {column.column}"
    region = f", region {column.region}" if column.region else ""
    return Field("phone", "text", said_by + region, call.place, phone, is_shown=True)


def _policy(request: Mapping[str, Any], sources: Sources) -> Iterator[Field]:
    for name in (each for each in POLICY if each in request):
        level, value = sources.policy(name), request[name]
        is_shown = name != "externalCheck"  # its URL carries a credential
        shown = value if is_shown else None
        yield Field(name, _kind(value), level.name, level.place, shown, is_shown, level.is_of_campaign)


def _payload(payload: Mapping[str, Any], sources: Sources) -> Iterator[Field]:
    for name in sorted({*payload, *sources.columns}):
        level = sources.payload(name)
        kind = _kind(payload[name]) if name in payload else "absent"
        yield Field(f"payload.{name}", kind, level.name, level.place, is_of_campaign=level.is_of_campaign)


def _kind(value: Any) -> str:
    return _KINDS[type(value).__name__]


def unsaid(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a policy that nobody says."""
    return tuple(name for name in POLICY if name not in request)
