"""Compliance profiles as structs: what a person writes, and what a campaign uses."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reconciler.errors import Place
from reconciler.manifest.vocabulary import AllowedTime, Days, Metadata, Name, Part, Region, Windows

Severity = Literal["error", "warning"]
_SEVERITY = Meta(description="what a breach is: an error (default) keeps the campaign from running, a warning is shown")


class ProfileUse(Part, frozen=True):
    """A compliance profile by name, and what a breach of it is."""

    name: Annotated[Name, Meta(description="of a profile; `campaign profiles` lists them")]
    severity: Annotated[Severity, _SEVERITY] = "error"


class HolidayRule(Part, frozen=True):
    """What holds on public holidays, instead of the hours of the day of the week."""

    country: Annotated[Region, Meta(description="whose public holidays, two capital letters (ISO 3166)")]
    subdivision: (
        Annotated[str, Meta(min_length=1, description="of the country, such as NSW: its own holidays count too")]
        | UnsetType
    ) = UNSET
    allowed_time: (
        Annotated[Windows, Meta(description="hours of a holiday; absent: nobody is called on one")] | UnsetType
    ) = UNSET


class Cap(Part, frozen=True):
    """How often a person may be called, or talked to, within any stretch of time of this length."""

    per: Annotated[str, Meta(pattern="^[1-9][0-9]{0,3}[hd]$(?!\\n)", description="hours or days, such as 24h or 7d")]
    calls: Annotated[int, Meta(ge=1, description="calls that may be tried")] | UnsetType = UNSET
    conversations: (
        Annotated[int, Meta(ge=1, description="conversations; shown, but no policy tells how many there will be")]
        | UnsetType
    ) = UNSET


class ProfileSpec(Part, frozen=True):
    """A rule about calls, as data: hours are by the clock of the person called."""

    purpose: Annotated[str, Meta(min_length=1, description="which calls the rule is about, in a sentence")]
    source: Annotated[str, Meta(min_length=1, description="where the rule is written")]
    seen: Annotated[
        str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\\n)", description="YYYY-MM-DD, as of when this is")
    ]
    countries: Annotated[
        tuple[Region, ...], Meta(description="of the numbers it is about, such as US; absent: all numbers")
    ] = ()
    allowed_days: Days | UnsetType = UNSET
    allowed_time: AllowedTime | UnsetType = UNSET
    holidays: HolidayRule | UnsetType = UNSET
    caps: Annotated[tuple[Cap, ...], Meta(description="how often a person may be called")] = ()
    notes: Annotated[tuple[str, ...], Meta(description="what else to know; shown, never checked")] = ()


class ProfileDocument(Part, frozen=True):
    """`kind: Profile`: a compliance profile of one's own."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Profile"]
    metadata: Metadata
    spec: ProfileSpec


class Profile(msgspec.Struct, frozen=True):
    """A compliance profile; it comes with the program, or from a document at `place`."""

    name: str
    spec: ProfileSpec
    place: Place | None = None


class UsedProfile(msgspec.Struct, frozen=True):
    """A profile as a campaign uses it."""

    profile: Profile
    severity: Severity
    place: Place  # of its line in the campaign
