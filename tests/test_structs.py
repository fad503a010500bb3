"""Struct types are ready to be read when their module is imported: made ready later, by two threads at once, they make
the process crash (`tests/many/watched.py` watches the real command for it).
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "reconciler"
THREADED = ("apply", "calls", "cli", "lock", "phones", "plan", "profiles", "read", "render")
"""What several threads run at once: requests of a campaign, and campaigns."""

MODULES = [path for folder in THREADED for path in sorted((PACKAGE / folder).rglob("*.py"))]


def readers(tree: ast.Module) -> Iterator[ast.Call]:
    """Where a type is made ready: a decoder is made, or something is read as a type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            is_typed = name.endswith(".convert") or any(keyword.arg == "type" for keyword in node.keywords)
            if name.rpartition(".")[2] == "Decoder" or (name.startswith("msgspec.") and is_typed):
                yield node


def in_functions(tree: ast.Module) -> set[ast.AST]:
    """Everything that stands in a function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    return {inner for function in functions for inner in ast.walk(function)}


def test_no_type_is_made_ready_where_threads_run() -> None:
    found = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        late = in_functions(tree)
        found += [f"{path.relative_to(PACKAGE)}:{node.lineno}" for node in readers(tree) if node in late]
    assert found == []


def test_a_type_is_made_ready_by_one_module_for_all() -> None:
    made: Counter[str] = Counter()
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        named = {name.id for node in readers(tree) for name in ast.walk(node) if isinstance(name, ast.Name)}
        made.update(name for name in named - own if name[0].isupper() or name[0] == "_")
    assert {name for name, count in made.items() if count > 1} <= {"Raw"}
    assert made["SavedPlan"] == 1, "the decoders are found"
