"""What one would write first: PyYAML, jsonschema and DeepDiff over two files that hold every call.

`python -m bench.naive FOLDER` compares `desired.yaml` with `known.yaml` there; `bench.peers` writes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from deepdiff import DeepDiff
from jsonschema import Draft202012Validator

SCHEMA = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["phone"],
        "properties": {"phone": {"type": "string", "pattern": "^[0-9]{7,15}$"}, "payload": {"type": "object"}},
    },
}


def main(folder: Path) -> None:
    """Prints how many calls differ."""
    sides = []
    for name in ("known.yaml", "desired.yaml"):
        with (folder / name).open(encoding="utf-8") as file:
            sides.append(yaml.load(file, yaml.CSafeLoader))
    Draft202012Validator(SCHEMA).validate(sides[1])
    print(len(DeepDiff(*sides).get("values_changed", {})))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
