"""YAML files become values with places, or problems with places; nothing makes reading them fail otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest import yaml12
from reconciler.manifest.wording import KeyPath


def values(text: str | bytes) -> list[Any]:
    """The documents' values of a file without problems."""
    documents, problems = yaml12.parse(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert problems == ()
    return [document.value for document in documents]


def complaints(text: str | bytes) -> list[str]:
    """The problems of a file, as a user reads them."""
    return [str(p) for p in yaml12.parse(text.encode() if isinstance(text, str) else text, "f.yaml")[1]]


def test_plain_scalars_follow_the_core_schema_and_quoted_ones_are_text() -> None:
    assert values("[1, '1', \"1\", 10:00, no, ~, 'null', 0.5, true]") == [
        [1, "1", "1", "10:00", "no", None, "null", 0.5, True]
    ]


def test_block_scalars_are_text() -> None:
    assert values("a: |\n  12\nb: >-\n  12\n") == [{"a": "12\n", "b": "12"}]


def test_known_tags_say_what_a_scalar_is() -> None:
    text = "[!!str 12, ! 12, !!int '12', !!float 12, !!bool 'true', !!null '', !!seq [], !!map {}]"
    assert values(text) == [["12", "12", 12, 12, True, None, [], {}]]


@pytest.mark.parametrize(
    "text", ["!mine 12", "!!int x", "!!python/none ~", "!!set {a: ~}", "!!seq {a: 1}", "!!map [1]"]
)
def test_an_unknown_tag_or_one_that_does_not_fit_is_a_problem(text: str) -> None:
    (complaint,) = complaints(f"a: {text}")
    assert complaint.startswith("f.yaml:1:4: a: has a tag that is not known")


def test_several_documents_are_read_and_empty_ones_skipped() -> None:
    assert values("---\n---\na: 1\n...\n---\n~\n--- [2]\n") == [{"a": 1}, [2]]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n---\n", "\ufeff"])
def test_a_file_without_documents_has_none(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings_are_read(encoding: str) -> None:
    assert values("a: žluťoučký 🐎\n".encode(encoding)) == [{"a": "žluťoučký 🐎"}]


def test_a_text_field_keeps_its_scalar_as_written() -> None:
    text = b"{phone: 0650, wave: 1, key: 0x10, name: true, other: 0650, phone2: ~, at: {phone: +1}}"
    names = {"phone", "wave", "key", "name"}
    (document,), problems = yaml12.parse(text, "f.yaml", is_text=lambda path: path[-1] in names)
    assert problems == ()
    assert document.value == {
        "phone": "0650",
        "wave": "1",
        "key": "0x10",
        "name": "true",
        "other": 650,
        "phone2": None,
        "at": {"phone": "+1"},
    }


def test_a_null_in_a_text_field_stays_a_null() -> None:
    documents, _ = yaml12.parse(b"a: ~\nb:\nc: null\n", "f.yaml", is_text=lambda _: True)
    assert documents[0].value == {"a": None, "b": None, "c": None}


def test_a_number_too_large_for_json_is_kept_where_text_is_expected() -> None:
    documents, problems = yaml12.parse(b"a: 99999999999999999999", "f.yaml", is_text=lambda path: path == ("a",))
    assert (documents[0].value, problems) == ({"a": "99999999999999999999"}, ())


@pytest.mark.parametrize(("text", "what"), [("12345678901234567890", "beyond 64 bits"), (".inf", "JSON can hold")])
def test_a_number_json_cannot_hold_is_a_problem_with_its_place(text: str, what: str) -> None:
    (complaint,) = complaints(f"a:\n  - {text}\n")
    assert complaint.startswith("f.yaml:2:5: a[0]: ")
    assert what in complaint
    assert text not in complaint


# ------------------------------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("a",), (1, 1)),
        (("a", "b"), (2, 3)),
        (("a", "b", 1), (4, 5)),
        (("a", "b", 1, "c"), (4, 5)),
        (("d",), (5, 1)),
        (("d", 0), (5, 5)),
        (("a", "b", 7, "x"), (2, 3)),  # not there: the nearest part around it
        (("x",), (1, 1)),
    ],
    ids=str,
)
def test_every_part_has_its_place(path: KeyPath, place: tuple[int, int]) -> None:
    (document,), _ = yaml12.parse(b"a:\n  b:\n  - 1\n  - c: 2\nd: [1]\n", "f.yaml")
    assert (document.place(path).line, document.place(path).column) == place


def test_an_alias_stands_where_it_is_written_and_its_parts_where_they_are() -> None:
    (document,), _ = yaml12.parse(b"a: &x\n  b: [1]\nc:\n  - *x\n", "f.yaml")
    assert str(document.place(("c", 0))) == "f.yaml:4:5"
    assert str(document.place(("c", 0, "b"))) == "f.yaml:2:3"


def test_a_document_shows_only_its_place() -> None:
    (document,), _ = yaml12.parse(b"secret: 1", "f.yaml")
    assert repr(document) == "Document(f.yaml:1:1)"


# ----------------------------------------------------------------------------------------------------------- aliases


def test_aliases_are_replaced_by_what_they_name() -> None:
    text = "a: &x {p: [1, &y 2]}\nb: *x\nc: [*y, &x 3]\nd: *x\ne: &z [*x, *y]\nf: *z\n"
    assert values(text) == [{"a": {"p": [1, 2]}, "b": {"p": [1, 2]}, "c": [2, 3], "d": 3, "e": [3, 2], "f": [3, 2]}]


def test_the_same_anchored_text_is_read_by_the_rules_of_where_it_is_used() -> None:
    (document,), _ = yaml12.parse(b"phone: &p 0650\nother: *p\n", "f.yaml", is_text=lambda path: path == ("phone",))
    assert document.value == {"phone": "0650", "other": 650}


def test_an_alias_without_anchor_is_a_problem() -> None:
    assert complaints("a: *x\n--- &x 1\n--- *x") == [
        "f.yaml:1:4: is an alias, but nothing above has its anchor; write the value out",
        "f.yaml:3:5: is an alias, but nothing above has its anchor; write the value out",
    ]


def test_an_alias_inside_its_own_anchor_is_a_problem() -> None:
    assert complaints("a: &x [1, {b: *x}]") == ["f.yaml:1:15: is an alias inside its own anchor; write the value out"]


# ------------------------------------------------------------------------------------------------------------- names


def test_every_name_that_cannot_stand_is_reported_and_the_rest_is_read() -> None:
    text = "a: 1\na: {b: 2}\n1: x\n<<: {c: 3}\n? [1, {d: [2]}]\n: y\n~: z\n!mine e: 4\n9e999: 5\n'2': 6\n!!str 3: 7\n"
    documents, problems = yaml12.parse(text.encode(), "f.yaml")
    assert documents[0].value == {"a": 1, "2": 6, "3": 7}
    assert [str(problem) for problem in problems] == [
        "f.yaml:2:1: has a twice; keep one of the two",
        "f.yaml:3:1: has a name that is not text; put the name in quotes",
        "f.yaml:4:1: has a merge key, which YAML 1.2 does not know; write the fields out, or use $ref for a policy",
        "f.yaml:5:3: has a list or mapping for a name; a name is text",
        "f.yaml:7:1: has a name that is not text; put the name in quotes",
        "f.yaml:8:1: has a name that is not text; put the name in quotes",
        "f.yaml:9:1: has a name that is not text; put the name in quotes",
    ]


def test_a_quoted_merge_key_is_a_name() -> None:
    assert values("'<<': 1") == [{"<<": 1}]


def test_a_name_that_may_be_a_phone_is_masked_in_the_problem() -> None:
    (complaint,) = complaints("p:\n  '16500000042': 1\n  '16500000042': 2\n")
    assert complaint == "f.yaml:3:3: p: has ••••••••••• twice; keep one of the two"


# ------------------------------------------------------------------------------------------------- not YAML, limits


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [1\nb: 2\n", "f.yaml:2:2: is not YAML: did not find expected ',' or ']'"),
        ("a: @b\n", "f.yaml:1:4: is not YAML: found character that cannot start any token; quote text that begins"),
        ("a: b: c\n", "f.yaml:1:5: is not YAML: mapping values are not allowed in this context; quote text"),
        ("ok: 1\n--- {\n", "f.yaml:3:1: is not YAML: did not find expected node content"),
        ("%YAML 3.0\n--- 1\n", "f.yaml:1:1: is not YAML: found incompatible YAML document"),
    ],
    ids=["open list", "reserved character", "colon in text", "second document", "version"],
)
def test_what_is_not_yaml_is_a_problem_with_its_place(text: str, complaint: str) -> None:
    (got,) = complaints(text)
    assert got.startswith(complaint)


def test_documents_before_a_syntax_error_are_kept() -> None:
    documents, problems = yaml12.parse(b"a: 1\n--- {\n", "f.yaml")
    assert [document.value for document in documents] == [{"a": 1}]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("content", "line"),
    [("ok: 1\nname: café\n".encode("latin-1"), 2), (b"a: 1\nb: \x00\n", 2), (bytes(range(256)), 1), (b"a\n\xff", 2)],
    ids=["latin-1", "NUL", "binary", "cut"],
)
def test_bytes_that_are_no_text_are_a_problem_with_their_line(content: bytes, line: int) -> None:
    (complaint,) = complaints(content)
    assert complaint.startswith(f"f.yaml:{line}: is not text in UTF-8 or UTF-16")


def test_a_file_over_the_size_limit_is_refused_unread() -> None:
    assert complaints(b"a: " + b"x" * yaml12.MAX_BYTES) == [
        "f.yaml: is larger than 5 MiB; keep the phones in a file of their own"
    ]


def test_ten_megabytes_of_garbage_are_one_problem() -> None:
    assert len(complaints(b"\x00\xff" * 5_000_000)) == 1


def test_aliases_that_expand_without_bound_stop_at_the_limit() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (complaint,) = complaints("\n".join(rows))
    assert "holds more than 200,000 names and values, aliases written out" in complaint


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
def test_as_many_values_as_the_limit_allows_are_read() -> None:
    (value,) = values("- a\n" * (yaml12.MAX_NODES - 1))
    assert len(value) == yaml12.MAX_NODES - 1


@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
def test_one_value_more_than_the_limit_allows_is_refused() -> None:
    (complaint,) = complaints("- a\n" * yaml12.MAX_NODES)
    assert complaint.startswith(f"f.yaml:{yaml12.MAX_NODES}:3: holds more than")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "{? ", "{", "[a, {"])
def test_depth_is_limited_whatever_it_is_made_of(opening: str) -> None:
    (complaint,) = complaints(opening * 100_000)
    assert "nested more than 64 levels deep" in complaint


def test_as_deep_as_the_limit_allows_is_read() -> None:
    depth = yaml12.MAX_DEPTH
    assert values("[" * depth + "]" * depth) == [json.loads("[" * depth + "]" * depth)]


SYNTAX = st.sampled_from(
    [*"ab01-:?,[]{}#&*!|>'\"%@` \n\t~.<_x+é\ufeff\u2028\x00", ": ", "- ", "---\n", "&a ", "*a", "<<: "]
)


@given(st.lists(SYNTAX, max_size=60).map("".join).map(str.encode) | st.binary(max_size=60))
@example(b"\xed\xa0\x80")
@example(b"\xff\xfe\x00\xd8")
def test_any_bytes_give_values_or_problems(content: bytes) -> None:
    documents, problems = yaml12.parse(content, "f.yaml", is_text=lambda path: path[-1:] == ("a",))
    assert json.loads(json.dumps([document.value for document in documents], allow_nan=False)) is not None
    assert all(problem.place.file == "f.yaml" and problem.what for problem in problems)


# Python writes characters beyond U+FFFF as two escapes, which YAML has no way to join.
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON.filter(lambda value: value is not None))
def test_json_is_yaml_and_means_the_same(value: object) -> None:
    assert values(json.dumps(value)) == [value]
