"""What a failure means: did the server do nothing, or is it unknown? The table, for changes and for reads."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any

import httpx
import pytest

from reconciler.calls.model import Control
from reconciler.errors import (
    Ambiguous,
    BadCall,
    CallsError,
    InvalidToken,
    NotSent,
    Refused,
    TryLater,
    UnknownItems,
    Unreadable,
    WrongState,
)
from tests.calls.fakes import PHONE, Script, client_of, no, ok


def failure_of_adding(step: Any, body: bytes = b"[]") -> CallsError:
    with pytest.raises(CallsError) as failure:
        client_of(Script(addPhones=step)).add_phones(body, "key")
    return failure.value


def failure_of_reading(step: Any) -> CallsError:
    with pytest.raises(CallsError) as failure:
        client_of(Script(callJob_getReport=step)).jobs(["1"])
    return failure.value


def failure_of_control(step: Any) -> CallsError:
    with pytest.raises(CallsError) as failure:
        client_of(Script(control_start=step)).control(Control.START, "key")
    return failure.value


def connecting(cause: Exception) -> httpx.ConnectError:
    """An error of httpx as it comes out of its pool: the cause is only its context."""
    error = httpx.ConnectError("")
    error.__context__ = cause
    return error


# ------------------------------------------------------------------------------------------------- nothing was sent


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            connecting(untrusted()),
            r"certificate of calls.example is not trusted \(self-signed certificate\).*SSL_CERT_FILE",
        ),
        (connecting(ssl.SSLError(1, "wrong version number")), r"no TLS connection to calls.example"),
        (connecting(socket.gaierror(-2, "Name or service not known")), r"no address is known for calls.example"),
        (connecting(ConnectionRefusedError(111, "refused")), r"calls.example refuses connections"),
        (connecting(OSError(101, "Network is unreachable")), r"no connection to calls.example \(connect error\)"),
        (httpx.ConnectTimeout(""), r"no connection to calls.example \(connect timeout\)"),
        (httpx.PoolTimeout(""), r"no connection to calls.example \(pool timeout\)"),
        (httpx.ProxyError("407"), r"no connection to calls.example \(proxy error\)"),
    ],
    ids=["certificate", "tls", "name", "refused", "network", "timeout", "pool", "proxy"],
)
def test_a_connection_that_was_never_made_means_nothing_was_sent(error: Exception, words: str) -> None:
    for failure in (failure_of_adding(error), failure_of_reading(error)):
        assert isinstance(failure, NotSent)
        assert re.search(words, str(failure))
        assert failure.next_step


def test_a_certificate_that_is_not_trusted_is_not_asked_for_again() -> None:
    server = Script(status=connecting(untrusted()))
    with pytest.raises(NotSent):
        client_of(server).state()
    assert len(server.requests) == 1


# -------------------------------------------------------------------------------------------------- nobody can know

LOST = [
    httpx.ReadTimeout(""),
    httpx.WriteTimeout(""),
    httpx.ReadError(""),
    httpx.WriteError(""),
    httpx.RemoteProtocolError(""),
    httpx.LocalProtocolError(""),
    httpx.DecodingError(""),
]
USELESS = [
    no(500),
    no(500, {"type": "phone.bad.format", "phone": PHONE}),
    httpx.Response(502, html="<html>"),
    no(503),
    no(504),
    no(408),
    no(301, location="https://elsewhere.example"),
    no(307, location="not a place at all:::"),
    no(304),
    no(199),
    no(206, []),
    httpx.Response(200, html="<html>"),
    httpx.Response(200, html='["7"]'),
    httpx.Response(200, html=""),
    httpx.Response(200, content=b" <html>"),
    httpx.Response(200, content=b"[]", headers={"content-type": "image/png"}),
    httpx.Response(200),
    no(204),
    httpx.Response(200, content=b'["5665334669'),
    ok({"error": "but with 200"}),
    ok(None),
]


@pytest.mark.parametrize("step", [*LOST, *USELESS], ids=range(len(LOST + USELESS)))
def test_without_a_usable_answer_a_change_is_ambiguous_and_a_read_unreadable(step: Any) -> None:
    assert isinstance(failure_of_adding(step), Ambiguous)
    assert isinstance(failure_of_reading(step), Unreadable)


def test_a_conflict_may_be_the_first_request_of_this_key_still_at_work() -> None:
    assert isinstance(failure_of_adding(no(409)), Ambiguous)
    assert type(failure_of_reading(no(409))) is Refused


def test_an_ambiguous_answer_to_a_control_move_is_ambiguous_too() -> None:
    assert isinstance(failure_of_control(httpx.Response(200, html="<html>")), Ambiguous)


@pytest.mark.parametrize("body", [{"error": "internal", "args": []}, {"type": "unavailable"}], ids=["error", "type"])
def test_a_move_that_answers_200_and_an_error_may_not_have_been_made(body: Any) -> None:
    failure = failure_of_control(ok(body))
    assert isinstance(failure, Ambiguous)
    assert "got an error" in str(failure)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/problem+json; charset=utf-8", "TEXT/PLAIN", "text/json", ""]
)
def test_json_may_be_sent_under_several_names(content_type: str) -> None:
    answer = httpx.Response(200, content=b'["7"]', headers={"content-type": content_type})
    assert client_of(Script(addPhones=answer)).add_phones(b"[]", "key").job_ids == ("7",)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_may_have_several_numbers(status: int) -> None:
    assert client_of(Script(addPhones=no(status, ["7"]))).add_phones(b"[]", "key").job_ids == ("7",)


# --------------------------------------------------------------------------------------------------- come back later


@pytest.mark.parametrize(("status", "is_certain"), [(429, True), (503, False)])
def test_a_busy_server_says_when_to_come_back_and_a_503_may_be_of_a_proxy_before_a_server_at_work(
    status: int, is_certain: bool
) -> None:
    failure = failure_of_adding(no(status, retry_after="7"))
    assert isinstance(failure, TryLater)
    assert (failure.retry_after_s, failure.is_certain) == (7, is_certain)


# --------------------------------------------------------------------------------------------------------- a clear no


def test_no_campaign_behind_the_token() -> None:
    failure = failure_of_adding(no(404, {"type": "invalid.token", "message": "no such campaign"}))
    assert isinstance(failure, InvalidToken)
    assert (failure.type, failure.status) == ("invalid.token", 404)


@pytest.mark.parametrize(
    ("fields", "items"),
    [
        ({"id": 5665336642}, {"5665336642"}),
        ({"ids": ["1", 2]}, {"1", "2"}),
        ({"phone": PHONE}, {PHONE}),
        ({"phones": [PHONE, None, True, {}]}, {PHONE}),
        ({"id": None, "message": "5665336642"}, set()),
    ],
    ids=["id", "ids", "phone", "phones", "none"],
)
@pytest.mark.parametrize("word", ["id.not.found", "phone.not.found"])
def test_unknown_items_are_named_when_the_server_names_them(fields: dict[str, Any], items: set[str], word: str) -> None:
    failure = failure_of_reading(no(400, {"type": word, **fields}))
    assert isinstance(failure, UnknownItems)
    assert failure.items == items
    assert failure.type == word


@pytest.mark.parametrize(
    ("word", "fields"),
    [
        ("phone.duplicated", {"phone": PHONE, "phonesDuplicates": [PHONE]}),
        ("phone.duplicated", {"phonesDuplicates": [PHONE]}),
        ("phone.bad.format", {"phone": int(PHONE)}),
        ("phone.gmtZone.bad.format", {"phone": PHONE, "gmtZone": "Mars"}),
    ],
    ids=["duplicated", "duplicates only", "bad format", "zone"],
)
def test_a_bad_number_is_named_in_the_error_and_not_in_its_text(word: str, fields: dict[str, Any]) -> None:
    failure = failure_of_adding(no(400, {"type": word, "message": f"{PHONE} is wrong", **fields}))
    assert isinstance(failure, BadCall)
    assert (failure.phone, failure.type) == (PHONE, word)
    assert PHONE not in str(failure)


def test_a_bad_number_that_is_not_named_is_a_plain_refusal() -> None:
    failure = failure_of_adding(no(400, {"type": "phone.bad.format"}))
    assert (type(failure), getattr(failure, "type", "")) == (Refused, "phone.bad.format")


def test_a_finished_campaign_takes_no_calls() -> None:
    failure = failure_of_adding(no(400, {"type": "invalid.call.task.state", "state": "FINISHED"}))
    assert isinstance(failure, WrongState)
    assert failure.state == "FINISHED"
    assert "the campaign is FINISHED" in str(failure)


def test_a_control_move_that_is_not_possible() -> None:
    failure = failure_of_control(no(400, {"error": "campaign.not.paused", "message": "cannot resume", "args": {}}))
    assert isinstance(failure, WrongState)
    assert (failure.state, failure.type) == ("", "campaign.not.paused")
    assert "cannot resume" in str(failure)


@pytest.mark.parametrize(
    "body", [None, {"error": "Not Found"}, {"type": "no.such.route"}], ids=["bare", "error", "type"]
)
def test_a_server_without_a_start_refuses_it_with_404(body: Any) -> None:
    failure = failure_of_control(no(404, body))
    assert type(failure) is Refused
    assert failure.status == 404


def pages(status: int) -> tuple[Any, ...]:
    """Answers of that status in words that are not the server's."""
    return no(status), httpx.Response(status, html="<html>no</html>"), no(status, [1]), no(status, {"message": "no"})


@pytest.mark.parametrize("status", [401, 404, 405, 411, 413, 414, 415, 431])
def test_what_is_said_before_a_request_is_passed_on_is_a_plain_refusal_whoever_wrote_its_page(status: int) -> None:
    for step in pages(status):
        failure = failure_of_adding(step)
        assert type(failure) is Refused
        assert (failure.status, failure.type) == (status, "")


@pytest.mark.parametrize("status", [400, 402, 403, 406, 418, 422, 451, 499])
def test_any_other_4xx_of_an_add_that_is_not_in_the_servers_words_may_be_a_firewalls_who_kept_back_its_answer(
    status: int,
) -> None:
    for step in pages(status):
        failure = failure_of_adding(step)
        assert isinstance(failure, Ambiguous)
        assert f"not in the server's words: refused ({status})" in str(failure)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422])
def test_any_other_4xx_in_the_servers_words_is_a_plain_refusal(status: int) -> None:
    for body in ({"type": 1}, {"error": "Forbidden"}):
        failure = failure_of_adding(no(status, body))
        assert type(failure) is Refused
        assert failure.status == status


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_read_or_a_move_is_refused_whoever_wrote_the_page_because_it_can_be_repeated(status: int) -> None:
    for step in pages(status):
        assert type(failure_of_reading(step)) is Refused
        assert type(failure_of_control(step)) is Refused


def test_the_servers_own_words_are_passed_on() -> None:
    failure = failure_of_adding(no(400, {"type": "invalid.dialer_priority", "message": "must be 1 to 5"}))
    assert str(failure) == "addPhones: refused (400): invalid.dialer_priority: must be 1 to 5"
