"""Campaigns and lists to test with, put together by hand as the manifest would."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from reconciler.errors import ManifestError, Place
from reconciler.manifest.model import (
    Campaign,
    Guards,
    InlinePhone,
    KeyColumn,
    PhoneColumn,
    PhoneList,
    PhoneListSpec,
    Source,
    SuppressionList,
    SuppressionSource,
    TokenSource,
)
from reconciler.phones.desired import ListedCalls
from reconciler.phones.model import Call, Desired

MANIFEST = Place("campaign.yaml", 12, 5)


class Steps:
    """A watch that hands on how many more rows were read."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told

    def start(self, label: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """So many more rows were read."""
        self._told(n)


def read_desired(campaign: Campaign, *, progress: Callable[[int], None] = lambda n: None) -> Desired:
    """All calls and all suppressed numbers of the campaign's lists; raises ManifestError with what is wrong."""
    lists = ListedCalls(campaign, Steps(progress))
    return Desired(tuple(call for chunk in lists.chunks() for call in chunk.calls()), lists.suppressed)


def write(path: Path, content: str | bytes) -> Path:
    """The file with this content; packed when its name ends in .gz."""
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def file_list(
    path: Path,
    *,
    key: str = "",
    phone: PhoneColumn | None = None,
    payload: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    **spec: Any,
) -> PhoneList:
    """A list from this file. `spec`: duplicates, same_phone; format, encoding and delimiter of its source."""
    options = {name: spec.pop(name) for name in ("format", "encoding", "delimiter") if name in spec}
    written = PhoneListSpec(
        name="leads",
        source=Source(file=path.name, **options),
        phone=phone or UNSET,
        key=KeyColumn(key) if key else UNSET,
        **spec,
    )
    return PhoneList("leads", MANIFEST, written, path, path.name, policy or {}, payload or {})


def inline_list(*phones: InlinePhone, policies: tuple[dict[str, Any], ...] = (), **changes: Any) -> PhoneList:
    """A list whose phones stand in the manifest, one on each line from 20."""
    spec = PhoneListSpec(
        name="vip", phones=phones, **{n: changes.pop(n) for n in ("phone", "same_phone") if n in changes}
    )
    places = tuple(Place("campaign.yaml", 20 + index, 9) for index in range(len(phones)))
    fields = {"policy": {}, "payload": {}, **changes}
    return PhoneList(
        "vip", MANIFEST, spec, None, "campaign.yaml", inline_policies=policies, inline_places=places, **fields
    )


def suppression(path: Path, **spec: Any) -> SuppressionList:
    """A suppression file. `spec`: column, region, format."""
    return SuppressionList(path, path.name, MANIFEST, SuppressionSource(file=path.name, **spec))


def campaign(*lists: PhoneList, suppress: tuple[SuppressionList, ...] = (), **changes: Any) -> Campaign:
    """A campaign with these lists."""
    made = Campaign(
        name="spring-promo",
        place=Place("campaign.yaml", 1),
        folder=Path("/nowhere"),
        host="https://calls.example",
        token=TokenSource(env="TOKEN"),
        dialect="auto",
        state="running",
        wave="1",
        policy={},
        payload={},
        lists=lists,
        suppress=suppress,
        guards=Guards(),
        foreign="block",
        on_external_cancel="keep",
    )
    return msgspec.structs.replace(made, **changes)


def desired(*lists: PhoneList, **changes: Any) -> Desired:
    """What a campaign with these lists wants."""
    return read_desired(campaign(*lists, **changes))


def calls(*lists: PhoneList, **changes: Any) -> tuple[Call, ...]:
    """The calls such a campaign wants."""
    return desired(*lists, **changes).calls


def request(call: Call) -> Any:
    """The call's request object."""
    return msgspec.json.decode(call.request)


def problems(*lists: PhoneList, **changes: Any) -> list[str]:
    """What is wrong with these lists, as a user reads it."""
    try:
        read_desired(campaign(*lists, **changes))
    except ManifestError as error:
        return [str(problem) for problem in error.problems]
    return []
