"""Which files hold manifests: those that are named, and in a folder those that say so themselves.

A repository holds other YAML too (workflows, compose files). In a folder a file counts only if one of its documents
has our apiVersion; a file that is named must be ours.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reconciler.errors import Place, Problem
from reconciler.manifest.document import Document
from reconciler.manifest.structure import is_text
from reconciler.manifest.yaml12 import MAX_BYTES, parse

_SUFFIXES = (".yaml", ".yml")
_FAMILY = "campaign/"  # also of versions to come: better an error than a campaign silently not looked at
_OURS = "campaign/v1"

Read = Callable[[Path], bytes]


class ManifestFile(msgspec.Struct, frozen=True):
    """A file that holds manifests: its documents, and what is wrong with it as YAML.

    Without a path it only says what is wrong with a file or folder that cannot be read.
    """

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    path: Path | None = None


def read_bounded(path: Path) -> bytes:
    """The file's content, or just more than a manifest may have. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def manifest_files(paths: Sequence[Path], read: Read, *, skip_others: bool = False) -> Iterator[ManifestFile]:
    """The manifest files that `paths` (files and folders) lead to, each once; unreadable ones hold only a problem.

    A file that is named and not ours is an error, unless others are to be skipped.
    """
    named: dict[str, Path] = {}  # by real path: the same file may be reached in several ways
    scanned: dict[str, Path] = {}
    for path in paths:
        kind = _kind(path)
        if isinstance(kind, Problem):
            yield ManifestFile((), (kind,))
        elif kind == "file":
            named.setdefault(os.path.realpath(path), path)
        else:
            found, problems = _scan(path)
            yield ManifestFile((), problems)
            for inner in found:
                scanned.setdefault(os.path.realpath(inner), inner)
    if not skip_others:
        yield from (_named(path, read) for path in named.values())
        scanned = {real: path for real, path in scanned.items() if real not in named}
    else:
        scanned = named | scanned
    for path in scanned.values():
        file = _scanned(path, read)
        if file is not None:
            yield file


def _kind(path: Path) -> str | Problem:
    """`file`, `folder`, or what is wrong with a path that was named."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        return _unreadable(path, error)
    if stat.S_ISREG(mode):
        return "file"
    is_folder = stat.S_ISDIR(mode)
    return "folder" if is_folder else Problem(Place(str(path)), "", "is neither a file nor a folder")


def _unreadable(path: Path, error: Exception) -> Problem:
    reason = getattr(error, "strerror", None) or "not a path"
    fix = "name an existing file or folder" if isinstance(error, FileNotFoundError) else ""
    return Problem(Place(str(path)), "", f"cannot be read ({reason})", fix)


def _scan(folder: Path) -> tuple[list[Path], tuple[Problem, ...]]:
    """The YAML files below a folder, sorted, what is hidden left out; and problems for folders that cannot be read."""
    errors: list[OSError] = []
    found: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=errors.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += (Path(here, name) for name in names if name.endswith(_SUFFIXES) and not name.startswith("."))
    problems = tuple(_unreadable(Path(str(error.filename)), error) for error in errors)
    return sorted(path for path in found if _may_be_file(path)), problems


def _may_be_file(path: Path) -> bool:
    """Whether reading it may give a manifest; what cannot be looked at may, so that reading it says why."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:  # a symbolic link that leads nowhere
        return False
    except OSError:
        return True


def _named(path: Path, read: Read) -> ManifestFile:
    """A file that must be a manifest."""
    content = _content(path, read)
    if isinstance(content, Problem):
        return ManifestFile((), (content,))
    documents, problems = parse(content, str(path), is_text=is_text)
    if not documents and not problems:
        problems = (
            Problem(Place(str(path)), "", "is empty", "write a document of kind Campaign, CallPolicy or Profile"),
        )
    return ManifestFile(documents, problems, path)


def _scanned(path: Path, read: Read) -> ManifestFile | None:
    """A file found in a folder; None if it is somebody else's YAML."""
    content = _content(path, read)
    if isinstance(content, Problem):
        return ManifestFile((), (content,))
    if not _mentions(content, _FAMILY):
        return None
    documents, problems = parse(content, str(path), is_text=is_text)
    is_ours = any(has_our_version(document.value) for document in documents)
    return ManifestFile(documents, problems, path) if is_ours or (problems and _mentions(content, _OURS)) else None


def has_our_version(value: Any) -> bool:
    """Whether a document claims to be ours, in whatever version."""
    version = value.get("apiVersion") if isinstance(value, dict) else None
    return isinstance(version, str) and version.startswith(_FAMILY)


def _content(path: Path, read: Read) -> bytes | Problem:
    try:
        return read(path)
    except OSError as error:
        return _unreadable(path, error)


def _mentions(content: bytes, text: str) -> bool:
    """Whether the text is in a file, in any encoding that YAML may have."""
    return any(text.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
