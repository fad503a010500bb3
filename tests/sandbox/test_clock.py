"""The sandbox's own time."""

from __future__ import annotations

import pytest

from reconciler.sandbox.clock import Clock, http_date, iso, parse_iso


def test_virtual_time_runs_speed_times_as_fast_as_the_real_one() -> None:
    real = iter([10.0, 12.0])
    assert Clock(1_000, 60, monotonic=lambda: next(real)).now_ms() == 121_000


def test_a_clock_of_speed_nought_moves_only_by_hand() -> None:
    clock = Clock(1_000, 0)
    assert clock.now_ms() == 1_000
    assert clock.advance(1.5) == 2_500


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_the_clock_refuses_to_go_anywhere_but_forward(seconds: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock(0, 0).advance(seconds)


@pytest.mark.parametrize("speed", [-1, float("inf")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Clock(0, speed)


def test_times_are_written_the_way_the_api_writes_them() -> None:
    assert iso(1691006924166) == "2023-08-02T20:08:44.166Z"
    assert http_date(1691006924166) == "Wed, 02 Aug 2023 20:08:44 GMT"


@pytest.mark.parametrize(
    "text", ["2023-08-02T20:08:44.166Z", "2023-08-02T22:08:44.166+02:00", "2023-08-02T20:08:44.166"]
)
def test_a_date_time_is_read_with_its_offset_and_as_utc_without(text: str) -> None:
    assert parse_iso(text) == 1691006924166


@pytest.mark.parametrize(
    "text", ["", "soon", "2023-08-02", "1691006924166", "9999-12-31T00:00:00Z", "0001-01-01T00:00"]
)
def test_what_is_no_date_time_of_our_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)iso"):
        parse_iso(text)
