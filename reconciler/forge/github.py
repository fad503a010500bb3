"""GitHub: comments of pull requests are those of issues."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import count
from typing import Any

import msgspec

from reconciler.errors import ForgeDenied
from reconciler.forge.http import ForgeHttp
from reconciler.forge.model import Comment

PAGE = 100  # the most GitHub gives at once


def github_headers(token: str) -> dict[str, str]:
    """What every request to GitHub carries."""
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


class _User(msgspec.Struct, frozen=True):
    login: str
    type: str = ""


class _Comment(msgspec.Struct, frozen=True):
    id: int
    body: str | None = None
    user: _User | None = None  # None: the account is gone


class _Request(msgspec.Struct, frozen=True):
    number: int
    merged_at: str | None = None


class GitHub:
    """The pull requests of one repository (`owner/name`)."""

    def __init__(self, http: ForgeHttp, repository: str) -> None:
        self._http, self._at = http, f"/repos/{repository}"

    def request_of(self, commit: str) -> int | None:
        """The pull request that brought the commit in, the merged one if there are several."""
        found = self._http.ask("GET", f"{self._at}/commits/{commit}/pulls", list[_Request])
        merged = [each for each in found if each.merged_at]
        return (merged or found)[0].number if found else None

    def comments(self, request: int) -> Iterator[Comment]:
        """All comments, oldest first."""
        at = f"{self._at}/issues/{request}/comments"
        for page in count(1):
            found = self._http.ask("GET", at, list[_Comment], per_page=PAGE, page=page)
            yield from (Comment(each.id, each.body or "", self._is_ours(each.user)) for each in found)
            if len(found) < PAGE:
                return

    def create(self, request: int, body: str) -> None:
        """Adds a comment."""
        self._http.ask("POST", f"{self._at}/issues/{request}/comments", Any, given={"body": body})

    def update(self, request: int, comment: int, body: str) -> None:  # noqa: ARG002 - GitLab needs the request
        """Gives a comment another text."""
        self._http.ask("PATCH", f"{self._at}/issues/comments/{comment}", Any, given={"body": body})

    def delete(self, request: int, comment: int) -> None:  # noqa: ARG002 - GitLab needs the request
        """Deletes a comment."""
        self._http.ask("DELETE", f"{self._at}/issues/comments/{comment}", Any)

    def _is_ours(self, user: _User | None) -> bool:
        if user is None:
            return False
        return user.login == self._login if self._login else user.type == "Bot"

    @cached_property
    def _login(self) -> str:
        """Whose token it is; '' for the token of a workflow or an app, which may not ask: it writes as a bot."""
        try:
            return self._http.ask("GET", "/user", _User).login
        except ForgeDenied:
            return ""
