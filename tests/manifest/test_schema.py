"""The JSON Schema is current, valid, and good for editors; it and the structs agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from reconciler.manifest import model, profile, schema
from reconciler.manifest.structure import is_text
from reconciler.manifest.yaml12 import parse
from tests.manifest.manifests import campaign

ROOT = Path(__file__).parents[2]
(SCHEMA,) = schema.documents().values()
MANIFESTS = sorted([*ROOT.glob("examples/**/*.yaml"), *Path(__file__).parent.glob("golden/spring-promo.yaml")])


def errors(value: Any) -> list[str]:
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(value)]


def documents(content: bytes) -> list[Any]:
    return [document.value for document in parse(content, "m.yaml", is_text=is_text)[0]]


def test_the_schema_files_are_current() -> None:
    written = {name: (ROOT / "schemas" / name).read_text(encoding="utf-8") for name in schema.documents()}
    assert written == schema.texts(), "run `make schemas`"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_can_be_written_into_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    (path,) = schema.write(tmp_path / "a" / "b")
    assert json.loads(path.read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_good_manifests_are_valid_by_the_schema(path: Path) -> None:
    assert [errors(value) for value in documents(path.read_bytes()) if "apiVersion" in value] != []
    assert all(errors(value) == [] for value in documents(path.read_bytes()) if "apiVersion" in value)


def test_the_kind_decides_what_a_document_must_be() -> None:
    assert errors({"apiVersion": "campaign/v1", "kind": "CallPolicy", "metadata": {"name": "a"}, "spec": {}}) == []
    assert errors({"apiVersion": "campaign/v1", "kind": "Campaign", "metadata": {"name": "a"}, "spec": {}}) != []
    assert errors({"apiVersion": "campaign/v1", "kind": "Other"}) != []


def test_a_column_in_a_lists_payload_is_checked_and_other_values_are_free() -> None:
    (good,) = documents(
        campaign("phoneLists: [{name: a, payload: {x: {column: a, type: json}, y: [1], z: {a: 1}}}]").encode()
    )
    (bad,) = documents(campaign("phoneLists: [{name: a, payload: {x: {column: a, tipe: json}}}]").encode())
    assert errors(good) == []
    assert errors(bad) == ["$.spec.phoneLists[0].payload.x"]


def test_every_struct_and_every_field_is_described() -> None:
    missing = []
    for name, definition in SCHEMA["$defs"].items():
        missing += [] if definition.get("description") else [name]
        for field, what in definition.get("properties", {}).items():
            missing += [] if "description" in what or "$ref" in what or field == "kind" else [f"{name}.{field}"]
    assert missing == []


def fields(kind: msgspec.inspect.Type, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[type]]]:
    """Every field of a document with the types its value may have."""
    match kind:
        case msgspec.inspect.StructType(fields=inner):
            for field in inner:
                yield from fields(field.type, (*path, field.encode_name))
        case msgspec.inspect.Metadata(type=inner_type):
            yield from fields(inner_type, path)
        case msgspec.inspect.VarTupleType(item_type=item):
            yield from fields(item, path)
        case msgspec.inspect.UnionType(types=types):
            for each in types:
                yield from fields(each, path)
        case _:
            yield path, {type(kind)}


def test_exactly_the_fields_that_can_only_be_text_are_read_as_text() -> None:
    types: dict[tuple[str, ...], set[type]] = {}
    for document in (model.CampaignDocument, model.PolicyDocument, profile.ProfileDocument):
        for path, kinds in fields(msgspec.inspect.type_info(document)):
            types.setdefault(path, set()).update(kinds)
    text = {
        path
        for path, kinds in types.items()
        if msgspec.inspect.StrType in kinds or path[-1] in ("apiVersion", "kind")  # words of which only one is right
    }
    days = {path for path in types if path[-1] == "allowedDays"}
    assert {path for path in types if is_text(path)} == text - days


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("metadata", "labels", "year"), True),
        (("metadata", "labels", "payload"), True),
        (("spec", "payload", "phone"), False),
        (("spec", "phoneLists", 0, "phones", 0, "payload", "key"), False),
        (("spec", "phoneLists", 0, "phones", 0, "phone"), True),
        ((), False),
        ((0,), False),
    ],
)
def test_payloads_hold_numbers_and_labels_hold_text(path: tuple[str | int, ...], expected: bool) -> None:
    assert is_text(path) is expected
