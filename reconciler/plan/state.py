"""Which move brings the campaign itself to its desired state.

Where the state cannot be read (legacy dialect, or nobody asked) the last control that succeeded stands for it.
"""

from __future__ import annotations

from reconciler.calls.model import CampaignState, Control
from reconciler.lock.model import Header
from reconciler.plan.diff import Observed
from reconciler.plan.model import Blocked, Move, Pause, Reason, Resume, Start, Stop

NEVER_RAN = "new"
"""`Header.control` after a pause was refused on a campaign that was never started from here."""

START_REFUSED = "start-refused"
"""`Header.control` after a current server answered 404 to `start`: a person starts it in the web interface."""

DOUBTFUL = "doubtful"
"""`Header.control` after a move on a legacy server whose outcome nobody can tell: the next move is made anyway."""

_STATE_AFTER = {
    Control.START: CampaignState.RUNNING,
    Control.RESUME: CampaignState.RUNNING,
    Control.PAUSE: CampaignState.PAUSED,
    Control.STOP: CampaignState.FINISHED,
    NEVER_RAN: CampaignState.NEW,
    START_REFUSED: CampaignState.NEW,
}

_MOVES: dict[tuple[str, CampaignState | None], Move] = {
    ("running", CampaignState.NEW): Start(),
    ("running", CampaignState.PAUSED): Resume(),
    ("running", None): Start(),
    ("paused", CampaignState.SCHEDULED): Pause(),
    ("paused", CampaignState.RUNNING): Pause(),
    ("paused", CampaignState.UNKNOWN): Pause(),
    ("paused", None): Pause(),
    ("stopped", CampaignState.NEW): Stop(),
    ("stopped", CampaignState.SCHEDULED): Stop(),
    ("stopped", CampaignState.RUNNING): Stop(),
    ("stopped", CampaignState.PAUSED): Stop(),
    ("stopped", CampaignState.UNKNOWN): Stop(),
    ("stopped", None): Stop(),
}


def effective_state(observed: Observed, header: Header) -> CampaignState | None:
    """The state the server reported, else the one the last control led to, else None: never controlled from here."""
    return observed.state if observed.state is not None else state_after(header)


def state_after(header: Header) -> CampaignState | None:
    """The state the last control led to; None when there was none, or its outcome is in doubt."""
    return _STATE_AFTER.get(header.control)


def is_as_moved(header: Header, observed: CampaignState) -> bool:
    """Whether the campaign is where the last control led, a start perhaps only to its scheduled time."""
    then = state_after(header)
    return observed is then or (then is CampaignState.RUNNING and observed is CampaignState.SCHEDULED)


def state_move(desired: str, observed: Observed, header: Header) -> Move | Blocked | None:
    """The move that is needed, a note when it cannot be made from here, or None when the state is as desired."""
    state = effective_state(observed, header)
    if desired == "running" and state is CampaignState.UNKNOWN:
        return Blocked(None, Reason.STATE_UNKNOWN)
    if desired == "running" and state is CampaignState.NEW and header.control == START_REFUSED:
        return Blocked(None, Reason.START_IN_WEB)
    return _MOVES.get((desired, state))
