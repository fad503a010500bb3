"""What a plan does with a call and why, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from reconciler.calls.model import CampaignState
from reconciler.explain.model import Explanation, Memory, Planned, Row, Said
from reconciler.lock.model import CallStatus
from reconciler.plan.model import (
    Add,
    Adopt,
    Blocked,
    Cancel,
    Deferred,
    Drifted,
    Frozen,
    Pause,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
)

_WHY: Final[Mapping[Reason, str]] = {  # of any other the plan's own words are said
    Reason.NEW: "Nothing is remembered of its key and its phone in this wave, so it is new.",
    Reason.NEW_WAVE: "The lock knows its key from an older wave only: a new wave calls again.",
    Reason.AGAIN_AFTER_CANCEL: "It is wanted again, and its last job was cancelled before anybody was reached.",
    Reason.AGAIN_AFTER_NOT_DONE: "Its last job was never called: the campaign ended first.",
    Reason.AGAIN_AFTER_REJECTION: "The server refused it earlier, and its data changed since.",
    Reason.AGAIN_AFTER_OTHERS: "Somebody else cancelled its last job, and the manifest says `onExternalCancel: add`.",
    Reason.REMOVED: "No list has it any more.",
    Reason.SUPPRESSED: "Its phone is on a suppression list, and nothing overrides that.",
    Reason.OLDER_WAVE: "Its job is of an older wave than the manifest's.",
    Reason.CHANGED: "Its request is not the one that its job was made from.",
    Reason.KEY_CHANGED: "The phone and the wave are the same only the key is another: nobody is called for that.",
    Reason.BEING_CALLED: "The person is being called right now; the next plan decides.",
    Reason.CANCELLING: "A cancellation was asked for and is not confirmed yet; the next plan decides.",
    Reason.ALREADY_CALLED: "It was called in this wave already; a new wave in the manifest calls again.",
    Reason.FOREIGN_JOB: "The campaign has a job of this phone that this lock does not own, so adding it could call the "
    "person twice. `campaign import` takes that job over; `foreign: allow` in the manifest calls all the same.",
    Reason.UNKNOWN_STATUS: "The server reports a status of its job that this version does not know.",
    Reason.MISSING: "The server's report leaves its job out, and nobody can tell whether the person was called.",
    Reason.IN_DOUBT: "Its request was sent and the answer was lost; `campaign resolve` shows it and lets you decide.",
    Reason.SAME_PHONE: "Its phone has a call under another key, in this wave or still queued.",
    Reason.REJECTED: "The server refused this number; it is not tried again until its data changes.",
    Reason.CANCELLED_BY_OTHERS: "Somebody else cancelled its job, perhaps because the person asked for it. "
    "`onExternalCancel: add` in the manifest adds it again.",
    Reason.NEWER_WAVE: "It was called in a newer wave than the manifest's; only a wave that is new calls again.",
    Reason.ERASED: "The person was erased, and nobody calls them again.",
    Reason.CAPPED: "Its phone has had as many calls as the cap allows, from all campaigns together.",
    Reason.CAMPAIGN_STOPPED: "The campaign is to be stopped for good.",
    Reason.STATE_UNKNOWN: "The server reports a campaign state that this version does not know.",
    Reason.START_IN_WEB: "A new campaign on this server is started in its web interface.",
}
_STATES: Final = {
    CampaignState.NEW: "has not been started",
    CampaignState.SCHEDULED: "is scheduled and has not begun",
    CampaignState.PAUSED: "is paused",
    CampaignState.FINISHED: "is finished",
    CampaignState.DELETED: "is deleted",
    CampaignState.UNKNOWN: "is in a state that this version does not know",
}


def verdict(found: Said) -> tuple[str, str]:
    """One word for what is done with a call, and a sentence that says it."""
    match found:
        case Add():
            return "add", "A job is added: the phone will ring."
        case Replace():
            return "replace", f"Its queued job is cancelled, and once that is certain a new one is added{_made(found)}."
        case Cancel() if found.locked.status is CallStatus.IN_PROCESS:
            return "cancel", "The person is being called now; there is no further attempt."
        case Cancel():
            return "cancel", "Its queued job is taken back: the phone does not ring any more."
        case Adopt():
            return "adopt", "It is remembered under its new key; no request is sent."
        case Deferred():
            return "deferred", "Nothing is done for now."
        case Frozen():
            return "frozen", "It changed, and nothing is done."
        case Blocked(reason=Reason.CAPPED):
            return "blocked", "Nothing is done for now; a later apply adds it, once fewer calls count."
        case Blocked(reason=Reason.ERASED | Reason.NEWER_WAVE):
            return "blocked", "Nothing is done with it."
        case Blocked():
            return "blocked", "Nothing is done until a person decides: it could call somebody twice."
        case Drifted():
            return "drifted", "It is left alone: something changed on the server without an apply from here."
        case _:
            assert_never(found)


def _made(replace: Replace) -> str:
    if not replace.attempts:
        return ""
    return f", after {replace.attempts} attempt{'' if replace.attempts == 1 else 's'}"


def why(found: Said) -> str:
    """Why that is done."""
    reason = found.reason
    return _WHY.get(reason, f"{reason[0].upper()}{reason[1:]}.")


def of_row(row: Row, told: Explanation) -> tuple[str, tuple[str, ...]]:
    """What the plan does with a wanted call: one word, and sentences."""
    planned = told.planned
    if planned is None:
        return "unknown", ("There is no plan now, so nothing can be said of it.",)
    memory = next((each for each in told.memories if each.call_id == row.call_id), None)
    if row.suppressed:
        return "suppressed", (*_suppressed(row), *_beside(memory, planned))
    found = planned.about.get(row.call_id)
    if found is None:
        return "in step" if memory else "waiting", (*_in_step(memory, planned), *_campaign(planned, is_added=False))
    word, does = verdict(found)
    is_added = isinstance(found, Add | Replace)
    return word, (does, *_reasons(row, found, planned), *_campaign(planned, is_added=is_added))


def _reasons(row: Row, found: Said, planned: Planned) -> Iterator[str]:
    yield why(found)
    if isinstance(found, Blocked) and found.detail:
        yield f"{found.detail[0].upper()}{found.detail[1:]}."
    if not isinstance(found, Replace):
        return
    if found.locked.phone != found.wanted.phone:
        yield "Its key has another phone now than the one that is queued."
    elif row.call_id in planned.changed_alone:
        yield f"Of it only the campaign's own settings changed: {', '.join(each.path for each in planned.settings)}."
    else:
        yield f"{_own(planned)}; a lock holds a digest, so which field it is cannot be told."


def _own(planned: Planned) -> str:
    settings = ", ".join(each.path for each in planned.settings)
    return f"Beside the campaign's {settings} its own data changed" if settings else "What changed is its own data"


def _suppressed(row: Row) -> Iterator[str]:
    files = ", ".join(each.file + (f" ({each.reason})" if each.reason else "") for each in row.suppressed)
    yield "It is never called, whatever the lists say."
    yield f"Its phone is on {files}." if files else "Its phone is on a suppression list that changed just now."


def _beside(memory: Memory | None, planned: Planned) -> Iterator[str]:
    found = planned.about.get(memory.call_id) if memory else None
    if found is not None:
        yield verdict(found)[1]


def _in_step(memory: Memory | None, planned: Planned) -> Iterator[str]:
    if memory is None:
        yield from _waiting(planned)
        return
    yield "Nothing is to do."
    if memory.status.is_called:
        yield "It was called in this wave, and whoever was called in a wave is not called again in it."
    else:
        yield "Its job was made from exactly this request."


def _waiting(planned: Planned) -> Iterator[str]:
    """Why a call that is wanted and not remembered is not added yet."""
    rollout = planned.rollout
    if rollout is None:
        yield "Nothing is done with it now; a later plan decides."
    elif rollout.is_aborted:
        yield f"Nothing is done until a person decides: the rollout is aborted: {rollout.mark.aborted}."
        yield f'`resume: "{rollout.resume}"` under `rollout` in the manifest goes on.'
    else:
        yield "Nothing is done with it now: it waits for a later step of the rollout."
        yield f"{rollout.step} of {rollout.steps} steps are reached; the gate decides when the next one is."


def _campaign(planned: Planned, *, is_added: bool) -> Iterator[str]:
    """What holds for the campaign as a whole and decides whether this call rings."""
    if planned.guards and planned.is_anything_done:
        yield "A guard holds the apply back until somebody allows the amount."
    for move in planned.moves:
        match move:
            case Start() | Resume():
                yield f"The campaign is {'started' if isinstance(move, Start) else 'resumed'} by the same apply."
            case Pause():
                yield "The campaign is paused by the same apply: nothing rings until it is resumed."
            case Stop():
                yield "The campaign is stopped for good by the same apply: nothing rings any more."
            case _:
                assert_never(move)
    if planned.moves:
        return
    if planned.state in _STATES and planned.state is not CampaignState.FINISHED:
        yield f"The campaign {_STATES[planned.state]}, and nothing rings before it runs."
    elif is_added and planned.state is None and planned.desired_state != "running":
        yield f"The campaign is to be {planned.desired_state}: nothing rings before it runs."


def of_memory(memory: Memory, told: Explanation) -> tuple[str, tuple[str, ...]]:
    """What the plan does with a remembered call that is not wanted as it is remembered: one word, and sentences."""
    planned = told.planned
    if planned is None:
        return "unknown", ()
    found = planned.about.get(memory.call_id)
    if found is not None:
        word, does = verdict(found)
        return word, (does, why(found))
    if any(row.call_id[0] == memory.call_id[0] for row in told.rows):
        return "kept", ("Nothing is to do: it is of another wave, and the lock keeps it.",)
    kept = "Nothing is to do: no list has it any more, and it cannot ring. The lock keeps it, "
    return "kept", (kept + "so that nobody is called again should the row come back.",)
