"""GitLab: comments of merge requests are notes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import count
from typing import Any

import msgspec

from reconciler.forge.http import ForgeHttp
from reconciler.forge.model import Comment

PAGE = 100  # the most GitLab gives at once


def gitlab_headers(token: str) -> dict[str, str]:
    """What every request to GitLab carries."""
    return {"PRIVATE-TOKEN": token, "Accept": "application/json"}


class _User(msgspec.Struct, frozen=True):
    id: int


class _Note(msgspec.Struct, frozen=True):
    id: int
    author: _User
    body: str | None = None
    system: bool = False  # GitLab's own, such as "changed the title"


class _Request(msgspec.Struct, frozen=True):
    iid: int
    state: str = ""


class GitLab:
    """The merge requests of one project, by its number."""

    def __init__(self, http: ForgeHttp, project: str) -> None:
        self._http, self._at = http, f"/projects/{project}"

    def request_of(self, commit: str) -> int | None:
        """The merge request that brought the commit in, the merged one if there are several."""
        at = f"{self._at}/repository/commits/{commit}/merge_requests"
        found = self._http.ask("GET", at, list[_Request])
        merged = [each for each in found if each.state == "merged"]
        return (merged or found)[0].iid if found else None

    def comments(self, request: int) -> Iterator[Comment]:
        """All notes that people or tokens wrote, oldest first."""
        order = {"order_by": "created_at", "sort": "asc"}
        for page in count(1):
            found = self._http.ask("GET", self._notes(request), list[_Note], per_page=PAGE, page=page, **order)
            written = (each for each in found if not each.system)
            yield from (Comment(each.id, each.body or "", each.author.id == self._me) for each in written)
            if len(found) < PAGE:
                return

    def create(self, request: int, body: str) -> None:
        """Adds a note."""
        self._http.ask("POST", self._notes(request), Any, given={"body": body})

    def update(self, request: int, comment: int, body: str) -> None:
        """Gives a note another text."""
        self._http.ask("PUT", f"{self._notes(request)}/{comment}", Any, given={"body": body})

    def delete(self, request: int, comment: int) -> None:
        """Deletes a note."""
        self._http.ask("DELETE", f"{self._notes(request)}/{comment}", Any)

    def _notes(self, request: int) -> str:
        return f"{self._at}/merge_requests/{request}/notes"

    @cached_property
    def _me(self) -> int:
        """Whose token it is: every kind that may write notes may ask."""
        return self._http.ask("GET", "/user", _User).id
