"""The manifest's documents as structs: the source of the JSON Schemas in `schemas/` and of the engine's Campaign.

The documents (`CampaignDocument` and the others named so) are what a person writes. `Campaign` is what the engine works
on: references resolved, paths absolute, defaults filled in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reconciler.errors import Place
from reconciler.manifest.profile import ProfileUse, UsedProfile
from reconciler.manifest.rollout import Rollout, RolloutSpec
from reconciler.manifest.vocabulary import AllowedTime, Days, Metadata, Name, Region

DesiredState = Literal["running", "paused", "stopped"]
Column = Annotated[str, Meta(min_length=1, description="name of a column of the phone list")]
File = Annotated[str, Meta(min_length=1, description="path of a file, relative to the manifest")]


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """What every part of a manifest shares: camelCase names, and an unknown field is an error."""


class ColumnRef(_Document, frozen=True):
    """A value taken from a column of the phone list, row by row."""

    column: Column
    type: Annotated[
        Literal["string", "integer", "number", "boolean", "json"],
        Meta(description="what the column's text is read as: string (default), integer, number, boolean or json"),
    ] = "string"


class PolicyColumn(_Document, frozen=True):
    """A call-policy field taken from a column of the phone list; its type is the field's own."""

    column: Column


class ExternalCheck(_Document, frozen=True):
    """A check before each call. The URL carries a credential: it is a secret."""

    external_check_url: Annotated[str, Meta(description="asked before each call; http or https")]
    external_check_max_retries: (
        Annotated[int, Meta(ge=0, description="how often the check is tried again")] | UnsetType
    ) = UNSET

    def __repr__(self) -> str:
        return "ExternalCheck(…)"


Ref = Annotated[str, Meta(description="a CallPolicy by name; fields beside it override its own")]
Retry = Annotated[int, Meta(ge=1, le=2880, description="minutes between attempts, 1 to 2880")]
Attempts = Annotated[int, Meta(ge=1, le=50, description="attempts for a number, 1 to 50")]
Priority = Annotated[int, Meta(ge=1, le=5, description="1 (highest) to 5 (lowest)")]

_START = Meta(description="no call before; ISO 8601 such as 2024-05-01T10:00:00+03:00")
_FINISH = Meta(description="no call after; ISO 8601 such as 2024-05-31T18:00:00+03:00")
_ZONE = Meta(description='zone of the windows: "+03:00", "Z" or an IANA name; empty: the zone of the number')
_RETRY = Meta(description="minutes between attempts, 1 to 2880, or {column: name}")
_ATTEMPTS = Meta(description="attempts for a number, 1 to 50, or {column: name}")
_PRIORITY = Meta(description="1 (highest) to 5 (lowest), or {column: name}")


class Policy(_Document, frozen=True):
    """Call policy, as the Calls API names its fields. What is absent is inherited."""

    ref: Ref | UnsetType = msgspec.field(default=UNSET, name="$ref")
    start_date_time: Annotated[str, _START] | UnsetType = UNSET
    finish_date_time: Annotated[str, _FINISH] | UnsetType = UNSET
    allowed_days: Days | UnsetType = UNSET
    allowed_time: AllowedTime | UnsetType = UNSET
    retry_interval_in_minutes: Retry | UnsetType = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    gmt_zone: Annotated[str, _ZONE] | UnsetType = UNSET
    dialer_priority: Priority | UnsetType = UNSET
    external_check: ExternalCheck | UnsetType = UNSET


class ListPolicy(_Document, frozen=True):
    """Call policy of a phone list: any scalar field may come from a column."""

    ref: Ref | UnsetType = msgspec.field(default=UNSET, name="$ref")
    start_date_time: Annotated[str | PolicyColumn, _START] | UnsetType = UNSET
    finish_date_time: Annotated[str | PolicyColumn, _FINISH] | UnsetType = UNSET
    allowed_days: Days | UnsetType = UNSET
    allowed_time: AllowedTime | UnsetType = UNSET
    retry_interval_in_minutes: Annotated[Retry | PolicyColumn, _RETRY] | UnsetType = UNSET
    max_attempts: Annotated[Attempts | PolicyColumn, _ATTEMPTS] | UnsetType = UNSET
    gmt_zone: Annotated[str | PolicyColumn, _ZONE] | UnsetType = UNSET
    dialer_priority: Annotated[Priority | PolicyColumn, _PRIORITY] | UnsetType = UNSET
    external_check: ExternalCheck | UnsetType = UNSET


class PhoneColumn(_Document, frozen=True):
    """Where a list's phones are and how to read them."""

    column: Annotated[str, Meta(min_length=1, description="the column of the phones; default: phone")] = "phone"
    region: Region | UnsetType = UNSET
    valid: Annotated[bool, Meta(description="demand an assignable number, not only a possible length")] = False


class KeyColumn(_Document, frozen=True):
    """The column that names a call from run to run; by default the phone itself does."""

    column: Column


class Source(_Document, frozen=True):
    """A file of phones, relative to the manifest."""

    file: File
    format: (
        Annotated[
            Literal["csv", "tsv", "jsonl", "parquet"],
            Meta(description="by default read from the file's name"),
        ]
        | UnsetType
    ) = UNSET
    encoding: Annotated[str, Meta(description="of csv and tsv; default utf-8")] | UnsetType = UNSET
    delimiter: (
        Annotated[str, Meta(min_length=1, max_length=1, description="what separates the columns of a csv")] | UnsetType
    ) = UNSET


Payload = Annotated[dict[str, Any], Meta(description="handed to the dialog script as is")]
# The engine tells constants, columns and literals apart in rules.py; this is for editors and CI.
ListPayload = Annotated[
    dict[str, Any],
    Meta(
        description="constants, {column: name, type: string|integer|number|boolean|json}, or {value: anything}",
        extra_json_schema={
            "additionalProperties": {
                "if": {"type": "object", "required": ["column"]},
                "then": {"$ref": "#/$defs/ColumnRef"},
            }
        },
    ),
]


class InlinePhone(_Document, frozen=True):
    """One call written in the manifest itself."""

    phone: Annotated[str, Meta(description="international, or national when the list names a region")]
    key: (
        Annotated[str, Meta(min_length=1, description="names the call from run to run; default: the phone")] | UnsetType
    ) = UNSET
    payload: Payload = {}
    policy: Policy | UnsetType = UNSET

    def __repr__(self) -> str:
        return "InlinePhone(…)"


class PhoneListSpec(_Document, frozen=True):
    """Whom to call: a file (`source`) or the phones themselves (`phones`), and how a row becomes a call."""

    name: Name
    source: Source | UnsetType = UNSET
    phones: Annotated[tuple[InlinePhone, ...], Meta(description="calls written here")] | UnsetType = UNSET
    phone: PhoneColumn | UnsetType = UNSET
    key: KeyColumn | UnsetType = UNSET
    wave: (
        Annotated[
            str, Meta(min_length=1, max_length=63, description="raise it to call this list again; default: spec.wave")
        ]
        | UnsetType
    ) = UNSET
    payload: ListPayload = {}
    policy: ListPolicy | UnsetType = UNSET
    duplicates: Annotated[
        Literal["error", "first"], Meta(description="two rows of one key: an error, or the first one counts")
    ] = "error"
    same_phone: Annotated[
        Literal["error", "allow"], Meta(description="one phone under two keys: an error, or called for each")
    ] = "error"


class SuppressionColumn(_Document, frozen=True):
    """A column of a suppression file that says more of each number."""

    column: Annotated[str, Meta(min_length=1, description="name of a column of the suppression file")]


class SuppressionSource(_Document, frozen=True):
    """A file of numbers that are never called."""

    file: File
    column: Column | UnsetType = UNSET
    reason: Annotated[SuppressionColumn, Meta(description="why a number is suppressed, in a word")] | UnsetType = UNSET
    expires: (
        Annotated[
            SuppressionColumn,
            Meta(description="the last day a number is suppressed, such as 2026-03-31; empty: for good"),
        ]
        | UnsetType
    ) = UNSET
    region: Region | UnsetType = UNSET
    format: (
        Annotated[
            Literal["text", "csv", "tsv", "jsonl", "parquet"],
            Meta(description="by default read from the file's name; text is one number a line"),
        ]
        | UnsetType
    ) = UNSET


class TokenSource(_Document, frozen=True):
    """Where the campaign's token is: an environment variable or a file. Exactly one."""

    env: Annotated[str, Meta(min_length=1, description="name of an environment variable")] | UnsetType = UNSET
    file: File | UnsetType = UNSET


Percent = Annotated[float, Meta(ge=0, le=100, description="percent of the calls that are live, 0 to 100")]


class Guards(_Document, frozen=True):
    """What a plan may do before somebody has to name an amount. Absent: the defaults in `plan/guards.py`."""

    new_calls: Annotated[int, Meta(ge=0, description="calls one plan may add")] | UnsetType = UNSET
    new_calls_percent: (
        Annotated[float, Meta(ge=0, description="calls one plan may add, in percent of those the lockfile remembers")]
        | UnsetType
    ) = UNSET
    cancel_percent: Percent | UnsetType = UNSET
    replace_percent: Percent | UnsetType = UNSET
    list_shrink_percent: (
        Annotated[float, Meta(ge=0, le=100, description="percent of its rows that a list may lose between two applies")]
        | UnsetType
    ) = UNSET
    list_growth_percent: (
        Annotated[float, Meta(ge=0, description="percent of its rows that a list may gain between two applies")]
        | UnsetType
    ) = UNSET
    releases: Annotated[int, Meta(ge=0, description="queued calls that a start or resume may set free")] | UnsetType = (
        UNSET
    )
    moved_payloads: (
        Annotated[int, Meta(ge=0, description="calls one plan may replace although they seem to have others' data")]
        | UnsetType
    ) = UNSET


class RunGuards(_Document, frozen=True):
    """What all campaigns of a run may do together. Absent: the defaults in `plan/together.py`."""

    new_calls: Annotated[int, Meta(ge=0, description="calls all plans of a run may add")] | UnsetType = UNSET
    cancels: Annotated[int, Meta(ge=0, description="calls all plans of a run may cancel")] | UnsetType = UNSET
    replaces: Annotated[int, Meta(ge=0, description="calls all plans of a run may replace")] | UnsetType = UNSET
    releases: (
        Annotated[int, Meta(ge=0, description="queued calls that all starts and resumes of a run may set free")]
        | UnsetType
    ) = UNSET


class CampaignSpec(_Document, frozen=True):
    """What a campaign should be."""

    host: Annotated[str, Meta(description="https://…, or http:// on loopback only; no path")]
    token: TokenSource
    state: Annotated[
        DesiredState, Meta(description="running, paused or stopped; stopped is final and cannot be undone")
    ]
    dialect: Annotated[
        Literal["auto", "legacy", "current"], Meta(description="of the Calls API; auto asks the server")
    ] = "auto"
    wave: Annotated[str, Meta(min_length=1, max_length=63, description="raise it to call the same people again")] = "1"
    policy: Policy | UnsetType = UNSET
    payload: Payload = {}
    phone_lists: Annotated[tuple[PhoneListSpec, ...], Meta(description="whom to call")] = ()
    suppress: Annotated[
        tuple[SuppressionSource, ...], Meta(description="numbers never called, whatever the lists say")
    ] = ()
    guards: Guards = Guards()
    rollout: RolloutSpec | UnsetType = UNSET
    profiles: Annotated[
        tuple[Name | ProfileUse, ...],
        Meta(description="compliance profiles its calls are held against, by name or as {name: …, severity: warning}"),
    ] = ()
    foreign: Annotated[
        Literal["block", "allow"],
        Meta(description="phones that already have a job somebody else made: block them, or call them too"),
    ] = "block"
    on_external_cancel: Annotated[
        Literal["keep", "add"],
        Meta(description="calls somebody else cancelled: keep them cancelled, or add them again"),
    ] = "keep"


class CampaignDocument(_Document, frozen=True):
    """`kind: Campaign`: whom to call, when and with what."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["Campaign"]
    metadata: Metadata
    spec: CampaignSpec


class PolicyDocument(_Document, frozen=True):
    """`kind: CallPolicy`: a call policy with a name, for several campaigns."""

    api_version: Annotated[Literal["campaign/v1"], Meta(description="always campaign/v1")]
    kind: Literal["CallPolicy"]
    metadata: Metadata
    spec: Policy


class PhoneList(msgspec.Struct, frozen=True):
    """A phone list as the engine reads it.

    `policy` and `payload` hold API field names; values may be column references.
    """

    name: str
    place: Place  # of the list in the manifest
    spec: PhoneListSpec
    path: Path | None  # of the source file, absolute
    shown: str  # the source as the user would name it, for messages
    policy: dict[str, Any]  # campaign's and list's policy merged, API names, JSON values or PolicyColumn
    payload: dict[str, Any]  # campaign's and list's payload merged; values JSON or ColumnRef
    inline_policies: tuple[dict[str, Any], ...] = ()  # per inline phone: its own policy resolved, API names
    inline_places: tuple[Place, ...] = ()  # per inline phone

    def __repr__(self) -> str:
        return f"PhoneList({self.name}, {self.place})"  # payloads and phones stay out of tracebacks


class SuppressionList(msgspec.Struct, frozen=True):
    """A suppression file as the engine reads it.

    Where it names no region, numbers without a calling code are of one of the `regions`: those of the campaign's lists.
    """

    path: Path
    shown: str
    place: Place
    spec: SuppressionSource
    regions: tuple[str, ...] = ()


class Cap(msgspec.Struct, frozen=True):
    """How often one phone may be called: at most `calls` times in a day and the `days` after it."""

    name: str
    calls: int
    days: int
    counts: Literal["reached", "rung"]
    covers: tuple[tuple[Path, str], ...] = ()  # folder and name of every campaign of the run


class Campaign(msgspec.Struct, frozen=True):
    """One campaign, everything resolved. `policy` is the campaign-level call policy in API names."""

    name: str
    place: Place
    folder: Path  # of the manifest; the lockfile lives here
    host: str
    token: TokenSource
    dialect: str
    state: DesiredState
    wave: str
    policy: dict[str, Any]
    payload: dict[str, Any]
    lists: tuple[PhoneList, ...]
    suppress: tuple[SuppressionList, ...]  # its own, then those of every campaign of the run
    guards: Guards
    foreign: str
    on_external_cancel: str
    labels: dict[str, str] = {}
    rollout: Rollout | None = None  # None: everybody at once
    token_place: Place | None = None  # of `spec.token`, for the message about a variable that is not set
    run_guards: tuple[RunGuards, ...] = ()  # of the run it is in: the smallest limit counts
    profiles: tuple[UsedProfile, ...] = ()
    caps: tuple[Cap, ...] = ()  # of the whole run, by name

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves its calls are in: its own, and those of lists that have another."""
        others = (one.spec.wave for one in self.lists if one.spec.wave is not UNSET)
        return tuple(dict.fromkeys((self.wave, *others)))

    def __repr__(self) -> str:
        return f"Campaign({self.name}, {self.place})"  # payloads and phones stay out of tracebacks
