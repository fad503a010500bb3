"""The rules of the layout, one by one, and all of them on one manifest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.manifest.layout.proof import Formatted, formatted, says_the_same
from reconciler.manifest.layout.veil import veiled
from tests.docs.repository import ROOT

GOLDEN = Path(__file__).parent / "golden"
OURS = [*(ROOT / "examples").rglob("*.yaml"), *(ROOT / "reconciler" / "cli" / "init_files").glob("*.yaml")]


def laid(text: str | bytes) -> str:
    """The text laid out anew."""
    form = formatted(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert isinstance(form, Formatted), form
    return form.content.decode()


def complaint(content: bytes) -> str:
    """What is wrong with a file, as a user reads it."""
    form = formatted(content, "f.yaml")
    assert not isinstance(form, Formatted)
    return "\n".join(map(str, form))


def test_a_manifest_in_every_bad_habit_comes_out_as_it_should() -> None:
    made = laid((GOLDEN / "before.yaml").read_bytes())
    if os.environ.get("REGOLD"):
        (GOLDEN / "after.yaml").write_text(made, encoding="utf-8")
    assert made == (GOLDEN / "after.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:   1\nb : 2\n", "a: 1\nb: 2\n"),
        ("a:\n      b: 1\n", "a:\n  b: 1\n"),
        ("a:\n- b\n- c\nd: 1\n", "a:\n  - b\n  - c\nd: 1\n"),
        ("-   a: 1\n    b: 2\n", "- a: 1\n  b: 2\n"),
        ("- - a\n  - b\n-\n   - c\n", "- - a\n  - b\n-\n  - c\n"),
        ("{ a: 1,b: [ 2 ,3 ] }\n", "{a: 1, b: [2, 3]}\n"),
        ('{"a":1}\n', '{"a": 1}\n'),
        ("[!!str , &b !!str c, ! ]\n", None),
        ("a: &x y\nb: [*x , {*x : 2}]\n", None),
        ("? a\n:   b\n", "? a\n: b\n"),
        ("a:\n  ? b\n  :\n  - c\n", "a:\n  ? b\n  :\n    - c\n"),
        ("a:\n     &x\n     b: 1\n", "a:\n  &x\n  b: 1\n"),
        ("a:\n     text\n     goes on\n", "a:\n  text\n  goes on\n"),
        ("{\n'a': 1,\n'b': {\n'c': 2\n}\n}\n", '{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}\n'),
        ("a: [\nb,\nc]\n", "a: [\n    b,\n    c]\n"),
        ("- {a: 1,\n b: 2}\n", "- {a: 1,\n   b: 2}\n"),
        ("'a\n b'\n", "'a\n  b'\n"),
        ("[a\n b]\n", "[a\n b]\n"),
        ("%YAML 1.2\n---\na: 1\n", None),
        ("--- a\n--- |\n b\n--- >2\n   c\n", "--- a\n--- |\n  b\n--- >2\n   c\n"),
        (" ---\n", "  ---\n"),
    ],
)
def test_spaces_and_indentation_are_set_by_rule(before: str, after: str | None) -> None:
    assert laid(before) == (before.replace("*x ,", "*x,") if after is None else after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 'b'", 'a: "b"'),
        ("'a': 1", '"a": 1'),
        ("a: 'it''s'", 'a: "it\'s"'),
        ("a: 'say \"b\"'", "a: 'say \"b\"'"),
        (r"a: 'b\c'", r"a: 'b\c'"),
        ('a: "b"', 'a: "b"'),
        ("a: b", "a: b"),
        ("a: 10:00", 'a: "10:00"'),
        ("a: no", 'a: "no"'),
        ("on: 1", '"on": 1'),
        ("a: 2024-01-01", 'a: "2024-01-01"'),
        ("a: 1_000", 'a: "1_000"'),
        ("a: true", "a: true"),
        ("a: 0650", "a: 0650"),
        ("phone: 0650", "phone: 0650"),
        ("phone: +1650", "phone: +1650"),
        ("phone: +1 650 000 0000", "phone: +1 650 000 0000"),
        ("phone: 99999999999999999999999", "phone: 99999999999999999999999"),
        ("a: 0o17", "a: 0o17"),
        ("a: 1.50", "a: 1.50"),
        ("a: ~", "a: ~"),
        ("a:", "a:"),
    ],
)
def test_quotes_are_double_and_around_what_others_would_misread(before: str, after: str) -> None:
    assert laid(before) == f"{after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: |\n     t\n\n      u\n", "a: |\n  t\n\n   u\n"),
        ("a: >-\n     t\n\n\nb: 1\n", "a: >-\n  t\n\nb: 1\n"),
        ("a: |+\n t\n\n\nb: 1\n", "a: |+\n  t\n\n\nb: 1\n"),
        ("a: |1-\n   t\n", "a: |1-\n   t\n"),
        ("a: |-2\n   t\n", "a: |2-\n   t\n"),
        ("a: |   # c\n t", "a: |-  # c\n  t\n"),
        ("a: |\n t\n # not in it: c\n", "a: |\n  t\n  # not in it: c\n"),
        ("a: |\n  t\n    \n  u\n", "a: |\n  t\n    \n  u\n"),
        ("a: |\n\n\n", "a: |\n"),
        ("a: |", "a: |\n"),
        ("- |\n t\n-  >\n    u\n", "- |\n  t\n- >\n  u\n"),
        ("a:\n- |2\n    t\n", "a:\n  - |2\n      t\n"),
        ('a: "b \\ \n    c"\n', 'a: "b \\ \n  c"\n'),
        ('a: "b   \n    c"\n', 'a: "b\n  c"\n'),
        ("a: 'b\n\n\n   c'\n", "a: 'b\n\n\n  c'\n"),
    ],
)
def test_texts_of_several_lines_move_as_a_whole(before: str, after: str) -> None:
    assert laid(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1 # b   \n", "a: 1  # b\n"),
        ("a: 1      # b\ncd: 2     # e\n", "a: 1      # b\ncd: 2     # e\n"),
        ("a: 1      # b\n\ncd: 2     # e\n", "a: 1  # b\n\ncd: 2  # e\n"),
        ("a:    1 # b\nc: [d,e,f] # g\nh:    2 # i\n", "a: 1    # b\nc: [d, e, f]  # g\nh: 2    # i\n"),
        ("a: 1 # b\nc: d,e # f\n", "a: 1  # b\nc: d,e  # f\n"),
        ("a:\n# b\n    c: 1\n", "a:\n  # b\n  c: 1\n"),
        ("a:\n    c: 1\n    # b\n# d\ne: 1\n", "a:\n  c: 1\n  # b\n# d\ne: 1\n"),
        ("a:\n- b\n# - c\n", "a:\n  - b\n  # - c\n"),
        ("a: [b,\n# c\nd]\n", "a: [b,\n    # c\n    d]\n"),
        ("a: [b\n# c\n]\n", "a: [b\n    # c\n   ]\n"),
        ("#a\n", "#a\n"),
        ("--- #a\nb: 1\n... #c\n", "---  #a\nb: 1\n...  #c\n"),
    ],
)
def test_comments_stay_with_what_they_are_about(before: str, after: str) -> None:
    assert laid(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
        ("a: 1", "a: 1\n"),
        ("a: 1   \n  \nb: 2\n", "a: 1\n\nb: 2\n"),
        ("", ""),
        ("\n\n", ""),
        ("---\n\n\na: 1\n", "---\n\na: 1\n"),
    ],
)
def test_of_blank_lines_one_is_kept_and_the_last_line_ends(before: str, after: str) -> None:
    assert laid(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a:  1\r\nb: 2\r\n", "a: 1\r\nb: 2\r\n"),
        (b"a:  1\r\nb: 2\n", "a: 1\r\nb: 2\r\n"),
        (b"a:  1\nb: 2\r\n", "a: 1\nb: 2\n"),
        (b"a:  1\rb: 2\r", "a: 1\nb: 2\n"),
        (b"a: |\r\n  b\r\n  c\r\n", "a: |\r\n  b\r\n  c\r\n"),
        (b"\xef\xbb\xbfa: \xc3\xa9\n", "a: é\n"),
        ("a: é\n".encode("utf-16"), "a: é\n"),
    ],
)
def test_lines_end_as_the_first_one_did_and_the_file_is_utf_8(before: bytes, after: str) -> None:
    assert laid(before) == after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a: 1\n", "a:   1\n"),
        ("a: 'b'  # c\n", 'a: "b" # c\n'),
        ("a: [b, c]\n", "a:\n- b\n- c\n"),
        ("phone: 0650\n", "phone:    0650\n"),
    ],
)
def test_texts_that_differ_in_their_layout_say_the_same(old: str, new: str) -> None:
    assert says_the_same(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("phone: +1650\n", "phone: 1650\n"),
        ("phone: 0650\n", "phone: 650\n"),
        ("phone: 0650\n", 'phone: "0650"\n'),
        ("wave: 1\n", 'wave: "1"\n'),
        ("a: 1\n", "a: 1.0\n"),
        ("a: 1\n", "a: true\n"),
        ("a: 1.50\n", "a: 1.5\n"),
        ("a: ~\n", "a:\n"),
        ("a: 10:00\n", "a: 600\n"),
        ("a: 1\nb: 2\n", "b: 2\na: 1\n"),
        ("a: 1  # b\n", "a: 1\n"),
        ("# b\n# c\na: 1\n", "# c\n# b\na: 1\n"),
        ("a: |  # b\n  c\n", "a: |\n  c\n"),
        ("a: |\n  b\n", "a: |-\n  b\n"),
        ("a: &b 1\nc: *b\n", "a: 1\nc: 1\n"),
        ("a: !!str b\n", "a: b\n"),
        ("a: 1\n---\na: 2\n", "a: 1\n"),
        ("---\na: 1\n", "a: 1\n"),
    ],
)
def test_texts_that_differ_in_anything_else_do_not(old: str, new: str) -> None:
    # `0650` is text to our loader; to any other reader it is a number, and it is to stay one.
    assert not says_the_same(old, new)


def test_a_file_that_is_laid_out_already_stays_as_it_is_to_the_byte() -> None:
    content = (GOLDEN / "after.yaml").read_bytes()
    assert laid(content).encode() == content


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.parent.name)
def test_the_manifests_that_people_start_from_are_laid_out(path: Path) -> None:
    assert laid(path.read_bytes()) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a: [1\n", "f.yaml:2:1: is not YAML: did not find expected ',' or ']'"),
        (b"a: 1\na: 2\n", "f.yaml:2:1: has a twice"),
        (b"\xff\xfe\xff", "is not text in UTF-8 or UTF-16"),
        ("a: 1\nb: 'x\u2028y'\n".encode(), "f.yaml:2:6: holds an odd line break"),
        (
            "a: 1\nbc: '\ufeff'\n".encode(),
            "f.yaml:2:6: holds an odd line break (U+0085, U+2028, U+2029) or a byte order mark",
        ),
        (b" a: 1\n --- x: 2\n", "f.yaml: cannot be laid out anew without changing what it says, and is left as it is"),
    ],
)
def test_what_cannot_be_laid_out_is_said_with_its_place(content: bytes, says: str) -> None:
    assert says in complaint(content)


def test_a_layout_is_shown_without_values_and_comments() -> None:
    text = """\
spec:  # for Ann
  host: https://quokka.example
  wave: &one '1'
  payload: {first_name: Ann, +1 650 000 0000: "x\\ty", nested: [true, 10:00], again: *one}
  text: |2-
      of several
      words
  &anchor-16507313371 list: !!str 7
  ? key
"""
    assert (
        veiled(text)
        == """\
spec:  # ••• •••
  host: •••••://••••••.•••••••
  wave: &one '•'
  payload: {first_name: •••, +• ••• ••• ••••: "•\\••", nested: [••••, ••:••], again: *one}
  text: |2-
      •• •••••••
      •••••
  &••••••-••••••••••• list: !!str •
  ? key
"""
    )
