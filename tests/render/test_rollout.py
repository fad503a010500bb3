"""Where a rollout stands, as every output says it. `REGOLD=1 pytest tests/render` writes the golden files anew."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from reconciler.calls.model import Dialect
from reconciler.lock.model import RolloutMark
from reconciler.plan.model import Held, Pause, Plan
from reconciler.plan.standing import Result, Standing, Verdict
from reconciler.render.facts import outcome
from reconciler.render.rollout import rollout_words
from reconciler.render.status import StatusView, status_text
from reconciler.render.text import plan_text
from tests.render.golden import assert_golden
from tests.render.outputs import html_of, json_of, markdown_of
from tests.render.plans import adds, plan, printed

MARK = RolloutMark("1", "d1", 1, 0, 0, reach=50)
WAITING = Standing(
    verdict=Verdict.WAITING,
    steps=3,
    added=50,
    finished=42,
    adding=0,
    held=450,
    min_finished=8000,
    wait_left_s=720,
    results=(Result("technicalError", 1, 42, 500), Result("nonexistentNumber", 0, 42, 2000)),
    pauses=True,
    resume="",
    mark=MARK,
    came_from=1,
)
ABORTED = replace(
    WAITING,
    verdict=Verdict.ABORTED,
    wait_left_s=0,
    results=(Result("technicalError", 6, 50, 500),),
    resume="3f9a1c77",
    mark=replace(MARK, aborted="12% technicalError, more than 5%", aborts=1),
)
MOVING = replace(WAITING, verdict=Verdict.ADDING, adding=450, mark=replace(MARK, step=2, reach=500))
LAST = replace(MOVING, mark=replace(MARK, step=3, reach=0))
SAID = {
    "waiting for time": (
        WAITING,
        (
            "step 1 of 3; 50 of 50 added, 42 finished (84%); 2.4% technicalError (at most 5%), "
            "0% nonexistentNumber (at most 20%); waits 12 min 00 s more"
        ),
    ),
    "waiting for results": (
        replace(WAITING, finished=39, results=(), wait_left_s=0),
        "step 1 of 3; 50 of 50 added, 39 finished (78%); waits until 80% are finished",
    ),
    "never rounded up to enough": (
        replace(WAITING, finished=7999, added=10_000, results=(), wait_left_s=5),
        "step 1 of 3; 10,000 of 50 added, 7,999 finished (79.9%); waits until 80% are finished and 5.0 s more",
    ),
    "the first calls": (
        replace(WAITING, verdict=Verdict.ADDING, added=0, finished=0, adding=50),
        "step 1 of 3; 0 of 50 added; 50 more now",
    ),
    "moving on": (
        MOVING,
        "step 2 of 3, which begins now; 50 of 500 added, 42 finished (84%); 450 more now",
    ),
    "the last step": (LAST, "step 3 of 3, which begins now; 50 added, 42 finished (84%); 450 more now"),
    "aborted": (
        ABORTED,
        "step 1 of 3; 50 of 50 added, 42 finished (84%); aborted: 12% technicalError, more than 5%",
    ),
    "over": (
        replace(LAST, verdict=Verdict.OVER, added=500, finished=500),
        "over, all 3 steps are done; 500 added, 500 finished (100%)",
    ),
    "changed steps": (
        replace(WAITING, results=(), mark=replace(MARK, step=0)),
        "before step 1 of 3; 50 of 50 added, 42 finished (84%); waits 12 min 00 s more",
    ),
    "nobody waits": (
        replace(WAITING, results=(), wait_left_s=0, held=0),
        "step 1 of 3; 50 of 50 added, 42 finished (84%)",
    ),
    "nobody yet": (replace(WAITING, added=0, finished=0, results=()), "step 1 of 3; 0 of 50 added"),
    "seen by status": (
        replace(WAITING, results=(), wait_left_s=0, held=None),
        "step 1 of 3; 50 of 50 added, 42 finished (84%); the gate holds, so the next apply goes on",
    ),
}


def plan_with(standing: Standing) -> Plan:
    """A plan that does what the rollout lets it."""
    actions = adds(2) if standing.verdict is Verdict.ADDING else [Pause()] if standing.is_aborted else []
    notes = [Held(standing.held)] if standing.held else []
    return plan(actions, notes, in_step=50, rollout=standing)


@pytest.mark.parametrize(("standing", "words"), SAID.values(), ids=SAID)
def test_a_rollout_is_told_in_a_line(standing: Standing, words: str) -> None:
    assert rollout_words(standing) == words


@pytest.mark.parametrize(("name", "standing"), [("waiting", WAITING), ("moving", MOVING), ("aborted", ABORTED)])
def test_a_plan_with_a_rollout_reads_as_its_golden_file(name: str, standing: Standing) -> None:
    assert_golden(f"plan-rollout-{name}", printed(plan_text(plan_with(standing))))


def test_status_shows_the_rollout_and_what_to_write_after_an_abort() -> None:
    view = StatusView("spring-promo", "https://app.jaicp.com", Dialect.LEGACY, None, {}, rollout=ABORTED)
    assert_golden("status-rollout", printed(status_text(view)))


@pytest.mark.parametrize("told", [markdown_of, html_of], ids=["markdown", "html"])
def test_every_document_tells_where_the_rollout_stands_and_how_to_go_on(told: object) -> None:
    text = told(plan_with(ABORTED))  # type: ignore[operator]
    assert "50 of 50 added, 42 finished (84%); aborted: 12% technicalError, more than 5%" in text
    assert "3f9a1c77" in text
    assert "held back by a guard" in text


def test_an_abort_is_told_though_nobody_waits() -> None:
    assert "The rollout is aborted" in markdown_of(plan_with(replace(ABORTED, held=0)))


def test_json_holds_the_figures_and_the_count_of_those_who_wait() -> None:
    (found,) = json.loads(json_of(plan_with(ABORTED)))["campaigns"]
    assert found["rollout"] == {
        "verdict": "aborted",
        "step": 1,
        "steps": 3,
        "reach": 50,
        "added": 50,
        "finished": 42,
        "adding": 0,
        "wait_left_s": 0,
        "results": [{"name": "technicalError", "count": 6, "percent": 12.0, "limit": 5.0}],
        "aborted": "12% technicalError, more than 5%",
        "resume": "3f9a1c77",
        "words": rollout_words(ABORTED),
    }
    assert found["counts"]["held"] == 450
    assert found["notes"] == []


def test_json_of_a_last_step_reaches_everybody() -> None:
    (found,) = json.loads(json_of(plan_with(LAST)))["campaigns"]
    assert found["rollout"]["reach"] is None
    assert found["rollout"]["resume"] is None


def test_an_aborted_rollout_counts_as_held_back_and_a_waiting_one_as_nothing_to_do() -> None:
    assert outcome(plan_with(ABORTED)) == "held back by a guard"
    assert outcome(plan_with(WAITING)) == "nothing to do"


def test_a_million_who_wait_are_one_line() -> None:
    assert printed(plan_text(plan_with(replace(WAITING, held=1_000_000)), full=True)).count("1,000,000") == 1


@pytest.mark.parametrize(("n", "base", "percent"), [(0, 0, 0.0), (6, 119, 5.1), (5, 100, 5.0), (1, 3, 33.4)])
def test_what_exceeds_a_limit_also_looks_it(n: int, base: int, percent: float) -> None:
    assert Result("technicalError", n, base, 500).percent == percent
