"""Files of rows: every format streams in, and what is wrong with a file or a row is said with its place."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path, PosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Place
from reconciler.manifest.model import ColumnRef
from reconciler.phones.problems import Problems
from reconciler.phones.rows import BLOCK, LONGEST_LINE, Sheet, read_blocks, read_rows
from tests.phones.sample import calls, file_list, inline_list, problems, request, write

NAME = {"name": ColumnRef("name")}


def names(path: Path, **options: Any) -> list[tuple[str, str, int]]:
    """Phone, name and row of each call in the file."""
    read = calls(file_list(path, payload=NAME, **options))
    return [(call.phone, request(call)["payload"]["name"], call.row) for call in read]


# ------------------------------------------------------------------------------------------------ what is read


TWO = [("16500000001", "Ann", 2), ("16500000002", "Bob", 3)]


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("leads.csv", "phone,name\n+1 650 000 0001,Ann\n16500000002,Bob\n", (2, 3)),
        ("leads.CSV", "name,phone\r\nAnn,+1 650 000 0001\r\nBob,16500000002\r\n", (2, 3)),
        ("leads.tsv", "phone\tname\n+1 650 000 0001\tAnn\n16500000002\tBob", (2, 3)),
        ("leads.jsonl", '{"phone":"16500000001","name":"Ann"}\n{"name":"Bob","phone":16500000002}\n', (1, 2)),
        ("leads.ndjson", '\n{"phone":"16500000001","name":"Ann"}\n \n{"name":"Bob","phone":"16500000002"}', (2, 4)),
    ],
    ids=["csv", "CRLF", "tsv", "jsonl", "ndjson with blank lines"],
)
def test_a_list_is_read_from_each_format(
    tmp_path: Path, packed: str, name: str, content: str, rows: tuple[int, int]
) -> None:
    path = write(tmp_path / (name + packed), content)
    assert names(path) == [("16500000001", "Ann", rows[0]), ("16500000002", "Bob", rows[1])]


def test_a_list_is_read_from_parquet(tmp_path: Path) -> None:
    assert names(parquet(tmp_path, phone=[16500000001, 16500000002], name=["Ann", "Bob"])) == [
        ("16500000001", "Ann", 1),
        ("16500000002", "Bob", 2),
    ]


def parquet(folder: Path, **columns: list[object]) -> Path:
    """A Parquet file with these columns."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    write_table(pyarrow.table(columns), folder / "leads.parquet")
    return folder / "leads.parquet"


def test_the_manifest_may_name_format_encoding_and_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.txt", "phone;name\n16500000001;Zoë\n".encode("latin-1"))
    assert names(path, format="csv", encoding="latin-1", delimiter=";") == [("16500000001", "Zoë", 2)]


def test_tsv_may_have_another_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.tsv", "phone|name\n16500000001|Ann\n")
    assert names(path, delimiter="|") == [("16500000001", "Ann", 2)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "leads.csv", "phone,name\n16500000001,Zoë\n".encode(encoding))
    assert names(path, encoding=encoding.removesuffix("-sig")) == [("16500000001", "Zoë", 2)]


def test_a_byte_order_mark_is_no_part_of_the_first_object(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.jsonl", '\ufeff{"phone":"16500000001","name":"Ann"}')
    assert names(path) == [("16500000001", "Ann", 1)]


def test_a_row_is_the_line_it_starts_on(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", '\nphone,name\n16500000001,"Ann\nMarie\r\nLee"\n\n16500000002,Bob\n')
    assert names(path) == [("16500000001", "Ann\nMarie\r\nLee", 3), ("16500000002", "Bob", 7)]


def test_blank_lines_and_rows_of_empty_cells_are_skipped(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone,name\n\n16500000001,Ann\n,\n   \n\t\n16500000002,Bob\n,,,\n")
    assert [row for _, _, row in names(path)] == [3, 7]


def test_old_line_ends_are_line_ends(tmp_path: Path) -> None:
    assert names(write(tmp_path / "leads.csv", "phone,name\r16500000001,Ann\r16500000002,Bob\r")) == TWO


def test_names_of_columns_may_have_spaces_around_them(tmp_path: Path) -> None:
    assert names(write(tmp_path / "leads.csv", "phone , name\n16500000001,Ann\n")) == TWO[:1]


def test_a_file_of_one_column_is_enough(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone\n16500000001\n\n16500000002\n")
    assert [(call.phone, call.row) for call in calls(file_list(path))] == [("16500000001", 2), ("16500000002", 4)]


@pytest.mark.parametrize(
    ("name", "content"), [("leads.csv", "phone,name\n"), ("leads.csv", "phone,name"), ("leads.tsv", "phone\tname\n\n")]
)
def test_a_header_alone_is_a_list_of_nobody(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content)
    assert problems(file_list(path, payload=NAME)) == []
    assert names(path) == []


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_cells_are_what_the_csv_module_reads_by_column_name(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *rows])
    path = write(tmp_path_factory.getbasetemp() / "cells.csv", text.getvalue())
    expected = [
        (row["c"], row["a"]) for row in csv.DictReader(io.StringIO(text.getvalue(), newline="")) if any(row.values())
    ]
    found = Problems()
    sheet = Sheet(path, "cells.csv", Place("campaign.yaml"), "csv", ("c", "a"))
    assert [cells for _, cells in read_rows(sheet, found)] == expected
    assert not found.kept


def one_by_one(text: str) -> list[tuple[int, list[str]]]:
    """Each record with the line it starts on, as the csv module numbers them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found, start = [], 1
    for record in reader:
        found.append((start, record))
        start = reader.line_num + 1
    return found


LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
QUOTED = st.text(st.sampled_from('a,"\n\r '), max_size=5)


@given(st.lists(st.tuples(QUOTED, QUOTED, LINE_ENDS), max_size=5), st.sampled_from([0, 1, 499, 500]))
def test_rows_are_numbered_as_the_csv_module_counts_lines(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], plain: int
) -> None:
    quoted = ['"{}","{}"{}'.format(a.replace('"', '""'), b.replace('"', '""'), end) for a, b, end in rows]
    text = "".join(["a,b\n", *["x,y\n"] * plain, *quoted])
    path = write(tmp_path_factory.getbasetemp() / "lines.csv", text)
    found = Problems()
    sheet = Sheet(path, "lines.csv", Place("campaign.yaml"), "csv", ("b",))
    expected = [(line, (record[1],)) for line, record in one_by_one(text)[1:] if any(record)]
    assert [*read_rows(sheet, found)] == expected
    assert not found.kept


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_no_line_is_lost_or_counted_twice_where_one_piece_of_a_file_ends(
    tmp_path: Path, end: str, encoding: str
) -> None:
    rows = [f"1650{number:07},{'x' * (number % 23)}" for number in range(10_000)]
    path = write(tmp_path / "leads.csv", end.join(["phone,name", *rows]).encode(encoding))
    read = calls(file_list(path, encoding=encoding))
    assert [(call.phone, call.row) for call in read] == [(f"1650{n:07}", n + 2) for n in range(10_000)]


def test_a_long_list_of_objects_comes_in_blocks(tmp_path: Path) -> None:
    count = 2 * BLOCK
    lines = [f'{{"phone":"1650{number:07}"}}' for number in range(count)]
    found = Problems()
    sheet = Sheet(write(tmp_path / "a.jsonl", "\n".join(lines)), "a.jsonl", Place("a.yaml"), "jsonl", ("phone",))
    blocks = [*read_blocks(sheet, found)]
    assert [len(block.rows) for block in blocks] == [BLOCK, BLOCK]
    assert blocks[1].row(BLOCK - 1) == (f"1650{count - 1:07}",)
    assert repr(blocks[0]) == f"Block({BLOCK} rows)"  # no cell


def test_a_line_may_be_almost_a_million_characters_long(tmp_path: Path) -> None:
    text = f"16500000041\n#{'x' * (LONGEST_LINE - 3)}\n16500000042\n"
    found = Problems()
    sheet = Sheet(write(tmp_path / "never.txt", text), "never.txt", Place("a.yaml"), "text", ("phone",))
    assert [*read_rows(sheet, found)] == [(1, ("16500000041",)), (3, ("16500000042",))]
    assert not found.kept


# ------------------------------------------------------------------------------------------- what is wrong with a file


BAD_FILES = {
    "empty": ("leads.csv", b"", "leads.csv: is empty"),
    "only blank lines": ("leads.csv", b"\n \n,,\n", "leads.csv: is empty"),
    "only a byte order mark": ("leads.csv", b"\xef\xbb\xbf", "leads.csv: is empty"),
    "empty JSONL": ("leads.jsonl", b"", "leads.jsonl: is empty"),
    "latin-1": (
        "leads.csv",
        "phone,name\n1,Ann\n2,Zoë\n".encode("latin-1"),
        "leads.csv:3: is not in utf-8; `encoding: latin-1`",
    ),
    "UTF-16": ("leads.csv", "phone,name\n".encode("utf-16"), "leads.csv:1: is not in utf-8; `encoding: utf-16`"),
    "UTF-16 without mark": ("leads.csv", "phone,name\n".encode("utf-16-le"), "leads.csv:1: has NUL characters"),
    "NUL": ("leads.csv", b"phone,name\n16500000042,A\0nn\n", "leads.csv:2: has NUL characters"),
    "garbage": ("leads.csv", b"x" * 3_000_000, "leads.csv:1: has a line of a million characters"),
    "garbage for JSONL": ("leads.jsonl", b"x" * 3_000_000, "leads.jsonl:1: has a line of a million characters"),
    "a cell too long": ("leads.csv", b"phone,name\n16500000042," + b"x" * 200_000, "leads.csv:2: has a cell of more"),
    "header too long": ("leads.csv", b"x" * 200_000, "leads.csv:1: has a cell of more"),
    "a quote left open": (
        "leads.csv",
        b'phone,name\n16500000042,"Ann\n1,2\n',
        "leads.csv:2: has a quote that is never",
    ),
    "not gzip": ("leads.csv.gz", None, "leads.csv.gz: is not gzip, or damaged"),
    "unknown format": ("leads.xls", b"phone", "leads.xls: has a name that does not tell its format"),
    "another separator": ("leads.csv", b"phone;name\n", "leads.csv:1: has no columns 'phone', 'name'"),
    "a column twice": ("leads.csv", b"phone,name,phone\n", "leads.csv:1: has more than one column 'phone'"),
    "not Parquet": ("leads.parquet", b"phone,name\n", "leads.parquet: is not Parquet"),
    "empty Parquet": ("leads.parquet", b"", "leads.parquet: is not Parquet"),
    "Parquet in gzip": ("leads.parquet.gz", b"PAR1", "leads.parquet.gz: is Parquet in gzip"),
}


@pytest.mark.parametrize(("name", "content", "starts"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_read_is_one_problem(
    tmp_path: Path, name: str, content: bytes | None, starts: str
) -> None:
    path = tmp_path / name
    if content is None:
        path.write_bytes(b"phone,name\n16500000042,Ann\n")
    else:
        write(path, content)
    [problem] = problems(file_list(path, payload=NAME))
    assert problem.startswith(starts)
    assert "0042" not in problem
    assert "Ann" not in problem


def test_a_missing_file_is_named_with_the_place_that_names_it(tmp_path: Path) -> None:
    assert problems(file_list(tmp_path / "leads.csv")) == [
        "leads.csv: there is no such file; it is named at campaign.yaml:12:5"
    ]


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").mkdir()
    [problem] = problems(file_list(tmp_path / "leads.csv"))
    assert problem.startswith("leads.csv: is a directory")


class Forbidden(PosixPath):
    """A file nobody may read: root, as whom tests may run, may read all real ones."""

    def open(self, *arguments: object, **options: object) -> Any:
        raise PermissionError(13, "Permission denied", str(self))


def test_a_file_without_permission_is_told_from_a_missing_one(tmp_path: Path) -> None:
    [problem] = problems(file_list(Forbidden(tmp_path / "leads.csv")))
    assert problem.startswith("leads.csv: may not be read: permission denied")
    assert str(tmp_path) not in problem


def test_another_failure_of_the_disk_is_told_without_the_whole_path(tmp_path: Path) -> None:
    [problem] = problems(file_list(tmp_path / ("x" * 300) / "leads.csv"))
    assert problem.startswith("leads.csv: cannot be read: File name too long")
    assert str(tmp_path) not in problem


@pytest.mark.parametrize(
    ("cut", "what"),
    [(slice(None, -9), "ends in the middle"), (slice(None, -3), "ends in the middle")],
    ids=["data", "checksum"],
)
def test_a_truncated_gzip_file_is_refused(tmp_path: Path, cut: slice, what: str) -> None:
    path = tmp_path / "leads.csv.gz"
    path.write_bytes(gzip.compress(b"phone,name\n16500000042,Ann\n")[cut])
    [problem] = problems(file_list(path, payload=NAME))
    assert what in problem


@pytest.mark.parametrize("position", [10, -6], ids=["data", "checksum"])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, position: int) -> None:
    path = tmp_path / "leads.csv.gz"
    packed = bytearray(gzip.compress(b"phone,name\n16500000042,Ann\n"))
    packed[position] |= 0x06  # in the data: a kind of block that does not exist
    packed[position] ^= 0x80
    path.write_bytes(packed)
    [problem] = problems(file_list(path, payload=NAME))
    assert "damaged" in problem


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "leads.parquet", b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    [problem] = problems(file_list(path))
    assert "pip install 'campaign-reconciler[parquet]'" in problem


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, phone=["16500000001"] * 100)
    path.write_bytes(path.read_bytes()[:-20] + b"PAR1" * 5)
    [problem] = problems(file_list(path))
    assert problem.startswith("leads.parquet: ")


@pytest.mark.parametrize("encoding", ["no-such", "rot13", "utf-7", "unicode_escape"])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "leads.csv", "phone\n16500000001\n")
    [problem] = problems(file_list(path, encoding=encoding))
    assert problem.startswith("leads.csv: has an `encoding` that is not known")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_bytes_that_do_not_fit_the_encoding_are_refused(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "leads.csv", b"phone,name\n16500000042,\x81\n")
    [problem] = problems(file_list(path, encoding=encoding))
    assert f"is not in {encoding}" in problem


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r"])
def test_a_delimiter_that_cannot_be_one_is_refused(tmp_path: Path, delimiter: str) -> None:
    [problem] = problems(file_list(write(tmp_path / "leads.csv", "phone\n"), delimiter=delimiter))
    assert "`delimiter`" in problem


# ------------------------------------------------------------------------------------- what is wrong with the columns


def missing(path: Path, content: str) -> str:
    [problem] = problems(file_list(write(path / "leads.csv", content), payload=NAME))
    return problem


def test_a_missing_column_is_told_with_those_that_exist(tmp_path: Path) -> None:
    assert missing(tmp_path, "\nPhone,address2,name\n") == (
        "leads.csv:2: has no column 'phone'; its columns are 'Phone', 'address•', 'name'"
    )


def test_no_more_than_twenty_columns_are_listed(tmp_path: Path) -> None:
    problem = missing(tmp_path, ",".join("abcdefghijklmnopqrstuvwxyz") + "\n")
    assert problem.endswith("'s', 't', …")


@pytest.mark.parametrize("first", ["16500000042,Planted", "planted@example.org,Planted", "650-000,Planted"])
def test_a_file_without_a_header_gets_a_hint_and_shows_no_cell(tmp_path: Path, first: str) -> None:
    problem = missing(tmp_path, f"{first}\n")
    assert "add a line with the names of the columns" in problem
    assert "lanted" not in problem
    assert "650" not in problem


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_another_delimiter_is_guessed(tmp_path: Path, mark: str) -> None:
    assert f"separated by {mark!r}" in missing(tmp_path, f"phone{mark}name\n")


def test_a_missing_column_of_parquet_is_told(tmp_path: Path) -> None:
    [problem] = problems(file_list(parquet(tmp_path, phone=["1"]), payload=NAME))
    assert problem == "leads.parquet: has no column 'name'; its columns are 'phone'"


def test_objects_without_phones_are_told_once(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.jsonl", '{"tel":"16500000042"}\n' * 5)
    [problem] = problems(file_list(path))
    assert problem == "leads.jsonl:1: has no column 'phone'; its columns are 'tel'"


def test_a_field_that_no_object_has_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.jsonl", '{"phone":"16500000042","nom":"Ann"}\n')
    [problem] = problems(file_list(path, payload=NAME))
    assert problem.startswith("leads.jsonl: has no object with a field 'name'")


def test_a_field_that_some_objects_lack_is_empty_there(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.jsonl", '{"phone":"16500000001"}\n{"phone":"16500000002","name":"Bob"}\n')
    assert names(path) == [("16500000001", "", 1), ("16500000002", "Bob", 2)]


# ----------------------------------------------------------------------------------------- what is wrong with a row


def test_every_bad_row_is_told_with_its_line(tmp_path: Path) -> None:
    content = 'phone,name\n16500000001\n16500000002,Ann,x\n16500000003,"Ann" Lee\n16500000004,Ann\n\nx,Bob\n'
    told = [p.partition(";")[0] for p in problems(file_list(write(tmp_path / "leads.csv", content), payload=NAME))]
    assert told == [
        "leads.csv:2: has 1 cell where the header has 2",
        "leads.csv:3: has 3 cells where the header has 2",
        "leads.csv:4: has a quote in the wrong place",
        "leads.csv:7: phone: has letters in it",
    ]


@pytest.mark.parametrize(
    ("last", "what"),
    [
        ("16500000009,A\0", "has NUL characters"),
        ("16500000009," + "x" * LONGEST_LINE, "has a line of a million characters"),
        ("16500000009," + "x" * 200_000, "has a cell of more than"),
        ('16500000009,"A', "has a quote that is never closed"),
    ],
    ids=["NUL", "line", "cell", "quote"],
)
def test_bad_rows_before_the_one_that_ends_the_reading_are_told_too(tmp_path: Path, last: str, what: str) -> None:
    path = write(tmp_path / "leads.csv", f"phone,name\nx,Ann\n16500000002\n{last}")
    told = problems(file_list(path, payload=NAME))
    assert [problem.partition(";")[0] for problem in told[:2]] == [
        "leads.csv:2: phone: has letters in it",
        "leads.csv:3: has 1 cell where the header has 2",
    ]
    assert told[2].startswith(f"leads.csv:4: {what}")


def test_bad_objects_before_the_one_that_ends_the_reading_are_told_too(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.jsonl", '{"phone":"x"}\n' + "x" * LONGEST_LINE)
    told = [problem.partition(";")[0] for problem in problems(file_list(path))]
    assert told == ["leads.jsonl:1: phone: has letters in it", "leads.jsonl:2: has a line of a million characters"]


def test_what_is_no_text_is_told_with_its_line_far_down_too(tmp_path: Path) -> None:
    rows = [f"1650{number:07},Ann" for number in range(10_000)]
    path = write(tmp_path / "leads.csv", "\n".join(["phone,name", *rows, "16500010000,A\0"]))
    [problem] = problems(file_list(path, payload=NAME))
    assert problem.startswith("leads.csv:10002: has NUL characters")


def test_reading_goes_on_behind_a_bad_row_far_down(tmp_path: Path) -> None:
    rows = [f"1650{number:07},Ann" for number in range(BLOCK + 3)]
    content = "\n".join(["phone,name", *rows, '16500000999,"Ann" Lee', '16500000998,"two\nlines"', "x,Bob"])
    told = [p.partition(";")[0] for p in problems(file_list(write(tmp_path / "leads.csv", content), payload=NAME))]
    assert told == [
        f"leads.csv:{BLOCK + 5}: has a quote in the wrong place",
        f"leads.csv:{BLOCK + 8}: phone: has letters in it",
    ]


def test_every_bad_object_is_told_with_its_line(tmp_path: Path) -> None:
    lines = [
        b'{"phone":"16500000001"}',
        b"[]",
        b"{",
        b'"planted"',
        b'{"phone":"16500000002","phone":"16500000003"}',
        b'{"phone":"16500000002","x":{"planted":1,"planted":2}}',
        b'{"phone" : "16500000002", "phone":1}',
        b'{"phone":"16500000002","x":NaN}',
        b'{"phone":"16500000002","x":"\xff"}',
        b'{"phone":"16500000002","x":"\\ud800"}',
        b'{"phone":"16500000002","x":1e999}',
        b"[" * 100_000,
        b'{"x":"\\": 1"}',
        b'{"phone":null}',
        b'{"phone":{"planted":1}}',
        b'{"phone":true}',
    ]
    told = problems(file_list(write(tmp_path / "leads.jsonl", b"\n".join(lines))))
    assert [p.partition(";")[0] for p in told] == [
        "leads.jsonl:2: is not a JSON object",
        "leads.jsonl:3: is not valid JSON",
        "leads.jsonl:4: is not a JSON object",
        "leads.jsonl:5: has a key twice in one object",
        "leads.jsonl:6: has a key twice in one object",
        "leads.jsonl:7: has a key twice in one object",
        "leads.jsonl:8: is not valid JSON",
        "leads.jsonl:9: is not valid JSON",
        "leads.jsonl:10: is not valid JSON",
        "leads.jsonl:11: is not valid JSON",
        "leads.jsonl:12: is not valid JSON",
        "leads.jsonl:13: phone: is empty",
        "leads.jsonl:14: phone: is empty",
        "leads.jsonl:15: phone: is not text, a number, a date or a truth value",
        "leads.jsonl:16: phone: has letters in it",
    ]
    assert "planted" not in "".join(told)


def test_reading_goes_on_with_the_next_list(tmp_path: Path) -> None:
    missing_file = file_list(tmp_path / "gone.csv")
    bad_row = file_list(write(tmp_path / "leads.csv", "phone\nx\n"))
    assert len(problems(missing_file, bad_row, inline_list())) == 2
