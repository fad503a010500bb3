"""A few people first: which of the calls that could be added are added now, and which wait for a later step.

Everybody who is wanted stands in a line, in the order of their keys' digests, which nobody chose and no run changes. A
step says how far down the line calls are added; so a larger step always holds a smaller one. What was added is counted
in the lock: a step takes only as many more as are missing, so that no crash and no changed list makes it larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from reconciler.lock.model import CallStatus, Header, RolloutMark
from reconciler.manifest.rollout import Rollout
from reconciler.plan.line import Line
from reconciler.plan.standing import Result, Standing, Verdict, is_enough

SAMPLE = 50
"""Calls that are over before a percentage of them is believed, unless so many of all are over that they have to be:
of three calls one that fails is 33%, and says nothing."""

_RESULTS = {
    "technicalError": {CallStatus.TECHNICAL_ERROR},
    "nonexistentNumber": {CallStatus.NONEXISTENT},
    "noAnswer": {CallStatus.NO_ANSWER},
    "rejected": {CallStatus.REJECTED},
    "cancelledByOthers": {CallStatus.CANCELLED_BY_OTHERS, CallStatus.CANCELLED_BY_OTHERS_REACHED},
}
_FINISHED = "finished"
Statuses = Mapping[CallStatus, int]
NOBODY = Line((), 0)


def roll_out(
    rollout: Rollout, header: Header, wave: str, statuses: Statuses, line: Line, now_ms: int
) -> tuple[Line, Standing]:
    """Those of the line who are added now, the others being held back, and where the rollout stands.

    `statuses` count the calls of this wave in the lock. The later `now_ms`, the longer the gate has waited.
    """
    turn = _Turn(rollout, header, _judged(rollout, header, wave, statuses, now_ms), statuses)
    if turn.mark.aborted:
        return NOBODY, turn.standing(len(line), 0, now_ms)
    if turn.mark.is_over:
        return line, turn.standing(len(line), len(line), now_ms)
    chosen = turn.chosen(line)
    if not chosen.takes_room and turn.is_open(now_ms) and (turn.is_last or len(chosen) < len(line)):
        turn = turn.moved(line.wanted, now_ms)
        chosen = turn.chosen(line)
    reached = turn.reaching(line.wanted, now_ms if chosen else None)
    return chosen, reached.standing(len(line), len(chosen), now_ms)


def standing(rollout: Rollout, header: Header, wave: str, statuses: Statuses, now_ms: int) -> Standing:
    """Where the rollout stands by what is remembered alone, when the lists are not read."""
    mark = _judged(rollout, header, wave, statuses, now_ms)
    return msgspec.structs.replace(_Turn(rollout, header, mark, statuses).standing(0, 0, now_ms), held=None)


def steps_digest(rollout: Rollout) -> str:
    """Changes with any step."""
    return blake2b(",".join(map(str, rollout.steps)).encode(), digest_size=8).hexdigest()


def token(lineage: str, aborts: int) -> str:
    """What a person writes into the manifest to go on after so many aborts: nobody has it before, and it works once."""
    return blake2b(f"{lineage}:{aborts}".encode(), digest_size=4, person=b"rollout").hexdigest()


class _Turn(msgspec.Struct, frozen=True):
    """One look at a rollout; each step of it gives another."""

    rollout: Rollout
    header: Header
    mark: RolloutMark
    statuses: Statuses

    @property
    def added(self) -> int:
        return _added(self.statuses)

    @property
    def is_last(self) -> bool:
        return self.mark.step == len(self.rollout.steps)

    def reach(self, step: int, wanted: int) -> int | None:
        """How many calls a step is, never fewer than one before it; None for all."""
        steps = self.rollout.steps[:step]
        if any(each.is_all for each in steps):
            return None
        return max((each.reach(wanted) for each in steps), default=self.added)

    def chosen(self, line: Line) -> Line:
        """Who is added in this step: those who belong to it already, and of the others the first of the line."""
        reach = self.reach(self.mark.step, line.wanted)
        return line if reach is None else line.first(max(0, reach - self.added))

    def is_open(self, now_ms: int) -> bool:
        """Whether the gate holds."""
        finished = _finished(self.statuses)
        return not self.wait_left_ms(now_ms) and is_enough(finished, self.added, self.rollout.min_finished)

    def wait_left_ms(self, now_ms: int) -> int:
        return max(0, self.mark.last_add_ms + 1000 * self.rollout.wait_s - now_ms)

    def moved(self, wanted: int, now_ms: int) -> _Turn:
        """In the next step that is larger than what was added; after the last one, over."""
        if self.is_last:
            return self._with(is_over=True)
        later = range(self.mark.step + 1, len(self.rollout.steps) + 1)
        reaches = {step: self.reach(step, wanted) for step in later}
        step = next(step for step, reach in reaches.items() if reach is None or reach > self.added)
        return self._with(step=step, begun_ms=now_ms, last_add_ms=now_ms)

    def reaching(self, wanted: int, added_ms: int | None) -> _Turn:
        """With what the lock is to remember of the step, and of calls being added."""
        reach = self.reach(self.mark.step, wanted)
        return self._with(reach=reach or 0, last_add_ms=self.mark.last_add_ms if added_ms is None else added_ms)

    def standing(self, waiting: int, adding: int, now_ms: int) -> Standing:
        """Where it leaves the rollout that so many of those who are waiting are added."""
        known = self.header.rollout
        came_from = known.step if known and known.wave == self.mark.wave else self.mark.step
        return Standing(
            verdict=self._verdict(is_adding=bool(adding)),
            steps=len(self.rollout.steps),
            added=self.added,
            finished=_finished(self.statuses),
            adding=adding,
            held=waiting - adding,
            min_finished=self.rollout.min_finished,
            wait_left_s=-(-self.wait_left_ms(now_ms) // 1000),
            results=_results(self.rollout, self.mark, self.statuses),
            pauses=self.rollout.pauses,
            resume=token(self.header.lineage, self.mark.aborts) if self.mark.aborted else "",
            mark=self.mark,
            came_from=came_from,
        )

    def _verdict(self, *, is_adding: bool) -> Verdict:
        if self.mark.aborted:
            return Verdict.ABORTED
        if self.mark.is_over:
            return Verdict.OVER
        return Verdict.ADDING if is_adding else Verdict.WAITING

    def _with(self, **changes: object) -> _Turn:
        mark = msgspec.structs.replace(self.mark, **changes)
        return msgspec.structs.replace(self, mark=mark)


def _judged(rollout: Rollout, header: Header, wave: str, statuses: Statuses, now_ms: int) -> RolloutMark:
    """The mark to go on from, aborted where the results say so, or no longer where a person does."""
    mark = _current(rollout, header.rollout, wave, _added(statuses), now_ms)
    if mark.aborted:
        if rollout.resume != token(header.lineage, mark.aborts):
            return mark
        mark = msgspec.structs.replace(mark, aborted="", accepted=_seen(statuses), last_add_ms=now_ms)
    wrong = [str(result) for result in _results(rollout, mark, statuses) if result.is_exceeded]
    if mark.is_over or not wrong:
        return mark
    return msgspec.structs.replace(mark, aborted=" and ".join(wrong), aborts=mark.aborts + 1)


def _current(rollout: Rollout, known: RolloutMark | None, wave: str, added: int, now_ms: int) -> RolloutMark:
    """What is remembered of these steps of this wave; else their beginning.

    Where calls were added before, by other steps or by none, their gate comes before the first of these.
    """
    steps, first = steps_digest(rollout), 0 if added else 1
    if known is None:
        return RolloutMark(wave, steps, first, now_ms, now_ms)
    if known.wave != wave:
        return RolloutMark(wave, steps, first, now_ms, now_ms, aborts=known.aborts)
    if known.steps != steps:
        return msgspec.structs.replace(known, steps=steps, step=first, begun_ms=now_ms, is_over=False)
    return known


def _results(rollout: Rollout, mark: RolloutMark, statuses: Statuses) -> tuple[Result, ...]:
    """The results so far but those a person accepted, each with its limit.

    They are held against the calls that are over once these are enough to say something, before that against all:
    then only what no further result can undo exceeds a limit.
    """
    before, seen = mark.accepted, _seen(statuses)
    finished = max(0, seen[_FINISHED] - before.get(_FINISHED, 0))
    added = max(0, _added(statuses) - before.get(_FINISHED, 0))
    says_something = finished >= SAMPLE or is_enough(finished, added, rollout.min_finished)
    base = finished if says_something else added
    return tuple(
        Result(name, max(0, seen[name] - before.get(name, 0)), base, limit) for name, limit in rollout.abort_if
    )


def _seen(statuses: Statuses) -> dict[str, int]:
    counted = {name: sum(statuses.get(status, 0) for status in which) for name, which in _RESULTS.items()}
    return counted | {_FINISHED: _finished(statuses)}


def _added(statuses: Statuses) -> int:
    """Calls that were added, or refused by the server; those taken back before anybody was reached are not."""
    return sum(n for status, n in statuses.items() if not status.is_free)


def _finished(statuses: Statuses) -> int:
    return sum(n for status, n in statuses.items() if status.is_final and not status.is_free)
