"""What goes back to the client: a status, bytes and headers, and how the connection ends.

Refusals of the API are raised as `RefusedError`, which carries the finished answer. No text in here quotes a
phone number except the `phone` fields the API itself documents.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

JSON = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """`fate`: `sent` whole, connection `closed` or `reset` with nothing sent, or `cut` (reset in the middle
    of the body).
    """

    status: int
    content: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    fate: Literal["sent", "closed", "reset", "cut"] = "sent"


class RefusedError(Exception):
    """A request the API refuses; nothing was done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with status {answer.status}")
        self.answer = answer


def json_answer(body: object, status: int = 200) -> Answer:
    """The body as JSON."""
    return Answer(status, msgspec.json.encode(body))


def refused(kind: str, message: str, /, **fields: Any) -> RefusedError:
    """A 400 `{"type", "message", …}`."""
    return RefusedError(json_answer({"type": kind, "message": message, **fields}, 400))


def malformed(message: str) -> RefusedError:
    """A 400 for what the documented types do not cover: bad JSON, a wrong JSON type, a value out of range."""
    return refused("request.invalid", message)


def impossible_move(action: str, state: str) -> RefusedError:
    """A 400 of `control/*`, which has a form of its own."""
    body = {
        "error": "campaign.state.invalid",
        "message": f"Cannot {action} a campaign that is {state}",
        "args": [action, state],
    }
    return RefusedError(json_answer(body, 400))


INVALID_TOKEN = json_answer({"type": "invalid.token", "message": "No campaign has this token"}, 404)
NOT_FOUND = json_answer({"error": "Not Found"}, 404)
METHOD_NOT_ALLOWED = json_answer({"error": "Method Not Allowed"}, 405)
