"""The token, phones and payloads appear in nothing that is printed, raised or logged, by us or by the libraries."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.calls import http
from reconciler.calls.client import CallsClient
from reconciler.calls.exchange import Answer, Ask
from reconciler.calls.hygiene import digits_only, masked, silence_transport_loggers
from reconciler.calls.model import Control, Dialect
from reconciler.errors import CallsError
from tests.calls.fakes import BASE, CERTIFICATE, HOST, PHONE, TOKEN, Script, client_of, http_answer, no, says, serving

NAME = "Xantippe"
SECRETS = (TOKEN, PHONE, NAME, BASE)
BODY = json.dumps([{"phone": PHONE, "payload": {"first_name": NAME, "due": 4242}}]).encode()


# -------------------------------------------------------------------------------------------------------- masking


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide: 4 of 1234", "nothing to hide: 4 of 1234"),
        ("phone 79990000001 is bad", "phone ••• is bad"),
        ("phone +7 (999) 000-00-01 is bad", "phone ••• is bad"),
        ("phone 7.999.000 is bad", "phone ••• is bad"),
        ("phone ٧٩٩٩٠٠٠٠ is bad", "phone ••• is bad"),
        ("see https://a.example/b?c for more", "see ••• for more"),
        ("at /api/calls/campaign/abc/addPhones now", "at ••• now"),
        ("token t0ken here", "token ••• here"),
        ("several\nlines\tof\x00 text", "several lines of\x00 text"),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 10_001, "(a text too long to show)"),
    ],
    ids=range(11),
)
def test_a_text_of_the_server_is_masked_before_it_is_shown(text: str, shown: str) -> None:
    assert masked(text, token="t0ken") == shown


def test_words_of_the_request_are_masked_but_not_those_of_the_api() -> None:
    text = f'payload of phone: "{NAME}" owes 4242, maxAttempts wrong'
    assert masked(text, sent=BODY) == 'payload of phone: "•••" owes •••, maxAttempts wrong'


@pytest.mark.parametrize(
    ("phone", "digits"), [(PHONE, PHONE), ("+7 (999) 000", "7999000"), ("٧٩٩", ""), ("²3", "3"), ("", "")], ids=range(5)
)
def test_digits_are_ascii_digits(phone: str, digits: str) -> None:
    assert digits_only(phone) == digits


# --------------------------------------------------------------------------------------------- nothing leaks anywhere


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything logged, with the libraries set to say all they can."""
    for name in ("", "httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def everything_said(error: BaseException, log: pytest.LogCaptureFixture) -> str:
    """The error, all it hangs on, and all that was logged."""
    chain: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is not None and link not in chain:
            chain.append(link)
            todo += [link.__cause__, link.__context__]
    said = [text for link in chain for text in (str(link), repr(link), repr(getattr(link, "request", "")))]
    printed = traceback.format_exception(error)
    logged = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in log.records]
    return "\n".join([*said, *printed, *logged])


AskIt = Callable[[CallsClient], object]
ASKS: dict[str, AskIt] = {
    "add": lambda client: client.add_phones(BODY, "key"),
    "cancel": lambda client: client.cancel([PHONE], "key"),
    "control": lambda client: client.control(Control.START, "key"),
    "state": lambda client: client.state(),
    "details": lambda client: client.details(),
    "jobs": lambda client: client.jobs(phones=[PHONE]),
    "listing": lambda client: list(client.unfinished()),
}
ECHO = f"{HOST}{BASE}/addPhones says: {NAME} at {PHONE} with {TOKEN} is no good"
STEPS: dict[str, Any] = {
    "echo": no(400, {"type": "new.type", "message": ECHO, "path": BASE}),
    "echo in the type": no(400, {"type": TOKEN, "message": ECHO}),
    "phone in the type": no(400, {"type": PHONE}),
    "echo in the state": no(400, {"type": "invalid.call.task.state", "state": TOKEN, "message": ECHO}),
    "echo in the error": no(400, {"error": TOKEN, "message": ECHO, "args": [PHONE]}),
    "bad phone": no(400, {"type": "phone.bad.format", "message": ECHO, "phone": PHONE}),
    "unknown phone": no(400, {"type": "phone.not.found", "message": ECHO, "phones": [PHONE]}),
    "wrong token": no(404, {"type": "invalid.token", "message": ECHO}),
    "page": httpx.Response(502, html=ECHO),
    "page with 200": httpx.Response(200, html=ECHO),
    "text with 200": httpx.Response(200, text=ECHO),
    "json with 200": httpx.Response(200, json={ECHO: ECHO}),
    "strange items": httpx.Response(200, json=[{"callJobId": "1", "phone": "2", "createdAt": ECHO}]),
    "redirect": no(307, location=f"{HOST}{BASE}/"),
    "busy": no(429, retry_after=ECHO.encode("ascii", "ignore").decode()),
    "lost": httpx.ReadError(ECHO, request=httpx.Request("POST", f"{HOST}{BASE}")),
    "not sent": httpx.ConnectError(ECHO, request=httpx.Request("POST", f"{HOST}{BASE}")),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_no_error_or_log_tells_the_token_or_a_phone(ask: AskIt, step: Any, log: pytest.LogCaptureFixture) -> None:
    said = said_when(ask, step, log)
    assert [secret for secret in (TOKEN, BASE, PHONE) if secret in said] == []


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_no_error_or_log_tells_a_payload_that_was_sent(step: Any, log: pytest.LogCaptureFixture) -> None:
    assert NAME not in said_when(ASKS["add"], step, log)


def said_when(ask: AskIt, step: Any, log: pytest.LogCaptureFixture) -> str:
    """Everything raised and logged when a server answers every request with `step`."""
    names = ["addPhones", "callJob_cancel", "control_start", "status", "details", "callJob_getReport"]
    server = Script(**dict.fromkeys([*names, "callJob_getUnfinished"], step))
    try:
        ask(client_of(server))
    except CallsError as error:
        return everything_said(error, log)
    return log.text


def test_the_libraries_log_nothing_over_a_real_connection(log: pytest.LogCaptureFixture) -> None:
    away = http_answer(b'"new"', "200 OK", f"Location: {BASE}", f"Set-Cookie: t={TOKEN}")
    with serving(says(away)) as server, CallsClient(server.host, TOKEN) as client:
        client.state()
    assert {record.name for record in log.records} == {"reconciler.calls"}
    assert TOKEN not in log.text


def test_the_libraries_log_nothing_over_tls(log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(says(http_answer(b'"new"')), tls=True) as server, CallsClient(server.host, TOKEN) as client:
        client.state()
    assert {record.name for record in log.records} == {"reconciler.calls"}


def test_every_logger_the_libraries_have_is_silenced() -> None:
    silence_transport_loggers()
    silence_transport_loggers()
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in ("httpx", "httpcore")]
    assert {"httpx", "httpcore.http11", "httpcore.connection"} <= set(names)
    assert [name for name in names if len(logging.getLogger(name).filters) != 1] == []


def test_retries_print_and_log_nothing_of_their_own(
    log: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CallsError):
        client_of(Script(status=no(500))).state()
    assert {record.name for record in log.records} == {"reconciler.calls"}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "thing",
    [
        CallsClient(HOST, TOKEN, dialect=Dialect.CURRENT, transport=httpx.MockTransport(Script())),
        http.Wire(HOST, TOKEN, timeout_s=1, transport=httpx.MockTransport(Script()), now=float),
        Ask(path="/addPhones", body=BODY),
        Answer(status=200, body=BODY),
    ],
    ids=["client", "wire", "ask", "answer"],
)
def test_what_holds_secrets_does_not_print_them(thing: object) -> None:
    assert [secret for secret in SECRETS if secret in repr(thing)] == []


def test_an_ask_is_named_by_its_endpoint() -> None:
    assert (repr(Ask(path="/control/stop")), Ask(path="").name) == ("Ask(control/stop)", "details")
