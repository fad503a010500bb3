"""The words that every kind of document shares: names, days and hours."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

# `$` alone would let a trailing line feed through, in Python and in other readers of the schema.
Name = Annotated[str, Meta(pattern="^[a-z0-9-]{1,63}$(?!\\n)", description="1 to 63 of a-z, 0-9 and -")]
Region = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{2}$(?!\\n)",
        description="country of numbers in national form, two capital letters (ISO 3166), such as US",
    ),
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[
    str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\\n)", description='"HH:MM", 00:00 to 23:59')
]
Days = Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7, description="days on which calls are allowed")]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """What every part of a manifest shares: camelCase names, and an unknown field is an error."""


class Window(Part, frozen=True):
    """Hours in which calls are allowed, in the called person's local time; the end is after the start."""

    local_time_from: TimeOfDay
    local_time_to: TimeOfDay


Windows = Annotated[
    tuple[Window, ...],
    Meta(min_length=1, description="windows of the day; they may touch and must not overlap"),
]


class AllowedTime(Part, frozen=True):
    """Windows by day of the week; `default` is for every day not named."""

    default: Windows | UnsetType = UNSET
    mon: Windows | UnsetType = UNSET
    tue: Windows | UnsetType = UNSET
    wed: Windows | UnsetType = UNSET
    thu: Windows | UnsetType = UNSET
    fri: Windows | UnsetType = UNSET
    sat: Windows | UnsetType = UNSET
    sun: Windows | UnsetType = UNSET


class Metadata(Part, frozen=True):
    """Names a document."""

    name: Name
    labels: Annotated[dict[str, str], Meta(description="for people and filters; no effect on calls")] = {}
