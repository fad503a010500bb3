"""What the lock remembers of a rollout, written down before the calls of a step are added and again after."""

from __future__ import annotations

import msgspec

from reconciler.apply.run import Run
from reconciler.errors import GuardTripped
from reconciler.lock.model import RolloutMark
from reconciler.plan.model import Plan


def begin_step(run: Run, plan: Plan) -> None:
    """Makes durable where the rollout stands now. Raises LockError.

    Before anything is added: whoever died in the middle of a step goes on in it, and never passes a gate twice.
    """
    if plan.rollout is None or _is_known(run, plan.rollout.mark, is_tripped=bool(plan.tripped)):
        return
    _remember(run, plan.rollout.mark)
    run.book.save()


def end_step(run: Run) -> None:
    """Takes the time of this run's adds into the lock in memory: the gate waits from there."""
    mark = run.book.header.rollout
    if mark is not None and run.tally.requests.get("addPhones"):
        _remember(run, msgspec.structs.replace(mark, last_add_ms=run.now_ms()))


def refuse_aborted(plan: Plan) -> None:
    """Raises GuardTripped when the rollout is aborted."""
    if plan.rollout is None or not plan.rollout.is_aborted:
        return
    raise GuardTripped(
        f"the rollout of {plan.campaign} is aborted: {plan.rollout.mark.aborted}; nobody more is called until its "
        f'manifest says rollout: {{resume: "{plan.rollout.resume}"}}'
    )


def _is_known(run: Run, mark: RolloutMark, *, is_tripped: bool) -> bool:
    known = run.book.header.rollout
    if known is not None and is_tripped:  # nothing is added, so that alone is no news
        mark = msgspec.structs.replace(mark, last_add_ms=known.last_add_ms)
    return mark == known


def _remember(run: Run, mark: RolloutMark) -> None:
    run.book.set_header(msgspec.structs.replace(run.book.header, rollout=mark))
