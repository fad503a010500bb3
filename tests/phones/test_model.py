"""What may be shown of a call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.calls.masks import mask
from reconciler.phones.model import Call


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("16500000042", "1650•••0042"),
        ("442079460000", "4420••••0000"),
        ("6834000", "68•••00"),
        ("4312", "4•••"),
        ("431", "•••"),
        ("", ""),
    ],
)
def test_a_mask_shows_the_ends_of_a_number(phone: str, shown: str) -> None:
    assert mask(phone) == shown


@given(st.text("0123456789", min_size=3, max_size=17))
def test_a_mask_hides_three_digits_at_least(phone: str) -> None:
    assert len(mask(phone)) == len(phone)
    assert mask(phone).count("•") >= 3


def test_a_call_that_is_printed_shows_no_more_than_the_mask() -> None:
    call = Call("planted", "1", "16500000042", b'{"phone":"16500000042"}', "leads.csv", 7)
    assert repr(call) == "Call(1650•••0042, leads.csv:7)"
