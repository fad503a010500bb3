"""The endpoints of each dialect: which paths exist, what they are called in logs and faults, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from reconciler.sandbox.answers import Answer, json_answer
from reconciler.sandbox.campaign import MOVES, Campaign
from reconciler.sandbox.reports import ReportStyle
from reconciler.sandbox.rules import Page, date_query, named, page

Act = Callable[[Campaign, Any], Answer]
"""Does what a request with this JSON body asks; raises RefusedError when nothing was done."""


class Operation(msgspec.Struct, frozen=True):
    """One endpoint. `endpoint` names it in faults and in the request log; `mutates`: it may change the campaign."""

    endpoint: str
    act: Act
    mutates: bool = False


def _add_phones(campaign: Campaign, body: object) -> Answer:
    return _ids(campaign, campaign.add(body))


def _cancel(campaign: Campaign, body: object) -> Answer:
    return _ids(campaign, campaign.cancel(named(body)))


def _ids(campaign: Campaign, ids: tuple[str, ...]) -> Answer:
    style = ReportStyle(campaign.settings)
    return json_answer([style.job_id(job_id) for job_id in ids])


def _control(action: str, campaign: Campaign, _body: object) -> Answer:
    campaign.control(action)
    return Answer(200)


def _get_report(campaign: Campaign, body: object) -> Answer:
    style = ReportStyle(campaign.settings)
    return json_answer([style.job(job) for job in campaign.report(named(body))])


def _attempt_report(campaign: Campaign, body: object) -> Answer:
    return json_answer(ReportStyle(campaign.settings).attempts(campaign.report(named(body))))


def _jobs_by_date(campaign: Campaign, body: object) -> Answer:
    created, finished, wanted_page = date_query(body)
    style = ReportStyle(campaign.settings)
    jobs = wanted_page.cut(campaign.created_and_finished(created, finished))
    return _items([style.job(job) for job in jobs], wanted_page)


def _attempts_by_date(campaign: Campaign, body: object) -> Answer:
    created, finished, wanted_page = date_query(body)
    style = ReportStyle(campaign.settings)
    # `finishedAt` of an attempt report is the attempt's own, so the filter goes by that.
    pairs = [
        (job, attempt)
        for job in campaign.created_and_finished(created, type(finished)())
        for attempt in job.attempts
        if finished.holds(attempt.finished_ms)
    ]
    return _items([style.attempt(job, attempt) for job, attempt in wanted_page.cut(pairs)], wanted_page)


def _get_unfinished(campaign: Campaign, body: object) -> Answer:
    wanted_page = page(body)
    style = ReportStyle(campaign.settings)
    return _items([style.job(job) for job in campaign.unfinished(wanted_page)], wanted_page)


def _items(items: list[dict[str, Any]], wanted_page: Page) -> Answer:
    pagination = {"page": wanted_page.page, "pageSize": wanted_page.page_size}
    return json_answer({"items": items, "pagination": pagination})


def _status(campaign: Campaign, _body: object) -> Answer:
    word = ReportStyle(campaign.settings).state(campaign.state)
    if campaign.settings.status == "text":
        return Answer(200, word.encode(), content_type="text/plain")
    return json_answer(word)


def _details(campaign: Campaign, _body: object) -> Answer:
    return json_answer(ReportStyle(campaign.settings).details(campaign))


Route = tuple[str, str]
"""Method and path below `/api/calls/campaign/{token}/`."""

_COMMON: dict[Route, Operation] = {
    ("POST", "addPhones"): Operation("addPhones", _add_phones, mutates=True),
    ("POST", "callJob/cancel"): Operation("cancel", _cancel, mutates=True),
} | {("POST", f"control/{action}"): Operation("control", partial(_control, action), mutates=True) for action in MOVES}

DIALECTS: dict[str, dict[Route, Operation]] = {
    "legacy": _COMMON | {("POST", "getReport"): Operation("getReport", _get_report)},
    "current": _COMMON
    | {
        ("POST", "callJob/getReport"): Operation("getReport", _get_report),
        ("POST", "callAttempt/getReport"): Operation("attemptReport", _attempt_report),
        ("POST", "callJob/getReportByDate"): Operation("getReportByDate", _jobs_by_date),
        ("POST", "callAttempt/getReportByDate"): Operation("attemptReport", _attempts_by_date),
        ("POST", "callJob/getUnfinished"): Operation("getUnfinished", _get_unfinished),
        ("GET", "status"): Operation("status", _status),
        ("GET", ""): Operation("details", _details),
    },
}
"""Every route of each dialect."""

ENDPOINTS = tuple(dict.fromkeys(operation.endpoint for routes in DIALECTS.values() for operation in routes.values()))
"""The names a fault may be given for."""
