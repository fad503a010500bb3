"""JSON Schema of the manifests, made from the structs, for editors and CI, and for finding every structural error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from reconciler.manifest.cap import CapDocument
from reconciler.manifest.model import CampaignDocument, ColumnRef, PolicyDocument
from reconciler.manifest.profile import ProfileDocument
from reconciler.manifest.run_wide import GuardsDocument, SuppressionDocument

FILE = "campaign.v1.json"


def definitions() -> dict[str, Any]:
    """The `$defs`: a schema for every struct of a manifest, by the struct's name."""
    structs = (
        CampaignDocument,
        PolicyDocument,
        SuppressionDocument,
        GuardsDocument,
        CapDocument,
        ProfileDocument,
        ColumnRef,
    )
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
            "Suppression: who is never called. Guards: how much a run may do. "
            "Cap: how often one phone may be called by all campaigns together. Profile: a compliance profile.",
            "type": "object",
            "required": ["apiVersion", "kind"],
            "properties": {
                "apiVersion": {"enum": ["campaign/v1"]},
                "kind": {
                    "enum": ["Campaign", "CallPolicy", "Suppression", "Guards", "Cap", "Profile"],
                    "description": "Campaign, CallPolicy, Suppression, Guards, Cap or Profile",
                },
            },
            **_by_kind(
                {
                    "CallPolicy": "PolicyDocument",
                    "Suppression": "SuppressionDocument",
                    "Guards": "GuardsDocument",
                    "Cap": "CapDocument",
                    "Profile": "ProfileDocument",
                },
                "CampaignDocument",
            ),
            "$defs": definitions(),
        }
    }


def _by_kind(structs: Mapping[str, str], other: str) -> dict[str, Any]:
    """The schema that is the struct's of a document's kind, and `other` for every other kind."""
    schema: dict[str, Any] = {"$ref": f"#/$defs/{other}"}
    for kind, struct in reversed([*structs.items()]):
        schema = {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/$defs/{struct}"},
            "else": schema,
        }
    return schema


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
