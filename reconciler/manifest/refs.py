"""Call policies by name: what a `$ref` leads to, and how levels of a policy merge.

Merging is field by field and the later level wins; `allowedTime` and `allowedDays` are one field each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.manifest.document import Finding
from reconciler.manifest.wording import did_you_mean, listed

Policies = Mapping[str, Mapping[str, Any]]  # fields of each CallPolicy as written, by name


def chain(fields: Mapping[str, Any], policies: Policies) -> tuple[str, ...]:
    """The names a policy's `$ref` leads through, nearest first; it ends before an unknown name or a repeated one."""
    names: list[str] = []
    name = fields.get("$ref")
    while isinstance(name, str) and name in policies and name not in names:
        names.append(name)
        name = policies[name].get("$ref")
    return tuple(names)


def resolved(fields: Mapping[str, Any], policies: Policies) -> dict[str, Any]:
    """The policy with what its `$ref` leads to filled in; its own fields win. There is no `$ref` in it."""
    merged: dict[str, Any] = {}
    for name in reversed(chain(fields, policies)):
        merged |= policies[name]
    merged |= fields
    merged.pop("$ref", None)
    return merged


def ref_findings(fields: Mapping[str, Any], policies: Policies) -> Iterator[Finding]:
    """A `$ref` to a CallPolicy that is in none of the files. (Whether it is text at all is a matter of structure.)"""
    name = fields.get("$ref")
    if isinstance(name, str) and name not in policies:
        known = listed(sorted(policies)) if policies else "none"
        meant = did_you_mean(name, policies) or f"CallPolicy documents in these files: {known}"
        yield Finding(("$ref",), "names no CallPolicy", meant)


def cycle_findings(name: str, policies: Policies) -> Iterator[Finding]:
    """A CallPolicy whose `$ref` leads back to itself."""
    through = chain(policies[name], policies)
    if name in through:
        way = " → ".join((name, *through[: through.index(name) + 1]))
        yield Finding(("$ref",), f"leads back to itself ({way})", "let one of them have its own fields")
