"""What the client asks of a server, in each dialect, and what it makes of the answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.calls.client import CallsClient
from reconciler.calls.model import CampaignState, Control, Dialect
from reconciler.errors import InvalidToken, NotSent, Refused, TryLater, Unreadable
from tests.calls.fakes import BASE, HOST, NOW_S, PHONE, TOKEN, Script, client_of, no, ok, report

DETAILS = {"id": 1, "status": "paused", "shortReport": {"totalNumbers": 7}}


# ------------------------------------------------------------------------------------------------------------- dialect


def test_a_server_that_tells_its_status_speaks_the_current_dialect() -> None:
    assert client_of(Script(status=ok("new")), None).dialect() is Dialect.CURRENT


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_that_does_not_know_the_status_request_speaks_the_legacy_dialect(status: int) -> None:
    assert client_of(Script(status=no(status)), None).dialect() is Dialect.LEGACY


def test_a_wrong_token_says_nothing_about_the_dialect() -> None:
    with pytest.raises(InvalidToken):
        client_of(Script(status=no(404, {"type": "invalid.token"})), None).dialect()


def test_a_server_that_forbids_the_status_request_says_nothing_about_the_dialect() -> None:
    with pytest.raises(Refused) as refusal:
        client_of(Script(status=no(403)), None).dialect()
    assert refusal.value.status == 403


def test_a_web_page_with_status_200_is_not_the_current_dialect() -> None:
    page = httpx.Response(200, html="<html>")
    with pytest.raises(Unreadable):
        client_of(Script(status=page), None).dialect()


def test_a_pinned_dialect_is_not_asked_for() -> None:
    server = Script()
    assert client_of(server, Dialect.LEGACY).dialect() is Dialect.LEGACY
    assert server.asked == []


def test_the_dialect_is_found_out_once_however_many_threads_ask() -> None:
    server = Script(status=ok("new"))
    client = client_of(server, None)
    threads = [threading.Thread(target=client.dialect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == ["status"]


def test_a_failed_attempt_to_find_out_the_dialect_is_made_again_the_next_time() -> None:
    client = client_of(Script(status=[*[no(500)] * 5, ok("new")]), None)
    with pytest.raises(Unreadable):
        client.dialect()
    assert client.dialect() is Dialect.CURRENT


# ------------------------------------------------------------------------------------------------------------ campaign


def test_the_state_is_read_anew_each_time() -> None:
    client = client_of(Script(status=[ok("paused"), ok("inProgress")]))
    assert (client.state(), client.state()) == (CampaignState.PAUSED, CampaignState.RUNNING)


def test_a_state_that_is_a_bare_word_may_be_called_a_page() -> None:
    assert client_of(Script(status=httpx.Response(200, html="paused"))).state() is CampaignState.PAUSED


def test_finding_out_the_dialect_and_the_state_takes_one_request() -> None:
    server = Script(status=ok("paused"))
    client = client_of(server, None)
    assert client.state() is CampaignState.PAUSED
    assert client.dialect() is Dialect.CURRENT
    assert server.asked == ["status"]


def test_a_legacy_server_has_neither_state_nor_details_and_is_not_asked_again() -> None:
    server = Script(status=no(404))
    client = client_of(server, None)
    assert (client.state(), client.state(), client.details()) == (None, None, None)
    assert server.asked == ["status"]


def test_details_are_read_from_the_bare_token() -> None:
    server = Script(details=ok(DETAILS))
    details = client_of(server).details()
    assert details is not None
    assert (details.total_numbers, details.state) == (7, CampaignState.PAUSED)
    assert [(request.method, request.url.path) for request in server.requests] == [("GET", BASE)]


@pytest.mark.parametrize("status", [301, 307, 404, 405])
def test_details_are_read_with_a_slash_behind_the_token_where_the_server_wants_one(status: int) -> None:
    server = Script(details=[no(status, location="/elsewhere"), ok(DETAILS)])
    details = client_of(server).details()
    assert details is not None
    assert details.total_numbers == 7
    assert [request.url.path for request in server.requests] == [BASE, BASE + "/"]


def test_details_of_a_wrong_token_are_an_error() -> None:
    with pytest.raises(InvalidToken):
        client_of(Script(details=no(404, {"type": "invalid.token"}))).details()


# ------------------------------------------------------------------------------------------------------ the clock


def test_the_clock_skew_comes_from_the_date_of_the_last_answer() -> None:
    server = Script(
        status=[ok("new", Date="Tue, 14 Nov 2023 22:14:20 GMT"), ok("new", Date="14 Nov 2023 22:13:10 -0000")]
    )
    client = client_of(server)
    assert client.clock_skew_s() == 0.0
    client.state()
    assert client.clock_skew_s() == 60.0
    client.state()
    assert client.clock_skew_s() == -10.0


@pytest.mark.parametrize("headers", [{}, {"Date": "some day"}], ids=["none", "nonsense"])
def test_the_clock_skew_is_zero_when_the_server_does_not_tell_the_time(headers: dict[str, str]) -> None:
    client = client_of(Script(status=ok("new", **headers)))
    client.state()
    assert client.clock_skew_s() == 0.0


# --------------------------------------------------------------------------------------------------------- changes


def test_calls_are_added_by_one_post_of_the_exact_bytes_with_its_key() -> None:
    body = b'[ {"phone":"79990000001"} ]'
    server = Script(addPhones=ok([5665334669, "7"]))
    assert client_of(server).add_phones(body, "key-1").job_ids == ("5665334669", "7")
    (request,) = server.requests
    assert (request.method, request.url.path, request.content) == ("POST", f"{BASE}/addPhones", body)
    assert (request.headers["idempotence-key"], request.headers["content-type"]) == ("key-1", "application/json")


def test_calls_are_added_without_asking_for_the_dialect_first() -> None:
    server = Script(addPhones=ok(["7"]))
    client_of(server, None).add_phones(b"[]", "key-1")
    assert server.asked == ["addPhones"]


def test_cancelling_names_the_ids_and_answers_those_that_were_taken_back() -> None:
    server = Script(callJob_cancel=ok([1]))
    assert client_of(server).cancel(["1", "2"], "key-2") == {"1"}
    assert server.bodies == [{"ids": ["1", "2"]}]
    assert server.requests[0].headers["idempotence-key"] == "key-2"


def test_cancelling_nothing_sends_nothing() -> None:
    server = Script()
    assert client_of(server).cancel([], "key") == frozenset()
    assert server.asked == []


@pytest.mark.parametrize("move", list(Control))
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200),
        httpx.Response(200, html=""),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"id": 1, "error": None}),
        httpx.Response(200, text="OK"),
    ],
    ids=["empty", "empty page", "json", "no error", "text"],
)
def test_a_control_move_posts_an_empty_body_and_expects_nothing_back(move: Control, answer: httpx.Response) -> None:
    server = Script(**{f"control_{move}": answer})
    client_of(server).control(move, "key-3")
    (request,) = server.requests
    assert (request.method, request.url.path, request.content) == ("POST", f"{BASE}/control/{move}", b"")
    assert (request.headers["content-length"], request.headers["idempotence-key"]) == ("0", "key-3")


Change = Callable[[CallsClient], object]
CHANGES: list[Change] = [
    lambda client: client.add_phones(b"[]", "k"),
    lambda client: client.cancel(["1"], "k"),
    lambda client: client.control(Control.PAUSE, "k"),
]


@pytest.mark.parametrize("change", CHANGES, ids=["add", "cancel", "control"])
@pytest.mark.parametrize(
    "step",
    [no(500), no(429), no(503, retry_after="1"), httpx.ConnectError(""), httpx.ReadTimeout("")],
    ids=["500", "429", "503", "refused", "timeout"],
)
def test_a_change_is_sent_once_whatever_happens(change: Change, step: Any) -> None:
    server = Script(addPhones=step, callJob_cancel=step, control_pause=step)
    sleeps: list[float] = []
    with pytest.raises(Exception, match=r"addPhones|callJob/cancel|control/pause"):
        change(client_of(server, sleeps=sleeps))
    assert (len(server.requests), sleeps) == (1, [])


# --------------------------------------------------------------------------------------------------------- reports


@pytest.mark.parametrize(
    ("dialect", "endpoint"), [(Dialect.LEGACY, "getReport"), (Dialect.CURRENT, "callJob/getReport")], ids=str
)
def test_jobs_and_reports_are_asked_for_by_id_and_phone(dialect: Dialect, endpoint: str) -> None:
    server = Script(getReport=ok([report()]), callJob_getReport=ok([report()]))
    client = client_of(server, dialect)
    jobs = client.jobs(["1", "2"], [PHONE])
    reports = client.reports(phones=[PHONE])
    assert jobs == tuple(said.job for said in reports)
    assert server.asked == [endpoint, endpoint]
    assert server.bodies == [{"ids": ["1", "2"], "phones": [PHONE]}, {"phones": [PHONE]}]


def test_asking_for_nothing_sends_nothing() -> None:
    server = Script()
    client = client_of(server)
    assert (client.jobs(), client.reports(), client.attempts()) == ((), (), ())
    assert server.asked == []


def test_attempts_are_asked_for_by_id() -> None:
    server = Script(callAttempt_getReport=ok([report(attemptNumber=2)]))
    assert [attempt.attempt_number for attempt in client_of(server).attempts(["1"])] == [2]
    assert server.bodies == [{"ids": ["1"]}]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.attempts(["1"]),
        lambda client: client.jobs_by_date(0, 1),
        lambda client: client.attempts_by_date(0, 1),
        lambda client: client.unfinished(),
    ],
    ids=["attempts", "jobs by date", "attempts by date", "unfinished"],
)
def test_a_legacy_server_is_not_asked_for_what_it_does_not_have(ask: Callable[[CallsClient], object]) -> None:
    server = Script()
    with pytest.raises(Refused, match="legacy"):
        ask(client_of(server, Dialect.LEGACY))
    assert server.asked == []


# -------------------------------------------------------------------------------------------------- reading again


@pytest.mark.parametrize(
    "step",
    [
        no(500),
        httpx.Response(502, html="<html>"),
        no(408),
        no(503),
        httpx.ConnectError(""),
        httpx.ReadTimeout(""),
        httpx.ReadError(""),
        httpx.RemoteProtocolError(""),
    ],
    ids=["500", "page", "408", "503", "refused", "timeout", "reset", "cut"],
)
def test_a_read_that_failed_on_the_way_is_made_again(step: Any) -> None:
    server = Script(status=[step, step, ok("paused")])
    sleeps: list[float] = []
    assert client_of(server, sleeps=sleeps).state() is CampaignState.PAUSED
    assert len(sleeps) == 2


def test_reads_wait_longer_each_time_and_give_up_after_five_attempts() -> None:
    server = Script(status=no(500))
    sleeps: list[float] = []
    with pytest.raises(Unreadable, match="status: the server, or a gateway before it, failed"):
        client_of(server, sleeps=sleeps).state()
    assert len(server.requests) == 5
    for wait_s, least_s in zip(sleeps, [0.25, 0.5, 1, 2], strict=True):
        assert least_s <= wait_s <= least_s + 0.5


@pytest.mark.parametrize(
    "step",
    [
        no(400),
        no(404, {"type": "something.else"}),
        ok({"not": "a state"}),
        no(302, location="/x"),
        httpx.Response(200, html="<p>"),
    ],
    ids=["400", "404", "shape", "redirect", "page"],
)
def test_a_read_that_would_fail_again_is_not_made_again(step: Any) -> None:
    server = Script(status=step)
    with pytest.raises((Refused, Unreadable)):
        client_of(server).state()
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "least_s"),
    [("7", 7), ("86400", 600), ("Tue, 14 Nov 2023 22:13:50 GMT", 30), ("Tue, 14 Nov 2000 22:13:50 GMT", 0)],
    ids=["seconds", "a day", "date", "past"],
)
def test_a_read_comes_back_when_the_server_asks_it_to_but_waits_ten_minutes_at_most(
    status: int, header: str, least_s: float
) -> None:
    server = Script(status=[no(status, retry_after=header), ok("paused")])
    sleeps: list[float] = []
    assert client_of(server, sleeps=sleeps).state() is CampaignState.PAUSED
    assert least_s <= sleeps[0] <= max(least_s, 0.75)


def test_a_retry_after_that_is_a_date_is_measured_by_the_servers_own_clock() -> None:
    an_hour_ahead = no(429, retry_after="Tue, 14 Nov 2023 23:13:30 GMT", Date="Tue, 14 Nov 2023 23:13:20 GMT")
    sleeps: list[float] = []
    client_of(Script(status=[an_hour_ahead, ok("paused")]), sleeps=sleeps).state()
    assert sleeps == [10.0]


@pytest.mark.parametrize("header", ["soon", "-5", "1.5", ""])
def test_a_429_that_does_not_say_when_to_come_back_means_a_second(header: str) -> None:
    with pytest.raises(TryLater) as later:
        client_of(Script(addPhones=no(429, retry_after=header))).add_phones(b"[]", "k")
    assert later.value.retry_after_s == 1.0


def test_what_the_sleep_raises_ends_a_read() -> None:
    def interrupt(_: float) -> None:
        raise InterruptedError

    server = Script(status=no(500))
    client = CallsClient(
        HOST, TOKEN, dialect=Dialect.CURRENT, transport=httpx.MockTransport(server), sleep=interrupt, now=lambda: NOW_S
    )
    with pytest.raises(InterruptedError):
        client.state()
    assert len(server.requests) == 1


def test_a_read_that_never_reached_the_server_says_so() -> None:
    with pytest.raises(NotSent):
        client_of(Script(status=httpx.ConnectTimeout(""))).state()


# ---------------------------------------------------------------------------------------------------------- listings


def test_a_listing_by_date_sends_its_window_and_the_largest_page() -> None:
    server = Script(callJob_getReportByDate=ok({"items": [report()], "pagination": {"page": 0, "pageSize": 200}}))
    jobs = list(client_of(server).jobs_by_date(1691006924.1661, 1691006925.1661, None, 1691006926))
    assert [job.job_id for job in jobs] == ["5665336642"]
    assert server.bodies == [
        {
            "filter": {
                "createdAtFrom": "2023-08-02T20:08:44.166Z",
                "createdAtTo": "2023-08-02T20:08:45.167Z",
                "finishedAtTo": "2023-08-02T20:08:46.000Z",
            },
            "pagination": {"page": 0, "pageSize": 200},
        }
    ]


def test_a_listing_of_attempts_tells_the_attempts_of_one_job_apart() -> None:
    items = [report(attemptNumber=1), report(attemptNumber=2)]
    server = Script(callAttempt_getReportByDate=ok({"items": items}))
    attempts = client_of(server).attempts_by_date(finished_from_s=0)
    assert [attempt.attempt_number for attempt in attempts] == [1, 2]
    assert server.bodies[0]["filter"] == {"finishedAtFrom": "1970-01-01T00:00:00.000Z"}


def test_unfinished_jobs_are_asked_for_page_by_page() -> None:
    server = Script(callJob_getUnfinished=ok({"items": [report()]}))
    assert [job.job_id for job in client_of(server).unfinished()] == ["5665336642"]
    assert server.bodies == [{"page": 0, "pageSize": 200}]


def test_an_endless_listing_with_open_ends_is_cut_between_the_campaigns_creation_and_now() -> None:
    created = {**DETAILS, "creationDate": int((NOW_S - 100) * 1000)}
    starts: list[str | None] = []

    def listing(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        page, window = asked["pagination"]["page"], asked["filter"]
        if window:
            starts.append(window.get("createdAtFrom"))
            return httpx.Response(200, json={"items": []})
        return httpx.Response(200, json={"items": [report(job_id=page * 200 + n) for n in range(200)]})

    server = Script(callJob_getReportByDate=listing, details=ok(created))
    assert len(list(client_of(server).jobs_by_date())) == 40_000
    assert [start for start in starts if start] == ["2023-11-14T22:12:29.999Z"] * 2


@pytest.mark.parametrize("creation", [{"creationDate": None}, {"creationDate": 0}], ids=["not said", "epoch"])
def test_a_campaign_that_does_not_say_when_it_was_created_is_searched_from_the_beginning(creation: Any) -> None:
    windows: list[dict[str, str]] = []

    def listing(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        windows.append(asked["filter"])
        full = not asked["filter"].get("createdAtFrom") and not asked["filter"].get("createdAtTo", "").startswith(
            "1996"
        )
        page = asked["pagination"]["page"]
        return httpx.Response(200, json={"items": [report(job_id=page * 200 + n) for n in range(200 * full)]})

    server = Script(callJob_getReportByDate=listing, details=ok({**DETAILS, **creation}))
    assert len(list(client_of(server).jobs_by_date())) == 40_000
    assert {"createdAtTo": "1996-12-07T23:06:40.001Z"} in windows


# -------------------------------------------------------------------------------------------------------------- itself


def test_a_closed_client_has_closed_its_transport() -> None:
    class Closing(httpx.MockTransport):
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    transport = Closing(Script())
    with CallsClient(HOST, TOKEN, transport=transport) as client:
        assert repr(client) == "CallsClient(calls.example)"
    assert transport.is_closed
