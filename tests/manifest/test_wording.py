"""What a message shows of a manifest: names that look like names, harmless values, and no run of digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.wording import MAX_SHOWN, did_you_mean, kind_of, listed, masked, path_text, quoted, shown_name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("maxAttempts", "maxAttempts"),
        ("16500000042", "•••••••••••"),
        ("+1 (650) 000-0042", "+• (•••) •••-••••"),
        ("a1234b5678", "a1234b5678"),
        ("x12345y", "x•••••y"),
        ("١٢٣٤٥", "•••••"),
        ("a\nb\x1b[31m", "a·b·[31m"),
        ("y" * 41, "y" * 39 + "…"),
    ],
)
def test_text_is_masked_put_on_one_line_and_cut(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("on", '"on"'),
        (True, "true"),
        (False, "false"),
        (51, "51"),
        (2.5, "2.5"),
        (10**10, "•" * 11),
        (None, "nothing (null)"),
        ([1], "a list"),
    ],
)
def test_a_value_is_shown_by_its_kind(value: object, shown: str) -> None:
    assert quoted(value) == shown


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "phoneLists", 0, "policy"), "spec.phoneLists[0].policy"),
        (("spec", "policy", "$ref"), "spec.policy.$ref"),
        ((0, "a"), "[0].a"),
        (("payload", "16500000042"), "payload.•••••••••••"),
        (("payload", "Jane Doe <jane@example.com>", "a"), "payload.….a"),
        (("payload", ""), "payload.…"),
    ],
)
def test_a_path_is_written_like_code_and_hides_what_may_be_private(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
def test_alternatives_are_listed(words: list[str], text: str) -> None:
    assert listed(words) == text


def test_a_close_word_is_suggested_in_its_own_spelling() -> None:
    assert did_you_mean("MAXATTEMPT", ["maxAttempts", "gmtZone"]) == "did you mean maxAttempts?"
    assert did_you_mean("priority", ["maxAttempts", "gmtZone"]) == ""


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "a whole number"),
        (1.5, "a number"),
        (True, "true or false"),
        ("a", "text"),
        ({}, "a mapping"),
        ([], "a list"),
        ((), "a list"),
    ],
)
def test_a_value_has_a_kind_in_words(value: object, kind: str) -> None:
    assert kind_of(value) == kind


@given(st.text(max_size=80))
def test_whatever_the_text_no_five_digits_in_a_row_and_no_line_break_are_shown(text: str) -> None:
    for shown in (masked(text), shown_name(text), path_text(("a", text))):
        assert not any(shown[at : at + 5].isdecimal() for at in range(len(shown) - 4))
        assert shown.isprintable()
        assert len(shown) <= MAX_SHOWN + 2
