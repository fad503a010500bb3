"""Which level of the manifests each field of a request comes from, and where that is written.

The engine's `Campaign` has all levels merged. So for this the documents are read once more, by the same rules: a
CallPolicy under the policy that refers to it, the campaign under the list, the list under the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.errors import Place
from reconciler.manifest.document import Document
from reconciler.manifest.files import manifest_files, read_bounded
from reconciler.manifest.refs import chain
from reconciler.manifest.wording import KeyPath


class Level(NamedTuple):
    """Where a field is said: by what, as a person would name it, and the place."""

    name: str
    place: Place
    is_of_campaign: bool = False  # it holds for all calls of the campaign that do not say otherwise


Levels = Mapping[str, Level]
"""By name of the field."""

_CAMPAIGN: KeyPath = ("spec",)


class Written:
    """The documents of a run, asked which level says what."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._campaigns: dict[str, Document] = {}
        self._policies: dict[str, Document] = {}
        for each in documents:
            kind, name = each.value.get("kind"), each.value.get("metadata", {}).get("name")
            if kind == "Campaign":
                self._campaigns[name] = each
            elif kind == "CallPolicy":
                self._policies[name] = each

    def campaign(self, name: str) -> tuple[Levels, Levels]:
        """Policy and payload of a campaign itself."""
        return self._at(self._campaigns[name], _CAMPAIGN, "campaign")

    def phone_list(self, name: str, index: int) -> tuple[Levels, Levels]:
        """Policy and payload of one of its lists, without what the campaign says."""
        path: KeyPath = ("spec", "phoneLists", index)
        document = self._campaigns[name]
        return self._at(document, path, f"list {_value(document.value, path)['name']}")

    def phone(self, name: str, index: int, at: int) -> tuple[Levels, Levels]:
        """Policy and payload of one of the phones that a list has in the manifest, without what is above it."""
        path: KeyPath = ("spec", "phoneLists", index, "phones", at)
        return self._at(self._campaigns[name], path, "this phone")

    def _at(self, document: Document, path: KeyPath, said_by: str) -> tuple[Levels, Levels]:
        written = _value(document.value, path)
        is_of_campaign = path == _CAMPAIGN

        def own(part: str) -> dict[str, Level]:
            names = (name for name in written.get(part, {}) if name != "$ref")
            return {name: Level(said_by, document.place((*path, part, name)), is_of_campaign) for name in names}

        named = self._named(written.get("policy", {}), is_of_campaign=is_of_campaign)
        return named | own("policy"), own("payload")

    def _named(self, fields: Mapping[str, Any], *, is_of_campaign: bool) -> dict[str, Level]:
        """What a policy's `$ref` leads to, the nearest last."""
        known = {name: each.value.get("spec", {}) for name, each in self._policies.items()}
        found: dict[str, Level] = {}
        for name in reversed(chain(fields, known)):
            document = self._policies[name]
            for field in (each for each in known[name] if each != "$ref"):
                found[field] = Level(f"CallPolicy {name}", document.place(("spec", field)), is_of_campaign)
        return found


def read_written(paths: Sequence[Path]) -> Written:
    """The documents that files and folders hold; they were read before, and had no errors."""
    files = manifest_files(paths, read_bounded)
    return Written(each for file in files for each in file.documents if isinstance(each.value, dict))


def _value(value: Any, path: KeyPath) -> Any:
    for part in path:
        value = value[part]
    return value
