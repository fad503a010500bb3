"""Faults on demand, seen by a client over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.sandbox.faults import KINDS, parse_fault
from tests.sandbox.api import MONDAY_10_UTC, PHONES, Api, eventually, numbers
from tests.sandbox.conftest import Start


def jobs(api: Api) -> int:
    return len(api.sandbox.world.campaign("demo").jobs)


def add(api: Api, fault: str) -> httpx.Response:
    api.sandbox.world.fault(fault)
    return api.post("addPhones", numbers(4))


@pytest.mark.parametrize(
    ("fault", "jobs_then"),
    [
        ("drop-response:addPhones", 4),
        ("drop-response:addPhones:reset=true", 4),
        ("drop-request:addPhones", 0),
        ("drop-request:addPhones:reset=true", 0),
        ("reset-mid-body:addPhones", 4),
    ],
)
def test_a_connection_that_ends_badly_says_nothing_about_the_effect(start: Start, fault: str, jobs_then: int) -> None:
    api = start()
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        add(api, fault)
    assert jobs(api) == jobs_then
    api.ok(api.post("addPhones", numbers(1)))


def test_a_reset_in_mid_body_comes_after_the_status_line(start: Start) -> None:
    api = start()
    api.sandbox.world.fault("reset-mid-body:details")
    with api.client.stream("GET", api.base) as response:
        assert response.status_code == 200
        assert int(response.headers["content-length"]) > 10
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            response.read()


@pytest.mark.parametrize(
    ("fault", "status", "jobs_then"),
    [
        ("500-before:addPhones", 500, 0),
        ("500-after:addPhones", 500, 4),
        ("502-html:addPhones", 502, 0),
        ("502-html:addPhones:after=true", 502, 4),
        ("502-html:addPhones:after=false:status=504", 504, 0),
        ("429:addPhones", 429, 0),
        ("503:addPhones", 503, 0),
        ("redirect:addPhones", 307, 0),
        ("redirect:addPhones:status=302", 302, 0),
    ],
)
def test_an_error_status_acts_or_not_as_its_name_says(start: Start, fault: str, status: int, jobs_then: int) -> None:
    api = start()
    assert add(api, fault).status_code == status
    assert jobs(api) == jobs_then


def test_a_proxys_error_page_is_html(start: Start) -> None:
    response = add(start(), "502-html:addPhones")
    assert response.headers["content-type"].startswith("text/html")
    assert "<h1>502</h1>" in response.text


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ("", "2"),
        (":retry-after=7", "7"),
        (":retry-after=date", "Mon, 01 Jan 2024 10:00:02 GMT"),
        (":retry-after=date:s=60", "Mon, 01 Jan 2024 10:01:00 GMT"),
    ],
)
@pytest.mark.parametrize("what", ["429", "503"])
def test_come_back_later_is_said_in_seconds_or_as_a_date(start: Start, what: str, options: str, header: str) -> None:
    assert add(start(), f"{what}:addPhones{options}").headers["retry-after"] == header


def test_a_redirect_that_is_followed_ends_nowhere_and_does_nothing(start: Start) -> None:
    api = start()
    api.sandbox.world.fault("redirect:addPhones")
    response = api.client.post(f"{api.base}/addPhones", json=numbers(1), follow_redirects=True)
    assert response.status_code == 404
    assert jobs(api) == 0


def test_truncated_json_is_a_whole_http_answer_with_half_a_body(start: Start) -> None:
    api = start()
    response = add(api, "truncated-json:addPhones")
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|delimiter|Unterminated"):
        response.json()
    assert jobs(api) == 4


def test_a_wrong_content_type_leaves_the_body_alone(start: Start) -> None:
    response = add(start(), "wrong-content-type:addPhones")
    assert response.headers["content-type"].startswith("text/html")
    assert len(response.json()) == 4


@pytest.mark.parametrize("ids", ["string", "number"])
@pytest.mark.parametrize(
    ("fault", "spoil"),
    [
        ("short-ids", lambda right, kind: right[:-1]),
        ("short-ids:1:n=2", lambda right, kind: right[:-2]),
        ("extra-ids", lambda right, kind: [*right, kind(9999999000)]),
        ("duplicate-ids", lambda right, kind: [*right[:-1], right[0]]),
        ("foreign-ids:id=42", lambda right, kind: [*right[:-1], kind(42)]),
    ],
    ids=["short", "shorter", "extra", "duplicate", "foreign"],
)
def test_the_ids_of_an_answer_can_be_wrong_while_all_is_done(
    start: Start, ids: str, fault: str, spoil: Callable[[list[Any], type], list[Any]]
) -> None:
    api = start(f"demo:ids={ids}")
    what, *options = fault.split(":")
    told = add(api, ":".join([what, "addPhones", *options])).json()
    kind = int if ids == "number" else str
    right = [kind(job.id) for job in api.sandbox.world.campaign("demo").jobs]
    assert len(right) == 4
    assert told == spoil(right, kind)


@pytest.mark.parametrize(
    ("endpoint", "path", "body"),
    [
        ("getReport", "callJob/getReport", {"phones": list(PHONES[:3])}),
        ("getReportByDate", "callJob/getReportByDate", {}),
        ("getUnfinished", "callJob/getUnfinished", {}),
    ],
)
def test_a_report_can_leave_jobs_out(start: Start, endpoint: str, path: str, body: object) -> None:
    api = start()
    ids = api.add(3)
    api.sandbox.world.fault(f"missing-from-report:{endpoint}")
    answer = api.ok(api.post(path, body))
    reports = answer["items"] if isinstance(answer, dict) else answer
    assert [report["callJobId"] for report in reports] == ids[:2]


def test_faults_of_ids_leave_reports_refusals_and_empty_answers_alone(start: Start) -> None:
    api = start()
    api.sandbox.world.fault("short-ids:*:forever")
    assert api.ok(api.post("addPhones", [])) == []
    assert api.post("addPhones", [{"phone": "1"}]).json()["type"] == "phone.bad.format"
    assert api.post("control/start").content == b""
    assert api.get("status").json() == "inProgress"
    api.ok(api.post("addPhones", numbers(2)))
    assert len(api.ok(api.post("callJob/getReport", {"phones": list(PHONES[:2])}))) == 2


def test_a_client_can_leave_while_the_server_hangs_and_the_effect_stays(start: Start) -> None:
    api = start()
    api.sandbox.world.fault("hang:addPhones:s=600")
    with pytest.raises(httpx.ReadTimeout):
        api.client.post(f"{api.base}/addPhones", json=numbers(1), timeout=0.2)
    assert eventually(lambda: jobs(api) == 1)


def test_a_hang_before_acting_has_no_effect_yet(start: Start) -> None:
    api = start()
    api.sandbox.world.fault("hang:addPhones:after=false:s=600")
    with pytest.raises(httpx.ReadTimeout):
        api.client.post(f"{api.base}/addPhones", json=numbers(1), timeout=0.2)
    assert jobs(api) == 0


@pytest.mark.parametrize("after", ["true", "false"])
def test_a_hang_that_ends_gives_the_whole_answer(start: Start, after: str) -> None:
    api = start()
    assert len(add(api, f"hang:addPhones:s=0.02:after={after}").json()) == 4


def test_stopping_the_sandbox_ends_a_hang_without_acting(start: Start) -> None:
    from reconciler.sandbox import serve

    with serve(["demo"]) as sandbox:
        api = Api(sandbox)
        sandbox.world.fault("hang:addPhones:after=false")
        with pytest.raises(httpx.ReadTimeout):
            api.client.post(f"{api.base}/addPhones", json=numbers(1), timeout=0.1)
        world = sandbox.world
        api.client.close()
    assert world.campaign("demo").jobs == ()


def test_latency_comes_on_top_of_other_faults_and_stays(start: Start) -> None:
    api = start()
    api.sandbox.world.fault("latency:*:ms=1")
    api.sandbox.world.fault("500-before:status")
    assert [api.get("status").status_code for _ in range(3)] == [500, 200, 200]
    assert [fault.what for fault in api.sandbox.world.faults.waiting()] == ["latency"]


@pytest.mark.parametrize(("options", "skew_s"), [("", 300), (":s=-3600", -3600), (":1:s=5", 5)])
def test_a_skewed_clock_shows_in_the_date_of_answers_only(start: Start, options: str, skew_s: int) -> None:
    from reconciler.sandbox.clock import http_date

    api = start()
    api.sandbox.world.fault(f"clock-skew:status{options}")
    assert api.get("status").headers["date"] == http_date(MONDAY_10_UTC + skew_s * 1000)
    assert api.get().headers["date"] == http_date(MONDAY_10_UTC)


def test_a_fault_strikes_as_often_as_told_in_the_order_given(start: Start) -> None:
    api = start()
    for fault in ("500-before:status:2", "502-html:*"):
        api.sandbox.world.fault(fault)
    assert [api.get("status").status_code for _ in range(4)] == [500, 500, 502, 200]


def test_a_fault_may_last_forever_until_cleared(start: Start) -> None:
    api = start("demo", faults=["503:status:forever"])
    assert [api.get("status").status_code for _ in range(3)] == [503] * 3
    api.sandbox.world.clear_faults()
    assert api.get("status").status_code == 200


def test_a_fault_may_be_for_one_endpoint_of_one_campaign(start: Start) -> None:
    api = start("demo", "other", faults=["500-before:status:campaign=other"])
    other = Api(api.sandbox, "other")
    assert [one.get("status").status_code for one in (api, other, other)] == [200, 500, 200]
    other.client.close()
    assert api.get().status_code == 200


def test_a_key_sent_again_after_a_lost_answer_gets_that_answer(start: Start) -> None:
    api = start("demo", faults=["drop-response:addPhones"])
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("addPhones", numbers(2), key="k")
    assert len(api.ok(api.post("addPhones", numbers(2), key="k"))) == 2
    assert jobs(api) == 2


@pytest.mark.parametrize("what", sorted(KINDS))
def test_every_fault_can_be_given_by_name_alone(what: str) -> None:
    assert parse_fault(f"{what}:*").what == what


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("explode:addPhones", "a fault is one of"),
        ("hang", "endpoint"),
        ("hang:nowhere", "endpoint"),
        ("hang:addPhones:0", "count"),
        ("hang:addPhones:often", "count"),
        ("hang:addPhones:1:2", "key=value"),
        ("hang:addPhones:ms=3", "takes no ms"),
        ("hang:addPhones:s=long", "float"),
        ("502-html:addPhones:status=200", "status"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_fault(text)


# ------------------------------------------------------------------------------------------------------ slow commits


def test_a_slow_commit_takes_effect_although_the_client_has_left(start: Start) -> None:
    api = start("demo:commit=30s")
    with pytest.raises(httpx.ReadTimeout):
        api.client.post(f"{api.base}/addPhones", json=numbers(1), timeout=0.1)
    assert jobs(api) == 0
    api.sandbox.world.advance(30)
    assert eventually(lambda: jobs(api) == 1)


def test_a_slow_commit_that_is_waited_for_answers_in_the_end(start: Start) -> None:
    api = start("demo:commit=1s", speed=1000)
    assert len(api.add(2)) == 2


def test_other_requests_do_not_wait_for_a_slow_commit(start: Start) -> None:
    assert start("demo:commit=1h").post("control/start").status_code == 200
