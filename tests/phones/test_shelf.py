"""A file that several campaigns use is read once in a run, unless it is too large, has mistakes, or changes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.errors import ManifestError
from reconciler.manifest.model import Campaign, SuppressionColumn
from reconciler.phones.desired import ListedCalls
from reconciler.phones.problems import Problems
from reconciler.phones.rows import BLOCK, Block, Sheet
from reconciler.phones.shelf import Shelf
from reconciler.phones.suppression import collect_suppressed
from tests.phones.sample import campaign, file_list, suppression, write

ROWS = 3 * BLOCK


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    return write(tmp_path / "leads.csv", "phone,id\n" + "".join(f"1650{n:07},c{n}\n" for n in range(ROWS)))


@pytest.fixture
def never(tmp_path: Path) -> Path:
    return write(tmp_path / "never.txt", "16500000003\n16500000005\n")


@pytest.fixture
def two(leads: Path, never: Path) -> tuple[Campaign, Campaign]:
    """Two campaigns of the same list and suppression file."""
    made = campaign(file_list(leads, key="id"), suppress=(suppression(never),))
    return made, replace(made, name="other")


def shelf_for(*campaigns: Campaign, **options: Any) -> Shelf:
    shelf = Shelf(**options)
    shelf.expect(campaigns)
    return shelf


def sheet(path: Path, *columns: str) -> Sheet:
    of_nothing = campaign().place
    return Sheet(path=path, shown=path.name, place=of_nothing, format="csv", columns=columns)


def read(shelf: Shelf, of: Sheet) -> list[Block]:
    return [*shelf.blocks(of, Problems())]


def is_same(one: list[Block], other: list[Block]) -> bool:
    """Whether they are the very same blocks, not only equal ones."""
    return [*map(id, one)] == [*map(id, other)]


def test_rows_are_those_of_the_first_reading(two: tuple[Campaign, Campaign], leads: Path) -> None:
    shelf = shelf_for(*two)
    first, second = (read(shelf, sheet(leads, "phone", "id")) for _ in range(2))
    assert sum(len(block.rows) for block in first) == ROWS
    assert is_same(first, second)


def test_other_columns_are_another_reading(two: tuple[Campaign, Campaign], leads: Path) -> None:
    shelf = shelf_for(*two)
    assert read(shelf, sheet(leads, "id"))[0].columns[0][0] == "c0"
    assert read(shelf, sheet(leads, "phone"))[0].columns[0][0] == "16500000000"


def test_a_file_of_one_campaign_is_not_kept(two: tuple[Campaign, Campaign], leads: Path) -> None:
    shelf = shelf_for(two[0])
    assert not is_same(*(read(shelf, sheet(leads, "phone")) for _ in range(2)))


def test_a_file_that_was_written_to_is_read_again(two: tuple[Campaign, Campaign], leads: Path) -> None:
    shelf = shelf_for(*two)
    read(shelf, sheet(leads, "phone"))
    write(leads, "phone,id\n16509999999,c\n")
    assert [block.rows for block in read(shelf, sheet(leads, "phone"))] == [[2]]


def test_where_there_is_no_room_all_rows_come_all_the_same(two: tuple[Campaign, Campaign], leads: Path) -> None:
    shelf = shelf_for(*two, cells=BLOCK * 3)
    first, second = (read(shelf, sheet(leads, "phone")) for _ in range(2))
    assert [block.rows for block in first] == [block.rows for block in second]
    assert sum(len(block.rows) for block in first) == ROWS
    assert not is_same(first, second)


def test_a_list_with_mistakes_is_told_of_by_each_campaign(two: tuple[Campaign, Campaign], leads: Path) -> None:
    write(leads, "phone,id\n16500000001,a\n16500000002\n")
    shelf, told = shelf_for(*two), list[str]()
    for each in two:
        with pytest.raises(ManifestError) as caught:
            [*ListedCalls(each, shelf=shelf).chunks()]
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert "leads.csv:3: has 1 cell where the header has 2" in told[0]


def test_a_missing_file_is_told_of_by_each_campaign(two: tuple[Campaign, Campaign], never: Path) -> None:
    shelf = shelf_for(*two)
    never.unlink()
    for each in two:
        with pytest.raises(ManifestError, match="there is no such file"):
            [*ListedCalls(each, shelf=shelf).chunks()]


def test_campaigns_want_the_same_with_a_shelf_as_without(two: tuple[Campaign, Campaign]) -> None:
    shelf = shelf_for(*two)
    for each in two:
        alone, shared = ListedCalls(each), ListedCalls(each, shelf=shelf)
        assert shared.suppressed == alone.suppressed
        assert [c for chunk in shared.chunks() for c in chunk.calls()] == [
            c for chunk in alone.chunks() for c in chunk.calls()
        ]


# ------------------------------------------------------------------------------------------------------- suppression


def test_the_numbers_of_a_suppression_file_are_the_same_set(two: tuple[Campaign, Campaign], never: Path) -> None:
    os.utime(never, (0, 0))
    shelf = shelf_for(*two)
    first, second = (ListedCalls(each, shelf=shelf).suppressed for each in two)
    assert first == {"16500000003", "16500000005"}
    assert first is second


def test_a_suppression_file_that_changed_just_now_is_read_for_each_campaign(
    two: tuple[Campaign, Campaign], never: Path
) -> None:
    shelf = shelf_for(*two)
    moment = never.stat().st_mtime_ns
    ListedCalls(two[0], shelf=shelf)
    write(never, "16500000004\n16500000005\n")
    os.utime(never, ns=(moment, moment))
    assert ListedCalls(two[1], shelf=shelf).suppressed == {"16500000004", "16500000005"}


def test_a_reason_is_not_taken_for_the_end_of_an_entry(tmp_path: Path) -> None:
    path = write(tmp_path / "never.csv", "phone,more\n16500000003,2020-01-01\n")
    columns = ({"reason": SuppressionColumn("more")}, {"expires": SuppressionColumn("more")})
    lists = [suppression(path, **column) for column in columns]
    shelf = shelf_for(*(campaign(suppress=(each,)) for each in lists))
    now_s = path.stat().st_mtime
    found = [collect_suppressed((each,), Problems(), now_s, shelf) for each in lists]
    assert found == [{"16500000003"}, frozenset()]


def test_a_region_makes_other_numbers_of_it(never: Path) -> None:
    write(never, "6500000003\n")
    lists = [suppression(never, region=region) for region in ("US", "DE")]
    shelf = shelf_for(*(campaign(suppress=(each,)) for each in lists))
    assert collect_suppressed(lists[:1], Problems(), shelf=shelf) != collect_suppressed(
        lists[1:], Problems(), shelf=shelf
    )


def test_a_suppression_file_with_mistakes_is_never_kept(two: tuple[Campaign, Campaign], never: Path) -> None:
    write(never, "16500000003\nnobody\n")
    shelf = shelf_for(*two)
    for _ in two:
        problems = Problems()
        collect_suppressed(two[0].suppress, problems, shelf=shelf)
        assert problems.count == 1


def test_several_files_are_put_together(two: tuple[Campaign, Campaign], never: Path, tmp_path: Path) -> None:
    more = suppression(write(tmp_path / "more.txt", "16500000009\n"))
    shelf = shelf_for(*two)
    found = collect_suppressed((*two[0].suppress, more), Problems(), shelf=shelf)
    assert found == {"16500000003", "16500000005", "16500000009"}


def test_a_problem_is_counted_whether_it_is_kept_or_not(leads: Path) -> None:
    problems = Problems(1)
    for _ in range(2):
        assert not [*Shelf().blocks(sheet(leads, "nothing"), problems)]
    assert (problems.count, problems.omitted) == (2, 1)
