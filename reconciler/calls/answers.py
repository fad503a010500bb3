"""Answers of the Calls API, decoded: every spelling the servers use becomes one value of `model.py`.

Lenient in form (ids and phones as text or number, times as milliseconds or ISO text, unknown fields, missing
optional ones) and strict in meaning: a status nobody has listed is UNKNOWN, and an answer of another shape raises
one of `UNDECODABLE` instead of passing for an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from reconciler.calls.hygiene import digits_only
from reconciler.calls.model import (
    AddAnswer,
    AttemptReport,
    CampaignDetails,
    CampaignState,
    Job,
    JobReport,
    JobStatus,
)

T = TypeVar("T")
U = TypeVar("U")
Id = str | int
Time = int | float | str | None

# What decoding may raise; RecursionError for JSON nested without end.
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_CYRILLIC_S = "\u0421"  # stands for the C of longCall… in the oldest help page
_JOB_STATUSES: dict[str | None, JobStatus] = {
    **{str(status): status for status in JobStatus},
    "cancelledByUser": JobStatus.CANCELLED,
}
_TALKED = (JobStatus.TALKED_WITH_RESULT, JobStatus.TALKED_NO_RESULT)  # a tuple: an enum's hash is slow
_STATES = {str(state): state for state in CampaignState} | {
    "inprogress": CampaignState.RUNNING,
    "inprocess": CampaignState.RUNNING,
}
_EMPTY: tuple[object, ...] = (None, {}, [], "")
_STATE_WORD = re.compile(r"[A-Za-z_-]{1,40}")
_ZONE_NAME = re.compile(r"\[[^\]]*\]$")  # Java's 2023-08-02T20:08:44Z[UTC]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a listing; `number` and `size` are None when the server did not repeat them."""

    items: tuple[T, ...]
    number: int | None = None
    size: int | None = None


class _JobFields(msgspec.Struct, rename="camel", gc=False):
    call_job_id: Id
    phone: Id
    job_status: str | None = None
    attempts_count: int | None = None
    call_duration: float | None = None  # seconds
    created_at: Time = None
    report_data: Any = None


class _ReportFields(_JobFields, rename="camel"):
    finished_at: Time = None
    redial_number: Id | None = None
    tag_name: Id | None = None
    tag_payload: Any = None


class _AttemptFields(_ReportFields, rename="camel"):
    attempt_number: int | None = None
    call_result: Id | None = None
    started_at: Time = None


class _Pagination(msgspec.Struct, rename="camel"):
    page: int | None = None
    page_size: int | None = None


class _PageFields(msgspec.Struct, Generic[U]):
    items: list[U]
    pagination: _Pagination | None = None


class _ShortReport(msgspec.Struct, rename="camel"):
    total_numbers: int
    processed_numbers: int | None = None
    in_process_calls: int | None = None
    retry_calls: int | None = None
    used_talking_time: float | None = None  # seconds


class _DetailsFields(msgspec.Struct, rename="camel"):
    id: Id
    status: str
    short_report: _ShortReport
    name: str | None = None
    creation_date: Time = None
    max_simultaneous_calls: int | None = None


_IDS = msgspec.json.Decoder(list[Id])
_JOBS = msgspec.json.Decoder(list[_JobFields])
_REPORTS = msgspec.json.Decoder(list[_ReportFields])
_ATTEMPTS = msgspec.json.Decoder(list[_AttemptFields])
_JOB_PAGE = msgspec.json.Decoder(_PageFields[_JobFields])
_ATTEMPT_PAGE = msgspec.json.Decoder(_PageFields[_AttemptFields])
_DETAILS = msgspec.json.Decoder(_DetailsFields)
_TEXT = msgspec.json.Decoder(str)

fields = msgspec.json.Decoder(dict[str, Any]).decode
"""The fields of a JSON object; raises one of `UNDECODABLE` for anything else."""


def job_status(word: str | None) -> JobStatus:
    """The status a word of the server stands for; UNKNOWN for none and for any word not listed."""
    latin = word and word.replace(_CYRILLIC_S, "C")
    return _JOB_STATUSES.get(latin, JobStatus.UNKNOWN)


def campaign_state(word: str) -> CampaignState:
    """The state a word of the server stands for, in any case; UNKNOWN for a word not listed."""
    return _STATES.get(word.casefold(), CampaignState.UNKNOWN)


def milliseconds(time: Time) -> int | None:
    """Unix milliseconds of a time given as a number of them or as ISO 8601 text (UTC when it names no zone).

    Raises msgspec.ValidationError for a text that is neither.
    """
    if time is None or type(time) is int:
        return time
    try:
        return int(time) if isinstance(time, float) else _milliseconds_of_text(str(time).strip())
    except ValueError:
        raise msgspec.ValidationError("Expected a time, in milliseconds or ISO 8601") from None


def _milliseconds_of_text(text: str) -> int | None:
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    moment = datetime.fromisoformat(_ZONE_NAME.sub("", text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _text_id(value: Id) -> str:
    if value == "":
        raise msgspec.ValidationError("Expected an id, got ''")
    return str(value)


def _optional_text(value: Id | None) -> str | None:
    return None if value is None else str(value)


def _job(said: _JobFields) -> Job:
    """One job. Plans read a million of them: the usual spelling of each field is taken without a further call."""
    job_id, phone, created = said.call_job_id, said.phone, said.created_at
    status = _JOB_STATUSES.get(said.job_status) or job_status(said.job_status)
    has_result = said.report_data is not None and said.report_data not in _EMPTY
    return Job(
        job_id if type(job_id) is str and job_id else _text_id(job_id),
        digits_only(phone if type(phone) is str else str(phone)),
        status,
        said.attempts_count or 0,
        status in _TALKED or bool(said.call_duration) or has_result,
        created if type(created) is int else milliseconds(created),
    )


def _report(said: _ReportFields) -> JobReport:
    return JobReport(
        job=_job(said),
        call_duration_s=said.call_duration or 0,
        finished_at_ms=milliseconds(said.finished_at),
        redial_number=_optional_text(said.redial_number),
        result=said.report_data,
        tag_name=_optional_text(said.tag_name),
        tag_payload=said.tag_payload,
    )


def _attempt(said: _AttemptFields) -> AttemptReport:
    return AttemptReport(
        report=_report(said),
        attempt_number=said.attempt_number or 0,
        call_result=_optional_text(said.call_result),
        started_at_ms=milliseconds(said.started_at),
    )


def _page(said: _PageFields[U], convert: Callable[[U], T]) -> Page[T]:
    echo = said.pagination or _Pagination()
    return Page(tuple(map(convert, said.items)), echo.page, echo.page_size)


def added(body: bytes) -> AddAnswer:
    """The ids of the jobs an `addPhones` created."""
    return AddAnswer(tuple(map(_text_id, _IDS.decode(body))))


def cancelled(body: bytes) -> frozenset[str]:
    """The ids a cancel took back."""
    return frozenset(map(_text_id, _IDS.decode(body)))


def nothing(body: bytes) -> None:
    """None: a control move answers 200 and says nothing worth reading, unless it is that something went wrong."""
    if not body.lstrip().startswith(b"{"):
        return
    said = fields(body)
    if said.get("error") or said.get("type"):
        raise msgspec.ValidationError("Expected nothing, got an error")


def jobs(body: bytes) -> tuple[Job, ...]:
    """The jobs of a report, without what the script recorded."""
    return tuple(map(_job, _JOBS.decode(body)))


def reports(body: bytes) -> tuple[JobReport, ...]:
    """The jobs of a report with everything it says of them."""
    return tuple(map(_report, _REPORTS.decode(body)))


def attempts(body: bytes) -> tuple[AttemptReport, ...]:
    """The attempts of an attempt report; number 0 stands for an attempt the server did not number."""
    return tuple(map(_attempt, _ATTEMPTS.decode(body)))


def page_of_jobs(body: bytes) -> Page[Job]:
    """One page of a listing of jobs."""
    return _page(_JOB_PAGE.decode(body), _job)


def page_of_attempts(body: bytes) -> Page[AttemptReport]:
    """One page of a listing of attempts."""
    return _page(_ATTEMPT_PAGE.decode(body), _attempt)


def state(body: bytes) -> CampaignState:
    """The state of a campaign, said as a JSON string or as a bare word."""
    text = body.strip()
    word = _TEXT.decode(text) if text.startswith(b'"') else text.decode()
    if not _STATE_WORD.fullmatch(word):
        raise msgspec.ValidationError("Expected one word, the state of the campaign")
    return campaign_state(word)


def details(body: bytes) -> CampaignDetails:
    """The details of a campaign. `totalNumbers` is required: none would pass for an empty campaign."""
    said = _DETAILS.decode(body)
    counts = said.short_report
    return CampaignDetails(
        campaign_id=_text_id(said.id),
        name=said.name or "",
        state=campaign_state(said.status),
        total_numbers=counts.total_numbers,
        processed_numbers=counts.processed_numbers or 0,
        in_process_calls=counts.in_process_calls or 0,
        retry_calls=counts.retry_calls or 0,
        max_simultaneous_calls=said.max_simultaneous_calls,
        created_at_ms=milliseconds(said.creation_date),
        used_talking_time_s=counts.used_talking_time or 0,
    )
