"""Where a rollout stands, in words every output shares. No rich."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from reconciler.plan.standing import Result, Standing, Verdict
from reconciler.render.words import duration, number, percent


def rollout_words(standing: Standing) -> str:
    """All of it in a line: the step, how far it is, what the gate says."""
    return "; ".join(part for part in (_where(standing), _what(standing), *_why(standing)) if part)


def waits_for(standing: Standing) -> str:
    """What the calls wait for that are held back."""
    step = standing.step + 1
    return f"waits for step {step} of the rollout" if step <= standing.steps else "waits for the rollout"


def aborted(standing: Standing) -> str:
    """That a rollout is aborted, and why."""
    return f"the rollout is aborted: {standing.mark.aborted}"


def to_go_on(standing: Standing) -> str:
    """What a person writes to go on after an abort."""
    return f'to go on, write `resume: "{standing.resume}"` under `rollout` in the manifest'


def result_words(result: Result) -> str:
    """How many of the judged calls came out like this, and how many may."""
    return f"{percent(result.percent)} {result.name} (at most {percent(result.limit / 100)})"


def _where(standing: Standing) -> str:
    if standing.verdict is Verdict.OVER:
        return f"over, all {standing.steps} steps are done"
    if not standing.step:
        return f"before step 1 of {standing.steps}"
    began = "" if standing.came_from in (standing.step, 0) else ", which begins now"
    return f"step {standing.step} of {standing.steps}{began}"


def _what(standing: Standing) -> str:
    reach = standing.mark.reach
    size = f"{number(standing.added)} of {number(reach)} added" if reach else f"{number(standing.added)} added"
    done = f", {number(standing.finished)} finished" if standing.added else ""
    return size + done + (f" ({percent(_down(standing))})" if standing.added else "")


def _down(standing: Standing) -> float:
    """Percent of the calls that are over, never rounded up: what looks enough is."""
    return 1000 * standing.finished // standing.added / 10


def _why(standing: Standing) -> Iterator[str]:
    match standing.verdict:
        case Verdict.ABORTED:
            yield f"aborted: {standing.mark.aborted}"
        case Verdict.ADDING:
            yield f"{number(standing.adding)} more now"
        case Verdict.WAITING:
            yield from _gate(standing)
        case Verdict.OVER:
            return
        case _:
            assert_never(standing.verdict)


def _gate(standing: Standing) -> Iterator[str]:
    if standing.results and standing.added:
        yield ", ".join(map(result_words, standing.results))
    missing = [] if standing.is_enough else [f"until {percent(standing.min_finished / 100)} are finished"]
    missing += [f"{duration(standing.wait_left_s)} more"] if standing.wait_left_s else []
    if missing and standing.added:
        yield f"waits {' and '.join(missing)}"
    elif standing.held is None and standing.added:
        yield "the gate holds, so the next apply goes on"
