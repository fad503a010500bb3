"""The sandbox's own endpoints, and its log of requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.api import PHONES, Api, numbers
from tests.sandbox.conftest import Start


def test_requests_are_logged_in_order_with_what_tests_count(start: Start) -> None:
    api = start("demo", faults=["drop-request:cancel"])
    api.post("addPhones", numbers(3), key="k1")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("callJob/cancel", {"ids": ["1"], "phones": list(PHONES[:2])})
    api.get("status")
    api.get("nowhere")
    log = api.sandbox.world.requests
    assert [(r.endpoint, r.path, r.method, r.items, r.status, r.fault) for r in log] == [
        ("addPhones", "addPhones", "POST", 3, 200, None),
        ("cancel", "callJob/cancel", "POST", 3, None, "drop-request"),
        ("status", "status", "GET", 0, 200, None),
        ("unknown", "", "GET", 0, 404, None),
    ]
    assert [r.idempotence_key for r in log] == ["k1", None, None, None]
    assert {r.campaign for r in log} == {"demo"}


def test_a_request_with_a_wrong_token_is_logged_without_it(start: Start) -> None:
    api = start()
    wrong = Api(api.sandbox, "t0ken-of-somebody")
    wrong.get("status")
    wrong.client.close()
    text = api.admin("GET", "requests").text
    assert '"campaign":null' in text
    assert "t0ken" not in text


def test_the_log_is_read_and_cleared_over_http(start: Start) -> None:
    api = start()
    api.post("control/start", key="k")
    (logged,) = api.admin("GET", "requests").json()
    assert logged == {
        "endpoint": "control",
        "path": "control/start",
        "method": "POST",
        "campaign": "demo",
        "items": 0,
        "idempotenceKey": "k",
        "at": "2024-01-01T10:00:00.000Z",
        "atMs": 1704103200000,
        "status": 200,
        "fault": None,
    }
    assert api.admin("DELETE", "requests").json() == []
    assert api.sandbox.world.requests == ()


def test_a_request_still_going_on_when_the_log_is_cleared_is_forgotten(start: Start) -> None:
    api = start()
    world = api.sandbox.world
    from reconciler.sandbox.world import Call

    reception = world.receive(Call("GET", "demo", "status"))
    world.clear_requests()
    world.answered(reception, 200)
    assert world.requests == ()


def test_the_clock_is_pushed_over_http(start: Start) -> None:
    api = start("demo:state=inProgress:outcome=longCallWithResult")
    api.add(1)
    assert api.admin("GET", "clock").json() == {"now": "2024-01-01T10:00:00.000Z", "speed": 0}
    assert api.admin("POST", "clock", {"advance_s": 3600}).json()["now"] == "2024-01-01T11:00:00.000Z"
    assert api.admin("GET", "campaigns").json() == [
        {"name": "demo", "state": "inProgress", "jobsByStatus": {"longCallWithResult": 1}}
    ]


def test_faults_are_armed_shown_and_cleared_over_http(start: Start) -> None:
    api = start()
    (armed,) = api.admin("POST", "faults", {"fault": "500-before:status:2"}).json()
    assert (armed["what"], armed["endpoint"], armed["count"]) == ("500-before", "status", 2)
    assert api.get("status").status_code == 500
    assert api.admin("GET", "faults").json()[0]["count"] == 1
    assert api.admin("DELETE", "faults").json() == []
    assert api.get("status").status_code == 200


@pytest.mark.parametrize("body", [{"token": "more", "state": "paused"}, {"campaign": "more:state=paused"}], ids=list)
def test_a_campaign_is_made_over_http(start: Start, body: dict[str, Any]) -> None:
    api = start()
    assert api.admin("POST", "campaigns", body).json() == {"name": "more", "state": "paused", "jobsByStatus": {}}
    more = Api(api.sandbox, "more")
    assert more.get("status").json() == "paused"
    more.client.close()


def test_a_campaign_is_shown_with_all_its_jobs(start: Start) -> None:
    api = start("demo:state=inProgress:lines=1:outcome=longCallWithResult")
    api.add(1, payload={"name": "Ann"}, maxAttempts=2)
    api.sandbox.world.advance(3600)
    api.sandbox.world.add_foreign(PHONES[1])
    shown = api.admin("GET", "campaigns/demo").json()
    assert shown["settings"]["lines"] == 1
    called, foreign = shown["jobs"]
    assert (called["phone"], called["payload"], called["policy"]) == (PHONES[0], {"name": "Ann"}, {"maxAttempts": 2})
    assert (called["status"], called["createdBy"]) == ("longCallWithResult", "api")
    assert called["attempts"][0]["result"] == "longCallWithResult"
    assert called["finishedAt"].startswith("2024-01-01T10:")
    assert (foreign["status"], foreign["createdBy"], foreign["finishedAt"]) == ("inProcess", "somebody", None)


def test_jobs_and_state_are_stirred_over_http(start: Start) -> None:
    api = start("demo:state=paused")
    job = api.admin("POST", "campaigns/demo/jobs", {"phone": PHONES[0], "status": "inProcess"}).json()
    assert (job["createdBy"], job["status"]) == ("somebody", "inProcess")
    path = f"campaigns/demo/jobs/{job['id']}"
    assert api.admin("POST", path, {"status": "planned"}).json()["status"] == "planned"
    assert api.admin("POST", f"{path}/cancel").json()["status"] == "canceled"
    assert api.admin("POST", "campaigns/demo/state", {"state": "finished"}).json()["state"] == "finished"
    assert api.admin("DELETE", path).json() == {}
    assert api.admin("GET", "campaigns/demo").json()["jobs"] == []


def test_a_job_of_the_web_interface_is_added_over_http(start: Start) -> None:
    body = {"phone": PHONES[0], "createdBy": "web"}
    assert start().admin("POST", "campaigns/demo/jobs", body).json()["createdBy"] == "web"


def test_a_number_is_rejected_from_now_on_over_http(start: Start) -> None:
    api = start()
    api.admin("POST", "campaigns/demo/rejects", {"phone": PHONES[0]})
    assert api.post("addPhones", numbers(1)).json()["type"] == "phone.bad.format"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "campaigns/nobody", None, 404),
        ("POST", "campaigns/nobody/state", {"state": "new"}, 404),
        ("POST", "campaigns/demo/jobs/1", {"status": "planned"}, 404),
        ("POST", "campaigns/demo/jobs/1/cancel", None, 404),
        ("DELETE", "campaigns/demo/jobs/1", None, 404),
        ("POST", "campaigns/demo/state", {"state": "asleep"}, 400),
        ("POST", "campaigns/demo/jobs", {"phone": "1"}, 400),
        ("POST", "campaigns/demo/jobs", {}, 400),
        ("POST", "campaigns", {"token": "demo"}, 400),
        ("POST", "campaigns", ["demo"], 400),
        ("POST", "clock", {"advance_s": -1}, 400),
        ("POST", "clock", {"seconds": 1}, 400),
        ("POST", "clock", None, 400),
        ("POST", "faults", {"fault": "explode:*"}, 400),
    ],
)
def test_an_admin_request_that_makes_no_sense_says_why(
    start: Start, method: str, path: str, body: object, status: int
) -> None:
    response = start().admin(method, path, body)
    assert response.status_code == status
    assert response.json().keys() & {"error", "message"}


def test_an_upload_given_up_half_way_is_no_request(start: Start) -> None:
    import socket

    api = start()
    with socket.create_connection(("127.0.0.1", api.sandbox.port)) as connection:
        connection.sendall(
            b"POST /api/calls/campaign/demo/addPhones HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n[{"
        )
    api.get("status")
    assert [request.endpoint for request in api.sandbox.world.requests] == ["status"]
