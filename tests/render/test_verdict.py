"""Problems for programs: one JSON document, workflow commands of GitHub Actions, SARIF."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from reconciler.errors import Place, Problem
from reconciler.render.annotations import command, workflow_commands
from reconciler.render.sarif import LIMIT, sarif
from reconciler.render.verdict import Verdict, verdict_json
from tests.render.golden import assert_golden

STATE = Problem(Place("campaigns/spring.yaml", 8, 10), "spec.state", '"runing" is not known', "did you mean running?")
ROW = Problem(Place("campaigns/my leads, 50%.csv", 1042), "phone", "has only 2 digits\nor so; 100% wrong")
EMPTY = Problem(Place("."), "", "no campaign found", "write a document")
WRONG = Verdict(0, 0, (EMPTY, ROW, STATE))

# ---- as seen from the repository's root


@pytest.mark.parametrize(
    ("root", "here", "file", "seen"),
    [
        ("/repo", "/repo", "a.yaml", "a.yaml"),
        ("/repo", "/repo", "./sub/../a.yaml", "a.yaml"),
        ("/repo", "/repo/sub", "a.yaml", "sub/a.yaml"),
        ("/repo", "/repo/sub", "../a.yaml", "a.yaml"),
        ("/repo", "/repo/sub", "/repo/b.csv", "b.csv"),
        ("/repo", "/repo", "../elsewhere.csv", "../elsewhere.csv"),
        ("/repo", "/repo", "/elsewhere.csv", "/elsewhere.csv"),
        ("/repo", "/repo", "..hidden.csv", "..hidden.csv"),
        ("/repo", "/repo", ".", "."),
    ],
)
def test_files_are_named_from_the_root_where_they_are_below_it(root: str, here: str, file: str, seen: str) -> None:
    verdict = Verdict(0, 0, (Problem(Place(file, 1, 2), "path", "what", "fix"),))
    assert verdict.seen_from(root, here).problems == (Problem(Place(seen, 1, 2), "path", "what", "fix"),)


# ---- JSON


def document(verdict: Verdict) -> Any:
    """The JSON document, read."""
    return json.loads("\n".join(verdict_json(verdict)))


def test_json_says_how_much_is_valid() -> None:
    assert document(Verdict(2, 30)) == {
        "version": 1,
        "warnings": [],
        "isValid": True,
        "campaigns": 2,
        "calls": 30,
        "problems": [],
        "omitted": 0,
    }


def test_json_has_every_problem_with_its_place_where_it_has_one() -> None:
    read = document(Verdict(1, 2, (EMPTY, STATE), omitted=7))
    assert (read["isValid"], read["campaigns"], read["calls"], read["omitted"]) == (False, None, None, 7)
    assert read["problems"] == [
        {"file": ".", "line": None, "column": None, "path": "", "what": EMPTY.what, "fix": EMPTY.fix},
        {"file": STATE.place.file, "line": 8, "column": 10, "path": STATE.path, "what": STATE.what, "fix": STATE.fix},
    ]


# ---- GitHub


def test_every_problem_is_an_annotation_and_the_last_line_counts_them() -> None:
    assert_golden("validate-github", "".join(f"{line}\n" for line in workflow_commands(WRONG)))


def test_more_than_github_shows_are_announced_by_a_notice() -> None:
    *errors, last = workflow_commands(Verdict(0, 0, (STATE,) * 11))
    assert len(errors) == 11
    shown, _, words = last.rpartition("::")
    assert shown == "::notice title=campaign validate"
    assert words == "11 problems in 1 file; GitHub shows the first 10, the log of this step has more"


def test_problems_nobody_kept_are_counted_in_the_notice() -> None:
    (*_, last) = workflow_commands(Verdict(0, 0, (STATE,), omitted=1234))
    assert "::1,235 problems in 1 file;" in last


@pytest.mark.parametrize(
    ("text", "as_message", "as_property"),
    [
        ("50% off", "50%25 off", "50%25 off"),
        ("a:b, c", "a:b, c", "a%3Ab%2C c"),
        ("a\r\n::error::b", "a  ::error::b", "a  %3A%3Aerror%3A%3Ab"),
        ("%0A", "%250A", "%250A"),
    ],
)
def test_nothing_in_a_text_can_end_a_command_or_begin_another(text: str, as_message: str, as_property: str) -> None:
    assert command("error", text, title=text) == f"::error title={as_property}::{as_message}"


# ---- SARIF


def _closed(required: str, **properties: Any) -> dict[str, Any]:
    """An object of the standard: nothing but these properties, the named ones always."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = _closed("text", text=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
FROM_1 = {"type": "integer", "minimum": 1}
URI = {"type": "string", "pattern": r"^([A-Za-z0-9/._~-]|%[0-9A-F]{2}|file:///)+$"}
LOCATION = _closed(
    "physicalLocation",
    physicalLocation=_closed(
        "artifactLocation",
        artifactLocation=_closed("uri", uri=URI, uriBaseId={"const": "%SRCROOT%"}),
        region=_closed("startLine", startLine=FROM_1, startColumn=FROM_1),
    ),
)
STANDARD = _closed(
    "version runs",
    **{"$schema": TEXT},
    version={"const": "2.1.0"},
    runs=_list(
        _closed(
            "tool results",
            tool=_closed(
                "driver",
                driver=_closed(
                    "name",
                    name=TEXT,
                    semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                    rules=_list(
                        _closed(
                            "id",
                            id=TEXT,
                            name=TEXT,
                            shortDescription=MESSAGE,
                            defaultConfiguration=_closed("", level=LEVEL),
                        ),
                        uniqueItems=True,
                    ),
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            originalUriBaseIds={"type": "object", "additionalProperties": _closed("", description=MESSAGE)},
            invocations=_list(
                _closed(
                    "executionSuccessful",
                    executionSuccessful={"type": "boolean"},
                    exitCode={"type": "integer"},
                    toolExecutionNotifications=_list(_closed("message", level=LEVEL, message=MESSAGE)),
                )
            ),
            results=_list(
                _closed(
                    "message ruleId locations",
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                    level=LEVEL,
                    message=MESSAGE,
                    locations=_list(LOCATION, minItems=1),
                )
            ),
        ),
        minItems=1,
    ),
)
"""What SARIF 2.1.0 demands of the parts that are used here (its sections 3.13 to 3.58), written as a JSON Schema."""


def log(verdict: Verdict) -> Any:
    """The only run of the SARIF log, which keeps to the standard."""
    text = sarif(verdict, "1.2.3")
    assert text.isascii()
    read = json.loads(text)
    jsonschema.validate(read, STANDARD)
    (run,) = read["runs"]
    return run


def test_sarif_of_what_is_valid_has_no_results() -> None:
    run = log(Verdict(2, 30))
    assert (run["results"], run["invocations"]) == ([], [{"executionSuccessful": True, "exitCode": 0}])
    assert run["tool"]["driver"]["semanticVersion"] == "1.2.3"


def test_sarif_has_a_result_for_every_problem_with_a_rule_that_is_declared() -> None:
    run = log(WRONG)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [result["ruleId"] for result in run["results"]] == ["manifest", "list", "manifest"]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert run["results"][2]["message"]["text"] == 'spec.state: "runing" is not known; did you mean running?'
    assert run["invocations"][0]["exitCode"] == 1


def test_sarif_names_files_as_uris_from_the_root_and_regions_only_where_they_are_known() -> None:
    found = [result["locations"][0]["physicalLocation"] for result in log(WRONG)["results"]]
    root = {"uriBaseId": "%SRCROOT%"}
    assert found == [
        {"artifactLocation": {"uri": ".", **root}},
        {"artifactLocation": {"uri": "campaigns/my%20leads%2C%2050%25.csv", **root}, "region": {"startLine": 1042}},
        {"artifactLocation": {"uri": "campaigns/spring.yaml", **root}, "region": {"startLine": 8, "startColumn": 10}},
    ]


def test_sarif_names_a_file_elsewhere_by_its_whole_path() -> None:
    (result,) = log(Verdict(0, 0, (Problem(Place("/elsewhere/a.csv"), "", "is empty"),)))["results"]
    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "file:///elsewhere/a.csv"}}


def test_sarif_keeps_to_the_limit_of_code_scanning_and_says_what_is_missing() -> None:
    (run,) = json.loads(sarif(Verdict(0, 0, (ROW,) * (LIMIT + 1), omitted=1000), "1.2.3"))["runs"]
    assert len(run["results"]) == LIMIT
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "26,001 problems in 1 file; 1,001 of them are not listed here"
