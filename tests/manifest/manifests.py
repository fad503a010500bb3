"""Small manifests for the tests: a good campaign whose fields a test replaces or adds to."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from reconciler.errors import Problem
from reconciler.manifest.load import Loaded, load

FIRST_SPEC_LINE = 8  # where what a test adds to the spec begins


def campaign(
    spec: str = "",
    *,
    name: str = "demo",
    host: str = "https://calls.example.com",
    source: str = "{env: DEMO_TOKEN}",
    state: str = "running",
) -> str:
    """A Campaign document; `spec` is YAML that is added to its spec, from line `FIRST_SPEC_LINE` on."""
    head = f"""\
apiVersion: campaign/v1
kind: Campaign
metadata: {{name: {name}}}
spec:
  host: {host}
  token: {source}
  state: {state}
"""
    return head + indent(spec, "  ") + "\n"


def call_policy(name: str, fields: str) -> str:
    """A CallPolicy document; `fields` is a flow mapping."""
    return f"---\napiVersion: campaign/v1\nkind: CallPolicy\nmetadata: {{name: {name}}}\nspec: {fields}\n"


def loaded(folder: Path, text: str | bytes, name: str = "m.yaml") -> Loaded:
    """What a file of this content holds."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load([path])


def lines(problems: tuple[Problem, ...], folder: Path) -> list[str]:
    """The problems as a user reads them, with paths from `folder` on."""
    return [str(problem).replace(f"{folder}/", "") for problem in problems]
