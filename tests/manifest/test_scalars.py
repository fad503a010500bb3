"""Unquoted scalars mean what the core schema of YAML 1.2 says."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.scalars import core_value

CORE = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    "0": 0,
    "-0": 0,
    "+12": 12,
    "-19": -19,
    "0650": 650,
    "0o7": 7,
    "0o17": 15,
    "0xF": 15,
    "0x3a": 58,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "0" * 40 + "1": 1,
    "0.": 0.0,
    "-0.0": -0.0,
    ".5": 0.5,
    "+12e03": 12000.0,
    "-2E+05": -200000.0,
    "1e-3": 0.001,
    "3.25": 3.25,
}
WORDS = """
    no yes on off y n No YES nULL tRUE 10:00 1:2:3 2024-01-01 1_000 0b11 0o8 0xG -0x1 +0o7 1e 1e+ . - + .e3 0x 0o
    1,000 +-1 1.2.3 .Nan .iNF ≈ ١٢
"""


@pytest.mark.parametrize(("text", "value"), CORE.items())
def test_the_core_schema_gives_nulls_booleans_and_numbers(text: str, value: object) -> None:
    got = core_value(text)
    assert (got, type(got)) == (value, type(value))
    assert math.copysign(1, got or 0) == math.copysign(1, value or 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", WORDS.split())
def test_everything_else_is_text(text: str) -> None:
    assert core_value(text) == text


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "1e999", "-1.5e400"])
def test_a_number_that_json_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="JSON"):
        core_value(text)


@pytest.mark.parametrize("text", ["9223372036854775808", "-9223372036854775809", "0xFFFFFFFFFFFFFFFF", "7" * 5000])
def test_an_integer_beyond_64_bits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        core_value(text)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none())
def test_what_json_writes_is_read_back_as_it_was(value: object) -> None:
    assert core_value(json.dumps(value)) == value
