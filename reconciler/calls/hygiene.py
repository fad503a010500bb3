"""What may be said aloud: server texts with everything private masked, and silence from the HTTP libraries.

The token in the path is the only credential of a campaign, so whoever sees a URL controls the campaign; and the
server may quote back what it was sent, phones and payload included. Masking errs on the side of saying too little.
"""

from __future__ import annotations

import logging
import re

MASK = "•••"
_LONGEST_SERVER_TEXT = 10_000  # characters; what is longer is no message
LONGEST_TEXT = 200  # characters of a server's text worth showing

# Five digits or more, however they are grouped: +1 (650) 000-00-00 is as private as 16500000000.
_DIGITS = re.compile(r"\+?\d(?:[ ().\-/]{0,3}\d){4,}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://\S+|\S*/campaign/\S+")
_WORD = re.compile(r"\w+")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")

# Words that a request holds without giving anybody away: the API's own field names and JSON's literals.
_API_WORDS = frozenset(
    _WORD.findall(
        """phone phones payload id ids true false null default mon tue wed thu fri sat sun startDateTime finishDateTime
        allowedDays allowedTime localTimeFrom localTimeTo retryIntervalInMinutes maxAttempts gmtZone dialerPriority
        externalCheck externalCheckUrl externalCheckMaxRetries filter createdAtFrom createdAtTo finishedAtFrom
        finishedAtTo pagination page pageSize"""
    )
)

# Every logger of httpx and httpcore: a filter acts only on the logger it hangs on, never on those below it.
_TRANSPORT_LOGGERS = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


def digits_only(phone: str) -> str:
    """The ASCII digits of a phone, in order, without `+` or grouping; '' when there are none."""
    return phone if phone.isdecimal() and phone.isascii() else _NOT_A_DIGIT.sub("", phone)


def masked(text: str, *, token: str = "", sent: bytes = b"") -> str:
    """`text` fit to be printed: one line, at most 200 characters.

    Masked are the token, anything like a URL, any run of five or more digits, and every word of the request body
    `sent` that is not the API's own: a server may quote the payload it did not like.
    """
    if len(text) > _LONGEST_SERVER_TEXT:
        return "(a text too long to show)"
    if token:
        text = text.replace(token, MASK)
    text = _DIGITS.sub(MASK, _URL.sub(MASK, text))
    if sent:
        private = set(_WORD.findall(sent.decode("utf-8", "replace"))) - _API_WORDS
        text = _WORD.sub(lambda word: MASK if word[0] in private else word[0], text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _drop(_record: logging.LogRecord) -> bool:
    return False


def silence_transport_loggers() -> None:
    """Stops httpx and httpcore from logging, for the whole process and whatever levels are set.

    httpx logs every URL at INFO and httpcore every header at DEBUG. A filter stays in force when somebody sets a
    level or configures handlers later, which a level or `disabled` would not.
    """
    for name in _TRANSPORT_LOGGERS:
        logging.getLogger(name).addFilter(_drop)  # the same filter twice is kept once
