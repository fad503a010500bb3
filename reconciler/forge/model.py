"""A forge as far as one comment on a request needs it, and the comment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

LONGEST_BODY = 65_000
"""Characters of a comment. GitHub takes 65,536 and GitLab 1,000,000; nobody reads more."""


class Comment(msgspec.Struct, frozen=True):
    """One comment. `is_ours`: the token this program has wrote it, so that nobody else's is ever changed."""

    id: int
    body: str
    is_ours: bool


class Forge(Protocol):
    """The comments of pull or merge requests. Methods raise ForgeError, ForgeDenied or BodyTooLong."""

    def request_of(self, commit: str) -> int | None:
        """The number of the request that brought this commit into its branch."""

    def comments(self, request: int) -> Iterator[Comment]:
        """All comments of a request, oldest first."""

    def create(self, request: int, body: str) -> None:
        """Adds a comment; after a ForgeError it may be there all the same."""

    def update(self, request: int, comment: int, body: str) -> None:
        """Gives a comment another text."""

    def delete(self, request: int, comment: int) -> None:
        """Deletes a comment."""
