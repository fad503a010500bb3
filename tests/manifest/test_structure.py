"""A value has the form of a struct, or every violation is listed in words that repeat no private value."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifest.document import Finding
from reconciler.manifest.model import CampaignDocument, ColumnRef, ListPolicy, Policy, TokenSource
from reconciler.manifest.structure import convert


def test_a_good_value_becomes_the_struct() -> None:
    assert convert({"column": "a"}, ColumnRef) == (ColumnRef("a"), ())


@pytest.mark.parametrize(
    ("value", "findings"),
    [
        ({"maxAttempts": "3"}, [Finding(("maxAttempts",), "is text", "write a whole number or {column: name}")]),
        ({"gmtZone": None}, [Finding(("gmtZone",), "is nothing (null)", "write text or {column: name}")]),
        ({"gmtZone": [1]}, [Finding(("gmtZone",), "is a list", "write text or {column: name}")]),
        ({"maxAttempts": 51}, [Finding(("maxAttempts",), "51 is too large", "at most 50")]),
        ({"maxAttempts": 0}, [Finding(("maxAttempts",), "0 is too small", "at least 1")]),
        (
            {"maxAttempts": {}},
            [Finding(("maxAttempts", "column"), "is missing", "name of a column of the phone list")],
        ),
        ({"maxAttempts": {"column": ""}}, [Finding(("maxAttempts", "column"), "is empty")]),
    ],
    ids=["wrong type", "null", "list", "above", "below", "empty mapping", "empty column"],
)
def test_what_may_be_a_value_or_a_column_gives_one_sensible_finding(value: Any, findings: list[Finding]) -> None:
    assert convert(value, ListPolicy) == (None, tuple(findings))


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"maxAttempts": 16500000042}, "••••••••••• is too large"),
        ({"allowedDays": ["+1 650 000 0042"]}, "is not known"),
    ],
    ids=["number", "text"],
)
def test_a_value_that_is_repeated_is_masked(value: Any, what: str) -> None:
    _, (finding,) = convert(value, Policy)
    assert what in finding.what
    assert "0042" not in str(finding)


@pytest.mark.parametrize("struct", [TokenSource, Policy])
def test_an_unknown_field_that_does_not_look_like_a_name_is_not_repeated(struct: Any) -> None:
    _, (finding,) = convert({"https://planted": 1}, struct)
    assert finding.path == ()
    assert finding.what == "has a field that is not known"


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"token": {"planted": 1}}, ("spec", "token")),
        ({"policy": {"externalCheck": {"planted": 1, "externalCheckUrl": "x"}}}, ("spec", "policy", "externalCheck")),
    ],
    ids=["token", "external check"],
)
def test_an_unknown_field_beside_a_secret_is_not_repeated(part: dict[str, Any], path: tuple[str, ...]) -> None:
    value = {
        "apiVersion": "campaign/v1",
        "kind": "Campaign",
        "metadata": {"name": "a"},
        "spec": {"host": "https://a", "token": {}, "state": "running", **part},
    }
    _, (finding,) = convert(value, CampaignDocument)
    assert finding.path == path
    assert "planted" not in str(finding)
