"""From a document without errors to the engine's Campaign: references resolved, levels merged, paths absolute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from reconciler.manifest import rollout
from reconciler.manifest.addresses import plain_host
from reconciler.manifest.document import Document
from reconciler.manifest.model import (
    Campaign,
    CampaignDocument,
    ColumnRef,
    PhoneList,
    PhoneListSpec,
    PolicyColumn,
    RunGuards,
    SuppressionList,
    SuppressionSource,
)
from reconciler.manifest.profile import Profile
from reconciler.manifest.profiles import used
from reconciler.manifest.refs import Policies, resolved
from reconciler.manifest.rules import COLUMN_FIELDS
from reconciler.manifest.run_wide import SuppressionDocument
from reconciler.manifest.wording import KeyPath

LISTS: KeyPath = ("spec", "phoneLists")
SUPPRESS: KeyPath = ("spec", "suppress")
FILES: KeyPath = ("spec", "files")


class _Base(msgspec.Struct, frozen=True):
    """What a campaign gives to each of its lists: its policy, resolved, and its payload."""

    policy: dict[str, Any] = {}
    payload: dict[str, Any] = {}


def campaign(
    document: Document, form: CampaignDocument, policies: Policies, profiles: Mapping[str, Profile]
) -> Campaign:
    """The Campaign that a document declares; neither it nor the policies and profiles it names may have errors."""
    written, spec = document.value["spec"], form.spec
    base = _Base(resolved(written.get("policy", {}), policies), spec.payload)
    return Campaign(
        name=form.metadata.name,
        place=document.place(),
        folder=_folder(document),
        host=plain_host(spec.host),
        token=spec.token,
        dialect=spec.dialect,
        state=spec.state,
        wave=spec.wave,
        policy=base.policy,
        payload=base.payload,
        lists=tuple(_phone_list(document, i, each, base, policies) for i, each in enumerate(spec.phone_lists)),
        suppress=tuple(suppression_list(document, i, each) for i, each in enumerate(spec.suppress)),
        guards=spec.guards,
        foreign=spec.foreign,
        on_external_cancel=spec.on_external_cancel,
        labels=form.metadata.labels,
        rollout=None if spec.rollout is UNSET else rollout.made(spec.rollout),
        token_place=document.place(("spec", "token")),
        profiles=used(document, form, profiles),
    )


def checkable_list(document: Document, index: int, spec: PhoneListSpec) -> PhoneList:
    """A list without errors of a campaign with errors, so that its rows can be checked all the same.

    Its policy holds only the columns: what the manifest itself says has been checked, or is wrong and reported.
    """
    made = _phone_list(document, index, spec, _Base(), {})
    columns = {name: value for name, value in made.policy.items() if isinstance(value, PolicyColumn)}
    return msgspec.structs.replace(made, policy=columns)


def suppression_list(
    document: Document, index: int, spec: SuppressionSource, under: KeyPath = SUPPRESS
) -> SuppressionList:
    """A suppression file that a document names."""
    return SuppressionList(
        path=_folder(document) / spec.file,
        shown=_shown(document, spec.file),
        place=document.place((*under, index)),
        spec=spec,
    )


def suppression_lists(document: Document, form: SuppressionDocument) -> tuple[SuppressionList, ...]:
    """The files of a Suppression document."""
    return tuple(suppression_list(document, i, each, FILES) for i, each in enumerate(form.spec.files))


def under_settings(made: Campaign, suppress: Iterable[SuppressionList], guards: Iterable[RunGuards]) -> Campaign:
    """The campaign with what holds for every campaign of the run."""
    named = (each.spec.phone.region or "" for each in made.lists if each.spec.phone is not UNSET)
    regions = tuple(sorted({*named} - {""}))
    files = tuple(
        each if each.spec.region else msgspec.structs.replace(each, regions=regions)
        for each in (*made.suppress, *suppress)
    )
    return msgspec.structs.replace(made, suppress=files, run_guards=tuple(guards))


def _phone_list(document: Document, index: int, spec: PhoneListSpec, base: _Base, policies: Policies) -> PhoneList:
    """One list, with the campaign's policy and payload under its own."""
    path: KeyPath = (*LISTS, index)
    written = document.value["spec"]["phoneLists"][index]
    source = None if spec.source is UNSET else spec.source.file
    phones = written.get("phones", ())
    return PhoneList(
        name=spec.name,
        place=document.place(path),
        spec=spec,
        path=None if source is None else _folder(document) / source,
        shown=document.file if source is None else _shown(document, source),
        policy=base.policy | _with_columns(resolved(written.get("policy", {}), policies)),
        payload=base.payload | {name: _payload_value(value) for name, value in spec.payload.items()},
        inline_policies=tuple(resolved(phone.get("policy", {}), policies) for phone in phones),
        inline_places=tuple(document.place((*path, "phones", i)) for i in range(len(phones))),
    )


def _folder(document: Document) -> Path:
    """The manifest's folder, absolute, symbolic links as they are."""
    return Path(document.file).parent.absolute()


def _shown(document: Document, file: str) -> str:
    """A file that a manifest names, as the user would name it from the current folder."""
    return str(Path(document.file).parent / file)


def _with_columns(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A list's policy, with what comes from columns as PolicyColumn."""
    return {
        name: PolicyColumn(value["column"]) if name in COLUMN_FIELDS and isinstance(value, dict) else value
        for name, value in policy.items()
    }


def _payload_value(value: Any) -> Any:
    """What a value of a list's payload stands for: a column, what `{value: …}` holds, or itself."""
    if isinstance(value, dict) and "column" in value:
        return msgspec.convert(value, ColumnRef)
    return value["value"] if isinstance(value, dict) and value.keys() == {"value"} else value
