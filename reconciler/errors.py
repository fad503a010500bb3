"""Every error this program raises on purpose, in one tree.

    ReconcilerError                 exit 1
    ├── ManifestError               bad manifest or phone list; carries every problem found
    ├── UsageError                  exit 64: the command line asks for something that makes no sense
    ├── Refusal                     going on could call somebody twice or call the wrong campaign
    ├── GuardTripped                exit 3: the plan is larger than the manifest allows
    ├── SavedPlanError              the file of a saved plan cannot be used
    ├── StalePlan                   exit 5: a saved plan no longer fits
    ├── OlderCommit                 exit 5: the branch has moved on since the commit of this run
    ├── LockError                   the lockfile or journal cannot be used
    │   ├── LockHeld                exit 6: another run holds the lock
    │   └── LockNotKept             exit 4: calls were made, and the store did not take the lockfile that says so
    ├── ForgeError                  GitHub or GitLab did not do what it was asked; never ends a run
    │   ├── ForgeDenied             the token may not (401, 403), or there is no such thing (404)
    │   └── BodyTooLong             the comment is longer than the forge takes
    ├── OutcomeUnknown              exit 4: some request may or may not have taken effect
    ├── SomeFailed                  exit 7: several campaigns, some of them failed
    ├── Interrupted                 stopped on request, after recording the request in flight
    └── CallsError                  what the Calls API, or the way to it, answered
        ├── NotSent                 no connection was made: nothing happened on the server
        ├── Ambiguous               a mutating request whose effect is unknown
        ├── Unreadable              an answer to a read that cannot be understood, or none at all
        ├── TryLater                429 or 503 with Retry-After: nothing was done, come back later
        └── Refused                 the server said no: nothing was done
            ├── InvalidToken        no campaign behind this token
            ├── UnknownItems        a report or cancel named an id or phone that is not there
            ├── BadCall             addPhones refused, naming one number
            └── WrongState          the campaign's state does not allow it

Values are attributes and the class builds the message: what, where, what to do next. No message holds a phone
number, a payload, a token or a URL with a token in it; whoever raises passes masks only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec


def calls_text(n: int) -> str:
    """`n` calls in words: `1 call`, `1,200 calls`."""
    return f"{n:,} call" if n == 1 else f"{n:,} calls"


class Place(msgspec.Struct, frozen=True, order=True):
    """Where in the user's files something stands; lines and columns count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = [str(n) for n in (self.line, self.column if self.line else 0) if n]
        return ":".join([self.file, *numbers])


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing wrong with what the user wrote: where, what, and what would be right."""

    place: Place
    path: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        parts = [str(self.place), *([self.path] if self.path else [])]
        return ": ".join([*parts, self.what + (f"; {self.fix}" if self.fix else "")])


class ReconcilerError(Exception):
    """The root; `exit_code` is what the process ends with."""

    exit_code = 1


def exit_code_of(error: BaseException) -> int:
    """What a process ends with that this error ends; 1 for one nobody foresaw, unless it was given another."""
    code = getattr(error, "exit_code", 1)
    return code if isinstance(code, int) else 1


class ManifestError(ReconcilerError):
    """The manifests or their phone lists are wrong; `problems` holds them in file order, `omitted` counts the rest."""

    def __init__(self, problems: Iterable[Problem], omitted: int = 0) -> None:
        self.problems = tuple(sorted(problems))
        self.omitted = omitted
        more = [f"and {omitted} more problems like these"] if omitted else []
        super().__init__("\n".join([*map(str, self.problems), *more]))


class UsageError(ReconcilerError):
    """The command line asks for something that makes no sense."""

    exit_code = 64


class Refusal(ReconcilerError):
    """Going on could call somebody twice, or change a campaign nobody meant."""


class GuardTripped(ReconcilerError):
    """The plan is larger than a guard of the manifest allows."""

    exit_code = 3


class SavedPlanError(ReconcilerError):
    """The file of a saved plan is damaged, was edited, or is none."""


class StalePlan(ReconcilerError):
    """A saved plan no longer fits what is needed now; `reasons` say why, in lines, and nothing was sent."""

    exit_code = 5

    def __init__(self, campaign: str, reasons: Sequence[str]) -> None:
        self.campaign, self.reasons = campaign, tuple(reasons)
        first = f"the plan of campaign {campaign} is not the one that was approved; nothing was sent"
        super().__init__("\n".join([first, *self.reasons, "make a new plan and have it approved"]))


class OlderCommit(ReconcilerError):
    """A pipeline runs for a commit whose manifests or lists a newer one has changed; nothing was sent."""

    exit_code = 5

    def __init__(self, branch: str, changed: str) -> None:
        super().__init__(
            f"{branch} has moved on since the commit of this run ({changed}); the run of its newest commit applies "
            "them; nothing was sent"
        )


class LockError(ReconcilerError):
    """The lockfile or its journal cannot be used; it is left exactly as it was."""


class LockHeld(LockError):
    """Another run holds the lock."""

    exit_code = 6


class LockNotKept(LockError):
    """The lockfile of a run that did something could not be put where others look; `kept` says where it is instead.

    `failure` is what the run itself had ended with, if it failed as well.
    """

    exit_code = 4

    def __init__(self, shown: str, why: str, kept: str, failure: Exception | None = None) -> None:
        self.kept = kept
        before = f"\nbefore that: {failure}" if isinstance(failure, ReconcilerError) else ""
        super().__init__(
            f"{shown} could not be pushed: {why}\n"
            f"what this run did is kept in {kept}; until that is where it belongs, every other run is refused\n"
            f'what to do: docs/ci.md, "When the lock could not be pushed"{before}'
        )


class ForgeError(ReconcilerError):
    """GitHub or GitLab did not do what it was asked. `what` is fit to be printed."""


class ForgeDenied(ForgeError):
    """The token may not do that (401, 403), or there is nothing of the kind for it (404)."""


class BodyTooLong(ForgeError):
    """The comment is longer than the forge takes."""


class OutcomeUnknown(ReconcilerError):
    """Some request may or may not have taken effect; it is recorded and blocked."""

    exit_code = 4


class SomeFailed(ReconcilerError):
    """Several campaigns in one run: some failed, the rest were done."""

    exit_code = 7


class Interrupted(ReconcilerError):
    """The run was asked to stop and stopped between two requests."""

    exit_code = 1


class CallsError(ReconcilerError):
    """What the Calls API, or the way to it, answered. `endpoint` is a name such as `addPhones`, never a URL."""

    def __init__(self, endpoint: str, what: str, next_step: str = "") -> None:
        self.endpoint, self.what, self.next_step = endpoint, what, next_step
        super().__init__(f"{endpoint}: {what}" + (f"; {next_step}" if next_step else ""))


class NotSent(CallsError):
    """No connection was made (name, refused, TLS, connect timeout): nothing happened on the server."""


class Ambiguous(CallsError):
    """A mutating request went out and no usable answer came back: it may or may not have taken effect."""


class Unreadable(CallsError):
    """A read failed or its answer cannot be understood. Never to be taken for an empty answer."""


class TryLater(CallsError):
    """429 or 503 with Retry-After; `retry_after_s` is how long the server asks to wait.

    `is_certain`: nothing was done. A 503 may be of a proxy that gave up on a server at work.
    """

    def __init__(self, endpoint: str, what: str, *, retry_after_s: float, is_certain: bool = True) -> None:
        self.retry_after_s, self.is_certain = retry_after_s, is_certain
        super().__init__(endpoint, what, f"the server asks to wait {retry_after_s:.0f} s")


class Refused(CallsError):
    """A clear no (4xx): nothing was done. `type` is the server's word such as `phone.bad.format`, or ''."""

    def __init__(self, endpoint: str, what: str, next_step: str = "", *, type: str = "", status: int = 0) -> None:
        self.type, self.status = type, status
        super().__init__(endpoint, what, next_step)


class InvalidToken(Refused):
    """404 `invalid.token`: there is no campaign behind this token."""


class UnknownItems(Refused):
    """`id.not.found` or `phone.not.found`: at least one item of the request is unknown; `items` if it was named."""

    items: frozenset[str] = frozenset()


class BadCall(Refused):
    """addPhones refused because of one number; `phone` is that number as the server named it (never printed)."""

    phone: str = ""


class WrongState(Refused):
    """The campaign's state does not allow it; `state` is the server's word for it, or ''."""

    state: str = ""
