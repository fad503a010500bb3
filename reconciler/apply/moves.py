"""Moving the campaign itself: start, pause, resume, stop.

Where the state can be read it is read when an answer is lost or the server refuses. On the legacy dialect it cannot,
and a refusal for the state's sake (400) is evidence: a campaign that can neither be started nor resumed is running,
planned or finished; one that cannot be paused and was never started from here has not run. Any other refusal, such as
a gateway's, proves nothing.
"""

from __future__ import annotations

import msgspec

from reconciler.apply.run import Run
from reconciler.calls.model import CampaignState, Control, Dialect
from reconciler.errors import Ambiguous, CallsError, InvalidToken, OutcomeUnknown, Refused, TryLater
from reconciler.plan.model import Move, Pause, Resume, Start, Stop
from reconciler.plan.state import DOUBTFUL, NEVER_RAN, START_REFUSED

SENDS = 4
"""How often one move is sent at most."""

_START_IN_WEB = "all else is done; this server starts a new campaign only in its web interface: start it there"

_CONTROLS: dict[type[Move], Control] = {
    Start: Control.START,
    Pause: Control.PAUSE,
    Resume: Control.RESUME,
    Stop: Control.STOP,
}
_REACHED = {
    Control.START: (CampaignState.RUNNING, CampaignState.SCHEDULED),
    Control.RESUME: (CampaignState.RUNNING, CampaignState.SCHEDULED),
    Control.PAUSE: (CampaignState.PAUSED,),
    Control.STOP: (CampaignState.FINISHED,),
}
_SIBLING = {Control.START: Control.RESUME, Control.RESUME: Control.START}


def make_move(run: Run, move: Move) -> None:
    """Makes the move and remembers it. Raises Refused when the server will not, and nothing is in doubt."""
    control = _CONTROLS[type(move)]
    run.stop.check()
    try:
        _send(run, control)
    except Refused as error:
        if not _explain_refusal(run, control, error):
            raise
    else:
        run.tally.moves.append(control.value)


def _send(run: Run, control: Control) -> None:
    """Sends until the outcome is known."""
    for _ in range(SENDS):
        entry = run.book.intend(run.intent("control", move=control.value))
        run.count("control")
        try:
            run.client.control(control, entry.intent.idempotence_key)
        except TryLater as error:
            run.book.close(entry, why=error.what)
            run.clock.sleep(error.retry_after_s)
        except Ambiguous as error:
            run.book.doubt(entry, run.now_ms(), error.what)
            if _is_reached(run, control):
                run.book.close(entry, control=control.value, why=error.what)
                return
            run.book.close(entry, control=doubtful(run), why=error.what)
        except CallsError as error:
            run.book.close(entry, why=error.what)
            raise
        else:
            run.book.close(entry, control=control.value)
            return
    raise OutcomeUnknown(f"no usable answer to {control.value} after {SENDS} tries; apply again later")


def doubtful(run: Run) -> str:
    """What to remember of a move whose outcome is unknown: nothing where the state can simply be read."""
    return DOUBTFUL if run.client.dialect() is Dialect.LEGACY else ""


def _is_reached(run: Run, control: Control) -> bool:
    """Whether the campaign is where the move leads; False where the state cannot be read."""
    return run.client.state() in _REACHED[control]


def _explain_refusal(run: Run, control: Control, error: Refused) -> bool:
    """Whether the refusal leaves nothing to do; then it is said and remembered."""
    if run.client.dialect() is Dialect.LEGACY:
        return _explain_on_legacy(run, control, error)
    if isinstance(error, InvalidToken):
        return False
    if _is_reached(run, control):
        return True
    if control is Control.START and error.status == 404:
        return _remember(run, START_REFUSED, _START_IN_WEB)
    return False


def _explain_on_legacy(run: Run, control: Control, error: Refused) -> bool:
    last = run.book.header.control
    if _cannot_start(control, error):
        return _try_sibling(run, control, cannot_start=True)
    if error.status != 400:
        return False
    if control in _SIBLING:
        return _try_sibling(run, control)
    if last == DOUBTFUL:
        return _remember(
            run, control, f"the server refused to {control.value}: an earlier request, whose answer was lost, did it"
        )
    if control is Control.PAUSE and last not in (Control.START, Control.RESUME):
        return _remember(
            run, NEVER_RAN, "the server refused to pause: the campaign has not been started, so nothing rings"
        )
    return False


def _cannot_start(control: Control, error: Refused) -> bool:
    """Whether this server has no `start` at all."""
    return control is Control.START and error.status == 404 and not isinstance(error, InvalidToken)


def _try_sibling(run: Run, control: Control, *, cannot_start: bool = False) -> bool:
    """Start where resume was refused and the other way round; what it means that both are."""
    sibling = _SIBLING[control]
    try:
        _send(run, sibling)
    except Refused as error:
        if error.status != 400 and not _cannot_start(sibling, error):
            raise
        if cannot_start:
            # Not remembered as new: once somebody has started it, a pause must be sent.
            return _remember(run, DOUBTFUL, _START_IN_WEB)
        return _remember(
            run, Control.START, "the server refused to start and to resume: it is running or finished already"
        )
    run.tally.moves.append(sibling.value)
    return True


def _remember(run: Run, control: str, message: str) -> bool:
    run.say(message)
    header = run.book.header
    if header.control != control:
        run.book.set_header(msgspec.structs.replace(header, control=control, state=""))
    return True
