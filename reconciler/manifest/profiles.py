"""Compliance profiles: those that come with the program, and what must hold of those in a repository.

A shipped profile is a TOML file with the fields of a `Profile` document's `spec`; its name is the file's. It is not
YAML, so that no search for manifests ever takes it for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from reconciler.manifest.document import Document, Finding
from reconciler.manifest.model import CampaignDocument
from reconciler.manifest.policy import policy_findings, windows_findings
from reconciler.manifest.profile import Profile, ProfileDocument, ProfileSpec, ProfileUse, UsedProfile
from reconciler.manifest.wording import KeyPath, did_you_mean, listed

_FOLDER: Final = Path(__file__).parent.parent / "profiles" / "data"


@cache
def shipped_names() -> tuple[str, ...]:
    """The names of all profiles that come with the program, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def shipped(name: str) -> Profile:
    """The profile of this name that comes with the program."""
    import tomllib  # most manifests name none

    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return Profile(name, msgspec.convert(tomllib.load(file), ProfileSpec))


def declared(document: Document, form: ProfileDocument) -> Profile:
    """The profile that a document without errors declares."""
    return Profile(form.metadata.name, form.spec, document.place())


def used(document: Document, form: CampaignDocument, own: Mapping[str, Profile]) -> tuple[UsedProfile, ...]:
    """The profiles of a campaign without errors; `own` are those of the manifests."""
    found: list[UsedProfile] = []
    for index, each in enumerate(form.spec.profiles):
        use = ProfileUse(each) if isinstance(each, str) else each
        profile = own.get(use.name) or shipped(use.name)
        found.append(UsedProfile(profile, use.severity, document.place(("spec", "profiles", index))))
    return tuple(found)


def names_used(document: Any) -> Iterator[tuple[KeyPath, str]]:
    """The names of profiles that a Campaign document uses, and where, whatever else is wrong with it."""
    for index, item in enumerate(_items(_spec(document), "profiles")):
        path: KeyPath = ("spec", "profiles", index)
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            yield (*path, "name"), item["name"]
        elif isinstance(item, str):
            yield path, item


def use_findings(document: Any, own: Iterable[str]) -> Iterator[Finding]:
    """What is wrong with the profiles of a Campaign document but their form; `own` are the names in the manifests."""
    seen: set[str] = set()
    for path, name in names_used(document):
        known = {*own, *shipped_names()}
        if name in seen:
            yield Finding(path, "is there twice", "keep one of them")
        elif name not in known:
            yield Finding(path, "names no profile", did_you_mean(name, known) or "`campaign profiles` lists them")
        seen.add(name)
    for index, item in enumerate(_items(_spec(document), "profiles")):
        if not isinstance(item, str | dict):
            yield Finding(
                ("spec", "profiles", index), "is no profile", "write its name, or {name: …, severity: warning}"
            )


def profile_findings(document: Any) -> Iterator[Finding]:
    """Everything wrong with a Profile document but its form."""
    metadata, spec = ((document.get(part) if isinstance(document, dict) else None) for part in ("metadata", "spec"))
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if name in shipped_names():
        what = "is the name of a profile that comes with the program"
        yield Finding(("metadata", "name"), what, "give it another name, so that nobody takes one for the other")
    if isinstance(spec, dict):
        yield from (finding.under(("spec",)) for finding in _spec_findings(spec))


def _spec_findings(spec: Mapping[str, Any]) -> Iterator[Finding]:
    yield from policy_findings({name: spec[name] for name in ("allowedDays", "allowedTime") if name in spec})
    if isinstance(spec.get("seen"), str) and not _is_date(spec["seen"]):
        yield Finding(("seen",), "is no date", "write YYYY-MM-DD")
    for index, cap in enumerate(_items(spec, "caps")):
        if isinstance(cap, dict) and ("calls" in cap) == ("conversations" in cap):
            yield Finding(("caps", index), "does not say what is counted", "write calls or conversations, one of them")
    holidays = spec.get("holidays")
    if isinstance(holidays, dict):
        yield from (finding.under(("holidays",)) for finding in _holiday_findings(holidays))


def _holiday_findings(rule: Mapping[str, Any]) -> Iterator[Finding]:
    if isinstance(rule.get("allowedTime"), list):
        yield from (finding.under(("allowedTime",)) for finding in windows_findings(rule["allowedTime"]))
    country, part = rule.get("country"), rule.get("subdivision")
    if not isinstance(country, str):
        return
    import holidays  # slow, and hardly any manifest has such a rule

    known = holidays.list_supported_countries()
    if country not in known:
        yield Finding(("country",), "is no country whose holidays are known", "write its code by ISO 3166, such as FR")
    elif isinstance(part, str) and part not in known[country]:
        what = "is no part of the country whose holidays are known"
        parts = f"known: {listed(sorted(known[country]))}" if known[country] else "leave it out"
        yield Finding(("subdivision",), what, did_you_mean(part, known[country]) or parts)


def _spec(document: Any) -> Any:
    return document.get("spec") if isinstance(document, dict) else None


def _items(spec: Any, name: str) -> list[Any]:
    items = spec.get(name) if isinstance(spec, dict) else None
    return items if isinstance(items, list) else []


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
