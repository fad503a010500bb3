"""What `campaign resolve` shows."""

from __future__ import annotations

import re

from tests.resolve.place import Place, mask


def test_each_call_in_doubt_is_shown_masked_under_what_was_asked_when_and_what_came_back(place: Place) -> None:
    place.in_doubt(1, 2, 3)
    shown = place.run("resolve")
    assert shown.code == 4
    head, asked, *calls = shown.out.splitlines()
    assert head == "spring: 3 calls in doubt"
    assert re.fullmatch(
        r"  addPhones of 3 calls at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: no usable answer from 127\.0\.0\.1:\d+ \(.+\)",
        asked,
    )
    assert sorted(line.split()[0] for line in calls) == [mask(1), mask(2), mask(3)]
    assert len({line.split()[1] for line in calls}) == 3


def test_calls_that_were_answered_and_are_not_reported_are_shown_with_how_many_ids_came(place: Place) -> None:
    place.declare([1, 2])
    place.fault("missing-from-report:getReport:forever:n=2", "missing-from-report:getReportByDate:forever:n=2")
    assert place.apply().code == 4
    assert "2 ids answered, not confirmed by the server's report" in place.run("resolve").out


def test_jobs_the_server_no_longer_knows_or_calls_by_a_strange_word_are_shown_as_such(place: Place) -> None:
    place.declare([1, 2, 3])
    place.apply()
    place.remote.forget(place.jobs_of(1)[0].id)
    place.remote.set_status(place.jobs_of(2)[0].id, "beamedUp")
    place.apply()
    shown = place.run("resolve")
    assert shown.code == 4
    lines = [line.split("  ")[0] for line in map(str.strip, shown.out.splitlines())]
    assert lines == [
        "spring: 2 calls in doubt",
        "added earlier, and missing from the server's report",
        mask(1),
        "added earlier, and reported in a status this version does not know",
        mask(2),
    ]


def test_where_nothing_is_in_doubt_it_says_so(place: Place) -> None:
    place.declare([1])
    assert place.run("resolve").out == "spring: no call is in doubt\n"
    place.apply()
    shown = place.run("resolve", "--adopt", "--auto-approve")
    assert (shown.code, shown.out) == (0, "spring: no call is in doubt\n")


def test_showing_changes_nothing(place: Place) -> None:
    place.in_doubt(1, 2)
    before = place.lock(), place.journal.read_bytes()
    place.run("resolve")
    assert (place.lock(), place.journal.read_bytes()) == before
