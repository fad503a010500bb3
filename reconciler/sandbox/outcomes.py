"""What comes of a call, decided by the seed, the job's id and the number of the attempt alone.

The same seed gives the same campaign again, whatever the order or the speed in which its calls are made. The
shares are made up to look like an outbound campaign; nothing depends on their exact size.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from reconciler.sandbox.jobs import NO_ANSWER, NONEXISTENT, TECHNICAL_ERROR, WITH_RESULT, WITHOUT_RESULT

_SHARES = (
    (0.02, NONEXISTENT),
    (0.03, TECHNICAL_ERROR),
    (0.40, NO_ANSWER),
    (0.55, WITHOUT_RESULT),
    (1.00, WITH_RESULT),
)
"""Upper ends of each outcome's share of a draw between 0 and 1."""

_RESULTS = ("agreed", "agreed", "declined", "call-later")
_RING_S = (3, 25)
_TALK_S = (5, 120)


class Outcome(msgspec.Struct, frozen=True):
    """What one attempt comes to: its status, seconds of ringing and of talk, what the script recorded."""

    result: str
    ring_s: int
    talk_s: int = 0
    report: dict[str, Any] | None = None
    tag: str | None = None

    @property
    def lasts_ms(self) -> int:
        """How long the line is busy, milliseconds."""
        return (self.ring_s + self.talk_s) * 1000


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts only."""
    text = ":".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big") / (1 << 56)


class Dice:
    """Outcomes for one campaign: sampled, or always the same when `always` names one."""

    def __init__(self, seed: int, *, always: str = "sampled", knows_technical_error: bool = True) -> None:
        self._seed = seed
        self._always = None if always == "sampled" else always
        self._knows_technical_error = knows_technical_error

    def outcome(self, job_id: str, attempt: int) -> Outcome:
        """What the attempt (counted from 1) comes to; the same every time it is asked."""
        chance = draw(self._seed, job_id, attempt)
        result = self._always or next(result for share, result in _SHARES if chance < share)
        if result == TECHNICAL_ERROR and not self._knows_technical_error:
            result = NO_ANSWER
        return self.of(result, job_id, attempt)

    def of(self, result: str, job_id: str, attempt: int) -> Outcome:
        """The details of an attempt that comes to `result`."""
        ring_s = _between(_RING_S, draw(self._seed, job_id, attempt, "ring"))
        if result not in (WITH_RESULT, WITHOUT_RESULT):
            return Outcome(result, ring_s)
        detail = draw(self._seed, job_id, attempt, "talk")
        talk_s = _between(_TALK_S, detail)
        if result == WITHOUT_RESULT:
            return Outcome(result, ring_s, talk_s)
        said = _RESULTS[int(detail * len(_RESULTS))]
        return Outcome(result, ring_s, talk_s, {"result": said}, said)


def _between(ends: tuple[int, int], part: float) -> int:
    return ends[0] + int(part * (ends[1] - ends[0] + 1))
