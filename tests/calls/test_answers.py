"""Every spelling of an answer becomes one value; an answer of another shape is an error, never an empty answer."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from reconciler.calls import answers
from reconciler.calls.model import CampaignState, Job, JobStatus
from tests.calls.fakes import PHONE, report


def encoded(*items: Any) -> bytes:
    return json.dumps(items, ensure_ascii=False).encode()


def one_job(**fields: Any) -> Job:
    (job,) = answers.jobs(encoded(report(**fields)))
    return job


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("planned", JobStatus.PLANNED),
        ("onRetry", JobStatus.ON_RETRY),
        ("inProcess", JobStatus.IN_PROCESS),
        ("longCallWithResult", JobStatus.TALKED_WITH_RESULT),
        ("long\u0421allWithResult", JobStatus.TALKED_WITH_RESULT),
        ("longCallWithNoResult", JobStatus.TALKED_NO_RESULT),
        ("noAnswer", JobStatus.NO_ANSWER),
        ("nonexistentNumber", JobStatus.NONEXISTENT),
        ("technicalError", JobStatus.TECHNICAL_ERROR),
        ("notDone", JobStatus.NOT_DONE),
        ("canceled", JobStatus.CANCELLED),
        ("cancelledByUser", JobStatus.CANCELLED),
        ("unknown", JobStatus.UNKNOWN),
        ("resting", JobStatus.UNKNOWN),
        ("", JobStatus.UNKNOWN),
        (None, JobStatus.UNKNOWN),
    ],
)
def test_each_listed_status_has_one_spelling_and_any_other_word_is_unknown(word: str, status: JobStatus) -> None:
    assert one_job(status=word).status is status


@pytest.mark.parametrize("job_id", ["5665336642", 5665336642], ids=["text", "number"])
def test_an_id_is_kept_as_text(job_id: str | int) -> None:
    assert one_job(job_id=job_id).job_id == "5665336642"


@pytest.mark.parametrize("phone", [PHONE, int(PHONE), f"+{PHONE}", "+7 (999) 000-00-01"], ids=range(4))
def test_a_phone_is_reduced_to_its_digits(phone: str | int) -> None:
    assert one_job(phone=phone).phone == PHONE


@pytest.mark.parametrize(
    "time",
    [
        1691006924166,
        1691006924166.0,
        "1691006924166",
        "2023-08-02T20:08:44.166Z",
        "2023-08-02T20:08:44.166+0000",
        "2023-08-02T23:08:44.166+03:00",
        "2023-08-02T20:08:44.166",
        "2023-08-02T20:08:44.166Z[UTC]",
    ],
)
def test_a_time_is_unix_milliseconds_however_it_is_written(time: float | str) -> None:
    assert one_job(createdAt=time).created_at_ms == 1691006924166


@pytest.mark.parametrize("time", [None, "", "  "])
def test_a_time_left_empty_is_none(time: str | None) -> None:
    assert one_job(createdAt=time).created_at_ms is None


@pytest.mark.parametrize("time", ["yesterday", "2023-13-01", "9" * 5000], ids=range(3))
def test_a_time_that_makes_no_sense_is_an_error(time: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        one_job(createdAt=time)


def test_a_job_needs_no_more_than_an_id_and_a_phone_and_unknown_fields_are_ignored() -> None:
    assert answers.jobs(encoded({"callJobId": "1", "phone": PHONE, "mood": "fine"})) == (
        Job("1", PHONE, JobStatus.UNKNOWN),
    )


def test_counts_that_are_null_are_zero() -> None:
    job = one_job(attemptsCount=None, callDuration=None)
    assert (job.attempts, job.was_reached) == (0, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "longCallWithResult"},
        {"status": "longCallWithNoResult"},
        {"status": "canceled", "callDuration": 12},
        {"status": "noAnswer", "callDuration": 0.5},
        {"status": "onRetry", "reportData": {"answer": "yes"}},
        {"status": "onRetry", "reportData": "yes"},
        {"status": "onRetry", "reportData": 0},
    ],
    ids=["with result", "no result", "duration", "part of a second", "recorded", "text recorded", "zero recorded"],
)
def test_a_person_was_reached_when_anything_says_so(fields: dict[str, Any]) -> None:
    assert one_job(**fields).was_reached


@pytest.mark.parametrize("recorded", [None, {}, [], ""])
def test_a_person_was_not_reached_when_nothing_was_said_or_recorded(recorded: Any) -> None:
    assert not one_job(status="noAnswer", reportData=recorded).was_reached


def test_a_full_report_keeps_what_the_script_recorded() -> None:
    (said,) = answers.reports(
        encoded(
            report(
                status="longCallWithResult",
                attemptsCount=2,
                callDuration=42,
                finishedAt="2023-08-02T20:08:44.166Z",
                redialNumber=79990000002,
                reportData={"answer": ["yes"]},
                tagName="done",
                tagPayload={"x": 1},
            )
        )
    )
    assert said.job == one_job(status="longCallWithResult", attemptsCount=2, callDuration=42)
    assert (said.call_duration_s, said.finished_at_ms, said.redial_number) == (42, 1691006924166, "79990000002")
    assert (said.result, said.tag_name, said.tag_payload) == ({"answer": ["yes"]}, "done", {"x": 1})


def test_an_attempt_is_a_report_with_its_number_result_and_start() -> None:
    sent = report(attemptNumber=3, callResult="busy", startedAt=1691006924166)
    (attempt,) = answers.attempts(encoded(sent))
    assert (attempt.attempt_number, attempt.call_result, attempt.started_at_ms) == (3, "busy", 1691006924166)
    assert (attempt.report,) == answers.reports(encoded(sent))


def test_an_attempt_without_a_number_has_number_zero() -> None:
    (attempt,) = answers.attempts(encoded(report()))
    assert attempt.attempt_number == 0


def test_reports_and_attempts_print_neither_phones_nor_results() -> None:
    sent = encoded(report(reportData={"name": "Ann"}, redialNumber="79990000002"))
    assert repr(answers.reports(sent)) == "(JobReport(Job(5665336642, planned)),)"
    assert repr(answers.attempts(sent)) == "(AttemptReport(Job(5665336642, planned), 0),)"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b'{"items": []}',
        b"[null]",
        b"[1]",
        b'[{"phone": "1"}]',
        b'[{"callJobId": "", "phone": "1"}]',
        b'[{"callJobId": true, "phone": "1"}]',
        b'[{"callJobId": "1"}]',
        b'[{"callJobId": "1", "phone": "1"}',
        b'[{"callJobId": "\xff", "phone": "1"}]',
        b'[{"callJobId": "1", "phone": "1", "reportData": ' + b"[" * 100_000,
    ],
    ids=range(13),
)
def test_a_report_of_another_shape_is_an_error(body: bytes) -> None:
    with pytest.raises(answers.UNDECODABLE):
        answers.jobs(body)


def test_no_jobs_is_an_answer_too() -> None:
    assert answers.jobs(b"[]") == ()


@pytest.mark.parametrize("body", [b'["5", "6"]', b"[5, 6]", b'["5", 6]'])
def test_ids_of_added_and_cancelled_jobs_may_be_text_or_numbers(body: bytes) -> None:
    assert answers.added(body).job_ids == ("5", "6")
    assert answers.cancelled(body) == {"5", "6"}


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[null]", b"[1.5]", b"[[1]]", b"[true]", b'[""]', b'["1'])
def test_ids_of_another_shape_are_an_error(body: bytes) -> None:
    with pytest.raises(answers.UNDECODABLE):
        answers.added(body)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'"new"', CampaignState.NEW),
        (b"new\n", CampaignState.NEW),
        (b'"planned"', CampaignState.SCHEDULED),
        (b'"inProgress"', CampaignState.RUNNING),
        (b"inProcess", CampaignState.RUNNING),
        (b' "paused" ', CampaignState.PAUSED),
        (b'"FINISHED"', CampaignState.FINISHED),
        (b'"deleted"', CampaignState.DELETED),
        (b'"asleep"', CampaignState.UNKNOWN),
    ],
)
def test_the_state_may_be_a_json_string_or_bare_text(body: bytes, state: CampaignState) -> None:
    assert answers.state(body) is state


@pytest.mark.parametrize("body", [b"", b'""', b"{}", b'{"status": "new"}', b"two words", b'"new', b"null1", b"\xff"])
def test_a_state_that_is_not_one_word_is_an_error(body: bytes) -> None:
    with pytest.raises(answers.UNDECODABLE):
        answers.state(body)


def details_body(**changes: Any) -> bytes:
    full = {
        "id": 4711,
        "name": "Spring",
        "projectName": "p",
        "creationDate": "2023-08-02T20:08:44.166Z",
        "botId": "b",
        "startTime": None,
        "endTime": None,
        "status": "inProgress",
        "maxSimultaneousCalls": 5,
        "shortReport": {
            "totalNumbers": 100,
            "processedNumbers": 40,
            "usedTalkingTime": 900,
            "usedAsrSeconds": 800,
            "inProcessCalls": 3,
            "retryCalls": 2,
        },
    }
    return json.dumps({**full, **changes}).encode()


def test_details_are_read_in_full() -> None:
    details = answers.details(details_body())
    assert (details.campaign_id, details.name, details.state) == ("4711", "Spring", CampaignState.RUNNING)
    assert (details.total_numbers, details.processed_numbers) == (100, 40)
    assert (details.in_process_calls, details.retry_calls, details.max_simultaneous_calls) == (3, 2, 5)
    assert details.created_at_ms == 1691006924166


def test_details_need_no_more_than_id_status_and_the_count_of_numbers() -> None:
    details = answers.details(b'{"id": "x", "status": "new", "shortReport": {"totalNumbers": 0}}')
    assert (details.name, details.processed_numbers, details.in_process_calls, details.retry_calls) == ("", 0, 0, 0)
    assert (details.max_simultaneous_calls, details.created_at_ms) == (None, None)


@pytest.mark.parametrize("report", [None, {}, {"totalNumbers": None}], ids=["none", "empty", "null"])
def test_a_missing_count_of_numbers_is_an_error_since_it_would_pass_for_an_empty_campaign(report: Any) -> None:
    with pytest.raises(answers.UNDECODABLE):
        answers.details(details_body(shortReport=report))


def test_a_page_has_its_items_and_what_the_server_repeats_of_the_question() -> None:
    page = answers.page_of_jobs(json.dumps({"items": [report()], "pagination": {"page": 3, "pageSize": 20}}).encode())
    assert ([job.job_id for job in page.items], page.number, page.size) == (["5665336642"], 3, 20)


@pytest.mark.parametrize(
    "pagination", [{}, {"pagination": None}, {"pagination": {}}], ids=["left out", "null", "empty"]
)
def test_a_page_may_repeat_nothing_of_the_question(pagination: dict[str, Any]) -> None:
    page = answers.page_of_attempts(json.dumps({"items": [], **pagination}).encode())
    assert (page.items, page.number, page.size) == ((), None, None)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"items": null}'])
def test_a_page_without_items_is_an_error(body: bytes) -> None:
    with pytest.raises(answers.UNDECODABLE):
        answers.page_of_jobs(body)
