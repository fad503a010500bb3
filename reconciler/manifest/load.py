"""From paths to campaigns, or to everything that is wrong with them, in one run.

A campaign with an error anywhere (in its document, its file, a policy it refers to) is not returned, so nothing can
be done with half of what somebody meant. Its lists are, where they can be read, so that their rows are checked too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reconciler.errors import Place, Problem
from reconciler.manifest import build
from reconciler.manifest.cap import CapDocument, under_caps
from reconciler.manifest.document import Document, Finding
from reconciler.manifest.files import Read, has_our_version, manifest_files, read_bounded
from reconciler.manifest.model import (
    Campaign,
    CampaignDocument,
    PhoneList,
    PhoneListSpec,
    PolicyDocument,
    SuppressionList,
    SuppressionSource,
)
from reconciler.manifest.profile import Profile, ProfileDocument
from reconciler.manifest.profiles import declared as declared_profile
from reconciler.manifest.profiles import names_used, profile_findings, use_findings
from reconciler.manifest.refs import Policies, chain
from reconciler.manifest.rules import campaign_findings, policy_document_findings, suppression_document_findings
from reconciler.manifest.run_wide import GuardsDocument, SuppressionDocument
from reconciler.manifest.structure import convert
from reconciler.manifest.wording import KeyPath, did_you_mean, kind_of, listed, quoted

_KINDS = ("Campaign", "CallPolicy", "Suppression", "Guards", "Cap", "Profile")


class Checkable(msgspec.Struct, frozen=True):
    """What can be checked of one campaign with errors: its lists and suppression files that have none themselves."""

    lists: tuple[PhoneList, ...]
    suppress: tuple[SuppressionList, ...]


class Loaded(msgspec.Struct, frozen=True):
    """What the manifests hold: campaigns without errors, all problems, and what of the rest can still be checked."""

    campaigns: tuple[Campaign, ...]
    problems: tuple[Problem, ...]  # sorted by place
    checkable: tuple[Checkable, ...] = ()  # one for each campaign with errors
    profiles: tuple[Profile, ...] = ()  # those that the manifests declare, without errors


class _Declared(msgspec.Struct, frozen=True):
    """A document, and what it says it is."""

    document: Document
    is_file_good: bool

    @property
    def kind(self) -> str:
        """One of the kinds of documents, or '' for anything else."""
        kind = self.at("kind")
        return kind if isinstance(kind, str) and kind in _KINDS else ""

    @property
    def name(self) -> str:
        """Its name, or '' where that is no text."""
        name = self.at("metadata", "name")
        return name if isinstance(name, str) else ""

    def at(self, *path: str) -> Any:
        """The value at a path of names; None where there is none."""
        value = self.document.value
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


class _Checked(msgspec.Struct, frozen=True):
    """A document with everything that is wrong in it."""

    declared: _Declared
    form: _Form | None  # None: it has the wrong form
    findings: tuple[Finding, ...]
    is_good: bool  # no finding, nothing wrong with its file, and a name of its own

    @property
    def problems(self) -> Iterator[Problem]:
        """The findings with their places."""
        return (self.declared.document.problem(finding) for finding in self.findings)

    def is_fine_at(self, path: KeyPath) -> bool:
        """Whether nothing is wrong at this path or below it."""
        return not any(finding.path[: len(path)] == path for finding in self.findings)


_Form = CampaignDocument | PolicyDocument | SuppressionDocument | GuardsDocument | CapDocument | ProfileDocument
_Namesakes = dict[tuple[str, str], list[_Declared]]  # documents by kind and name: more than one is an error


def load(paths: Sequence[Path], *, read: Read = read_bounded) -> Loaded:
    """The campaigns that files and folders declare, and every problem with them. Raises nothing of its own.

    `read` returns a file's content, or its first bytes up to just over the size limit; it raises OSError.
    """
    files = tuple(manifest_files(paths, read))
    declared = [_Declared(document, not file.problems) for file in files for document in file.documents]
    namesakes = _namesakes(declared)
    policies = _policies(namesakes)
    checked = [_check(each, namesakes, policies) for each in declared]
    problems = [problem for file in files for problem in file.problems]
    problems += (problem for each in checked for problem in each.problems)
    if not problems and not any(each.kind == "Campaign" for each in declared):
        problems.append(_nothing_found(paths))
    unusable = {(e.declared.kind, e.declared.name) for e in checked if e.declared.kind != "Campaign" and not e.is_good}
    profiles = {profile.name: profile for profile in _profiles(checked)}
    good: list[Campaign] = []
    bad: list[_Checked] = []
    settings = _Settings(checked)
    for each in checked:
        if isinstance(each.form, CampaignDocument) and each.is_good and _uses(each, policies).isdisjoint(unusable):
            made = build.campaign(each.declared.document, each.form, policies, profiles)
            good.append(build.under_settings(made, settings.suppress, settings.guards))
        elif each.declared.kind == "Campaign":
            bad.append(each)
    return Loaded(
        campaigns=under_caps(good, (each.form for each in checked if isinstance(each.form, CapDocument))),
        problems=tuple(sorted(problems)),
        checkable=tuple(Checkable(tuple(_checkable_lists(each)), tuple(_checkable_suppress(each))) for each in bad),
        profiles=tuple(profiles.values()),
    )


class _Settings:
    """What holds for every campaign of the run: suppression files and guards.

    A document of these with errors is a problem like any other, and with a problem nothing is planned or applied.
    """

    def __init__(self, checked: Iterable[_Checked]) -> None:
        forms = [(each.declared.document, each.form) for each in checked if each.is_good]
        self.suppress = tuple(
            made
            for document, form in forms
            if isinstance(form, SuppressionDocument)
            for made in build.suppression_lists(document, form)
        )
        self.guards = tuple(form.spec for _, form in forms if isinstance(form, GuardsDocument))


def _nothing_found(paths: Sequence[Path]) -> Problem:
    place = Place(str(paths[0]) if paths else ".")
    return Problem(place, "", "no campaign found", "write a document with apiVersion: campaign/v1 and kind: Campaign")


def _namesakes(declared: Iterable[_Declared]) -> _Namesakes:
    """The documents of our kinds that have a name, in the order they were found."""
    found: _Namesakes = {}
    for each in declared:
        if each.kind and each.name:
            found.setdefault((each.kind, each.name), []).append(each)
    return found


def _policies(namesakes: _Namesakes) -> Policies:
    """The fields of every CallPolicy by name; of two with one name, the first one's."""
    fields = {name: first.at("spec") for (kind, name), (first, *_) in namesakes.items() if kind == "CallPolicy"}
    return {name: spec if isinstance(spec, dict) else {} for name, spec in fields.items()}


def _profiles(checked: Iterable[_Checked]) -> Iterator[Profile]:
    """The profiles of all Profile documents without errors."""
    for each in checked:
        if isinstance(each.form, ProfileDocument) and each.is_good:
            yield declared_profile(each.declared.document, each.form)


def _check(declared: _Declared, namesakes: _Namesakes, policies: Policies) -> _Checked:
    """Form and rules of one document. Where both complain about the same place, the rule knows better."""
    value, kind = declared.document.value, declared.kind
    form: _Form | None = None
    of_form: tuple[Finding, ...] = ()
    same = namesakes.get((kind, declared.name), [declared])
    findings = list(_namesake_findings(declared, same[0]))
    if kind == "Campaign":
        form, of_form = convert(value, CampaignDocument)
        findings += campaign_findings(value, policies)
        findings += use_findings(value, [name for kind, name in namesakes if kind == "Profile"])
    elif kind == "CallPolicy":
        form, of_form = convert(value, PolicyDocument)
        findings += policy_document_findings(value, policies)
    elif kind == "Cap":
        form, of_form = convert(value, CapDocument)
    elif kind == "Suppression":
        form, of_form = convert(value, SuppressionDocument)
        findings += suppression_document_findings(value)
    elif kind == "Guards":
        form, of_form = convert(value, GuardsDocument)
    elif kind == "Profile":
        form, of_form = convert(value, ProfileDocument)
        findings += profile_findings(value)
    else:
        findings.append(_not_ours(declared))
    ruled = {finding.path for finding in findings}
    findings += (finding for finding in of_form if finding.path not in ruled)
    unique = tuple(dict.fromkeys(findings))
    return _Checked(declared, form, unique, is_good=not unique and declared.is_file_good and len(same) == 1)


def _not_ours(declared: _Declared) -> Finding:
    """Why a document is none of ours."""
    value, kind = declared.document.value, declared.at("kind")
    if not isinstance(value, dict):
        return Finding((), f"is {kind_of(value)}", "write a mapping with apiVersion, kind, metadata and spec")
    if not has_our_version(value):
        return Finding((), "is no manifest", f"begin it with apiVersion: campaign/v1 and kind: {listed(_KINDS)}")
    meant = did_you_mean(kind, _KINDS) if isinstance(kind, str) else ""
    what = f"{quoted(kind)} is not known" if "kind" in value else "is missing"
    return Finding(("kind",), what, meant or f"write {listed(_KINDS)}")


def _namesake_findings(declared: _Declared, first: _Declared) -> Iterator[Finding]:
    if declared is not first:
        what = f"is the name of the {first.kind} at {first.document.place()} too"
        yield Finding(("metadata", "name"), what, "give each its own name")


def _uses(campaign: _Checked, policies: Policies) -> set[tuple[str, str]]:
    """Kind and name of what a campaign refers to: all policies it, its lists and phones lead to, and profiles."""
    value = campaign.declared.document.value
    policy_names = _policies_used(campaign, policies)
    return {*(("CallPolicy", name) for name in policy_names), *(("Profile", name) for _, name in names_used(value))}


def _policies_used(campaign: _Checked, policies: Policies) -> set[str]:
    spec = campaign.declared.at("spec")
    lists = spec.get("phoneLists", ())
    phones = (phone for phone_list in lists for phone in phone_list.get("phones", ()))
    return {name for part in (spec, *lists, *phones) for name in chain(part.get("policy", {}), policies)}


def _checkable_lists(campaign: _Checked) -> Iterator[PhoneList]:
    """The lists of a campaign with errors that have none themselves."""
    for index, written in enumerate(_items(campaign, "phoneLists")):
        spec = convert(written, PhoneListSpec)[0] if campaign.is_fine_at((*build.LISTS, index)) else None
        if spec is not None:
            yield build.checkable_list(campaign.declared.document, index, spec)


def _checkable_suppress(campaign: _Checked) -> Iterator[SuppressionList]:
    """The suppression files of a campaign with errors that have none themselves."""
    for index, written in enumerate(_items(campaign, "suppress")):
        spec = convert(written, SuppressionSource)[0] if campaign.is_fine_at((*build.SUPPRESS, index)) else None
        if spec is not None:
            yield build.suppression_list(campaign.declared.document, index, spec)


def _items(campaign: _Checked, name: str) -> list[Any]:
    items = campaign.declared.at("spec", name)
    return items if isinstance(items, list) else []
