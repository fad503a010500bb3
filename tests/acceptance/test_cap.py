"""A cap over all campaigns: who was called by one is not called by the next."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.workshop import Ran, Workshop, ended, people, phone

SECRET = "a secret of the whole team"
CAP = {"apiVersion": "campaign/v1", "kind": "Cap", "metadata": {"name": "week"}, "spec": {"calls": 1, "per": "7d"}}


@pytest.fixture
def pair(workshop: Workshop) -> Workshop:
    """Two campaigns, autumn and spring, that want the same people, and a cap over both."""
    workshop.second("autumn")
    workshop.variables["CAMPAIGN_LOCK_SECRET"] = SECRET
    (workshop.folder / "cap.yaml").write_text(json.dumps(CAP))
    workshop.people(people(2))
    return workshop


def autumn(work: Workshop) -> RemoteCampaign:
    """The other campaign on the server."""
    return work.server.campaigns["tok-autumn"]


def apply(work: Workshop, *arguments: str) -> Ran:
    """Applies, also for the first time."""
    return work.run("apply", "--auto-approve", "--first", *arguments)


def test_the_campaign_that_comes_first_by_name_calls_and_the_other_does_not(pair: Workshop) -> None:
    ran = apply(pair)
    assert ran.code == 0, ran.text
    assert (len(autumn(pair).jobs), len(pair.remote.jobs)) == (2, 0)
    assert "2 blocked: over the cap on calls to one phone" in ran.out
    assert "until a call of autumn is over" in ran.out


def test_a_plan_of_both_shows_what_an_apply_of_both_would_do(pair: Workshop) -> None:
    ran = pair.run("plan")
    assert ran.code == 0, ran.text
    assert "2 blocked: over the cap on calls to one phone" in ran.out
    assert ran.out.index("autumn\n") < ran.out.index("spring\n")


def test_it_holds_for_one_campaign_alone_too(pair: Workshop) -> None:
    apply(pair, "--target", "autumn")
    ran = apply(pair, "--target", "spring")
    assert ran.code == 0, ran.text
    assert not pair.remote.jobs


def test_whoever_was_not_reached_is_called_by_the_other_and_whoever_was_is_not_for_so_many_days(pair: Workshop) -> None:
    apply(pair)
    autumn(pair).set_status(phone(1), "longCallWithResult")
    autumn(pair).set_status(phone(2), "noAnswer")
    ran = apply(pair)
    assert ran.code == 0, ran.text
    assert [job.phone for job in pair.remote.jobs.values()] == [phone(2)]
    assert "until 20" in ran.out


def test_the_lock_of_a_campaign_whose_manifest_is_gone_counts(pair: Workshop) -> None:
    apply(pair, "--target", "autumn")
    (pair.folder / "autumn.yaml").unlink()
    assert apply(pair).code == 0
    assert not pair.remote.jobs


def test_several_campaigns_at_once_are_applied_one_after_the_other(pair: Workshop) -> None:
    apply(pair, "--jobs", "4")
    assert (len(autumn(pair).jobs), len(pair.remote.jobs)) == (2, 0)


def test_a_part_of_the_campaigns_is_not_applied_by_itself_as_others_may_be_applied_beside_it(pair: Workshop) -> None:
    ran = apply(pair, "--shard", "1/2")
    assert ran.code == 64
    assert "leave out --shard" in ran.err
    assert not autumn(pair).jobs
    assert not pair.remote.jobs


def test_locks_with_salts_of_their_own_are_compared_all_the_same(pair: Workshop) -> None:
    pair.variables["CAMPAIGN_LOCK_SECRET"] = ""
    apply(pair)
    assert (len(autumn(pair).jobs), len(pair.remote.jobs)) == (2, 0)


def test_a_lock_whose_secret_is_not_there_is_refused_as_its_phones_cannot_be_compared(pair: Workshop) -> None:
    apply(pair, "--target", "autumn")
    pair.variables["CAMPAIGN_LOCK_SECRET"] = ""
    ran = apply(pair, "--target", "spring")
    assert ran.code == 1
    assert "CAMPAIGN_LOCK_SECRET" in ran.err
    assert not pair.remote.jobs
    assert SECRET not in ran.text


def test_a_campaign_alone_needs_no_secret(workshop: Workshop) -> None:
    workshop.manifest()
    workshop.people(people(1))
    (workshop.folder / "cap.yaml").write_text(json.dumps(CAP))
    assert workshop.apply().code == 0
    workshop.remote.set_status(phone(1), "longCallWithResult")
    workshop.manifest(wave="2")
    ran = workshop.apply()
    assert "1 blocked: over the cap on calls to one phone" in ran.out
    assert len(workshop.remote.jobs) == 1


def test_no_phone_is_in_what_is_said_or_remembered(pair: Workshop) -> None:
    said = apply(pair).text + pair.run("plan", "--full").text
    said += "".join(path.read_text() for path in pair.folder.glob("*.lock.jsonl"))
    assert phone(1) not in said
    assert phone(2) not in said


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"calls": 0, "per": "7d"}, "is too small"),
        ({"calls": 1, "per": "7h"}, "days, such as 7d"),
        ({"calls": 1}, "spec.per: is missing"),
    ],
)
def test_a_cap_that_makes_no_sense_is_an_error(current: Workshop, spec: dict[str, object], complaint: str) -> None:
    current.manifest()
    current.people(people(1))
    (current.folder / "cap.yaml").write_text(json.dumps(CAP | {"spec": spec}))
    ran = current.run("validate")
    assert ran.code == 1
    assert complaint in ran.text


def test_a_run_beside_one_that_is_at_work_under_a_cap_calls_nobody(pair: Workshop) -> None:
    gate = pair.server.gate("addPhones")
    first = pair.start("apply", "--auto-approve", "--first", "--target", "spring")
    assert gate.arrived.wait(30)
    beside = apply(pair, "--target", "autumn")
    gate.release.set()
    assert ended(first).code == 0
    assert beside.code == 6
    assert "what is under a cap here is locked by" in beside.err
    assert not autumn(pair).jobs
    assert apply(pair, "--target", "autumn").code == 0
    assert not autumn(pair).jobs
    assert len(pair.remote.jobs) == 2


def test_who_is_at_work_under_a_cap_can_be_asked(pair: Workshop) -> None:
    gate = pair.server.gate("addPhones")
    first = pair.start("apply", "--auto-approve", "--first", "--target", "spring")
    assert gate.arrived.wait(30)
    told = pair.run("state", "unlock", "all.caps")
    gate.release.set()
    assert ended(first).code == 0
    assert told.code == 6
    assert "all.caps is locked by" in told.out
    assert "all.caps is not locked" in pair.run("state", "unlock", "all.caps").out
    (pair.folder / "cap.yaml").unlink()
    without = pair.run("state", "unlock", "all.caps")
    assert (without.code, "no campaign here is under a cap" in without.err) == (64, True)
