"""Manifests for tests of the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.workshop import document


def write(folder: Path, name: str, host: str, **spec: object) -> Path:
    """Writes a manifest; JSON is YAML."""
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(document(name, **{"host": host} | spec)))
    return path
