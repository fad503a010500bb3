"""`campaign state`: what is remembered, shown to people, and changed by hand without calling anybody twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.lock.stores.files import FileStore
from tests.resolve.conftest import OpenPlace
from tests.resolve.place import NAME, Place, Ran, mask, phone
from tests.state.test_import import applied, to_do

LOCKFILE = f"{NAME}.lock.jsonl"


def shown_id(place: Place, n: int) -> str:
    """The id by which the n-th row's call is shown."""
    found = re.search(rf"{mask(n)}\s+(\S+)", place.state("show", "--phone", f"+{phone(n)}").out)
    assert found
    return found[1]


def kept(place: Place) -> list[Path]:
    """The copies of the lockfile, oldest first."""
    return sorted(place.folder.glob(f"{NAME}.lock.2*.jsonl"))


def approved(place: Place, command: str, *arguments: str) -> Ran:
    """A `campaign state` command, without a question. It must send nothing at all."""
    before = len(place.sandbox.world.requests)
    ran = place.state(command, *arguments, "--auto-approve")
    assert len(place.sandbox.world.requests) == before
    return ran


# ----------------------------------------------------------------------------------------------------------------- list


def test_every_campaign_is_listed_with_its_lock(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1, 2, 3])
    ran = place.state("list")
    assert ran.code == 0
    head, row = ran.out.splitlines()
    assert head.split()[:4] == ["campaign", "calls", "live", "serial"]
    assert row.split()[:4] == ["spring", "3", "3", str(place.lock().header.serial)]
    assert place.lock().header.lineage[:8] in row
    assert "salt" in row


def test_the_list_is_one_json_document_for_programs(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1, 2])
    place.remote.set_status(place.jobs_of(1)[0].id, "noAnswer")
    place.apply()
    (lock,) = json.loads(place.state("list", "--format", "json").out)["locks"]
    assert (lock["calls"], lock["live"], lock["statuses"]) == (2, 1, {"planned": 1, "no_answer": 1})
    assert (lock["protection"], lock["openRequests"], lock["hasManifest"]) == ("salt", 0, True)
    assert lock["bytes"] == (place.folder / LOCKFILE).stat().st_size


def test_a_campaign_without_a_lock_and_a_lock_without_a_manifest_are_listed_too(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    approved(place, "mv", NAME, "summer")
    rows = place.state("list").out
    assert re.search(r"spring +no lockfile", rows)
    assert re.search(r"summer +1 .*no manifest", rows)


def test_open_requests_are_counted_and_their_calls_are_in_doubt(open_place: OpenPlace) -> None:
    place = open_place()
    place.in_doubt(1, 2)
    (lock,) = json.loads(place.state("list", "--format", "json").out)["locks"]
    assert (lock["openRequests"], lock["statuses"]) == (1, {"in_doubt": 2})


def test_a_lock_that_cannot_be_read_is_named_and_fails_the_command(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    (place.folder / LOCKFILE).write_bytes(b"garbage")
    ran = place.state("list")
    assert (ran.code, "not a readable lockfile" in ran.out) == (1, True)
    assert json.loads(place.state("list", "--format", "json").out)["locks"][0]["problem"]
    assert "not a readable lockfile" in place.state("show").out


def test_a_folder_without_anything_has_nothing_to_list(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "state", "list"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "there is no campaign and no lockfile here" in ran.stderr


# ----------------------------------------------------------------------------------------------------------------- show


def test_a_campaign_is_shown_with_its_calls_by_status_and_what_people_decided(open_place: OpenPlace) -> None:
    place = open_place()
    place.in_doubt(1, 2, fault="drop-request")
    place.resolve("--sent", "--why", "ticket 4711")
    place.declare([1, 2, 3])
    place.apply()
    shown = place.state("show", NAME).out
    assert re.search(r"2  sent, as a person decided", shown)
    assert re.search(r"1  queued", shown)
    assert "sent, 2 calls: ticket 4711" in shown
    assert place.lock().header.lineage in shown


def test_a_campaign_without_a_lockfile_is_said_to_have_none(open_place: OpenPlace) -> None:
    place = open_place()
    place.declare([1])
    assert "there is no lockfile spring.lock.jsonl" in place.state("show", NAME).out


@pytest.mark.parametrize("secret", ["", "quokkasecret"], ids=["salted", "with a secret"])
def test_a_call_is_shown_by_id_phone_or_key(
    open_place: OpenPlace, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", secret)
    place = open_place()
    applied(place, [1, 2])
    by_phone = place.state("show", "--phone", f"+{phone(2)}").out
    assert mask(2) in by_phone
    assert place.jobs_of(2)[0].id in by_phone
    assert place.state("show", NAME, "--key", "key-2").out == by_phone
    assert place.state("show", shown_id(place, 2)).out == by_phone
    document = json.loads(place.state("show", NAME, "--key", "key-2", "--format", "json").out)
    assert document["calls"][0]["job"] == place.jobs_of(2)[0].id


@pytest.mark.parametrize(
    "named", [("--phone", "+16507309999"), ("--phone", "quokka"), ("--key", "quokkakey"), ("AAAAAAAA/1",)]
)
def test_what_names_no_call_is_not_repeated(open_place: OpenPlace, named: tuple[str, ...]) -> None:
    place = open_place()
    applied(place, [1])
    assert place.state("show", NAME, *named).code == 64


def test_a_name_nobody_has_is_not_repeated_and_those_there_are_are_named(open_place: OpenPlace) -> None:
    place = open_place()
    place.declare([1])
    ran = place.state("show", "quokka")
    assert (ran.code, "there are: spring" in ran.err) == (64, True)


def test_one_of_several_campaigns_has_to_be_named(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    (place.folder / "other.lock.jsonl").write_bytes((place.folder / LOCKFILE).read_bytes())
    ran = place.state("show")
    assert (ran.code, "name a campaign; there are: other, spring" in ran.err) == (64, True)


def test_a_phone_needs_the_secret_to_be_looked_up(open_place: OpenPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkasecret")
    place = open_place()
    applied(place, [1])
    monkeypatch.delenv("CAMPAIGN_LOCK_SECRET")
    assert place.state("show").code == 0
    ran = place.state("show", "--phone", f"+{phone(1)}")
    assert (ran.code, "set CAMPAIGN_LOCK_SECRET" in ran.err) == (1, True)


# ------------------------------------------------------------------------------------------------------------------- rm


def test_a_called_call_is_forgotten_only_by_its_amount_and_then_called_again(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.set_status(place.jobs_of(1)[0].id, "noAnswer")
    place.apply()
    refused = approved(place, "rm", NAME, "--key", "key-1")
    assert (refused.code, "--allow called=1" in refused.err) == (1, True)
    assert to_do(place) == {}
    ran = approved(place, "rm", NAME, "--key", "key-1", "--allow", "called=1")
    assert (ran.code, "CALLED AGAIN by the next apply" in ran.out) == (0, True)
    assert to_do(place) == {"add": 1}
    assert f"kept as it was: {kept(place)[0].name}" in ran.err


def test_what_is_left_of_it_keeps_counts_adding_up(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    place.remote.set_status(place.jobs_of(1)[0].id, "noAnswer")
    place.apply()
    approved(place, "rm", NAME, "--key", "key-1", "--allow", "called=1")
    place.declare([2])
    place.sandbox.world.clear_requests()
    assert to_do(place) == {}
    assert not any(request.endpoint == "getReportByDate" for request in place.sandbox.world.requests)


def test_a_forgotten_live_call_is_not_called_a_second_time_where_the_server_lists_jobs(open_place: OpenPlace) -> None:
    place = open_place("dialect=current")
    applied(place, [1, 2])
    refused = approved(place, "rm", NAME, "--key", "key-1")
    assert (refused.code, "--allow live=1" in refused.err) == (1, True)
    ran = approved(place, "rm", NAME, "--key", "key-1", "--allow", "live=1")
    assert (ran.code, "block their phones until they are over" in ran.out) == (0, True)
    assert to_do(place) == {}
    assert len(place.jobs_of(1)) == 1


def test_elsewhere_a_live_call_cannot_be_forgotten(open_place: OpenPlace) -> None:
    place = open_place("dialect=legacy")
    applied(place, [1, 2])
    ran = approved(place, "rm", NAME, "--key", "key-1", "--allow", "live=1")
    assert (ran.code, "take them out of the lists and apply, then forget them" in ran.err) == (1, True)


def test_a_call_somebody_cancelled_is_forgotten_only_by_its_amount(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.cancel_externally(place.jobs_of(1)[0].id)
    place.apply()
    assert "--allow left-alone=1" in approved(place, "rm", NAME, "--phone", f"+{phone(1)}").err
    assert approved(place, "rm", NAME, "--phone", f"+{phone(1)}", "--allow", "left-alone=1").code == 0


def test_a_call_nobody_was_reached_by_is_forgotten_without_an_amount(place: Place) -> None:
    applied(place, [1, 2])
    place.declare([1])
    place.apply()
    assert approved(place, "rm", NAME, shown_id(place, 2)).code == 0


def test_nothing_of_a_forgotten_call_is_in_the_file(place: Place) -> None:
    applied(place, [1, 2])
    place.declare([1])
    place.apply()
    approved(place, "rm", NAME, "--key", "key-2")
    assert mask(2) not in (place.folder / LOCKFILE).read_text()


def test_calls_in_doubt_are_decided_about_not_forgotten(place: Place) -> None:
    place.in_doubt(1, 2)
    ran = approved(place, "rm", NAME, "--key", "key-1")
    assert (ran.code, "still open" in ran.err) == (1, True)


def test_calls_that_are_missing_are_decided_about_not_forgotten(place: Place) -> None:
    applied(place, [1, 2])
    place.remote.forget(place.jobs_of(1)[0].id)
    place.apply()
    ran = approved(place, "rm", NAME, "--key", "key-1")
    assert (ran.code, "decide with `campaign resolve` first" in ran.err) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("--allow", "everything=1"), ("--allow", "called=many")])
def test_what_makes_no_sense_is_wrong_usage(open_place: OpenPlace, arguments: tuple[str, ...]) -> None:
    place = open_place()
    applied(place, [1])
    assert approved(place, "rm", NAME, *arguments).code == 64


# ------------------------------------------------------------------------------------------------------------------- mv


def renamed(place: Place) -> None:
    """The manifest's campaign is called summer."""
    manifest = place.folder / "campaign.yaml"
    manifest.write_text(manifest.read_text().replace("name: spring", "name: summer"))


def test_a_renamed_campaign_goes_on_where_it_was(place: Place) -> None:
    applied(place, [1, 2])
    assert approved(place, "mv", NAME, "summer").code == 0
    renamed(place)
    assert to_do(place) == {}
    assert not (place.folder / LOCKFILE).exists()
    assert len(kept(place)) == 1


def test_its_open_requests_go_with_it(place: Place) -> None:
    place.in_doubt(1, 2)
    approved(place, "mv", NAME, "summer")
    renamed(place)
    assert place.apply().code == 0
    assert [len(place.jobs_of(n)) for n in (1, 2)] == [1, 1]
    assert not place.journal.exists()


def test_a_rename_that_was_cut_off_is_finished(place: Place) -> None:
    applied(place, [1, 2])
    before = (place.folder / LOCKFILE).read_bytes()
    approved(place, "mv", NAME, "summer")
    (place.folder / LOCKFILE).write_bytes(before)  # as if it had died before it took this away
    assert approved(place, "mv", NAME, "summer").code == 0
    assert not (place.folder / LOCKFILE).exists()


def test_another_lock_is_never_overwritten(place: Place) -> None:
    applied(place, [1])
    approved(place, "mv", NAME, "summer")
    place.declare([1])
    (place.folder / LOCKFILE).write_bytes(lock_of_nobody())
    ran = approved(place, "mv", NAME, "summer")
    assert (ran.code, "another lock; nothing was changed" in ran.err) == (1, True)
    assert (place.folder / LOCKFILE).read_bytes() == lock_of_nobody()


def lock_of_nobody() -> bytes:
    """An empty lock of campaign spring."""
    from reconciler.lock.lockfile import encode_lock
    from tests.lock.samples import lock_of

    return encode_lock(lock_of(campaign=NAME))


@pytest.mark.parametrize("new", ["Summer", "../elsewhere", NAME])
def test_a_name_no_campaign_can_have_is_wrong_usage(open_place: OpenPlace, new: str) -> None:
    place = open_place()
    applied(place, [1])
    assert approved(place, "mv", NAME, new).code == 64


# -------------------------------------------------------------------------------------------------------- pull and push


def test_a_lock_travels_from_one_store_to_another(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    applied(place, [1, 2])
    other = tmp_path_factory.mktemp("other")
    file = other / "pulled"
    file.write_bytes(place.state("pull", NAME).out.encode())
    assert file.read_bytes() == (place.folder / LOCKFILE).read_bytes()
    assert approved(place, "push", NAME, str(file), "--lock-store", str(other)).code == 0
    (place.folder / LOCKFILE).unlink()
    assert "2 in step" in place.run("plan", "--lock-store", str(other)).out


def test_what_was_pulled_can_be_piped(open_place: OpenPlace, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = open_place()
    applied(place, [1, 2])
    other = tmp_path_factory.mktemp("other")
    command = [sys.executable, "-m", "reconciler", "state"]
    pulled = subprocess.run([*command, "pull", NAME], cwd=place.folder, capture_output=True, check=True).stdout
    push = [*command, "push", NAME, "--lock-store", str(other), "--auto-approve"]
    subprocess.run(push, cwd=place.folder, input=pulled, check=True, capture_output=True)
    assert (other / LOCKFILE).read_bytes() == pulled
    del push[-1]
    ran = subprocess.run(push, cwd=place.folder, input=pulled, capture_output=True, text=False)
    assert ran.returncode == 64  # stdin is the lock: nobody can be asked


def test_of_open_requests_a_copy_says_that_their_calls_are_in_doubt(place: Place) -> None:
    place.in_doubt(1, 2)
    ran = place.state("pull", NAME)
    assert "1 requests of an earlier run are open" in ran.err
    assert ran.out.count('"q"') == 2


def test_the_lock_that_is_there_is_not_written_again(place: Place) -> None:
    applied(place, [1])
    ran = approved(place, "push", NAME, str(place.folder / LOCKFILE))
    assert (ran.code, "is this lock already" in ran.out) == (0, True)
    assert kept(place) == []


def test_an_older_lock_is_put_back_only_by_its_serial(place: Place) -> None:
    applied(place, [1])
    old = place.folder / "old"
    old.write_bytes((place.folder / LOCKFILE).read_bytes())
    serial = place.lock().header.serial
    applied(place, [1, 2])
    refused = approved(place, "push", NAME, str(old))
    assert (refused.code, f"--serial {serial}" in refused.err) == (1, True)
    assert approved(place, "push", NAME, str(old), "--serial", str(serial)).code == 0
    assert (place.folder / LOCKFILE).read_bytes() == old.read_bytes()
    assert len(kept(place)) == 1


def test_a_lock_of_another_lineage_is_put_there_only_by_its_name(place: Place) -> None:
    applied(place, [1])
    other = place.folder / "other"
    other.write_bytes(lock_of_nobody())
    refused = approved(place, "push", NAME, str(other))
    assert (refused.code, "--lineage lineage" in refused.err) == (1, True)
    assert approved(place, "push", NAME, str(other), "--lineage", "lineage").code == 0


def test_a_lock_takes_the_place_of_one_that_cannot_be_read(place: Place) -> None:
    applied(place, [1])
    good = place.folder / "good"
    good.write_bytes((place.folder / LOCKFILE).read_bytes())
    (place.folder / LOCKFILE).write_bytes(b"garbage")
    ran = approved(place, "push", NAME, str(good))
    assert (ran.code, "which cannot be used" in ran.out) == (0, True)
    assert kept(place)[0].read_bytes() == b"garbage"


def test_a_lock_is_not_pushed_over_open_requests(place: Place) -> None:
    place.in_doubt(1)
    other = place.folder / "other"
    other.write_bytes(lock_of_nobody())
    assert "a journal of a run that was cut off" in approved(place, "push", NAME, str(other)).err


@pytest.mark.parametrize("data", [b"", b"garbage", b'{"lock":{"format":99}}\n'], ids=["empty", "garbage", "newer"])
def test_what_no_run_would_take_is_not_pushed(open_place: OpenPlace, data: bytes) -> None:
    place = open_place()
    applied(place, [1])
    (place.folder / "bad").write_bytes(data)
    assert approved(place, "push", NAME, str(place.folder / "bad")).code == 1


def test_a_lock_under_another_secret_is_not_pushed(open_place: OpenPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = open_place()
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkasecret")
    applied(place, [1])
    (place.folder / LOCKFILE).rename(place.folder / "pulled")
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkaother")
    ran = approved(place, "push", NAME, str(place.folder / "pulled"))
    assert (ran.code, "another CAMPAIGN_LOCK_SECRET" in ran.err) == (1, True)


def test_a_name_that_leads_elsewhere_is_wrong_usage(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    ran = approved(place, "push", "../x", str(place.folder / LOCKFILE), "--lock-store", str(place.folder))
    assert (ran.code, "a name has 1 to 63" in ran.err) == (64, True)


def test_a_full_disk_is_an_error(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    (place.folder / f"{LOCKFILE}.tmp").mkdir()  # where the new file would be written
    (place.folder / "other").write_bytes(lock_of_nobody())
    ran = approved(place, "push", NAME, str(place.folder / "other"), "--lineage", "lineage")
    assert (ran.code, "cannot write spring.lock.jsonl" in ran.err) == (1, True)


# --------------------------------------------------------------------------------------------------------------- unlock


def test_a_lock_nobody_holds_needs_nothing(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    ran = place.state("unlock", NAME)
    assert (ran.code, "spring is not locked; it was last locked by" in ran.out) == (0, True)


def test_a_lock_that_was_never_taken_needs_nothing(open_place: OpenPlace) -> None:
    place = open_place()
    place.declare([1])
    assert place.state("unlock", NAME).out == "spring is not locked\n"


def test_whoever_holds_it_is_named_and_nothing_is_freed(open_place: OpenPlace) -> None:
    place = open_place()
    applied(place, [1])
    with FileStore(place.folder, NAME).hold("campaign apply"):
        ran = place.state("unlock", NAME)
        assert ran.code == 6
        assert f"(process {os.getpid()})" in ran.out
        assert place.apply().code == 6


# ------------------------------------------------------------------------------------------------------- what all share


CHANGING = {
    "rm": ("rm", NAME, "--key", "key-1", "--allow", "live=1"),
    "mv": ("mv", NAME, "summer"),
    "push": ("push", NAME, "pushed", "--lineage", "lineage"),
    "rekey": ("rekey", NAME),
}


@pytest.fixture
def ready(open_place: OpenPlace, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place where every command that changes something could do so."""
    place = open_place("dialect=current")
    applied(place, [1, 2])
    (place.folder / "pushed").write_bytes(lock_of_nobody())
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkasecret")
    return place


@pytest.mark.parametrize("command", CHANGING.values(), ids=CHANGING)
def test_without_a_terminal_nothing_is_changed_unless_approved(ready: Place, command: tuple[str, ...]) -> None:
    before = (ready.folder / LOCKFILE).read_bytes()
    ran = ready.run_alone("state", *command)
    assert (ran.code, "there is no terminal to ask on" in ran.err) == (64, True)
    assert (ready.folder / LOCKFILE).read_bytes() == before


@pytest.mark.parametrize("command", CHANGING.values(), ids=CHANGING)
def test_a_no_changes_nothing(ready: Place, command: tuple[str, ...]) -> None:
    before = (ready.folder / LOCKFILE).read_bytes()
    ran = ready.run_on_a_terminal("n", "state", *command)
    assert (ran.code, "nothing was changed" in ran.err) == (1, True)
    assert (ready.folder / LOCKFILE).read_bytes() == before
    assert kept(ready) == []


@pytest.mark.parametrize("command", [*CHANGING.values(), ("pull", NAME)], ids=[*CHANGING, "pull"])
def test_a_run_at_work_is_not_disturbed(
    ready: Place, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ready.folder)
    with FileStore(ready.folder, NAME).hold("campaign apply"):
        ran = approved(ready, *command) if command[0] != "pull" else ready.state(*command)
    assert ran.code == 6


@pytest.mark.parametrize("command", CHANGING.values(), ids=CHANGING)
def test_a_copy_of_the_file_as_it_was_is_kept_and_named(
    ready: Place, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ready.folder)
    monkeypatch.setenv("CAMPAIGN_LOCK_SECRET", "quokkasecret")
    before = (ready.folder / LOCKFILE).read_bytes()
    ran = approved(ready, *command)
    assert ran.code == 0, ran.text
    (copy,) = kept(ready)
    assert copy.read_bytes() == before
    assert f"kept as it was: {copy.name}" in ran.err
    ready.assert_clean()
