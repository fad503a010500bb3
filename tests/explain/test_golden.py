"""What people read of one call. `REGOLD=1 pytest tests/explain` writes the golden files anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.calls.model import JobStatus
from reconciler.lock.model import CallStatus
from tests.acceptance.planted import sightings
from tests.explain.scene import LEADS, SPRING, Spring, job
from tests.render import golden

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """`text` is exactly what golden/<name>.txt holds, and nothing planted is in it."""
    golden.assert_golden(name, text, GOLDEN)
    assert sightings(text, name) == []


def test_a_call_in_step(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.PLANNED})
    assert_golden("in-step", spring.text("c-1", job("job-c-1", "16507313371")))


def test_a_call_to_add_that_a_guard_holds_back(spring: Spring) -> None:
    assert_golden("to-add", spring.text("c-2"))


def test_a_call_whose_phone_is_suppressed(spring: Spring) -> None:
    made = spring.remembers({"c-4": CallStatus.ON_RETRY})
    reported = job(made["c-4"].job_id, "447700900123", JobStatus.ON_RETRY, attempts=2)
    assert_golden("suppressed", spring.text("c-4", reported))


def test_a_row_that_changed_is_replaced(spring: Spring) -> None:
    spring.remembers({"c-3": CallStatus.PLANNED})
    (spring.folder / "leads.csv").write_text(LEADS.replace("quokkacleo,3", "quokkacleo,4"))
    assert_golden("replaced", spring.text("c-3", job("job-c-3", "16507335593")))


def test_a_call_that_was_made_and_whose_row_is_gone_is_retained(spring: Spring) -> None:
    spring.remembers({"c-3": CallStatus.TALKED_WITH_RESULT})
    (spring.folder / "leads.csv").write_text("".join(LEADS.splitlines(keepends=True)[:3]))
    reported = job("job-c-3", "16507335593", JobStatus.TALKED_WITH_RESULT, attempts=1)
    assert_golden("retained", spring.text("c-3", reported))


def test_a_call_written_in_the_manifest_to_a_country_of_many_zones(spring: Spring) -> None:
    assert_golden("many-zones", spring.text("boss"))


def test_a_call_that_somebody_elses_job_stands_in_the_way_of(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.NO_ANSWER})
    theirs = job("theirs", "16507324482")
    assert_golden("foreign", spring.text("c-2", theirs, foreign=[theirs]))


def test_a_new_wave_of_a_campaign_with_profiles(spring: Spring) -> None:
    spring.remembers({"c-2": CallStatus.NO_ANSWER, "c-3": CallStatus.PLANNED})
    more = "  wave: '2'\n  profiles: [us-fl, {name: us-telemarketing, severity: warning}, ru-debt]\n"
    (spring.folder / "spring.yaml").write_text(SPRING.replace("  state: running\n", f"  state: running\n{more}"))
    assert_golden("new-wave", spring.text("c-3", job("job-c-3", "16507335593")))


@pytest.mark.parametrize("typed", ["650-731-3371", "+1 (650) 731-3371", "16507313371", "001 650 731 3371"])
def test_only_a_phone_that_was_typed_is_shown_in_full(spring: Spring, typed: str) -> None:
    spring.remembers({"c-1": CallStatus.PLANNED})
    text = spring.text(typed, job("job-c-1", "16507313371"))
    by_key = (GOLDEN / "in-step.txt").read_text()
    assert text.replace("+16507313371", "1650•••3371").split() == by_key.split()
    assert text.count("+16507313371") == 2
