"""The headline: how many phones ring, how many calls are taken back, and when."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState
from reconciler.plan.model import (
    Add,
    Adopt,
    Blocked,
    Drifted,
    Pause,
    Plan,
    Reason,
    Resume,
    Start,
    Stop,
    subject_of,
)
from reconciler.render.groups import outline
from reconciler.render.headline import headline, totals
from tests.render.plans import adds, cancels, locked, plan, replaces, wanted


def said(shown: Plan) -> str:
    return " ".join(headline(shown, outline(shown)))


FOREIGN = Blocked(subject_of(wanted(1)), Reason.FOREIGN_JOB)
REJECTED = Blocked(subject_of(wanted(2)), Reason.REJECTED)
IN_WEB = Blocked(None, Reason.START_IN_WEB)


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        pytest.param(plan(), "Nothing to do: 500 calls in step.", id="nothing"),
        pytest.param(plan(in_step=1), "Nothing to do: 1 call in step.", id="nothing with one call"),
        pytest.param(plan(adds(1)), "1 phone will ring (new).", id="one new call"),
        pytest.param(plan(adds(1200)), "1,200 phones will ring (all new).", id="many new calls"),
        pytest.param(
            plan([*cancels(10), *replaces(5), *adds(12)]),
            "17 phones will ring (12 new, 5 queued again with changed data); 10 queued calls are taken back.",
            id="some of everything",
        ),
        pytest.param(
            plan([*adds(1), *adds(2, Reason.NEW_WAVE), *adds(3, Reason.AGAIN_AFTER_CANCEL)]),
            "6 phones will ring (1 new, 2 in a new wave, 3 wanted again).",
            id="adds of several reasons",
        ),
        pytest.param(plan(cancels(1)), "No additional phone will ring; 1 queued call is taken back.", id="one cancel"),
        pytest.param(
            plan([Adopt(wanted(1), locked(2))]),
            "No additional phone will ring; 1 call moves to a new key, without a request.",
            id="one adopt",
        ),
        pytest.param(
            plan([Adopt(wanted(1), locked(2))] * 2),
            "No additional phone will ring; 2 calls move to a new key, without a request.",
            id="adopts",
        ),
        pytest.param(
            plan(adds(3), desired_state="paused", observed_state=CampaignState.PAUSED),
            "3 phones will ring once the campaign runs (all new).",
            id="adds to a paused campaign",
        ),
        pytest.param(
            plan([Add(wanted(1), Reason.NEW)], observed_state=CampaignState.SCHEDULED),
            "1 phone will ring once the campaign's scheduled start has come (new).",
            id="adds to a scheduled campaign",
        ),
        pytest.param(
            plan(adds(1), [IN_WEB]),
            "1 phone will ring once the campaign is started in the web interface (new).",
            id="adds to a campaign that cannot be started from here",
        ),
        pytest.param(plan([Start()], in_step=0), "The campaign is started.", id="start with nothing queued"),
        pytest.param(
            plan([*adds(1), Start()]),
            "1 phone will ring (new). The campaign is started: calls already queued in it may ring too.",
            id="start with calls queued",
        ),
        pytest.param(
            plan([Resume()]), "The campaign is resumed: calls already queued in it may ring too.", id="resume"
        ),
        pytest.param(plan([Pause()]), "The campaign is paused: nothing more rings until it is resumed.", id="pause"),
        pytest.param(
            plan([Stop()]),
            "The campaign is stopped for good: nothing more rings, and it cannot be started again.",
            id="stop",
        ),
        pytest.param(
            plan([], [FOREIGN, REJECTED, Drifted(subject_of(wanted(3)))]),
            "Nothing to do: 500 calls in step. 1 call is blocked until somebody decides, see below.",
            id="one call blocked",
        ),
        pytest.param(
            plan([], [FOREIGN, FOREIGN]),
            "Nothing to do: 500 calls in step. 2 calls are blocked until somebody decides, see below.",
            id="calls blocked",
        ),
        pytest.param(
            plan(
                [],
                [FOREIGN, Blocked(subject_of(wanted(4)), Reason.CAPPED), Blocked(subject_of(wanted(5)), Reason.CAPPED)],
            ),
            "Nothing to do: 500 calls in step. 1 call is blocked until somebody decides, see below. "
            "2 calls are over a cap and added later, see below.",
            id="calls over a cap",
        ),
    ],
)
def test_the_headline_says_what_happens_to_phones(shown: Plan, sentence: str) -> None:
    assert said(shown) == sentence


def test_the_totals_are_one_line_that_can_be_searched_for() -> None:
    shown = plan([*cancels(10), *replaces(5), *adds(1200), Resume()])
    assert totals(shown.counts, 478) == (
        "Plan: 1,200 to add, 10 to cancel, 5 to replace, 0 to adopt, 1 move; 478 in step."
    )
