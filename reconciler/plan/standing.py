"""Where a rollout stands, as values: what a plan holds of it and every output shows."""

from __future__ import annotations

from enum import StrEnum
from math import ceil

import msgspec

from reconciler.lock.model import RolloutMark
from reconciler.manifest.rollout import ALL


class Verdict(StrEnum):
    """What comes next; the value is the word programs read."""

    ADDING = "adding"  # calls of the step are added now
    WAITING = "waiting"  # for the gate, or for more calls
    ABORTED = "aborted"  # nobody more is called until a person says so
    OVER = "over"  # new calls are added at once


class Result(msgspec.Struct, frozen=True):
    """How many of the judged calls came out in a way that may abort. `limit` in hundredths of a percent."""

    name: str  # as in the manifest
    count: int
    base: int  # calls it is held against
    limit: int

    @property
    def is_exceeded(self) -> bool:
        """It is more than may be."""
        return self.count * ALL > self.limit * self.base

    @property
    def percent(self) -> float:
        """How much it is; one decimal, rounded up, so that what exceeds the limit also looks it."""
        return ceil(round(1000 * self.count / self.base, 9)) / 10 if self.base else 0.0

    def __str__(self) -> str:
        """What is said of one that is exceeded."""
        return f"{self.percent:g}% {self.name}, more than {self.limit / 100:g}%"


class Standing(msgspec.Struct, frozen=True):
    """How far a rollout is, what its gate says, and what the lock is to remember of it (`mark`)."""

    verdict: Verdict
    steps: int
    added: int  # calls of this wave so far, in whatever step
    finished: int  # of those
    adding: int  # now
    held: int | None  # wait for a later step; None: the lists were not read
    min_finished: int  # hundredths of a percent
    wait_left_s: int
    results: tuple[Result, ...]
    pauses: bool
    resume: str  # what a person writes to go on after the abort; "" while there is none
    mark: RolloutMark
    came_from: int  # the step before this plan; the same one mostly

    @property
    def step(self) -> int:
        """The step reached, from 1; 0 while the gate of what was called before the steps changed is to hold first."""
        return self.mark.step

    @property
    def is_enough(self) -> bool:
        """So many calls are over that the results count."""
        return is_enough(self.finished, self.added, self.min_finished)

    @property
    def is_aborted(self) -> bool:
        """Nobody more is called until a person says so."""
        return self.verdict is Verdict.ABORTED

    @property
    def pauses_now(self) -> bool:
        """The campaign is paused because of it."""
        return self.is_aborted and self.pauses


def is_enough(finished: int, added: int, least: int) -> bool:
    """Whether at least this share (hundredths of a percent) of the calls is over; of none, nothing is."""
    return added > 0 and finished * ALL >= least * added
