"""The JSON Schema of what programs read, made from the structs it is written from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from reconciler.render.plan_document import PlanDocument

FILE = "plan.v1.json"


def document() -> dict[str, Any]:
    """The schema of a plan as JSON. A later version may add members, so unknown ones are no error."""
    [reference], components = msgspec.json.schema_components([PlanDocument], ref_template="#/$defs/{name}")
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(components))  # defaults are tuples before
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Plan of campaigns",
        "description": "What `campaign plan --format json` prints.",
        **reference,
        "$defs": plain,
    }


def write(folder: Path) -> Path:
    """Writes the schema file into `folder`, which is there. Returns its path. Raises OSError."""
    path = folder / FILE
    path.write_text(json.dumps(document(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
