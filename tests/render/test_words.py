"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.render.words import count, duration, listing, moment, moment_of_ms, percent


@pytest.mark.parametrize(
    ("n", "words"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (1_200_000, "1,200,000 calls")]
)
def test_a_count_has_its_plural_and_separated_thousands(n: int, words: str) -> None:
    assert count(n, "call") == words


def test_an_odd_plural_can_be_given() -> None:
    assert count(2, "retry", "retries") == "2 retries"


@pytest.mark.parametrize(("share", "words"), [(45, "45%"), (100 / 3, "33.3%"), (0.04, "0%"), (100, "100%")])
def test_a_percentage_has_at_most_one_decimal(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("parts", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_listing_reads_as_a_sentence_does(parts: list[str], words: str) -> None:
    assert listing(parts) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (11_400, "3 h 10 min"),
    ],
)
def test_a_duration_is_in_the_two_units_that_matter(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_moment_is_told_in_utc_whatever_its_own_zone() -> None:
    assert moment(datetime(2024, 5, 1, 12, 30, tzinfo=timezone(timedelta(hours=3)))) == "2024-05-01 09:30 UTC"


def test_unix_milliseconds_are_told_like_any_moment() -> None:
    assert moment_of_ms(1691006924166) == moment(datetime(2023, 8, 2, 20, 8, tzinfo=UTC))


@pytest.mark.parametrize("unix_ms", [10**18, -(10**18), 10**30])
def test_a_time_that_no_calendar_has_is_no_error(unix_ms: int) -> None:
    assert moment_of_ms(unix_ms) == "unreadable time"
