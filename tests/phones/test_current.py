"""Who is suppressed right now: files that are looked at again, and what is not believed of them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reconciler.errors import GuardTripped, ManifestError
from reconciler.manifest.model import SuppressionColumn
from reconciler.phones.current import CurrentSuppression
from reconciler.phones.problems import Problems
from tests.phones.sample import suppression, write


def numbers(*last: int) -> str:
    return "".join(f"1650000{n:04}\n" for n in last)


def opened(*paths: Path, allowed_pct: float = 0) -> CurrentSuppression:
    return CurrentSuppression([suppression(path) for path in paths], Problems(), allowed_pct=allowed_pct)


def last_digits(digits: frozenset[str]) -> list[int]:
    return sorted(int(each[-4:]) for each in digits)


def aged(path: Path) -> Path:
    """The same file, as if nobody had written to it for an hour."""
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))
    return path


def test_a_number_written_into_the_file_is_suppressed_from_then_on(tmp_path: Path) -> None:
    path = write(tmp_path / "never.txt", numbers(1, 2))
    current = opened(path)
    assert last_digits(current.now()) == [1, 2]
    write(path, numbers(1, 2, 3))
    assert last_digits(current.now()) == [1, 2, 3]


def test_a_file_that_is_put_in_the_place_of_another_is_noticed_whatever_its_time_says(tmp_path: Path) -> None:
    path = aged(write(tmp_path / "never.txt", numbers(1, 2)))
    current = opened(path)
    aged(write(tmp_path / "new.txt", numbers(1, 3))).replace(path)
    assert last_digits(current.now()) == [1, 2, 3]


def test_a_file_that_nobody_touched_is_not_read_again(tmp_path: Path) -> None:
    current = opened(aged(write(tmp_path / "never.txt", numbers(1, 2))))
    assert current.now() is current.now()


def test_whoever_was_suppressed_stays_so_for_the_run(tmp_path: Path) -> None:
    path = write(tmp_path / "never.txt", numbers(1, 2))
    current = opened(path)
    write(path, numbers(2))
    assert last_digits(current.now()) == [1, 2]


def test_numbers_of_all_files_come_together(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.txt", numbers(1)), write(tmp_path / "b.txt", numbers(2))
    current = opened(one, other)
    write(other, numbers(2, 3))
    assert last_digits(current.now()) == [1, 2, 3]


@pytest.mark.parametrize("content", [None, "", "asked us\n"], ids=["gone", "empty", "malformed"])
def test_a_file_that_can_no_longer_be_read_stops_whoever_asks(tmp_path: Path, content: str | None) -> None:
    path = write(tmp_path / "never.txt", numbers(1, 2))
    current = opened(path)
    path.unlink() if content is None else write(path, content)
    with pytest.raises(ManifestError, match=r"never\.txt"):
        current.now()


def test_a_file_that_lost_more_than_half_of_what_it_ever_had_in_this_run_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "never.txt", numbers(1, 2, 3))
    current = opened(path)
    write(path, numbers(1, 2))
    current.now()
    write(path, numbers(1))
    with pytest.raises(GuardTripped, match=r"lost 66\.7% of its 3 entries.* --allow suppression-shrink-percent=67"):
        current.now()


def test_a_file_may_lose_as_much_as_somebody_named(tmp_path: Path) -> None:
    path = write(tmp_path / "never.txt", numbers(1, 2, 3))
    current = opened(path, allowed_pct=67)
    write(path, numbers(1))
    assert last_digits(current.now()) == [1, 2, 3]


def test_files_are_named_as_they_are_seen_from_the_manifest(tmp_path: Path) -> None:
    path = write(tmp_path / "never.txt", numbers(1, 2))
    assert opened(path, path).rows(tmp_path / "campaigns") == {"../never.txt": 4}


def test_why_a_number_is_suppressed_is_known_where_a_file_says_so(tmp_path: Path) -> None:
    with_reasons = write(tmp_path / "never.csv", "phone,why\n16500000001,complaint\n")
    without = write(tmp_path / "never.txt", numbers(2))
    lists = [suppression(with_reasons, reason=SuppressionColumn("why")), suppression(without)]
    assert CurrentSuppression(lists, Problems()).reasons == {"16500000001": "complaint"}
