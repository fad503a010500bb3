"""Cells become JSON values of the type asked for, whatever format they come from, or a problem without the cell."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from reconciler.phones.problems import Wrong
from reconciler.phones.values import CONVERSIONS, checked_json, strict_json

GOOD = [
    ("string", "Ann", "Ann"),
    ("string", " Ann ", " Ann "),
    ("string", "", ""),
    ("string", None, ""),
    ("string", 7, "7"),
    ("string", True, "true"),
    ("string", False, "false"),
    ("string", 3.0, "3"),
    ("string", 0.5, "0.5"),
    ("string", 1e300, "1e+300"),
    ("string", Decimal("3.50"), "3.50"),
    ("string", Decimal("1E+3"), "1000"),
    ("string", dt.date(2024, 5, 1), "2024-05-01"),
    ("string", dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC), "2024-05-01T10:00:00+00:00"),
    ("string", dt.time(10), "10:00:00"),
    ("integer", " 42 ", 42),
    ("integer", "-42", -42),
    ("integer", "+42", 42),
    ("integer", "007", 7),
    ("integer", 42, 42),
    ("integer", 42.0, 42),
    ("integer", Decimal(42), 42),
    ("integer", "9223372036854775807", 2**63 - 1),
    ("integer", " ", UNSET),
    ("integer", None, UNSET),
    ("number", "42", 42),
    ("number", "42.50", 42.5),
    ("number", "42.0", 42),
    ("number", "-.5", -0.5),
    ("number", "1e3", 1000),
    ("number", "1e20", 1e20),
    ("number", "-0.0", 0),
    ("number", "9223372036854775807", 2**63 - 1),
    ("number", 42, 42),
    ("number", 42.5, 42.5),
    ("number", Decimal("42.50"), 42.5),
    ("number", "", UNSET),
    ("boolean", "TRUE", True),
    ("boolean", "yes", True),
    ("boolean", "1", True),
    ("boolean", " no ", False),
    ("boolean", True, True),
    ("boolean", 0, False),
    ("boolean", "", UNSET),
    ("json", '{"a": [1, null, "x", {"b": 1.5}]}', {"a": [1, None, "x", {"b": 1.5}]}),
    ("json", "3", 3),
    ("json", '"{\\"a\\": 1}"', '{"a": 1}'),
    ("json", {"a": [1]}, {"a": [1]}),
    ("json", [True], [True]),
    ("json", 0, 0),
    ("json", " ", UNSET),
    ("json", None, UNSET),
]


@pytest.mark.parametrize(("type", "cell", "value"), GOOD)
def test_a_cell_becomes_a_value_of_its_type(type: str, cell: Any, value: Any) -> None:
    made = CONVERSIONS[type](cell)
    assert made == value
    assert made.__class__ is value.__class__


BAD = [
    ("string", [1]),
    ("string", {"a": 1}),
    ("string", b"planted"),
    ("string", math.nan),
    ("string", Decimal("NaN")),
    ("string", dt.timedelta(1)),
    ("integer", "planted"),
    ("integer", "4.0"),
    ("integer", "1_000"),
    ("integer", "4.5"),
    ("integer", 4.5),
    ("integer", True),
    ("integer", "٤"),
    ("integer", "9223372036854775808"),
    ("integer", "9" * 30),
    ("number", "planted"),
    ("number", "4,5"),
    ("number", "1_000.5"),
    ("number", "nan"),
    ("number", "inf"),
    ("number", "1e999"),
    ("number", "-1e999"),
    ("number", "9223372036854775808"),
    ("number", "."),
    ("number", math.inf),
    ("boolean", "planted"),
    ("boolean", "2"),
    ("json", "planted"),
    ("json", "{"),
    ("json", "NaN"),
    ("json", '{"a": 1, "a": 2}'),
    ("json", '[{"a": {"b": 1, "b": 1}}]'),
    ("json", "[" * 100_000),
    ("json", '{"a":' * 100_000),
    ("json", "1e999"),
    ("json", "92233720368547758080"),
    ("json", "9" * 5000),
    ("json", [dt.date(2024, 5, 1)]),
    ("json", [math.nan]),
]


@pytest.mark.parametrize(("type", "cell"), BAD)
def test_a_cell_that_is_no_such_value_is_refused_without_being_quoted(type: str, cell: Any) -> None:
    with pytest.raises(Wrong) as caught:
        CONVERSIONS[type](cell)
    assert "planted" not in f"{caught.value.what} {caught.value.fix}"


@pytest.mark.parametrize(
    "value", [{1: 2}, {"a": (1, {2})}, b"x", math.inf, [-math.inf], 2**63, "\ud800", {"\ud800": 1}]
)
def test_a_constant_that_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(Wrong):
        checked_json(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_what_json_can_hold_passes_unchanged(value: Any) -> None:
    import json

    assert checked_json(value) is value
    assert strict_json(json.dumps(value).encode()) == value
