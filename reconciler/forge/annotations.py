"""Problems beside the lines they are about: workflow commands for GitHub, a Code Quality report for GitLab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import msgspec

from reconciler.errors import Place

MOST = 50
"""GitHub shows ten errors and ten warnings of a step, and fifty of a run."""


class Annotation(msgspec.Struct, frozen=True):
    """One remark about a line of a file in the checkout; without a place it is about the run."""

    level: Literal["error", "warning"]
    title: str
    message: str
    place: Place = Place("")


def placed(place: Place, root: Path) -> Place:
    """The place with its file counted from the root of the checkout, as both forges want it."""
    if not place.file:
        return place
    path = Path(place.file).resolve()
    inner = path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else place.file
    return msgspec.structs.replace(place, file=inner)


def workflow_commands(annotations: Iterable[Annotation]) -> Iterator[str]:
    """The lines that GitHub reads from a step's output, `::error file=leads.csv,line=3::…`."""
    for each in annotations:
        about = {"file": each.place.file, "line": each.place.line, "col": each.place.column, "title": each.title}
        said = ",".join(f"{name}={_property(str(value))}" for name, value in about.items() if value)
        yield f"::{each.level} {said}::{_data(each.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def code_quality(annotations: Iterable[Annotation]) -> bytes:
    """The report GitLab shows in a merge request; a remark without a place cannot be in it."""
    severity = {"error": "major", "warning": "minor"}
    entries = [
        {
            "description": f"{each.title}: {each.message}",
            "check_name": "campaign",
            "fingerprint": blake2b(msgspec.json.encode(each), digest_size=16).hexdigest(),
            "severity": severity[each.level],
            "location": {"path": each.place.file, "lines": {"begin": each.place.line or 1}},
        }
        for each in annotations
        if each.place.file
    ]
    return msgspec.json.encode(entries) + b"\n"
