"""One request and one answer, as values: what is asked of the server, and what came back before it is understood."""

from __future__ import annotations

import msgspec


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request: `path` is what follows the token in the URL, `what` a few words for the log.

    `may_be_bare`: the answer may be a word without quotes, whatever its content type.
    """

    path: str
    body: bytes = b""
    is_get: bool = False
    mutates: bool = False
    idempotence_key: str = ""
    what: str = ""
    may_be_bare: bool = False

    @property
    def name(self) -> str:
        """The endpoint as messages name it."""
        return self.path.strip("/") or "details"

    def __repr__(self) -> str:
        return f"Ask({self.name})"  # the body is phones and payloads


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer; `is_whole` is False when it was larger than this program takes, and then there is no body."""

    status: int
    body: bytes = b""
    content_type: str = ""
    retry_after: str = ""
    is_whole: bool = True

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"
