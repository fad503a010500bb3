"""A whole column becomes what its cells become one by one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET

from reconciler.phones.columns import CANONICAL, json_column, key_column
from reconciler.phones.problems import Wrong
from reconciler.phones.values import CONVERSIONS

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
NUMBER_TEXTS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: format(number, "f")),
    st.integers().map(str),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,20})?", fullmatch=True),
)
NATIVE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    ANY_TEXT,
    st.lists(st.integers(0, 3), max_size=2),
    st.just(Decimal("1.50")),
    st.just(dt.date(2024, 5, 1)),
)


def exactly(type: str, cell: Any) -> bytes | None:
    """What `values.py` and the canonical encoder make of a cell."""
    try:
        value = CONVERSIONS[type](cell)
    except Wrong:
        return None
    return b"" if value is UNSET else CANONICAL.encode(value)


@pytest.mark.parametrize("type", CONVERSIONS)
@given(cells=st.lists(ANY_TEXT | NUMBER_TEXTS, min_size=1, max_size=4))
def test_a_column_of_text_is_converted_as_its_cells_are(type: str, cells: list[str]) -> None:
    assert [*json_column(type, cells)] == [exactly(type, cell) for cell in cells]


@pytest.mark.parametrize("type", ["number", "integer"])
@given(cells=st.lists(NUMBER_TEXTS, min_size=1, max_size=4))
@example(cells=["12.50", "12.00", "12", "-3.25"])
@example(cells=["-0", "0", "-0.0", "0.000"])
@example(cells=["999999999999999.9", "123456789012345.12345678901234567", "0.00000000000000001"])
@example(cells=["999999999999999999", "-999999999999999999"])
@example(cells=["1\n2"])
@example(cells=["1", "2\n"])
def test_a_column_of_numbers_is_converted_as_its_cells_are(type: str, cells: list[str]) -> None:
    assert [*json_column(type, cells)] == [exactly(type, cell) for cell in cells]


@pytest.mark.parametrize("type", CONVERSIONS)
@given(cells=st.lists(NATIVE, min_size=1, max_size=4))
@example(cells=[1, True, 1.0, "1"])
def test_a_column_of_native_values_is_converted_as_its_cells_are(type: str, cells: list[Any]) -> None:
    assert [*json_column(type, cells)] == [exactly(type, cell) for cell in cells]


def test_what_is_left_out_is_told_from_what_is_wrong() -> None:
    assert [*json_column("number", ["1.50", " ", "x"])] == [b"1.5", b"", None]


def test_line_ends_and_quotes_in_a_text_stay_in_it() -> None:
    assert [*json_column("string", ['a\n"b"', "c\r\nd", "\u2028\x85"])] == [
        b'"a\\n\\"b\\""',
        b'"c\\r\\nd"',
        '"\u2028\x85"'.encode(),
    ]


def test_a_key_is_text_without_the_spaces_around_it() -> None:
    assert key_column([" c7 ", "c8", " "]) == ["c7", "c8", ""]
    assert key_column([" c7 ", 8, None, ["no key"]]) == ["c7", "8", "", ""]
