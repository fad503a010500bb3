"""JSON Schema of the manifests, made from the structs, for editors and CI, and for finding every structural error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from reconciler.manifest.model import CampaignDocument, ColumnRef, PolicyDocument
from reconciler.manifest.profile import ProfileDocument

FILE = "campaign.v1.json"


def definitions() -> dict[str, Any]:
    """The `$defs`: a schema for every struct of a manifest, by the struct's name."""
    structs = (CampaignDocument, PolicyDocument, ProfileDocument, ColumnRef)
    components = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")[1]
    plain: dict[str, Any] = json.loads(json.dumps(components))  # defaults are tuples before
    return plain


def documents() -> dict[str, dict[str, Any]]:
    """The schemas by file name. One schema accepts all kinds, so that a file may hold all."""
    return {
        FILE: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Campaign manifest",
            "description": "Campaign: whom to call, when and with what. CallPolicy: a call policy with a name. "
            "Profile: a compliance profile.",
            "type": "object",
            "required": ["apiVersion", "kind"],
            "properties": {
                "apiVersion": {"enum": ["campaign/v1"]},
                "kind": {
                    "enum": ["Campaign", "CallPolicy", "Profile"],
                    "description": "Campaign, CallPolicy or Profile",
                },
            },
            **_of_kind("CallPolicy", "PolicyDocument"),
            "else": {
                **_of_kind("Profile", "ProfileDocument"),
                "else": {"$ref": "#/$defs/CampaignDocument"},
            },
            "$defs": definitions(),
        }
    }


def _of_kind(kind: str, definition: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"$ref": f"#/$defs/{definition}"},
    }


def texts() -> dict[str, str]:
    """The schema files' contents by name, as they are written: indented, ending in a line feed."""
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in documents().items()}


def write(folder: Path) -> tuple[Path, ...]:
    """Write the schema files into `folder`, made if need be. Returns their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / name: text for name, text in texts().items()}
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return tuple(paths)
