"""Suppression files are read whole or not at all."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reconciler.errors import ManifestError
from reconciler.manifest.model import SuppressionColumn
from reconciler.phones.desired import read_suppression
from reconciler.phones.problems import Problems
from reconciler.phones.suppression import ALWAYS, OTHER, Listed, read_listed
from tests.phones.sample import desired, suppression, write

BOTH = frozenset({"16500000042", "442079460000"})


def suppressed(path: Path, **spec: Any) -> frozenset[str]:
    return read_suppression([suppression(path, **spec)])


def told(path: Path, **spec: Any) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        suppressed(path, **spec)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("never.txt", "# asked us\n\n+1 650 000 0042  # in May\n\t0044 20 7946 0000\r\n"),
        ("never", "\ufeff16500000042\n442079460000"),
        ("never.csv", "phone\n+16500000042\n442079460000\n"),
        ("never.csv", "since,phone\n2024-05-01,16500000042\n,442079460000\n"),
        ("never.csv", "number\n16500000042\n442079460000\n"),
        ("never.tsv", "phone\tsince\n16500000042\t\n442079460000\tMay\n"),
        ("never.jsonl", '{"phone":"16500000042"}\n{"phone":442079460000}\n'),
        ("never.jsonl", '{"number":"16500000042"}\n{"number":"+44 20 7946 0000"}\n'),
    ],
)
def test_numbers_are_read_from_each_format(tmp_path: Path, name: str, content: str, packed: str) -> None:
    assert suppressed(write(tmp_path / (name + packed), content)) == BOTH


def test_numbers_are_read_from_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    write_table(pyarrow.table({"number": ["16500000042", "442079460000"]}), tmp_path / "never.parquet")
    assert suppressed(tmp_path / "never.parquet") == BOTH


def test_the_manifest_may_name_column_format_and_region(tmp_path: Path) -> None:
    path = write(tmp_path / "never.list", "phone,mobile\nx,(650) 000-0042\n")
    assert suppressed(path, column="mobile", format="csv", region="US") == {"16500000042"}


@pytest.mark.parametrize(
    ("regions", "text", "read"),
    [
        (("US",), "(650) 253-0000", {"16502530000", "6502530000"}),  # alone it would be a number of Singapore
        (("RU",), "8 (495) 123-45-67", {"74951234567", "84951234567"}),  # or of Vietnam
        (("US",), "650-253-0000 x", set()),
        (("US",), "+1 650 253 0000", {"16502530000"}),
        (("US",), "16502530000", {"16502530000"}),
        (("GB",), "020 7946 0000", {"442079460000"}),
        (("GB", "US"), "650 253 0000", {"16502530000", "6502530000", "446502530000"}),
        (("XX",), "16502530000", {"16502530000"}),
        ((), "(650) 253-0000", {"6502530000"}),
    ],
)
def test_without_a_region_of_its_own_a_number_is_also_one_of_the_lists_countries(
    tmp_path: Path, regions: tuple[str, ...], text: str, read: set[str]
) -> None:
    listed = suppression(write(tmp_path / "never.txt", f"{text}\n"))
    if not read:
        with pytest.raises(ManifestError):
            read_suppression([msgspec.structs.replace(listed, regions=regions)])
        return
    assert read_suppression([msgspec.structs.replace(listed, regions=regions)]) == read


def test_each_reading_has_its_reason_and_its_end(tmp_path: Path) -> None:
    rows = "phone,why,until\n650 253 0000,asked,\n650 253 0001,asked,2026-03-31\n650 253 0002,quarrel,\n"
    how = {"reason": SuppressionColumn(column="why"), "expires": SuppressionColumn(column="until")}
    listed = suppression(write(tmp_path / "never.csv", rows), **how)
    read = read_listed(msgspec.structs.replace(listed, regions=("US",)), Problems(0), 2e9)
    words = {"0": "asked", "2": "quarrel"}
    assert read.reasons == {f"{code}650253000{n}": word for n, word in words.items() for code in ("", "1")}
    assert (read.digits, read.rows) == (frozenset(read.reasons), 3)


def test_numbers_of_all_files_come_together(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.txt", "16500000042"), write(tmp_path / "b.txt", "442079460000")]
    assert read_suppression([suppression(path) for path in files]) == BOTH


def test_suppressed_numbers_are_part_of_what_is_wanted(tmp_path: Path) -> None:
    never = suppression(write(tmp_path / "never.txt", "16500000042\n442079460000"))
    assert desired(suppress=(never,)).suppressed == BOTH


def test_every_bad_line_is_told_and_none_is_quoted(tmp_path: Path) -> None:
    problems = told(write(tmp_path / "never.txt", "16500000042\nask Planted\n1.65E+10\n020 7946 0000\n"))
    assert [problem.partition(";")[0] for problem in problems] == [
        "never.txt:2: has letters in it",
        "never.txt:3: is in scientific notation, its last digits are lost",
        "never.txt:4: does not start with the calling code of any country",
    ]
    assert "Planted" not in "".join(problems)


def test_a_bad_cell_is_told_with_its_column(tmp_path: Path) -> None:
    [problem] = told(write(tmp_path / "never.csv", "mobile,x\n,y\n"), column="mobile")
    assert problem.startswith("never.csv:2: mobile: is empty")


def test_an_empty_file_is_refused_as_it_may_be_a_failed_export(tmp_path: Path) -> None:
    assert told(write(tmp_path / "never.txt", "")) == [
        "never.txt: is empty; a line such as `# nobody yet` says that this is meant"
    ]
    assert suppressed(write(tmp_path / "never.txt", "# nobody yet\n")) == frozenset()


@pytest.mark.parametrize("content", ["16500000042\n442079460000\n", "650-0000\n"])
def test_a_first_line_that_is_a_number_is_not_taken_for_a_header(tmp_path: Path, content: str) -> None:
    [problem] = told(write(tmp_path / "never.csv", content))
    assert problem.startswith("never.csv:1: has no column 'phone'; its first line looks like a call")


def test_a_named_column_has_to_be_there_even_if_it_is_the_only_one(tmp_path: Path) -> None:
    [problem] = told(write(tmp_path / "never.csv", "number\n16500000042\n"), column="phone")
    assert "has no column 'phone'; its columns are 'number'" in problem


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    [problem] = told(tmp_path / "never.txt")
    assert problem.startswith("never.txt: there is no such file")


def test_hints_name_only_what_the_manifest_can_say(tmp_path: Path) -> None:
    [problem] = told(write(tmp_path / "never.txt", "Zoë\n".encode("latin-1")))
    assert problem == "never.txt:1: is not in utf-8; save it as UTF-8"
    [problem] = told(write(tmp_path / "never.csv", "phone;since\n"))
    assert "delimiter" not in problem


def test_an_unknown_region_is_a_problem_of_the_manifest(tmp_path: Path) -> None:
    [problem] = told(write(tmp_path / "never.txt", "x"), region="XX")
    assert problem.startswith("campaign.yaml:12:5: region: is not a country")


# ------------------------------------------------------------------------------------------- reasons, and until when

WITH_MORE = "phone,why,until\n16500000001,Opt-out,\n16500000002,,2026-03-31\n16500000003,asked Ms Planted,2026-03-01\n"
UNTIL = SuppressionColumn("until")
MORE = {"reason": SuppressionColumn("why"), "expires": UNTIL}


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def listed(path: Path, now_s: float = ALWAYS, **spec: Any) -> Listed:
    problems = Problems()
    found = read_listed(suppression(path, **spec), problems, now_s)
    problems.raise_if_any()
    return found


@pytest.mark.parametrize(
    ("now", "last_digits"),
    [("2026-02-01T00:00Z", "123"), ("2026-03-15T00:00Z", "12"), ("2026-04-15T00:00Z", "1")],
)
def test_an_entry_suppresses_until_its_last_day_is_over(tmp_path: Path, now: str, last_digits: str) -> None:
    found = listed(write(tmp_path / "never.csv", WITH_MORE), at(now), **MORE)
    assert sorted(number[-1] for number in found.digits) == [*last_digits]


@pytest.mark.parametrize(("now", "holds"), [("2026-04-01T11:59Z", True), ("2026-04-01T12:00Z", False)])
def test_a_day_is_over_once_it_is_over_everywhere(tmp_path: Path, now: str, holds: bool) -> None:
    found = listed(write(tmp_path / "never.csv", "phone,until\n16500000002,2026-03-31\n"), at(now), expires=UNTIL)
    assert bool(found.digits) == holds


def test_a_number_is_suppressed_as_long_as_any_of_its_entries_is(tmp_path: Path) -> None:
    path = write(tmp_path / "never.csv", "phone,until\n16500000002,2020-01-01\n16500000002,\n16500000002,2021-01-01\n")
    assert listed(path, at("2026-01-01T00:00Z"), expires=UNTIL).digits == {"16500000002"}


def test_expired_entries_count_as_entries_still(tmp_path: Path) -> None:
    assert listed(write(tmp_path / "never.csv", WITH_MORE), at("2030-01-01T00:00Z"), **MORE).rows == 3


def test_without_the_column_in_the_manifest_nothing_expires(tmp_path: Path) -> None:
    assert len(listed(write(tmp_path / "never.csv", WITH_MORE), at("2030-01-01T00:00Z")).digits) == 3


def test_a_reason_is_a_word_and_free_text_is_not_repeated(tmp_path: Path) -> None:
    rows = [
        ("16500000001", "Opt-out"),
        ("16500000002", ""),
        ("16500000003", "asked by Ms Planted on the phone"),
        ("16500000004", "see 16500000004"),
    ]
    content = "".join(f"{phone},{why}\n" for phone, why in [("phone", "why"), *rows])
    found = listed(write(tmp_path / "never.csv", content), reason=SuppressionColumn("why"))
    assert [found.reasons[phone] for phone, _ in rows] == ["opt-out", OTHER, OTHER, OTHER]


def test_reasons_and_days_are_read_from_json_lines_too(tmp_path: Path) -> None:
    lines = '{"phone":"16500000001","why":"court","until":"2026-03-31"}\n{"phone":"16500000002","why":[1]}\n'
    found = listed(write(tmp_path / "never.jsonl", lines), at("2026-04-02T00:00Z"), **MORE)
    assert (set(found.digits), dict(found.reasons)) == ({"16500000002"}, {"16500000002": OTHER})


@pytest.mark.parametrize("day", ["31.03.2026", "2026-02-30", "soon", "20260401"])
def test_a_day_that_is_none_stops_everything_and_is_not_quoted(tmp_path: Path, day: str) -> None:
    [problem] = told(write(tmp_path / "never.csv", f"phone,until\n16500000001,{day}\n"), expires=UNTIL)
    assert problem.startswith("never.csv:2: until: is no date; write the last day it holds as 2026-03-31")
    assert day not in problem


def test_a_date_and_time_holds_for_the_whole_day(tmp_path: Path) -> None:
    path = write(tmp_path / "never.csv", "phone,until\n16500000001,2026-03-31T08:00:00\n")
    assert listed(path, at("2026-03-31T23:00Z"), expires=UNTIL).digits


def test_the_last_day_of_the_calendar_is_for_good(tmp_path: Path) -> None:
    path = write(tmp_path / "never.csv", "phone,until\n16500000001,9999-12-31\n")
    assert listed(path, at("2200-01-01T00:00Z"), expires=UNTIL).digits


def test_text_has_no_columns_to_name(tmp_path: Path) -> None:
    [problem] = told(write(tmp_path / "never.txt", "16500000001\n"), expires=UNTIL)
    assert problem.startswith("campaign.yaml:12:5: expires: is text, which has no columns")


def test_a_region_that_is_none_is_told(tmp_path: Path) -> None:
    [problem] = told(write(tmp_path / "never.txt", "16500000001\n"), region="XX")
    assert ": region: " in problem


def test_no_number_shows_in_what_an_error_report_would_print(tmp_path: Path) -> None:
    assert repr(listed(write(tmp_path / "never.txt", "16500000001\n"))) == "Listed(1 of 1 entries)"
