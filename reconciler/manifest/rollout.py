"""A campaign's rollout: what a person writes, and what the engine works on.

Shares and limits are written as texts with a percent sign, so that `10` is never taken for ten calls; inside they are
whole hundredths of a percent, so that no share of a million calls is off by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reconciler.manifest.document import Finding

_PERCENT = r"(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)%"

Share = Annotated[
    str,
    Meta(pattern=f"^{_PERCENT}$(?!\\n)", description='percent of the wanted calls, such as "10%" or "0.5%"'),
]
Limit = Annotated[
    str,
    Meta(pattern=f"^>? ?{_PERCENT}$(?!\\n)", description='more than so many percent of the calls, such as ">5%"'),
]
Duration = Annotated[
    str,
    Meta(
        pattern="^[0-9]{1,5}[smhd]$(?!\\n)", description="seconds, minutes, hours or days, such as 90s, 30m, 2h or 1d"
    ),
]
ALL = 10_000
"""Hundredths of a percent in the whole."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """As every part of a manifest: camelCase names, and an unknown field is an error."""


class RolloutStep(_Part, frozen=True):
    """How far a step goes, counted from the first call: so many `calls`, or a `share`. Exactly one."""

    calls: Annotated[int, Meta(ge=1, description="calls, from the first one on")] | UnsetType = UNSET
    share: Share | UnsetType = UNSET


class AbortIf(_Part, frozen=True):
    """What ends a rollout: more than so many percent of the calls came out like this."""

    technical_error: Limit | UnsetType = UNSET
    nonexistent_number: Limit | UnsetType = UNSET
    no_answer: Limit | UnsetType = UNSET
    rejected: Limit | UnsetType = UNSET
    cancelled_by_others: Limit | UnsetType = UNSET


class RolloutGate(_Part, frozen=True):
    """What has to hold before the next step begins."""

    wait: Duration = "0s"
    min_finished: Annotated[
        str,
        Meta(pattern=f"^{_PERCENT}$(?!\\n)", description='percent of the calls so far that are over, such as "80%"'),
    ] = "80%"
    abort_if: AbortIf = AbortIf()
    on_abort: Annotated[
        Literal["pause", "hold"],
        Meta(description="pause the campaign, or only hold back who is not called yet"),
    ] = "pause"


class RolloutSpec(_Part, frozen=True):
    """A few people first, the others step by step while the results are good."""

    steps: Annotated[
        tuple[RolloutStep, ...],
        Meta(min_length=1, max_length=50, description='each larger than the one before, the last one share: "100%"'),
    ]
    gate: RolloutGate = RolloutGate()
    resume: Annotated[str, Meta(description="goes on after the abort that showed this text")] = ""


class Step(msgspec.Struct, frozen=True):
    """How far a step goes: `calls`, or where that is 0 a share in hundredths of a percent."""

    calls: int = 0
    share: int = 0

    @property
    def is_all(self) -> bool:
        """It leaves nobody out."""
        return self.share == ALL

    def reach(self, wanted: int) -> int:
        """How many of so many wanted calls it is, a share rounded up: every step calls somebody."""
        return self.calls or -(-wanted * self.share // ALL)

    def __str__(self) -> str:
        return f"{self.calls}" if self.calls else f"{self.share / 100:g}%"


class Rollout(msgspec.Struct, frozen=True):
    """A rollout as the engine reads it. Percentages are in hundredths of a percent."""

    steps: tuple[Step, ...]
    wait_s: int
    min_finished: int
    abort_if: tuple[tuple[str, int], ...]  # name as in the manifest, and what must not be exceeded
    pauses: bool
    resume: str


def made(spec: RolloutSpec) -> Rollout:
    """The rollout that a manifest without errors declares."""
    gate = spec.gate
    limits = ((name, getattr(gate.abort_if, name)) for name in AbortIf.__struct_fields__)
    names = dict(zip(AbortIf.__struct_fields__, AbortIf.__struct_encode_fields__, strict=True))
    return Rollout(
        steps=tuple(
            Step(share=hundredths(step.share)) if isinstance(step.share, str) else Step(calls=step.calls or 0)
            for step in spec.steps
        ),
        wait_s=seconds(gate.wait),
        min_finished=hundredths(gate.min_finished),
        abort_if=tuple((names[name], hundredths(limit)) for name, limit in limits if isinstance(limit, str)),
        pauses=gate.on_abort == "pause",
        resume=spec.resume,
    )


def hundredths(text: str) -> int:
    """A percentage such as `0.5%` or `>5%` in hundredths of a percent."""
    whole, _, fraction = text.lstrip("> ").rstrip("%").partition(".")
    return 100 * int(whole) + int(fraction.ljust(2, "0"))


def seconds(text: str) -> int:
    """A duration such as `30m` in seconds."""
    return int(text[:-1]) * _SECONDS[text[-1]]


def rollout_findings(rollout: Any) -> Iterator[Finding]:
    """Everything wrong with a rollout but its form."""
    steps = rollout.get("steps") if isinstance(rollout, dict) else None
    if not isinstance(steps, list):
        return
    for at, step in enumerate(steps):
        if isinstance(step, dict) and ("calls" in step) == ("share" in step):
            what = "has both calls and share" if step else "has neither calls nor share"
            yield Finding(("steps", at), what, 'write one of them, as in {calls: 50} or {share: "10%"}')
    yield from _order(steps)


def _order(steps: list[Any]) -> Iterator[Finding]:
    """Steps that are no larger than the one before, and a last one that leaves people out."""
    sizes = [_size(step) for step in steps]
    for (at, first), (_, second) in pairwise(enumerate(sizes)):
        if first and second and first[0] == second[0] and second[1] <= first[1]:
            yield Finding(("steps", at + 1, second[0]), "is not more than the step before", "let the steps grow")
        elif first == ("share", ALL) and second:
            yield Finding(("steps", at + 1), "comes after everybody", 'end with the step share: "100%"')
    if sizes and sizes[-1] and ("share", ALL) not in sizes:
        what = "would never call the rest"
        yield Finding(("steps", len(steps) - 1), what, 'add a last step share: "100%"')
    for at, size in enumerate(sizes):
        if size == ("share", 0):
            yield Finding(("steps", at, "share"), "is nobody", "write more than 0%")


def _size(step: Any) -> tuple[str, int] | None:
    """What a step goes by and how far; None where it has the wrong form, which is reported elsewhere."""
    fields: Mapping[str, Any] = step if isinstance(step, dict) and len(step) == 1 else {}
    calls, share = fields.get("calls"), fields.get("share")
    if type(calls) is int:
        return "calls", calls
    if isinstance(share, str) and re.fullmatch(_PERCENT, share):
        return "share", hundredths(share)
    return None
