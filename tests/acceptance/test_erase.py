"""`campaign erase`: one person out of all locks, and nobody calls them again."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.other_campaign import RemoteCampaign
from tests.acceptance.workshop import Ran, Workshop, document, people, phone

SECRET = "a secret of the whole team"


@pytest.fixture
def pair(workshop: Workshop) -> Workshop:
    """Two campaigns that have called the same three people."""
    workshop.second("autumn")
    workshop.variables["CAMPAIGN_LOCK_SECRET"] = SECRET
    workshop.people(people(3))
    done(apply(workshop))
    for remote in workshop.server.campaigns.values():
        for n in (1, 2, 3):
            remote.set_status(phone(n), "longCallWithResult")
    done(apply(workshop))
    workshop.server.forget()
    return workshop


def apply(work: Workshop) -> Ran:
    """Applies, also for the first time."""
    return work.run("apply", "--auto-approve", "--first")


def done(ran: Ran) -> Ran:
    """Fails when the command did."""
    assert ran.code == 0, ran.text
    return ran


def erase(work: Workshop, *arguments: str) -> Ran:
    """Erases without asking."""
    return work.run("erase", "--auto-approve", *arguments)


def masks(work: Workshop, name: str = "spring") -> list[str]:
    """The last digits of those the lock still has."""
    lines = (work.folder / f"{name}.lock.jsonl").read_text().splitlines()[1:]
    return sorted(json.loads(line)[6][-4:] for line in lines)


def stored(work: Workshop) -> str:
    """All that any lock or journal holds."""
    return "".join(path.read_text() for path in sorted(work.folder.glob("*.jsonl")))


def jobs_of(work: Workshop, n: int) -> int:
    """How many jobs a person has, in both campaigns."""
    return sum(len(remote.jobs_of(phone(n))) for remote in work.server.campaigns.values())


def test_every_trace_goes_from_every_lock_and_others_stay(pair: Workshop) -> None:
    ran = done(erase(pair, "+1 650 000 0002"))
    assert masks(pair) == masks(pair, "autumn") == ["0001", "0003"]
    assert "spring: 1 call erased" in ran.out
    assert "autumn: 1 call erased" in ran.out
    assert "No backup was kept" in ran.out
    assert "1650•••0002" not in stored(pair)
    assert phone(2) not in ran.text


def test_nobody_calls_them_again_in_any_campaign_or_wave(pair: Workshop) -> None:
    done(erase(pair, phone(2)))
    pair.manifest(wave="2")
    planned = done(pair.run("plan", "--target", "spring"))
    assert "1 frozen: erased; nobody calls them again" in planned.out
    done(apply(pair))
    assert [jobs_of(pair, n) for n in (1, 2, 3)] == [3, 2, 3]


def test_what_is_left_adds_up_with_what_the_server_counts(pair: Workshop) -> None:
    done(erase(pair, phone(2)))
    pair.server.forget()
    assert "unmanaged" not in done(pair.run("plan")).out
    assert pair.server.count("callJob/getReportByDate") == 0


def test_by_key_their_phone_is_erased_as_well(pair: Workshop) -> None:
    done(erase(pair, "--key", "c-0002"))
    assert masks(pair) == ["0001", "0003"]
    pair.people([("x-9", phone(2), "Other"), *people(1)])
    done(apply(pair))
    assert jobs_of(pair, 2) == 2


def test_a_campaign_that_is_new_after_it_does_not_call_them_either(pair: Workshop) -> None:
    done(erase(pair, phone(2)))
    pair.server.campaigns["tok-new"] = RemoteCampaign("tok-new", pair.remote.dialect, style=pair.remote.style)
    pair.variables["NEW_TOKEN"] = "tok-new"
    new = document("new", host=pair.server.host, token={"env": "NEW_TOKEN"})
    (pair.folder / "new.yaml").write_text(json.dumps(new))
    done(apply(pair))
    done(apply(pair))
    assert sorted(job.phone for job in pair.server.campaigns["tok-new"].jobs.values()) == [phone(1), phone(3)]


def test_the_lock_of_a_campaign_whose_manifest_is_gone_is_erased_from(pair: Workshop) -> None:
    (pair.folder / "autumn.yaml").unlink()
    done(erase(pair, phone(2)))
    assert masks(pair, "autumn") == ["0001", "0003"]


def test_while_a_call_is_queued_nothing_of_that_campaign_is_erased(pair: Workshop) -> None:
    pair.manifest(wave="2")
    done(apply(pair))
    ran = erase(pair, phone(2))
    assert ran.code == 7
    assert "spring: NOT erased" in ran.err
    assert "--cancel" in ran.err
    assert masks(pair).count("0002") == 2
    assert masks(pair, "autumn") == ["0001", "0003"]
    assert pair.server.count("callJob/cancel") == 0


def test_with_cancel_it_is_taken_back_first(pair: Workshop) -> None:
    pair.manifest(wave="2")
    done(apply(pair))
    done(erase(pair, phone(2), "--cancel"))
    assert masks(pair).count("0002") == 0
    assert [job.is_live for job in pair.remote.jobs_of(phone(2))] == [False, False]
    assert all(job.is_live for job in pair.remote.jobs_of(phone(1))[1:])


def test_a_call_that_ended_since_the_lock_was_written_does_not_stand_in_the_way(pair: Workshop) -> None:
    pair.manifest(wave="2")
    done(apply(pair))
    pair.remote.set_status(phone(2), "noAnswer")
    done(erase(pair, phone(2)))
    assert masks(pair).count("0002") == 0


def test_erasing_again_changes_nothing(pair: Workshop) -> None:
    done(erase(pair, phone(2)))
    before = stored(pair)
    ran = done(erase(pair, phone(2)))
    assert "nothing; will know that they are not to be called" in ran.out
    assert stored(pair) == before


def test_somebody_nobody_has_called_is_never_called(pair: Workshop) -> None:
    done(erase(pair, phone(7)))
    pair.people(people(7))
    done(apply(pair))
    assert jobs_of(pair, 7) == 0
    assert jobs_of(pair, 6) == 2


@pytest.mark.parametrize(
    "arguments",
    [[], ["+16500000002", "--key", "c-0002"], ["12"], ["not-a-phone-4711"]],
    ids=["none", "both", "short", "text"],
)
def test_a_wrong_command_line_erases_nobody_and_repeats_nothing(pair: Workshop, arguments: list[str]) -> None:
    before = stored(pair)
    ran = erase(pair, *arguments)
    assert ran.code == 64
    assert stored(pair) == before
    assert "4711" not in ran.text


def test_without_a_terminal_and_without_approval_nobody_is_erased(pair: Workshop) -> None:
    before = stored(pair)
    assert pair.run("erase", phone(2)).code == 64
    assert stored(pair) == before


def test_without_any_lock_it_says_what_helps_instead(current: Workshop) -> None:
    current.manifest()
    ran = erase(current, phone(2))
    assert ran.code == 1
    assert "suppression list" in ran.err


def test_what_a_crash_left_half_written_goes_too(pair: Workshop) -> None:
    torn = pair.folder / "spring.journal.torn"
    torn.write_text(phone(2))
    done(erase(pair, phone(2)))
    assert not torn.exists()


def test_a_lock_whose_tombstones_were_made_with_another_secret_is_refused(pair: Workshop) -> None:
    done(erase(pair, phone(2)))
    from reconciler.lock.lockfile import decode_lock, encode_lock

    lock = decode_lock(pair.lockfile.read_bytes(), campaign="spring", shown="spring.lock.jsonl")
    from msgspec.structs import replace

    assert lock.header.erased
    header = replace(lock.header, erased=replace(lock.header.erased, proof="x" * 16))
    pair.lockfile.write_bytes(encode_lock(replace(lock, header=header)))
    ran = pair.run("plan", "--target", "spring")
    assert ran.code == 1
    assert "no longer knows who was erased" in ran.err


@pytest.mark.parametrize(
    ("status", "why"), [("inProcess", "they are being called now"), ("somethingNew", "nobody can tell whether a call")]
)
def test_whoever_is_being_called_or_may_be_is_not_erased_yet(pair: Workshop, status: str, why: str) -> None:
    pair.manifest(wave="2")
    done(apply(pair))
    pair.remote.set_status(phone(2), status)
    ran = erase(pair, phone(2))
    assert ran.code == 7
    assert why in " ".join(ran.err.split())
    assert masks(pair).count("0002") == 2


def test_a_queued_call_of_a_campaign_whose_manifest_is_gone_cannot_be_asked_for(pair: Workshop) -> None:
    pair.manifest(wave="2")
    done(apply(pair))
    (pair.folder / "campaign.yaml").unlink()
    ran = erase(pair, phone(2), "--cancel")
    assert ran.code == 7
    assert "spring has no manifest here" in " ".join(ran.err.split())
    assert masks(pair).count("0002") == 2


def test_while_an_earlier_run_was_cut_off_nobody_is_erased(current: Workshop) -> None:
    current.manifest()
    current.people(people(2))
    current.server.fault("addPhones", "drop")
    current.server.fault("callJob/getReportByDate", "500", 10)
    assert current.apply().code == 4
    ran = erase(current, phone(2))
    assert ran.code == 1
    assert "apply first, then erase" in " ".join(ran.err.split())
    assert phone(2) not in ran.text
