"""One comment on a request: found again by a hidden mark, updated in place, never two of it.

The mark names the run that wrote the text, so that a slow older run does not overwrite what a newer one said. Forges
have no way to create a comment only if there is none. So whoever created one looks again: of several the oldest
stays, gets the newest text, and the others are deleted. Two runs that do this side by side come to the same end.
"""

from __future__ import annotations

import re
from contextlib import suppress
from enum import StrEnum

import msgspec

from reconciler.errors import ForgeDenied, ForgeError
from reconciler.forge.model import Comment, Forge


class Put(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    LEFT = "left as a newer run wrote it"


class Mark(msgspec.Struct, frozen=True):
    """The hidden first line. `key` tells several comments of one request apart; later runs have larger numbers."""

    key: str
    run: int
    attempt: int = 1

    def __str__(self) -> str:
        return f"<!-- campaign-ci:{self.key} run:{self.run}.{self.attempt} -->"

    def age(self, body: str) -> tuple[int, int] | None:
        """The run and attempt that wrote a comment with this key; None for any other comment."""
        found = re.match(rf"<!-- campaign-ci:{re.escape(self.key)} run:(\d+)\.(\d+) -->", body)
        return (int(found[1]), int(found[2])) if found else None


def put_comment(forge: Forge, request: int, mark: Mark, text: str) -> Put:
    """Creates or updates the comment. Raises ForgeError, ForgeDenied or BodyTooLong."""
    body = f"{mark}\n{text}"
    if not _first(forge, request, mark):
        _create(forge, request, mark, body)
        _settle(forge, request, mark, body)
        return Put.CREATED
    return _settle(forge, request, mark, body)


def _create(forge: Forge, request: int, mark: Mark, body: str) -> None:
    try:
        forge.create(request, body)
    except ForgeDenied:
        raise
    except ForgeError:
        if not _first(forge, request, mark):  # it was not created, although the answer might have been lost
            raise


def _settle(forge: Forge, request: int, mark: Mark, body: str) -> Put:
    """Leaves one comment, the oldest, with the newest text."""
    found = _all(forge, request, mark)
    if not found:  # somebody deleted it just now
        forge.create(request, body)
        return Put.CREATED
    oldest, *others = found
    newest = max([*(each.body for each in found), body], key=lambda each: mark.age(each) or (0, 0))
    if mark.age(newest) == mark.age(body):
        newest = body
    if newest != oldest.body:
        forge.update(request, oldest.id, newest)
    for other in others:
        with suppress(ForgeDenied):  # another run deleted it
            forge.delete(request, other.id)
    return Put.UPDATED if newest == body else Put.LEFT


def _all(forge: Forge, request: int, mark: Mark) -> list[Comment]:
    ours = [each for each in forge.comments(request) if each.is_ours and mark.age(each.body)]
    return sorted(ours, key=lambda each: each.id)


def _first(forge: Forge, request: int, mark: Mark) -> Comment | None:
    return next((each for each in forge.comments(request) if each.is_ours and mark.age(each.body)), None)
