"""The rollout of a manifest: what it becomes, and everything that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.rollout import Rollout, Step
from tests.manifest.manifests import campaign, lines, loaded

ISSUE = """\
rollout:
  steps: [{calls: 50}, {share: 10%}, {share: 100%}]
  gate: {wait: 30m, minFinished: 80%, abortIf: {technicalError: ">5%", nonexistentNumber: ">20%"}, onAbort: pause}
"""


def rollout_of(folder: Path, spec: str) -> Rollout:
    """What the manifest's rollout becomes."""
    found = loaded(folder, campaign(spec))
    assert not found.problems
    (one,) = found.campaigns
    assert one.rollout is not None
    return one.rollout


def test_a_rollout_becomes_numbers(tmp_path: Path) -> None:
    assert rollout_of(tmp_path, ISSUE) == Rollout(
        steps=(Step(calls=50), Step(share=1000), Step(share=10_000)),
        wait_s=1800,
        min_finished=8000,
        abort_if=(("technicalError", 500), ("nonexistentNumber", 2000)),
        pauses=True,
        resume="",
    )


def test_a_gate_that_is_not_written_waits_for_four_fifths_and_aborts_never(tmp_path: Path) -> None:
    found = rollout_of(tmp_path, "rollout: {steps: [{calls: 5}, {share: 100%}]}")
    assert (found.wait_s, found.min_finished, found.abort_if, found.pauses) == (0, 8000, (), True)


def test_without_a_rollout_there_is_none(tmp_path: Path) -> None:
    (one,) = loaded(tmp_path, campaign()).campaigns
    assert one.rollout is None


@pytest.mark.parametrize(
    ("written", "hundredths"),
    [("0.5%", 50), ("33.33%", 3333), ("7.5%", 750), ("100%", 10_000), ("100.00%", 10_000), ("05%", 500)],
)
def test_a_share_is_read_to_the_hundredth_of_a_percent(tmp_path: Path, written: str, hundredths: int) -> None:
    found = rollout_of(tmp_path, f"rollout: {{steps: [{{share: 100%}}], gate: {{minFinished: {written}}}}}")
    assert found.min_finished == hundredths


@pytest.mark.parametrize("written", ['">5%"', '"> 5%"', "5%"])
def test_a_limit_is_more_than_so_many_percent_however_it_is_written(tmp_path: Path, written: str) -> None:
    gate = f"gate: {{abortIf: {{noAnswer: {written}}}, onAbort: hold}}"
    found = rollout_of(tmp_path, f"rollout: {{steps: [{{share: 100%}}], {gate}}}")
    assert found.abort_if == (("noAnswer", 500),)
    assert not found.pauses


@pytest.mark.parametrize(("written", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400)])
def test_a_wait_is_in_seconds_minutes_hours_or_days(tmp_path: Path, written: str, seconds: int) -> None:
    assert rollout_of(tmp_path, f"rollout: {{steps: [{{share: 100%}}], gate: {{wait: {written}}}}}").wait_s == seconds


def test_the_text_that_resumes_stays_text_though_it_looks_like_a_number(tmp_path: Path) -> None:
    assert rollout_of(tmp_path, "rollout: {steps: [{share: 100%}], resume: 00123456}").resume == "00123456"


BAD = {
    "no steps": ("{}", "spec.rollout.steps: is missing"),
    "empty steps": ("{steps: []}", "spec.rollout.steps: is empty"),
    "both": (
        "{steps: [{calls: 5, share: 10%}, {share: 100%}]}",
        "spec.rollout.steps[0]: has both calls and share; write one of them",
    ),
    "neither": ("{steps: [{}, {share: 100%}]}", "spec.rollout.steps[0]: has neither calls nor share"),
    "falling calls": (
        "{steps: [{calls: 50}, {calls: 50}, {share: 100%}]}",
        "spec.rollout.steps[1].calls: is not more than the step before; let the steps grow",
    ),
    "falling shares": (
        "{steps: [{share: 20%}, {share: 10%}, {share: 100%}]}",
        "spec.rollout.steps[1].share: is not more than the step before",
    ),
    "no last step": (
        "{steps: [{calls: 50}, {share: 50%}]}",
        'spec.rollout.steps[1]: would never call the rest; add a last step share: "100%"',
    ),
    "something after everybody": (
        "{steps: [{share: 100%}, {calls: 50}]}",
        "spec.rollout.steps[1]: comes after everybody",
    ),
    "nobody": ("{steps: [{share: 0%}, {share: 100%}]}", "spec.rollout.steps[0].share: is nobody"),
    "no calls": ("{steps: [{calls: 0}, {share: 100%}]}", "spec.rollout.steps[0].calls: 0 is too small; at least 1"),
    "a share without its sign": (
        "{steps: [{share: 10}, {share: 100%}]}",
        'spec.rollout.steps[0].share: "10" does not have the right form; write percent of the wanted calls',
    ),
    "a share of too much": (
        "{steps: [{share: 101%}]}",
        'spec.rollout.steps[0].share: "101%" does not have the right form',
    ),
    "a wait without a unit": (
        "{steps: [{share: 100%}], gate: {wait: 30}}",
        'spec.rollout.gate.wait: "30" does not have the right form; write seconds, minutes, hours or days',
    ),
    "a limit in words": (
        "{steps: [{share: 100%}], gate: {abortIf: {technicalError: many}}}",
        'spec.rollout.gate.abortIf.technicalError: "many" does not have the right form; write more than',
    ),
    "an unknown result": (
        "{steps: [{share: 100%}], gate: {abortIf: {technicalErrors: 5%}}}",
        "spec.rollout.gate.abortIf.technicalErrors: is not a known field; did you mean technicalError?",
    ),
    "an unknown answer to an abort": (
        "{steps: [{share: 100%}], gate: {onAbort: stop}}",
        'spec.rollout.gate.onAbort: "stop" is not known; write hold or pause',
    ),
    "a step as text": ("{steps: [all]}", "spec.rollout.steps[0]: is text; write a mapping"),
    "steps as a mapping": ("{steps: {calls: 5}}", "spec.rollout.steps: is a mapping; write a list"),
    "a rollout as text": ("slowly", "spec.rollout: is text"),
}


@pytest.mark.parametrize(("written", "complaint"), BAD.values(), ids=BAD)
def test_each_mistake_is_named_with_what_would_be_right(tmp_path: Path, written: str, complaint: str) -> None:
    found = loaded(tmp_path, campaign(f"rollout: {written}"))
    (said,) = lines(found.problems, tmp_path)
    assert complaint in said
    assert not found.campaigns


def test_all_mistakes_are_reported_in_one_run_and_no_number_is_repeated(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, campaign("rollout: {steps: [{share: 16507770042}, {calls: 5}], gate: {wait: soon}, resume: [1]}")
    )
    said = "\n".join(lines(found.problems, tmp_path))
    assert len(found.problems) == 4
    assert "16507770042" not in said


def test_a_list_with_a_wave_of_its_own_does_not_go_with_a_rollout(tmp_path: Path) -> None:
    lists = 'phoneLists: [{name: a, wave: autumn, phones: [{phone: "+16507770042"}]}]\n'
    found = loaded(tmp_path, campaign(lists + "rollout: {steps: [{share: 100%}]}"))
    (said,) = lines(found.problems, tmp_path)
    assert "spec.phoneLists[0].wave: does not go with a rollout; raise spec.wave" in said
    assert not loaded(tmp_path, campaign(lists)).problems
