"""Numbers the server refuses, one of which it names with each refusal, in a list of ten thousand."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.resolve.conftest import OpenPlace
from tests.resolve.place import Place, phone

ROWS = 10_000
BATCHES = 5


def refusing(open_place: OpenPlace, *settings: str, every: int) -> Place:
    """A place whose server refuses every so many-th of ten thousand numbers."""
    bad = ",".join(phone(n) for n in range(7, ROWS, every))
    place = open_place(*settings, f"rejects={bad}")
    place.declare(range(ROWS))
    return place


def requests(place: Place) -> Counter[str]:
    """Requests by endpoint."""
    return Counter(request.endpoint for request in place.sandbox.world.requests)


@pytest.mark.parametrize("dialect", ["current", "legacy"])
def test_one_bad_number_in_ten_thousand_costs_one_request_more(open_place: OpenPlace, dialect: str) -> None:
    place = refusing(open_place, f"dialect={dialect}", every=ROWS)
    ran = place.apply()
    assert ran.code == 0
    assert f"{ROWS - 1:,} added" in ran.out
    assert requests(place)["addPhones"] == BATCHES + 1


def test_three_hundred_bad_numbers_in_ten_thousand_cost_two_requests_each_and_leave_nobody_out(
    open_place: OpenPlace,
) -> None:
    place = refusing(open_place, every=34)
    bad = len(range(7, ROWS, 34))
    ran = place.apply()
    assert ran.code == 0
    assert f"! {bad} rejected" in ran.out
    assert place.statuses() == {"p": ROWS - bad, "j": bad}
    assert len(place.remote.jobs) == len({job.phone for job in place.remote.jobs}) == ROWS - bad
    made = requests(place)
    assert bad + BATCHES <= made["addPhones"] <= 2 * bad + BATCHES  # each refusal names one number
    assert made["getReport"] <= bad + BATCHES
    sent = place.mutations()
    assert place.apply().code == 0
    assert place.mutations() == sent
