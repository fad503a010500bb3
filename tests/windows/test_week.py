"""A week is a set of minutes: whatever it does, a set of numbers does the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.windows.week import DAY, EVERY, NEVER, WEEK, Week, days_text, hours_text

SPANS = st.lists(
    st.tuples(st.integers(0, WEEK), st.integers(0, WEEK)).map(lambda pair: tuple(sorted(pair))), max_size=4
)


def minutes(week: Week) -> set[int]:
    return {minute for minute in range(WEEK) if minute in week}


@given(SPANS, SPANS)
def test_it_is_joined_cut_and_subtracted_like_a_set(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = ({minute for span in spans for minute in range(*span)} for spans in (one, other))
    assert minutes(Week.of(one) | Week.of(other)) == a | b
    assert minutes(Week.of(one) & Week.of(other)) == a & b
    assert minutes(Week.of(one) - Week.of(other)) == a - b
    assert len(Week.of(one)) == len(a)
    assert bool(Week.of(one)) == bool(a)


@given(SPANS, st.integers(-3 * WEEK, 3 * WEEK))
def test_moved_it_comes_in_again_at_the_other_end(spans: list[tuple[int, int]], by: int) -> None:
    expected = {(minute + by) % WEEK for span in spans for minute in range(*span)}
    assert minutes(Week.of(spans).later(by)) == expected


@given(SPANS)
def test_its_spans_are_in_order_apart_and_give_it_back(spans: list[tuple[int, int]]) -> None:
    week = Week.of(spans)
    found = list(week.spans())
    assert Week.of(found) == week
    assert all(end < start for (_, end), (start, _) in pairwise(found))


@given(st.integers(-2 * WEEK, 2 * WEEK), st.integers(0, 2 * WEEK))
def test_a_time_has_the_minutes_of_the_week_that_come_by(since: int, length: int) -> None:
    assert minutes(Week.of_time(since, since + length)) == {m % WEEK for m in range(since, since + length)}


def test_a_time_that_ends_before_it_begins_has_none() -> None:
    assert Week.of_time(10, 5) == NEVER


def test_days_are_numbered_from_monday() -> None:
    assert Week.of_days([0, 6]).days() == (0, 6)
    assert Week.of([(DAY + 60, DAY + 120)]).of_day(1) == ((60, 120),)


@pytest.mark.parametrize(
    ("week", "text"),
    [
        (NEVER, "never"),
        (EVERY, "Mon–Sun 0:00–24:00"),
        (Week.of_days([2]), "Wed 0:00–24:00"),
        (Week.of([(600, 780), (840, 1200)]), "Mon 10:00–13:00 and 14:00–20:00"),
        (Week.of([(day * DAY + 480, day * DAY + 1320) for day in (0, 1, 2, 5)]), "Mon–Wed 8:00–22:00, Sat 8:00–22:00"),
        (Week.of([(DAY - 30, DAY + 30)]), "Mon 23:30–24:00, Tue 0:00–0:30"),
    ],
    ids=["never", "every", "a day", "a break", "days", "midnight"],
)
def test_people_read_days_with_the_same_hours_together(week: Week, text: str) -> None:
    assert str(week) == text
    assert repr(week) == f"Week({text})"


def test_days_that_follow_each_other_are_read_as_one() -> None:
    assert days_text([0, 1, 2, 4, 6]) == "Mon–Wed, Fri, Sun"
    assert days_text([]) == ""
    assert hours_text([]) == ""
