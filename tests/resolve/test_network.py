"""What the network and the server do to a run, over real HTTP: clocks, hangs, redirects, reports with holes."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest

from tests.apply.server import SimulatedServer
from tests.apply.world import World, calls, phone
from tests.resolve.conftest import OpenPlace
from tests.resolve.place import Place

FIVE_MINUTES_MS = 300_000


# -------------------------------------------------------------------------------------------------------------- clocks


@pytest.fixture(params=["ahead", "behind"])
def off(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A server whose clock runs, five minutes off: its `Date` header and the times of its jobs alike."""
    offset_ms = FIVE_MINUTES_MS if request.param == "ahead" else -FIVE_MINUTES_MS
    return {"start_ms": int(1000 * time.time()) + offset_ms, "speed": 1}


@pytest.mark.parametrize("server", ["dialect=current:keys=ignored", "dialect=legacy"])
def test_jobs_are_found_by_a_server_whose_clock_is_five_minutes_off(
    open_place: OpenPlace, off: dict[str, Any], server: str
) -> None:
    place = open_place(server, **off)
    place.declare([1, 2, 3])
    place.fault("drop-response:addPhones")
    assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_calls_that_did_not_arrive_at_such_a_server_are_sent_again_once(
    open_place: OpenPlace, off: dict[str, Any]
) -> None:
    place = open_place("keys=ignored", **off)
    place.declare([1, 2, 3])
    place.fault("drop-request:addPhones")
    assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 2
    place.assert_right()


# --------------------------------------------------------------------------------------------------------------- hangs


def test_a_request_that_acts_and_answers_after_the_timeout_is_found(place: Place) -> None:
    place.declare([1, 2, 3])
    place.fault("hang:addPhones:1:s=600")
    ran = place.apply()
    assert ran.code == 0
    assert "asking the server what became of it" in ran.err
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


@pytest.mark.parametrize("server", ["dialect=current:keys=ignored", "dialect=legacy"])
def test_a_request_that_acts_after_the_timeout_is_waited_for_and_not_sent_again(
    open_place: OpenPlace, server: str
) -> None:
    place = open_place(server)
    place.declare([1, 2, 3])
    place.fault("hang:addPhones:1:after=false:s=1.5")
    ran = place.apply("--settle", "2")
    assert ran.code == 0
    assert "3 calls not found yet; waiting" in ran.err
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


# ----------------------------------------------------------------------------------------------------------- redirects


def test_a_server_that_redirects_everything_is_not_followed_and_nothing_is_done(place: Place) -> None:
    place.declare([1, 2, 3])
    place.fault("redirect:*:forever")
    ran = place.apply()
    assert ran.code == 1
    assert "redirect (307), which is not followed" in ran.err
    assert "spec.host" in ran.err
    assert place.remote.jobs == ()
    assert not (place.folder / "spring.lock.jsonl").exists()
    assert not [r for r in place.sandbox.world.requests if r.endpoint == "addPhones"]


# ------------------------------------------------------------------------------------------------- reports with holes


def test_a_report_that_leaves_a_job_out_blocks_its_call_until_it_is_there_again(place: Place) -> None:
    place.declare([1, 2, 3])
    place.apply()
    place.declare([1, 2, 3], word="changed")
    place.fault("missing-from-report:getReport:forever:n=3")
    assert "3 blocked: missing from the server's report" in place.apply().out
    assert place.mutations()["addPhones"] == 1
    place.heal()
    assert "3 replaced" in place.apply().out
    place.assert_right()


def test_a_report_that_leaves_new_jobs_out_for_a_moment_is_asked_again(place: Place) -> None:
    place.declare([1, 2, 3])
    place.fault("missing-from-report:getReport:1:n=2", "missing-from-report:getReportByDate:1:n=2")
    assert place.apply().code == 0
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


def test_a_report_that_leaves_out_a_job_that_was_just_cancelled_does_not_keep_its_call_from_being_replaced(
    place: Place,
) -> None:
    place.declare([1, 2, 3])
    place.apply()
    place.declare([1, 2, 3], word="changed")
    # The first report of a run is what the plan is made from, the second confirms the cancellation.
    harmless = "extra-ids:getReport"
    place.fault(harmless, "missing-from-report:getReport:1:n=1")
    assert place.apply().code == 0
    assert place.apply().code == 0
    place.assert_right()


# ------------------------------------------------------------------------------------------ more jobs than a list holds


class OnePerPage(SimulatedServer):
    """A server that gives one job a page, and so two hundred a filter where others give forty thousand."""

    parts = 0  # pages asked for of a window that was cut

    def _page(self, body: dict[str, Any]) -> dict[str, Any]:
        filters, page = body["filter"], body["pagination"]["page"]
        self.parts += "createdAtTo" in filters
        unbounded = {"createdAtTo": "9999-12-31T00:00:00Z"} | filters
        everything = super()._page({"filter": filters, "pagination": {"page": 0, "pageSize": 10**9}})["items"]
        items = [item for item in everything if item["createdAt"] <= _ms(unbounded["createdAtTo"])]
        return {"items": items[page : page + 1], "pagination": {"page": page, "pageSize": 1}}


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def test_reading_back_splits_a_list_that_is_longer_than_the_server_gives() -> None:
    world = World()
    world.server = server = OnePerPage(world.clock, is_current=True, honours_keys=False)
    world.apply(calls(0), batch=10)
    for _ in range(3):
        world.clock.sleep(120)
        for _job in range(100):
            world.server.add_job(f"1999000{len(world.server.jobs):04}", is_foreign=True)
    tally = world.apply(calls(0, 1, 2), {2: "lost, done"}, batch=10)
    assert world.power.effects[:2] == ["append", "post addPhones"]
    assert server.parts
    assert tally.added == 2
    assert [len(world.jobs_that_count(phone(n))) for n in (0, 1, 2)] == [1, 1, 1]
