"""A plan as text. `REGOLD=1 pytest tests/render` writes the golden files anew."""

from __future__ import annotations

import pytest

from reconciler.calls.model import CampaignState, Dialect
from reconciler.lock.model import CallStatus
from reconciler.plan.model import (
    Add,
    Adopt,
    Blocked,
    Cancel,
    Deferred,
    Drifted,
    Frozen,
    GuardResult,
    Note,
    Pause,
    Plan,
    Reason,
    Resume,
    SettingChange,
    Start,
    Stop,
    Unmanaged,
    subject_of,
)
from reconciler.render.text import plan_text
from tests.render.golden import assert_golden
from tests.render.plans import EMPTY, PLANTED, adds, cancels, locked, on_terminal, plan, printed, replaces, wanted

NEW_CALLS = GuardResult("newCalls", "new-calls", 1200, 1000, False, True, 1200)
CANCELS = GuardResult("cancelPercent", "cancel-percent", 45.04, 30, True, True, 4504, 10000)
QUIET = GuardResult("replacePercent", "replace-percent", 1, 30, True, False, 5, 500)

NOTES: tuple[Note, ...] = (
    Deferred(subject_of(wanted(3000)), Reason.BEING_CALLED),
    Frozen(subject_of(wanted(3001))),
    Blocked(subject_of(wanted(3002)), Reason.FOREIGN_JOB),
    Blocked(subject_of(locked(3003)), Reason.IN_DOUBT),
    Drifted(subject_of(wanted(3004))),
    Unmanaged(1200),
)

SETTINGS = (
    SettingChange("policy.maxAttempts", 3, 5),
    SettingChange("policy.externalCheck.externalCheckUrl", "old-fingerprint", "new-fingerprint"),
    SettingChange(
        "policy.allowedTime.default",
        [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}],
        [{"localTimeFrom": "09:00", "localTimeTo": "18:00"}],
    ),
    SettingChange("payload.hotline", None, "+1 650 777 0042"),
)

EVERYTHING = plan(
    [
        *cancels(10),
        Cancel(locked(1500, CallStatus.IN_PROCESS), Reason.SUPPRESSED),
        *replaces(5),
        *adds(7),
        Add(wanted(50), Reason.NEW_WAVE),
        Adopt(wanted(60), locked(61)),
        Resume(),
    ],
    NOTES,
    observed_state=CampaignState.PAUSED,
    suppressed=3,
    in_step=478,
    settings=SETTINGS,
    guards=(NEW_CALLS, CANCELS, QUIET),
)

PLANS = {
    "nothing-to-do": EMPTY,
    "one-new-call": plan(adds(1), in_step=0, wanted=1),
    "first-plan": plan([*adds(500), Start()], in_step=0, observed_state=CampaignState.NEW),
    "everything": EVERYTHING,
    "not-refreshed": plan(cancels(2), is_refreshed=False, dialect=None, observed_state=None),
    "legacy": plan(replaces(2), dialect=Dialect.LEGACY, observed_state=None),
    "paused": plan([Pause(), *adds(3)], desired_state="paused"),
    "stopped": plan([Stop()], desired_state="stopped"),
    "start-in-web": plan(adds(2), [Blocked(None, Reason.START_IN_WEB)], observed_state=CampaignState.NEW),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_its_golden_file(name: str) -> None:
    assert_golden(f"plan-{name}", printed(plan_text(PLANS[name])))


def test_a_terminal_wraps_sentences_between_words_under_their_first_word() -> None:
    assert_golden("plan-everything-60-columns", on_terminal(plan_text(EVERYTHING), 60))


def test_colours_change_no_character_of_a_plan() -> None:
    coloured = printed(plan_text(EVERYTHING), {"FORCE_COLOR": "1"})
    assert "\x1b[32m+ 7 to add\x1b[0m" in coloured
    assert _without_colours(coloured) == printed(plan_text(EVERYTHING))


def _without_colours(text: str) -> str:
    pieces = text.split("\x1b[")
    return pieces[0] + "".join(piece.split("m", 1)[1] for piece in pieces[1:])


@pytest.mark.parametrize("full", [False, True])
def test_no_phone_of_a_plan_is_ever_shown(full: bool) -> None:
    masked = printed(plan_text(EVERYTHING, full=full))
    assert "1650•••0000" in masked
    assert not [planted for planted in PLANTED if planted in masked.replace(" ", "")]


@pytest.mark.parametrize("n", [1, 5, 6, 500, 20_000])
def test_a_plan_has_a_bounded_number_of_lines_however_large_it_is(n: int) -> None:
    assert len(list(plan_text(plan(adds(1) * n)))) <= 17


def test_a_full_plan_has_a_line_for_every_call() -> None:
    shown = printed(plan_text(plan(adds(250)), full=True))
    assert all(f"leads.csv:{n + 2}\n" in shown for n in range(250))
    assert "more" not in shown


def test_only_the_settings_that_fit_are_listed() -> None:
    changes = tuple(SettingChange(f"payload.field{n}", n, n + 1) for n in range(25))
    shown = printed(plan_text(plan(settings=changes)))
    assert "25 settings of the campaign:" in shown
    assert "payload.field19" in shown
    assert "payload.field20" not in shown
    assert "… and 5 more" in shown


def test_masks_and_places_are_aligned_when_phones_differ_in_length() -> None:
    short = Add(wanted(7, phone="4477000{}"), Reason.NEW)
    lines = printed(plan_text(plan([*adds(1), short]))).splitlines()
    assert "      1650•••0000  leads.csv:2" in lines
    assert "      447•••07     leads.csv:9" in lines


def test_a_guard_that_is_not_tripped_is_not_mentioned() -> None:
    assert "guard" not in printed(plan_text(plan(adds(1), guards=(QUIET,))))


@pytest.mark.parametrize(
    ("amount", "allowed"),
    [(45.0, "45"), (45.04, "46"), (33.0 + 1e-5, "34"), (0.1 + 0.2 + 6.7, "7")],
    ids=["whole", "a fraction", "one call of ten million", "binary dust"],
)
def test_the_amount_to_allow_is_never_less_than_the_plan_needs(amount: float, allowed: str) -> None:
    guard = GuardResult("cancelPercent", "cancel-percent", amount, 5, True, True, 45, 100)
    shown = printed(plan_text(plan(cancels(1), guards=(guard,))))
    assert f"to go on: --allow cancel-percent={allowed}\n" in shown


def test_a_guard_nobody_has_words_for_is_shown_all_the_same() -> None:
    guard = GuardResult("ringPercent", "ring-percent", 50, 5, True, True, 50, 100)
    shown = printed(plan_text(plan(adds(1), guards=(guard,))))
    assert "guard ringPercent: 50% of 100 calls affected (50), at most 5% allowed" in shown


def test_a_campaign_name_cannot_move_the_cursor() -> None:
    hostile: Plan = plan(campaign="spring\x1b[2J\npromo")
    assert printed(plan_text(hostile)).startswith("spring\\u001b[2J promo\n")
