"""Problems as SARIF 2.1.0, the format in which checks report to code scanning.

The standard is https://docs.oasis-open.org/sarif/sarif/v2.1.0/. Files are named from the root of the repository
(`%SRCROOT%`), as code scanning wants them.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from reconciler.errors import Place, Problem
from reconciler.render.problems import total_of_problems
from reconciler.render.shown import plain
from reconciler.render.verdict import Verdict

LIMIT = 25_000
"""Results in one file: code scanning refuses a file with more."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MANIFEST, _LIST = "manifest", "list"
_RULES = {
    _MANIFEST: ("Manifest", "What is wrong with a manifest; nothing is planned while it is."),
    _LIST: ("PhoneList", "A phone list or suppression list that cannot be read, or a row of it."),
}


def sarif(verdict: Verdict, version: str) -> str:
    """The SARIF log as one line of JSON, in ASCII. `version` is this program's."""
    shown = verdict.problems[:LIMIT]
    n_more = len(verdict.problems) - len(shown) + verdict.omitted
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(version)},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
                "invocations": [_invocation(verdict, n_more)],
                "results": [
                    *(_result(problem, "error") for problem in shown),
                    *(_result(warning, "warning") for warning in verdict.warnings[: LIMIT - len(shown)]),
                ],
            }
        ],
    }
    return json.dumps(log)


def _driver(version: str) -> dict[str, Any]:
    rules = [
        {"id": id, "name": name, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}
        for id, (name, text) in _RULES.items()
    ]
    return {"name": "campaign validate", "semanticVersion": version, "rules": rules}


def _invocation(verdict: Verdict, n_more: int) -> dict[str, Any]:
    """That the check itself has run; and what it found, if not all of that is in the results."""
    made: dict[str, Any] = {"executionSuccessful": True, "exitCode": 1 if verdict.problems else 0}
    if n_more:
        total = total_of_problems(verdict.problems, verdict.omitted)
        text = f"{total}; {n_more:,} of them are not listed here"
        made["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return made


def _result(problem: Problem, level: str) -> dict[str, Any]:
    words = ": ".join(filter(None, (problem.path, problem.what)))
    rule = _MANIFEST if problem.place.file.endswith((".yaml", ".yml")) or problem.place.file == "." else _LIST
    return {
        "ruleId": rule,
        "ruleIndex": [*_RULES].index(rule),
        "level": level,
        "message": {"text": plain(words + (f"; {problem.fix}" if problem.fix else ""))},
        "locations": [{"physicalLocation": _location(problem.place)}],
    }


def _location(place: Place) -> dict[str, Any]:
    name = quote(plain(place.file))
    where: dict[str, Any] = {"uri": name, "uriBaseId": "%SRCROOT%"}
    if name.startswith("/"):
        where = {"uri": f"file://{name}"}
    region = {"startLine": place.line, "startColumn": place.column}
    made: dict[str, Any] = {"artifactLocation": where}
    if place.line:
        made["region"] = {key: n for key, n in region.items() if n}
    return made
