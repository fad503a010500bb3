"""What is done with a call and why, in sentences: every action, note and reason has its own."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.calls.model import CampaignState
from reconciler.explain.model import Explanation, Planned, Said
from reconciler.explain.words import of_memory, of_row, verdict, why
from reconciler.lock.model import CallStatus, RolloutMark
from reconciler.plan.model import (
    Add,
    Adopt,
    Blocked,
    Cancel,
    Deferred,
    Drifted,
    Frozen,
    Move,
    Pause,
    Reason,
    Replace,
    Resume,
    Start,
    Stop,
    subject_of,
)
from reconciler.plan.standing import Standing, Verdict
from tests.explain.scene import LEADS, SPRING, Spring
from tests.render.plans import locked, wanted

SAID: list[tuple[Said, str]] = [
    (Add(wanted(1), Reason.NEW), "add"),
    (Replace(wanted(1), locked(1)), "replace"),
    (Cancel(locked(1), Reason.REMOVED), "cancel"),
    (Adopt(wanted(1), locked(2)), "adopt"),
    (Deferred(subject_of(wanted(1)), Reason.BEING_CALLED), "deferred"),
    (Frozen(subject_of(wanted(1))), "frozen"),
    (Blocked(subject_of(wanted(1)), Reason.MISSING), "blocked"),
    (Drifted(subject_of(wanted(1))), "drifted"),
]


@pytest.mark.parametrize(("said", "word"), SAID, ids=[word for _, word in SAID])
def test_every_action_and_note_has_a_word_and_a_sentence(said: Said, word: str) -> None:
    found, sentence = verdict(said)
    assert found == word
    assert sentence.endswith(".")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    assert why(Blocked(subject_of(wanted(1)), reason)).endswith(".")


def test_attempts_of_a_job_that_is_replaced_are_counted() -> None:
    assert "after 1 attempt." in verdict(Replace(wanted(1), locked(1), attempts=1))[1]
    assert "after 2 attempts." in verdict(Replace(wanted(1), locked(1), attempts=2))[1]


def test_a_call_in_progress_is_not_taken_back() -> None:
    assert "no further attempt" in verdict(Cancel(locked(1, CallStatus.IN_PROCESS), Reason.REMOVED))[1]


def told_with(spring: Spring, **changed: object) -> Explanation:
    """The first row's explanation, with a plan that differs so."""
    told = spring.explained("c-1")
    assert told.planned is not None
    return replace(told, planned=replace(told.planned, **changed))


@pytest.mark.parametrize(
    ("move", "said"),
    [(Start(), "is started"), (Resume(), "is resumed"), (Pause(), "nothing rings until"), (Stop(), "for good")],
)
def test_what_becomes_of_the_campaign_in_the_same_apply_is_said(spring: Spring, move: Move, said: str) -> None:
    told = told_with(spring, moves=(move,), guards=())
    assert said in of_row(told.rows[0], told)[1][-1]


@pytest.mark.parametrize(
    ("state", "desired", "said"),
    [
        (CampaignState.PAUSED, "paused", "The campaign is paused, and nothing rings before it runs."),
        (
            CampaignState.SCHEDULED,
            "running",
            "The campaign is scheduled and has not begun, and nothing rings before it",
        ),
        (None, "paused", "The campaign is to be paused: nothing rings before it runs."),
    ],
)
def test_that_nothing_rings_yet_is_said(spring: Spring, state: CampaignState | None, desired: str, said: str) -> None:
    told = told_with(spring, state=state, desired_state=desired, guards=())
    assert of_row(told.rows[0], told)[1][-1].startswith(said)


def test_a_running_campaign_needs_no_word(spring: Spring) -> None:
    told = told_with(spring, guards=())
    assert len(of_row(told.rows[0], told)[1]) == 2


def test_a_call_that_the_plan_leaves_for_later_says_so(spring: Spring) -> None:
    told = told_with(spring, about={})
    assert of_row(told.rows[0], told)[0] == "waiting"


def test_without_a_plan_nothing_is_guessed(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.PLANNED})
    told = replace(spring.explained("c-1"), planned=None)
    assert (of_row(told.rows[0], told)[0], of_memory(told.memories[0], told)[0]) == ("unknown", "unknown")


def test_whoever_was_called_in_this_wave_is_not_called_again(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.NO_ANSWER})
    told = spring.explained("c-1")
    assert of_row(told.rows[0], told)[1][:2] == (
        "Nothing is to do.",
        "It was called in this wave, and whoever was called in a wave is not called again in it.",
    )


def test_a_call_of_an_older_wave_that_is_over_is_kept(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.NO_ANSWER}, wave="0")
    told = spring.explained("c-1")
    assert of_memory(told.memories[0], told) == (
        "kept",
        ("Nothing is to do: it is of another wave, and the lock keeps it.",),
    )


def planned(told: Explanation) -> Planned:
    """Its plan."""
    assert told.planned is not None
    return told.planned


def test_a_change_of_the_campaigns_settings_alone_is_told_from_one_of_the_row(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.PLANNED, "c-2": CallStatus.PLANNED})
    manifest = SPRING.replace("quokkabrand", "quokkaother").replace("maxAttempts: 3", "maxAttempts: 4")
    (spring.folder / "spring.yaml").write_text(manifest)
    (spring.folder / "leads.csv").write_text(LEADS.replace("quokkabob,", "quokkarob,"))
    alone, beside = spring.text("c-1"), spring.text("c-2")
    assert "Of it only the campaign's own settings changed: payload.brand, policy.maxAttempts." in alone
    assert "Beside the campaign's payload.brand, policy.maxAttempts its own data changed" in beside
    assert planned(spring.explained("c-1")).changed_alone


def test_a_setting_of_which_the_lock_has_a_digest_is_never_guessed(spring: Spring) -> None:
    def with_brand(brand: str) -> None:
        (spring.folder / "spring.yaml").write_text(SPRING.replace("{brand: quokkabrand}", f"{{brand: {brand}, x: 1}}"))

    with_brand("https://a.example")
    spring.remembers({"c-1": CallStatus.PLANNED})
    with_brand("https://b.example")
    assert not planned(spring.explained("c-1")).changed_alone
    with_brand("https://a.example, y: 2")
    assert planned(spring.explained("c-1")).changed_alone


def standing(verdict: Verdict, *, aborted: str = "") -> Standing:
    """A rollout of three steps, one of them reached."""
    mark = RolloutMark("1", "digest", 1, 0, 0, aborted=aborted)
    return Standing(verdict, 3, 10, 4, 0, 5, 8000, 0, (), True, "again" if aborted else "", mark, 1)


def test_a_call_that_waits_for_a_step_of_the_rollout_says_so(spring: Spring) -> None:
    told = told_with(spring, about={}, guards=(), rollout=standing(Verdict.WAITING))
    assert of_row(told.rows[0], told) == (
        "waiting",
        (
            "Nothing is done with it now: it waits for a later step of the rollout.",
            "1 of 3 steps are reached; the gate decides when the next one is.",
        ),
    )


def test_a_call_that_waits_for_a_person_after_an_abort_says_what_to_write(spring: Spring) -> None:
    told = told_with(spring, about={}, guards=(), rollout=standing(Verdict.ABORTED, aborted="9% technicalError"))
    assert of_row(told.rows[0], told)[1] == (
        "Nothing is done until a person decides: the rollout is aborted: 9% technicalError.",
        '`resume: "again"` under `rollout` in the manifest goes on.',
    )


def test_a_call_over_the_cap_says_until_when(spring: Spring) -> None:
    told = spring.explained("c-1")
    capped = Blocked(subject_of(wanted(1)), Reason.CAPPED, "until 2030-01-14")
    told = told_with(spring, about={told.rows[0].call_id: capped}, guards=())
    assert of_row(told.rows[0], told)[1] == (
        "Nothing is done for now; a later apply adds it, once fewer calls count.",
        "Its phone has had as many calls as the cap allows, from all campaigns together.",
        "Until 2030-01-14.",
    )


def test_somebody_who_was_erased_needs_no_decision() -> None:
    assert verdict(Blocked(subject_of(wanted(1)), Reason.ERASED))[1] == "Nothing is done with it."


def test_what_a_plan_says_of_others_is_not_said_of_this_call(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.PLANNED, "c-2": CallStatus.MISSING})
    told = spring.explained("c-1")
    assert planned(told).about == {}
    assert len(planned(spring.explained("c-2")).about) == 1


def test_the_start_of_a_new_campaign_is_told_from_what_is_done_with_the_call(spring: Spring) -> None:
    spring.state = CampaignState.NEW
    told = spring.explained("c-1")
    assert [type(move) for move in planned(told).moves] == [Start]
    assert [type(each) for each in planned(told).about.values()] == [Add]
