"""What each endpoint answers, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.sandbox.clock import iso
from tests.sandbox.api import MONDAY_10_UTC, PHONES, Api, numbers, refusal
from tests.sandbox.conftest import Start

A_DAY = 24 * 3600
BY_DATE = "callJob/getReportByDate"
UNFINISHED = "callJob/getUnfinished"


@pytest.mark.parametrize("spec", ["demo:dialect=legacy", "demo:dialect=current"])
def test_added_numbers_answer_a_job_id_each_in_the_order_sent(start: Start, spec: str) -> None:
    api = start(spec)
    ids = api.add(3, payload={"first_name": "Ann"}, maxAttempts=2)
    jobs = api.sandbox.world.campaign("demo").jobs
    assert ids == [job.id for job in jobs]
    assert [job.phone for job in jobs] == list(PHONES[:3])
    assert jobs[0].payload == {"first_name": "Ann"}
    assert jobs[0].policy == {"maxAttempts": 2}
    assert jobs[0].created_by == "api"


def test_ids_can_come_shuffled_so_that_neither_place_nor_size_gives_them_away(start: Start) -> None:
    api = start("demo:order=shuffled")
    ids = api.add(20)
    in_order_sent = [job["callJobId"] for job in api.ok(api.post(BY_DATE, {}))["items"]]
    assert sorted(ids) == sorted(in_order_sent)
    assert ids not in (in_order_sent, sorted(ids))
    assert in_order_sent != sorted(in_order_sent)


def test_ids_can_be_numbers_everywhere(start: Start) -> None:
    api = start("demo:ids=number")
    (job_id,) = api.add()
    assert isinstance(job_id, int)
    assert api.report([job_id])[0]["callJobId"] == job_id
    assert api.ok(api.post("callJob/cancel", {"ids": [job_id]})) == [job_id]


@pytest.mark.parametrize(
    ("dialect", "path"), [("legacy", "getReport"), ("current", "callJob/getReport")], ids=["legacy", "current"]
)
def test_a_planned_job_is_reported_with_all_documented_fields(start: Start, dialect: str, path: str) -> None:
    api = start(f"demo:dialect={dialect}")
    (job_id,) = api.add()
    assert api.report([job_id], path) == [
        {
            "callJobId": job_id,
            "phone": PHONES[0],
            "jobStatus": "planned",
            "attemptsCount": 0,
            "callDuration": 0,
            "createdAt": MONDAY_10_UTC,
            "finishedAt": None,
            "redialNumber": None,
            "reportData": None,
            "tagName": None,
            "tagPayload": None,
        }
    ]


def test_a_finished_job_reports_what_was_recorded(start: Start) -> None:
    api = start("demo:state=inProgress:outcome=longCallWithResult")
    ids = api.add()
    api.sandbox.world.advance(A_DAY)
    (report,) = api.report(ids)
    assert report["jobStatus"] == "longCallWithResult"
    assert report["reportData"] == {"result": report["tagName"]}
    assert report["callDuration"] > 0
    assert report["finishedAt"] > report["createdAt"]
    assert report["attemptsCount"] == 1


def test_jobs_are_named_by_id_by_phone_or_both_and_reported_once(start: Start) -> None:
    api = start()
    first, second = api.add(2)
    again = api.add(1)[0]
    body = {"ids": [second, int(first)], "phones": [PHONES[0], PHONES[1]]}
    reported = [report["callJobId"] for report in api.ok(api.post("callJob/getReport", body))]
    assert reported == [second, first, again]


@pytest.mark.parametrize("path", ["callJob/getReport", "callAttempt/getReport", "callJob/cancel"])
def test_one_unknown_id_or_phone_fails_the_whole_request(start: Start, path: str) -> None:
    api = start()
    (job_id,) = api.add()
    assert refusal(api.post(path, {"ids": [job_id, "1"]})) == (400, "id.not.found")
    assert refusal(api.post(path, {"phones": [PHONES[0], PHONES[1]]})) == (400, "phone.not.found")
    assert api.sandbox.world.job(job_id).status == "planned"


@pytest.mark.parametrize("path", ["callJob/getReport", "callAttempt/getReport", "callJob/cancel"])
@pytest.mark.parametrize("body", [None, {}, [], {"ids": "1"}, {"phones": [1]}, {"ids": [], "all": True}], ids=str)
def test_a_report_or_cancel_of_nothing_readable_is_refused(start: Start, path: str, body: object) -> None:
    assert refusal(start().post(path, body)) == (400, "request.invalid")


def test_empty_lists_name_no_jobs(start: Start) -> None:
    api = start()
    api.add()
    assert api.ok(api.post("callJob/getReport", {"ids": [], "phones": []})) == []


def test_a_body_that_is_not_json_is_refused(start: Start) -> None:
    api = start()
    response = api.client.post(f"{api.base}/addPhones", content=b'[{"phone": ')
    assert refusal(response) == (400, "request.invalid")


@pytest.mark.parametrize(
    ("spelling", "cancelled", "reached", "running"),
    [
        ("old", "canceled", "longCallWithResult", "inProcess"),
        ("new", "cancelledByUser", "longCallWithResult", "inProgress"),
        ("cyrillic", "canceled", "long\u0421allWithResult", "inProcess"),
    ],
)
def test_statuses_come_in_the_spelling_asked_for(
    start: Start, spelling: str, cancelled: str, reached: str, running: str
) -> None:
    api = start(f"demo:spelling={spelling}:state=inProgress:lines=1:outcome=longCallWithResult")
    ids = api.add(2)
    api.ok(api.post("callJob/cancel", {"ids": ids[1:]}))
    api.sandbox.world.advance(A_DAY)
    assert [report["jobStatus"] for report in api.report(ids)] == [reached, cancelled]
    assert api.ok(api.get("status")) == running


def test_times_can_be_iso_date_times(start: Start) -> None:
    api = start("demo:times=iso")
    (report,) = api.report(api.add())
    assert report["createdAt"] == iso(MONDAY_10_UTC)
    assert report["finishedAt"] is None


def test_unknown_extra_fields_can_be_added(start: Start) -> None:
    plain, extra = start("demo"), start("demo:extra=true")
    assert set(extra.report(extra.add())[0]) > set(plain.report(plain.add())[0])
    assert set(extra.ok(extra.get())) > set(plain.ok(plain.get()))


# -------------------------------------------------------------------------------------------------------- attempts


def called_twice(start: Start) -> tuple[Api, list[str]]:
    api = start("demo:state=inProgress:outcome=noAnswer:attempts=2:retry=30m")
    ids = api.add(2)
    api.sandbox.world.advance(A_DAY)
    return api, ids


def test_attempts_are_reported_one_by_one(start: Start) -> None:
    api, ids = called_twice(start)
    reports = api.report(ids[:1], "callAttempt/getReport")
    assert [report["attemptNumber"] for report in reports] == [1, 2]
    assert {report["callResult"] for report in reports} == {"noAnswer"}
    assert {report["callJobId"] for report in reports} == {ids[0]}
    assert all(report["startedAt"] < report["finishedAt"] for report in reports)


def test_attempts_are_listed_by_when_they_ended(start: Start) -> None:
    api, ids = called_twice(start)
    first_round = {"finishedAtTo": iso(MONDAY_10_UTC + 30 * 60_000)}
    listed = api.ok(api.post("callAttempt/getReportByDate", {"filter": first_round}))
    assert [(report["callJobId"], report["attemptNumber"]) for report in listed["items"]] == [(i, 1) for i in ids]
    everything = api.ok(api.post("callAttempt/getReportByDate", {"pagination": {"page": 1, "pageSize": 3}}))
    assert len(everything["items"]) == 1


# -------------------------------------------------------------------------------------------------------- listings


def listed(api: Api, path: str, body: dict[str, Any]) -> list[str]:
    return [report["callJobId"] for report in api.ok(api.post(path, body))["items"]]


def test_listings_come_in_pages_and_a_short_page_is_the_last(start: Start) -> None:
    api = start()
    ids = [*api.add(20), api.sandbox.world.add_foreign("79990000001")]
    assert listed(api, BY_DATE, {}) == listed(api, UNFINISHED, {}) == ids[:20]
    assert listed(api, BY_DATE, {"pagination": {"page": 1}}) == listed(api, UNFINISHED, {"page": 1}) == ids[20:]
    assert listed(api, UNFINISHED, {"page": 3, "pageSize": 5}) == ids[15:20]
    answer = api.ok(api.post(UNFINISHED, {"page": 199, "pageSize": 200}))
    assert answer == {"items": [], "pagination": {"page": 199, "pageSize": 200}}


@pytest.mark.parametrize(
    "page", [{"page": -1}, {"page": 200}, {"pageSize": 0}, {"pageSize": 201}, {"page": "1"}, {"size": 3}], ids=str
)
def test_a_page_out_of_range_is_refused(start: Start, page: dict[str, object]) -> None:
    api = start()
    assert refusal(api.post(UNFINISHED, page)) == (400, "request.invalid")
    assert refusal(api.post(BY_DATE, {"pagination": page})) == (400, "request.invalid")
    assert refusal(api.post("callAttempt/getReportByDate", {"pagination": page})) == (400, "request.invalid")


def test_jobs_are_listed_by_creation_both_ends_included(start: Start) -> None:
    api = start()
    ids = []
    for phone in PHONES[:3]:
        ids += api.ok(api.post("addPhones", [{"phone": phone}]))
        api.sandbox.world.advance(60)
    second_ms = MONDAY_10_UTC + 60_000
    at_second = {"createdAtFrom": iso(second_ms), "createdAtTo": iso(second_ms)}
    assert listed(api, BY_DATE, {"filter": at_second}) == [ids[1]]
    assert listed(api, BY_DATE, {"filter": {"createdAtFrom": iso(second_ms)}}) == ids[1:]
    assert listed(api, BY_DATE, {"filter": {"createdAtTo": iso(second_ms)}}) == ids[:2]


def test_jobs_are_listed_by_when_they_finished(start: Start) -> None:
    api = start("demo:state=paused")
    ids = api.add(3)
    api.sandbox.world.set_status(ids[0], "noAnswer")
    api.sandbox.world.advance(60)
    api.sandbox.world.set_status(ids[1], "noAnswer")
    assert listed(api, BY_DATE, {"filter": {"finishedAtFrom": iso(MONDAY_10_UTC)}}) == ids[:2]
    assert listed(api, BY_DATE, {"filter": {"finishedAtFrom": iso(MONDAY_10_UTC + 1)}}) == ids[1:2]


@pytest.mark.parametrize(
    "dates",
    [{"createdAtFrom": "yesterday"}, {"finishedAtTo": 1691006924166}, {"from": "2024-01-01T00:00:00Z"}],
    ids=str,
)
def test_an_unreadable_filter_is_refused(start: Start, dates: dict[str, object]) -> None:
    assert refusal(start().post(BY_DATE, {"filter": dates})) == (400, "request.invalid")


def test_only_live_jobs_are_listed_as_unfinished(start: Start) -> None:
    api = start("demo:state=paused")
    ids = api.add(4)
    for job_id, status in zip(ids, ("canceled", "inProcess", "onRetry"), strict=False):
        api.sandbox.world.set_status(job_id, status)
    assert listed(api, UNFINISHED, {}) == ids[1:]


def test_a_new_job_may_take_its_time_to_show(start: Start) -> None:
    api = start("demo:visible=5s")
    ids = api.add()
    named = {"ids": ids}
    assert listed(api, BY_DATE, {}) == listed(api, UNFINISHED, {}) == []
    assert refusal(api.post("callJob/getReport", named)) == (400, "id.not.found")
    assert refusal(api.post("callJob/getReport", {"phones": [PHONES[0]]})) == (400, "phone.not.found")
    api.sandbox.world.advance(5)
    assert listed(api, BY_DATE, {}) == listed(api, UNFINISHED, {}) == ids
    assert len(api.ok(api.post("callJob/getReport", named))) == 1


# ------------------------------------------------------------------------------------------------ state and details


@pytest.mark.parametrize("state", ["new", "planned", "inProgress", "paused", "finished", "deleted"])
def test_the_state_is_one_word(start: Start, state: str) -> None:
    assert start(f"demo:state={state}").get("status").json() == state


def test_the_state_can_be_bare_text(start: Start) -> None:
    response = start("demo:status=text:state=paused").get("status")
    assert response.text == "paused"
    assert response.headers["content-type"].startswith("text/plain")


def test_the_details_count_every_number_by_whomever_it_was_added(start: Start) -> None:
    api = start("demo:id=77:name=spring:state=inProgress:lines=2:outcome=longCallWithResult")
    api.add(3)
    api.sandbox.world.add_foreign("79990000001")
    details = api.ok(api.get())
    assert {key: details[key] for key in ("id", "name", "status", "maxSimultaneousCalls", "endTime")} == {
        "id": "77",
        "name": "spring",
        "status": "inProgress",
        "maxSimultaneousCalls": 2,
        "endTime": None,
    }
    assert set(details) >= {"projectName", "creationDate", "botId", "startTime"}
    assert details["shortReport"] == {
        "totalNumbers": 4,
        "processedNumbers": 0,
        "usedTalkingTime": 0,
        "usedAsrSeconds": 0,
        "inProcessCalls": 2,
        "retryCalls": 0,
    }
    api.sandbox.world.advance(A_DAY)
    report = api.ok(api.client.get(f"{api.base}/"))["shortReport"]
    assert (report["processedNumbers"], report["usedTalkingTime"] > 0) == (4, True)


def test_control_answers_an_empty_body(start: Start) -> None:
    api = start("demo")
    for action, state in (("start", "inProgress"), ("pause", "paused"), ("resume", "inProgress"), ("stop", "finished")):
        response = api.post(f"control/{action}")
        assert (response.status_code, response.content) == (200, b"")
        assert api.get("status").json() == state


def test_an_impossible_move_says_so_in_a_form_of_its_own(start: Start) -> None:
    response = start("demo:state=paused").post("control/pause")
    assert response.status_code == 400
    assert set(response.json()) == {"error", "message", "args"}


@pytest.mark.parametrize(("state", "word"), [("finished", "FINISHED"), ("deleted", "DELETED")])
def test_a_finished_campaign_takes_no_more_numbers(start: Start, state: str, word: str) -> None:
    response = start(f"demo:state={state}").post("addPhones", numbers(1))
    assert refusal(response) == (400, "invalid.call.task.state")
    assert response.json()["state"] == word


def test_answers_are_dated_by_the_servers_own_clock(start: Start) -> None:
    api = start()
    api.sandbox.world.advance(60)
    expected = datetime.fromtimestamp(MONDAY_10_UTC / 1000 + 60, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert api.get("status").headers["date"] == expected
