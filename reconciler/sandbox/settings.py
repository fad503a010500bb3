"""How one sandbox campaign behaves: its dialect, and the habits real servers differ in.

Written in short as `TOKEN[:key=value…]`, e.g. `demo:dialect=legacy:state=paused:ids=number`. Durations take
`ms`, `s`, `m` or `h` (`visible=90s`) and are seconds without a unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from reconciler.sandbox.jobs import NO_ANSWER, NONEXISTENT, TECHNICAL_ERROR, WITH_RESULT, WITHOUT_RESULT
from reconciler.sandbox.policies import zone_of

Dialect = Literal["legacy", "current"]
State = Literal["new", "planned", "inProgress", "paused", "finished", "deleted"]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10**9)]

OUTCOMES = ("sampled", WITH_RESULT, WITHOUT_RESULT, NO_ANSWER, NONEXISTENT, TECHNICAL_ERROR)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_DURATIONS = ("retry", "visible", "commit")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a campaign; the defaults are a well-behaved current server.

    token, name    the credential in the path, and what admin and logs call the campaign (default: the token)
    id             the campaign's own id; 0: given by the sandbox
    dialect        None: the sandbox's
    state          the first state
    lines          calls at once
    attempts, retry, zone   for numbers that bring no policy: attempts, seconds between them, time zone
    ids            in JSON as strings or as numbers
    order          of returned ids: as sent, or shuffled (then the ids themselves ascend in another order too)
    spelling       `old` (canceled, inProcess), `new` (cancelledByUser, inProgress) or `cyrillic` (old, with the
                   Cyrillic С of the first help page); None: old on the legacy dialect, new on the current
    extra          unknown fields in answers
    times          in reports, Unix milliseconds or ISO 8601
    status         `GET status` as a JSON string or bare text
    keys           Idempotence-Key on the current dialect
    start          what control/start answers
    inprocess      whether the answer of a cancel lists jobs whose call is in progress (it goes on to its end)
    visible        virtual seconds until a new job shows in reports
    commit         virtual seconds until addPhones takes effect and answers
    outcome        of every call: one of `OUTCOMES`
    rejects        numbers refused as badly formatted, joined by commas
    """

    token: str
    name: str = ""
    id: int = 0
    dialect: Dialect | None = None
    state: State = "new"
    lines: Annotated[int, msgspec.Meta(ge=1)] = 10
    attempts: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3
    retry: Seconds = 3600
    zone: str = "UTC"
    ids: Literal["string", "number"] = "string"
    order: Literal["sent", "shuffled"] = "sent"
    spelling: Literal["old", "new", "cyrillic"] | None = None
    extra: bool = False
    times: Literal["ms", "iso"] = "ms"
    status: Literal["json", "text"] = "json"
    keys: Literal["honoured", "ignored"] = "honoured"
    start: Literal[200, 404] = 200
    inprocess: Literal["listed", "omitted"] = "listed"
    visible: Seconds = 0
    commit: Seconds = 0
    outcome: str = "sampled"
    rejects: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.~-]+", self.token):
            raise ValueError("a token is made of letters, digits and -._~")
        if not re.fullmatch(r"[\w.~-]*", self.name):
            raise ValueError("a name is made of letters, digits and -._~")
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome is one of {', '.join(OUTCOMES)}")
        zone_of(self.zone)

    def __repr__(self) -> str:
        """Without the token."""
        return f"Settings(dialect={self.dialect!r}, state={self.state!r})"

    def complete(self, dialect: Dialect, number: int) -> Settings:
        """The settings with nothing left to default; `number` becomes the id when none is given."""
        own = self.dialect or dialect
        return msgspec.structs.replace(
            self,
            name=self.name or self.token,
            id=self.id or number,
            dialect=own,
            spelling=self.spelling or ("old" if own == "legacy" else "new"),
        )


Described = str | Settings | Mapping[str, Any]
"""A campaign as tests and the command line give it: text, settings, or a mapping of their fields."""


def settings(described: Described) -> Settings:
    """The settings described; ValueError says which part is wrong and what would be right, without quoting
    the token.
    """
    if isinstance(described, Settings):
        return described
    fields = _split(described) if isinstance(described, str) else dict(described)
    try:
        fields |= {key: seconds(fields[key]) for key in _DURATIONS if isinstance(fields.get(key), str)}
        return msgspec.convert(fields, Settings, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"campaign: {error}") from None


def _split(text: str) -> dict[str, Any]:
    token, *options = text.split(":")
    # A zone such as +03:00 holds a colon: a part without "=" belongs to the option before it.
    joined: list[str] = []
    for option in options:
        if "=" in option or not joined:
            joined.append(option)
        else:
            joined[-1] += f":{option}"
    return {"token": token} | dict(key_value(option) for option in joined)


def key_value(text: str) -> tuple[str, str]:
    """`key=value` in two; ValueError without an equals sign."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise ValueError("options are written key=value, separated by colons")
    return key, value


def seconds(text: str) -> float:
    """Seconds of `1.5`, `250ms`, `2s`, `5m` or `1h`; ValueError for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("a duration is a number with ms, s, m or h, such as 250ms or 2s")
    return float(found[1]) * _UNITS[found[2]]
