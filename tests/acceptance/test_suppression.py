"""Accidents with do-not-call lists and lists of people, end to end: stopped or shown before a phone rings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.workshop import Workshop, document, ended, people, phone

TODAY = datetime.now(UTC).date()


def never(work: Workshop, *numbers: int, name: str = "never.txt") -> Path:
    """Writes a do-not-call list, in the place of the old one."""
    path, new = work.folder / name, work.folder / f"{name}.new"
    new.write_text("".join(f"{phone(n)}\n" for n in numbers) or "# nobody\n")
    return new.replace(path)


def called(work: Workshop) -> set[int]:
    """Whom the server has a call of that is not cancelled."""
    return {int(job.phone[-4:]) for job in work.remote.jobs.values() if not job.is_cancelled}


@pytest.fixture
def ten(workshop: Workshop) -> Workshop:
    """Ten people of whom the last four must not be called; the others were added."""
    never(workshop, 7, 8, 9, 10)
    workshop.manifest(suppress=[{"file": "never.txt"}])
    workshop.people(people(10))
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    assert called(workshop) == {1, 2, 3, 4, 5, 6}
    workshop.server.forget()
    return workshop


def test_a_do_not_call_list_cut_off_by_a_failed_download_calls_nobody(ten: Workshop) -> None:
    never(ten, 7)
    for arguments in (["plan"], ["apply", "--auto-approve"]):
        ran = ten.run(*arguments)
        assert ran.code == 3, ran.text
        assert "75% of 4 entries of never.txt gone" in ran.out
        assert "--allow suppression-shrink-percent=75" in ran.text
    assert ten.run("apply", "--auto-approve", "--allow", "suppression-shrink-percent=74").code == 3
    assert not ten.server.mutations
    assert called(ten) == {1, 2, 3, 4, 5, 6}


def test_a_list_held_back_once_is_held_back_again(ten: Workshop) -> None:
    never(ten)
    assert [ten.apply().code for _ in range(3)] == [3, 3, 3]
    assert called(ten) == {1, 2, 3, 4, 5, 6}


def test_people_may_be_let_off_the_list_by_naming_how_many(ten: Workshop) -> None:
    never(ten, 7)
    assert ten.apply("--allow", "suppression-shrink-percent=75").code == 0
    assert called(ten) == {1, 2, 3, 4, 5, 6, 8, 9, 10}
    assert ten.apply().code == 0


def test_a_short_list_holds_up_neither_a_pause_nor_somebody_who_is_taken_out(ten: Workshop) -> None:
    never(ten, 7)
    ten.manifest(suppress=[{"file": "never.txt"}], state="paused")
    ten.people(people(10)[1:])
    ran = ten.apply()
    assert ran.code == 3, ran.text
    assert ten.remote.state == "paused"
    assert called(ten) == {2, 3, 4, 5, 6}


@pytest.mark.parametrize("content", ["", "165000", "\0\0"], ids=["empty", "cut", "bytes"])
def test_a_list_that_cannot_be_read_stops_plan_and_apply(ten: Workshop, content: str) -> None:
    (ten.folder / "never.txt").write_text(content)
    for arguments in (["plan"], ["apply", "--auto-approve"]):
        ran = ten.run(*arguments)
        assert ran.code == 1, ran.text
        assert "never.txt" in ran.err
    assert not ten.server.log or not ten.server.mutations


def test_a_list_left_out_of_the_manifest_is_missed(ten: Workshop) -> None:
    ten.manifest(suppress=[])
    ran = ten.apply()
    assert ran.code == 3, ran.text
    assert "4 entries of lists no longer named gone" in ran.out
    assert called(ten) == {1, 2, 3, 4, 5, 6}


def test_a_list_of_another_name_is_not_missed(ten: Workshop) -> None:
    never(ten, 7, 8, 9, 10, name="do-not-call.txt")
    ten.manifest(suppress=[{"file": "do-not-call.txt"}])
    assert ten.apply().code == 0


def test_no_option_lets_anybody_on_a_list_be_called(ten: Workshop) -> None:
    amounts = [f"--allow={guard}=100000" for guard in ("new-calls", "run-new-calls", "suppression-shrink-percent")]
    assert ten.apply(*amounts).code == 0
    assert not called(ten) & {7, 8, 9, 10}


def test_an_opt_out_while_an_apply_is_running_is_heard(workshop: Workshop) -> None:
    never(workshop, 99)
    workshop.manifest(suppress=[{"file": "never.txt"}])
    workshop.people(people(12))
    first = ["--first"] if workshop.remote.dialect == "legacy" else []
    gate = workshop.server.gate("addPhones")
    running = workshop.start("apply", "--auto-approve", "--batch=1", *first)
    assert gate.arrived.wait(30)
    never(workshop, 99, 12)
    gate.release.set()
    ran = ended(running)
    assert ran.code == 0, ran.text
    assert called(workshop) == set(range(1, 12))
    assert "1 call not added: on a suppression list since the plan was made" in ran.err
    assert "1 suppressed" in ran.out


def test_an_apply_stops_when_the_list_is_cut_off_while_it_runs(workshop: Workshop) -> None:
    never(workshop, 97, 98, 99)
    workshop.manifest(suppress=[{"file": "never.txt"}])
    workshop.people(people(12))
    first = ["--first"] if workshop.remote.dialect == "legacy" else []
    gate = workshop.server.gate("addPhones")
    running = workshop.start("apply", "--auto-approve", "--batch=1", *first)
    assert gate.arrived.wait(30)
    never(workshop, 99)
    gate.release.set()
    ran = ended(running)
    assert ran.code == 3, ran.text
    assert len(called(workshop)) < 12
    assert "never.txt lost 66.7% of its 3 entries while this ran" in ran.err
    never(workshop, 97, 98, 99)
    assert workshop.apply().code == 0
    assert called(workshop) == set(range(1, 13))


def test_an_entry_that_expired_suppresses_no_more(workshop: Workshop) -> None:
    days = {1: TODAY - timedelta(days=3), 2: TODAY + timedelta(days=3)}
    rows = "".join(f"{phone(n)},{day},cooling-off\n" for n, day in days.items())
    (workshop.folder / "never.csv").write_text(f"phone,until,why\n{rows}{phone(3)},,opt-out\n")
    source = {"file": "never.csv", "reason": {"column": "why"}, "expires": {"column": "until"}}
    workshop.manifest(suppress=[source])
    workshop.people(people(4))
    ran = workshop.apply()
    assert ran.code == 0, ran.text
    assert called(workshop) == {1, 4}
    assert "2 rows suppressed" in ran.out


def test_a_list_exported_twice_as_long_is_held_back(workshop: Workshop) -> None:
    workshop.people(people(30))
    assert workshop.apply().code == 0
    workshop.people(people(60))
    ran = workshop.apply()
    assert ran.code == 3, ran.text
    assert "100% of 30 rows of leads more (30), at most 50% allowed" in ran.out
    assert "--allow list-growth-percent=100" in ran.text
    assert called(workshop) == set(range(1, 31))
    assert workshop.apply("--allow", "list-growth-percent=100").code == 0
    assert len(called(workshop)) == 60


# ------------------------------------------------------------------------------------------------ several campaigns


def three(work: Workshop, **more: Any) -> dict[str, RemoteCampaign]:
    """Three campaigns that all want the first three people."""
    work.people(people(3))
    (work.folder / "campaign.yaml").unlink()
    documents = []
    for name in ("spring", "summer", "winter"):
        token = f"tok-{name}"
        work.variables[f"{name.upper()}_TOKEN"] = token
        work.server.campaigns[token] = work.server.campaigns.get(token) or RemoteCampaign(token)
        documents.append(document(name, host=work.server.host, token={"env": f"{name.upper()}_TOKEN"}, **more))
    (work.folder / "campaigns.yaml").write_text("\n---\n".join(json.dumps(each) for each in documents))
    return {name: work.server.campaigns[f"tok-{name}"] for name in ("spring", "summer", "winter")}


def of_run(work: Workshop, kind: str, **spec: Any) -> None:
    """Writes a document that holds for every campaign of the run."""
    value = {"apiVersion": "campaign/v1", "kind": kind, "metadata": {"name": "everywhere"}, "spec": spec}
    (work.folder / f"{kind.lower()}.yaml").write_text(json.dumps(value))


def test_a_number_in_three_campaigns_is_taken_back_in_all_of_them(current: Workshop) -> None:
    remotes = three(current)
    never(current, 99)
    of_run(current, "Suppression", files=[{"file": "never.txt"}])
    assert current.run("apply", "--auto-approve").code == 0
    for remote in remotes.values():
        remote.jobs_of(phone(3))[0].status = "inProcess"
    never(current, 99, 2, 3)
    ran = current.run("apply", "--auto-approve")
    assert ran.code == 0, ran.text
    assert [remote.jobs_of(phone(2))[0].is_cancelled for remote in remotes.values()] == [True] * 3
    assert current.server.count("callJob/cancel") == 3
    assert "on a suppression list" in ran.out


def test_a_list_of_all_campaigns_that_is_not_among_the_manifests_is_missed(current: Workshop) -> None:
    three(current)
    never(current, 3)
    of_run(current, "Suppression", files=[{"file": "never.txt"}])
    assert current.run("apply", "--auto-approve").code == 0
    ran = current.run("apply", "--auto-approve", "--file", "campaigns.yaml")
    assert ran.code == 3, ran.text
    assert "1 entry of lists no longer named gone" in ran.out
    assert not [job for remote in current.server.campaigns.values() for job in remote.jobs_of(phone(3))]


def test_a_bad_document_of_all_campaigns_stops_them_all(current: Workshop) -> None:
    three(current)
    of_run(current, "Suppression", files=[])
    ran = current.run("apply", "--auto-approve")
    assert ran.code == 1
    assert "spec.files: is empty" in ran.err
    assert not current.server.log


def test_a_run_may_do_no_more_than_its_guards_say(current: Workshop) -> None:
    remotes = three(current)
    of_run(current, "Guards", newCalls=6)
    plans = [current.run("plan", f"--jobs={jobs}") for jobs in (3, 1)]
    assert plans[0].code == 7, plans[0].text
    assert [each.out.count("at most 6 allowed") for each in plans] == [1, 1]
    ran = current.run("apply", "--auto-approve", "--jobs=1")
    assert ran.code == 7, ran.text
    assert "9 new calls in this run, at most 6 allowed" in ran.out
    assert "--allow run-new-calls=9" in ran.err
    assert [len(remote.jobs) for remote in remotes.values()] == [3, 3, 0]
    assert current.run("apply", "--auto-approve", "--allow", "run-new-calls=9").code == 0


def test_campaigns_applied_at_once_do_no_more_than_a_run_may(current: Workshop) -> None:
    remotes = three(current)
    of_run(current, "Guards", newCalls=6)
    ran = current.run("apply", "--auto-approve", "--jobs=3")
    assert ran.code == 7, ran.text
    assert sorted(len(remote.jobs) for remote in remotes.values()) == [0, 3, 3]


def test_a_saved_plan_takes_nothing_that_is_allowed_until_some_time(ten: Workshop) -> None:
    ran = ten.run("plan", "--out=plan.jsonl", "--allow", "new-calls=20,until=2999-01-01T00:00Z")
    assert ran.code != 0
    assert "a saved plan does not keep the time" in ran.err
    assert not (ten.folder / "plan.jsonl").exists()


def test_an_amount_in_a_saved_plan_lets_the_calls_through(current: Workshop) -> None:
    current.manifest(guards={"newCalls": 1})
    current.people(people(2))
    assert current.run("plan", "--out=plan.jsonl", "--allow", "new-calls=2").code == 0
    ran = current.run("apply", "plan.jsonl")
    assert ran.code == 0, ran.text
    assert called(current) == {1, 2}


def test_an_allowance_that_has_ended_allows_nothing_and_says_so(current: Workshop) -> None:
    current.manifest(guards={"newCalls": 1})
    current.people(people(2))
    for until, code in (("2020-01-01T00:00Z", 3), ("2999-01-01T00:00Z", 0)):
        ran = current.apply("--allow", f"new-calls=2,until={until}")
        assert ran.code == code, ran.text
        assert ("has ended and allows nothing any more" in ran.err) == (code == 3)


def test_no_number_on_a_list_shows_anywhere(ten: Workshop) -> None:
    never(ten, 7, 5)
    said = [
        ten.run(*arguments).text for arguments in (["plan"], ["plan", "--format=json"], ["apply", "--auto-approve"])
    ]
    said.append(ten.lockfile.read_text())
    assert not [text for text in said for n in range(1, 11) if phone(n) in text]
    assert "never" not in said[-1]
