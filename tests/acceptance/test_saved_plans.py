"""A plan that was saved is applied as it was approved, in part if the rest is done, or not at all."""

from __future__ import annotations

import json
import re

import pytest

from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.workshop import LOOSE, TOKEN, Ran, Workshop, people, phone

FILE = "saved.plan"


def save(work: Workshop, *arguments: str, **extra: str) -> Ran:
    """Plans into the file."""
    ran = work.run("plan", "--out", FILE, *arguments, **extra)
    assert ran.code == 0, ran.text
    return ran


def apply_file(work: Workshop, *arguments: str, **extra: str) -> Ran:
    """Applies the file, without a terminal and without approval; `--first` where the dialect needs it."""
    first = ["--first"] if work.remote.dialect == "legacy" and not work.lockfile.exists() else []
    return work.run("apply", FILE, *first, *arguments, **extra)


def stale(work: Workshop, ran: Ran, *said: str) -> None:
    """It ended with 5, said why, and sent nothing that changes anything."""
    assert ran.code == 5, ran.text
    assert "is not the one that was approved; nothing was sent" in ran.err
    for words in said:
        assert words in ran.err
    assert not work.server.mutations


@pytest.fixture
def applied(workshop: Workshop) -> Workshop:
    """Twenty calls that were added; nothing is counted yet."""
    workshop.people(people(20))
    assert workshop.apply().code == 0
    workshop.server.forget()
    return workshop


# -- what is done


def test_a_first_plan_is_applied_without_asking(workshop: Workshop) -> None:
    workshop.people(people(3))
    save(workshop)
    ran = apply_file(workshop)
    assert ran.code == 0, ran.text
    assert "3 phones will ring (all new)" in ran.out
    assert re.search(r"^as in the saved plan of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\n", ran.err)
    assert sorted(workshop.remote.ringing) == [phone(1), phone(2), phone(3)]


def test_so_is_one_made_with_a_secret(workshop: Workshop) -> None:
    workshop.people(people(3))
    save(workshop, CAMPAIGN_LOCK_SECRET="s3cret")
    ran = apply_file(workshop, CAMPAIGN_LOCK_SECRET="s3cret")
    assert ran.code == 0, ran.text
    assert len(workshop.remote.jobs) == 3


def test_adds_cancels_and_replacements_are_done_as_planned(applied: Workshop) -> None:
    applied.people([*people(3, 21), *((key, number, "Other") for key, number, _ in people(2)), *people(17, 3)])
    save(applied)
    ran = apply_file(applied)
    assert ran.code == 0, ran.text
    assert "3 added, 1 cancelled and 2 replaced" in ran.out


def test_a_plan_with_nothing_to_do_sends_nothing(applied: Workshop) -> None:
    save(applied)
    before = applied.lockfile.read_bytes()
    assert apply_file(applied).code == 0
    assert not applied.server.mutations
    assert applied.lockfile.read_bytes() == before


def test_a_plan_used_twice_calls_nobody_twice(workshop: Workshop) -> None:
    workshop.people(people(3))
    save(workshop)
    assert apply_file(workshop).code == 0
    again = apply_file(workshop)
    assert again.code == 0, again.text
    assert "Nothing to do: 3 calls in step." in again.out
    assert len(workshop.remote.jobs) == 3


def test_a_call_that_was_taken_back_since_is_not_added_by_the_old_plan(workshop: Workshop) -> None:
    workshop.people(people(3))
    save(workshop)
    assert apply_file(workshop).code == 0
    workshop.people(people(2))
    assert workshop.apply().code == 0
    workshop.people(people(3))
    workshop.server.forget()
    stale(workshop, apply_file(workshop), "1 to add, which it allows something else for: wanted again; cancelled")


def test_actions_that_are_no_longer_needed_drop_out(applied: Workshop) -> None:
    applied.people(people(15))
    save(applied)
    applied.remote.set_status(phone(16), "longCallWithResult")
    applied.remote.set_status(phone(17), "noAnswer")
    ran = apply_file(applied)
    assert ran.code == 0, ran.text
    assert "2 of 5 are no longer needed" in ran.err
    assert "3 cancelled" in ran.out


def test_a_lockfile_that_another_apply_has_written_does_no_harm(applied: Workshop) -> None:
    applied.people(people(22))
    save(applied)
    applied.people(people(21))
    assert applied.apply().code == 0
    applied.people(people(22))
    ran = apply_file(applied)
    assert ran.code == 0, ran.text
    assert "1 of 2 are no longer needed" in ran.err
    assert len(applied.remote.jobs) == 22


# -- what makes it stale


def test_a_new_row(applied: Workshop) -> None:
    applied.people(people(21))
    save(applied)
    applied.people(people(25))
    ran = apply_file(applied)
    place = "1650•••0022 (leads.csv:23), 1650•••0023 (leads.csv:24), 1650•••0024 (leads.csv:25), … and 1 more"
    stale(applied, ran, f"4 to add, which it does not hold: new: {place}", "the manifest or its lists changed")


def test_a_row_that_changed_again(applied: Workshop) -> None:
    applied.people([("c-0001", phone(1), "Other"), *people(19, 2)])
    save(applied)
    applied.people([("c-0001", phone(1), "Another"), *people(19, 2)])
    stale(applied, apply_file(applied), "1 to replace, which it allows something else for: changed: 1650•••0001")


def test_a_row_that_was_taken_out(applied: Workshop) -> None:
    save(applied)
    applied.people(people(19))
    stale(applied, apply_file(applied), "1 to cancel, which it does not hold: no longer in the lists: 1650•••0020")


def test_a_suppressed_number(applied: Workshop) -> None:
    save(applied)
    (applied.folder / "never.txt").write_text(phone(20) + "\n")
    applied.manifest(suppress=[{"file": "never.txt"}])
    stale(applied, apply_file(applied), "1 to cancel, which it does not hold: on a suppression list")


def test_a_state_that_was_flipped_by_hand(current: Workshop) -> None:
    current.people(people(3))
    assert current.apply().code == 0
    save(current)
    current.remote.state = "paused"
    current.server.forget()
    ran = apply_file(current)
    stale(current, ran, "to resume the campaign, which it does not hold", "something changed on the server")


def test_a_pause_after_a_resume_that_the_plan_allowed(current: Workshop) -> None:
    current.people(people(3))
    assert current.apply().code == 0
    current.remote.state = "paused"
    save(current)
    assert apply_file(current).code == 0
    assert current.remote.is_running
    current.remote.state = "paused"
    current.server.forget()
    stale(current, apply_file(current), "to resume the campaign")


def test_a_token_of_another_campaign(workshop: Workshop) -> None:
    workshop.people(people(3))
    save(workshop, CAMPAIGN_LOCK_SECRET="s3cret")
    workshop.server.campaigns["tok-other"] = RemoteCampaign("tok-other", workshop.remote.dialect)
    ran = apply_file(workshop, CAMPAIGN_LOCK_SECRET="s3cret", SPRING_TOKEN="tok-other")
    stale(workshop, ran, "its token leads to another campaign on the server")


def test_another_token_of_a_campaign_without_lockfile_and_secret(workshop: Workshop) -> None:
    workshop.people(people(3))
    save(workshop)
    workshop.server.campaigns["tok-other"] = RemoteCampaign("tok-other", workshop.remote.dialect)
    ran = apply_file(workshop, SPRING_TOKEN="tok-other")
    stale(workshop, ran, "made with another CAMPAIGN_LOCK_SECRET, or for another token")


def test_an_older_lockfile(applied: Workshop) -> None:
    older = applied.lockfile.read_bytes()
    applied.people(people(19))
    assert applied.apply().code == 0
    save(applied)
    applied.lockfile.write_bytes(older)
    applied.server.forget()
    stale(applied, apply_file(applied), "the lockfile is older than the one it was made on")


def test_a_lockfile_that_is_gone(legacy: Workshop) -> None:
    legacy.people(people(3))
    assert legacy.apply().code == 0
    save(legacy)
    legacy.lockfile.unlink()
    legacy.server.forget()
    # Its salt comes from the token again, so that only its lineage tells.
    stale(legacy, apply_file(legacy), "it was made on another lockfile, there is none now")


# -- a run that was cut off


def test_a_run_that_was_cut_off_is_finished_by_the_same_plan(workshop: Workshop) -> None:
    workshop.people(people(5))
    save(workshop)
    workshop.server.gate("addPhones")
    process = workshop.start("apply", FILE, "--first", "--timeout", "5")
    assert workshop.server.gates["addPhones"].arrived.wait(20)
    process.kill()
    process.communicate()
    gate = workshop.server.gates.pop("addPhones")
    gate.release.set()
    ran = apply_file(workshop, "--settle", "0")
    assert ran.code == 0, ran.text
    assert workshop.remote.ringing == {phone(n): 1 for n in range(1, 6)}


def test_a_replacement_of_which_half_was_done_is_finished_by_the_same_plan(applied: Workshop) -> None:
    applied.people([("c-0001", phone(1), "Other"), *people(19, 2)])
    save(applied)
    applied.server.refusals["addPhones"] = {"type": "something.else", "message": "not now"}
    assert apply_file(applied).code == 1
    assert [job.is_cancelled for job in applied.remote.jobs_of(phone(1))] == [True]
    del applied.server.refusals["addPhones"]
    ran = apply_file(applied)
    assert ran.code == 0, ran.text
    assert [job.is_cancelled for job in applied.remote.jobs_of(phone(1))] == [True, False]


# -- guards


@pytest.mark.parametrize("again", [[], ["--allow", "new-calls=3"]], ids=["not said", "said"])
def test_what_was_allowed_when_it_was_made_need_not_be_said_again(workshop: Workshop, again: list[str]) -> None:
    workshop.manifest(guards=LOOSE | {"newCalls": 2})
    workshop.people(people(3))
    save(workshop, "--allow", "new-calls=3")
    ran = apply_file(workshop, *again)
    assert ran.code == 0, ran.text
    assert len(workshop.remote.jobs) == 3


def test_a_guard_that_was_not_lifted_holds(workshop: Workshop) -> None:
    workshop.manifest(guards=LOOSE | {"newCalls": 2})
    workshop.people(people(3))
    assert workshop.run("plan", "--out", FILE).code == 3
    ran = apply_file(workshop)
    assert ran.code == 3, ran.text
    assert not workshop.remote.jobs


def test_nobody_allows_more_than_whoever_approved_it_saw(workshop: Workshop) -> None:
    workshop.manifest(guards=LOOSE | {"newCalls": 2})
    workshop.people(people(3))
    assert workshop.run("plan", "--out", FILE).code == 3
    ran = apply_file(workshop, "--allow", "new-calls=3")
    assert ran.code == 64
    assert "--allow new-calls=3 is more than the saved plan of campaign spring was made with" in ran.err
    assert not workshop.server.mutations


def test_a_percentage_it_passed_holds_nothing_back_when_other_calls_have_finished(applied: Workshop) -> None:
    applied.manifest(guards=LOOSE | {"cancelPercent": 30})
    applied.people(people(14))
    save(applied)
    for n in range(1, 13):
        applied.remote.set_status(phone(n), "noAnswer")
    ran = apply_file(applied)
    assert ran.code == 0, ran.text
    assert "6 cancelled" in ran.out


def test_a_guard_that_was_lowered_since_holds(applied: Workshop) -> None:
    applied.manifest(guards=LOOSE | {"cancelPercent": 30})
    applied.people(people(14))
    save(applied)
    applied.manifest(guards=LOOSE | {"cancelPercent": 20})
    assert apply_file(applied).code == 3


# -- ids


def plan_id(ran: Ran) -> str:
    """The id a plan has printed."""
    return ran.out.rsplit("Plan id: ", 1)[1].strip()


def test_the_plan_of_the_right_id_is_applied(workshop: Workshop) -> None:
    workshop.people(people(3))
    ran = workshop.apply("--plan-id", plan_id(workshop.run("plan")))
    assert ran.code == 0, ran.text
    assert len(workshop.remote.jobs) == 3


def test_with_any_other_id_nothing_is_sent(workshop: Workshop) -> None:
    workshop.people(people(3))
    asked = plan_id(workshop.run("plan"))
    workshop.people(people(4))
    now = plan_id(workshop.run("plan"))
    workshop.server.forget()
    stale(workshop, workshop.apply("--plan-id", asked), f"its id is {now} now, and {asked} was asked for")


# -- what is in the file


def test_the_file_holds_no_number_no_name_no_token_and_no_address(applied: Workshop) -> None:
    applied.people([*people(3, 21), ("c-0001", phone(1), "Quokka"), *people(17, 2)])
    save(applied)
    text = (applied.folder / FILE).read_text()
    assert len(text.splitlines()) == 2 + (3 + 1 + 2) + 1
    hidden = [TOKEN, "Quokka", "Name", "first_name", "leads", applied.server.host, "127.0.0.1", "c-00"]
    hidden += [phone(n)[-7:] for n in range(1, 24)]
    assert [each for each in hidden if each in text] == []


def test_the_same_plan_is_the_same_file_but_for_the_time(applied: Workshop) -> None:
    applied.people(people(22, 3))
    save(applied)
    first = (applied.folder / FILE).read_text().splitlines()
    save(applied)
    second = (applied.folder / FILE).read_text().splitlines()
    assert first[1:-1] == second[1:-1]
    assert json.loads(first[0]).keys() == {"saved_plan", "tool", "created"}
