"""Nobody's number and nobody's data is seen again: not on a terminal, not in a log, not in a file, however it fails."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import planted
from tests.acceptance.other_server import OtherServer
from tests.acceptance.planted import (
    CHECK_URL,
    LIST_PAYLOAD,
    PAYLOAD,
    PHONES,
    ROWS,
    TOKEN,
    seen_in_files,
    seen_in_output,
)
from tests.acceptance.warm import Warm
from tests.acceptance.workshop import STYLES, Ran, Workshop, ended, remote

INPUTS = ("campaign.yaml", "leads.csv", "leads.jsonl", "do-not-call.txt")
FORMATS = ["--format", "json", "--also", "html=plan.html", "--also", "markdown=plan.md"]
EVERY_COMMAND = (
    ["validate"],
    ["plan", "--full"],
    ["plan", *FORMATS],
    ["apply", "--auto-approve"],
    ["status"],
    ["halt", "--all"],
)


only_current = pytest.mark.parametrize("private", ["current"], indirect=True)  # each of these waits for retries


@pytest.fixture(params=["legacy", "current"])
def private(request: pytest.FixtureRequest, tmp_path: Path, warm: Warm) -> Iterator[Workshop]:
    """A campaign of planted values."""
    server = OtherServer(remote(request.param, style=STYLES["shouting"]))
    campaign = server.campaigns.pop(server.campaign().token)
    campaign.token = TOKEN
    server.campaigns[TOKEN] = campaign
    with server.serving():
        work = Workshop(tmp_path, server, warm, variables={"SPRING_TOKEN": TOKEN})
        declare(work)
        yield work


def declare(work: Workshop, check_url: str = CHECK_URL, **spec: Any) -> None:
    """Writes a manifest whose list, inline calls and suppressions hold planted values."""
    check = {"externalCheck": {"externalCheckUrl": check_url}}
    (leads,) = work.document()["spec"]["phoneLists"]
    leads |= {"payload": leads["payload"] | {"offer": f"{LIST_PAYLOAD} only"}, "policy": {**check, "maxAttempts": 2}}
    inline = {"phone": f"+{PHONES[4]}", "payload": {"note": f"{PAYLOAD} inline"}, "policy": {**check, "maxAttempts": 3}}
    lists = [leads, {"name": "vip", "phones": [inline]}]
    work.manifest(phoneLists=lists, policy=check, suppress=[{"file": "do-not-call.txt"}], **spec)
    (work.folder / "do-not-call.txt").write_text(f"+{PHONES[3]}\n")
    work.people(ROWS[:4])


def run(work: Workshop, *arguments: str, **extra: str) -> Ran:
    """Runs a command as talkative as it gets; a traceback or an unexpected error is never an answer."""
    first = ["--first"] if arguments[0] == "apply" and work.remote.dialect == "legacy" else []
    ran = work.run(*arguments, *first, "-vv", PYTHONFAULTHANDLER="1", **extra)
    assert "Traceback" not in ran.text
    assert "defect of the program" not in ran.text
    return ran


def test_nothing_is_seen_of_a_run_that_goes_well(private: Workshop) -> None:
    ran = [run(private, *command) for command in EVERY_COMMAND]
    assert [one.code for one in ran] == [0] * len(ran), [one.text for one in ran]
    assert len(private.remote.jobs) == 4
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


def test_nothing_is_seen_of_changes_to_payloads_policies_and_settings(private: Workshop) -> None:
    assert run(private, "apply", "--auto-approve").code == 0
    declare(private, check_url=CHECK_URL.replace("call=1", "call=2"))
    private.people([(key, number, f"{name}-changed") for key, number, name in ROWS[1:4]])
    commands = (["plan", "--full"], ["plan", *FORMATS], ["apply", "--auto-approve"], ["status"])
    ran = [run(private, *command) for command in commands]
    assert [one.code for one in ran] == [0] * len(ran), [one.text for one in ran]
    assert "1 to cancel, 3 to replace" in ran[0].out
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


@only_current
def test_nothing_is_seen_when_the_server_is_down(private: Workshop) -> None:
    declare(private, host="http://127.0.0.1:9")
    ran = [run(private, "apply", "--auto-approve"), run(private, "halt", "--all")]
    assert [one.code for one in ran] == [1, 1]
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


@only_current
def test_nothing_is_seen_when_the_server_fails(private: Workshop) -> None:
    private.server.fault("callJob/getReport", "500", 100)
    private.server.fault("control/pause", "500", 100)
    ran = [run(private, "apply", "--auto-approve", "--settle", "1"), run(private, "halt", "--all")]
    assert [one.code for one in ran] == [4, 1], [one.text for one in ran]
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS, private.journal.name) == []  # exit 4: the request stays open


def test_nothing_is_seen_when_the_token_is_wrong(private: Workshop) -> None:
    ran = [run(private, *command, SPRING_TOKEN=f"{TOKEN}-old") for command in EVERY_COMMAND[1:]]
    assert [one.code for one in ran] == [1] * len(ran), [one.text for one in ran]
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


def test_nothing_is_seen_when_the_server_quotes_what_it_was_sent(private: Workshop) -> None:
    quoted = (
        f"{PHONES[0]} (+1 650 731-3371): {PAYLOAD}0 / {LIST_PAYLOAD} at {CHECK_URL} of /api/calls/campaign/{TOKEN}/x"
    )
    private.server.refusals = {"addPhones": {"type": "mood.bad", "message": quoted, "phone": PHONES[0]}}
    ran = run(private, "apply", "--auto-approve")
    assert ran.code == 1
    assert "refused (400): mood.bad" in ran.err
    assert seen_in_output(ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


def test_nothing_is_seen_of_a_rejected_number(private: Workshop) -> None:
    private.remote.refused_phones = frozenset(PHONES[:2])
    ran = [run(private, "apply", "--auto-approve"), run(private, "plan", "--full"), run(private, "plan", *FORMATS)]
    assert "2 rejected" in ran[0].out
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


def test_after_a_crash_only_the_journal_holds_what_was_sent_and_nothing_is_shown_of_it(private: Workshop) -> None:
    gate = private.server.gate("addPhones")
    first = ["--first"] if private.remote.dialect == "legacy" else []
    process = private.start("apply", "--auto-approve", "-vv", "--timeout", "5", *first)
    assert gate.arrived.wait(30)
    process.send_signal(signal.SIGKILL)
    crashed = ended(process)
    gate.release.set()
    ran = [crashed, run(private, "plan", "--full"), run(private, "status")]
    assert seen_in_output(*ran) == []
    assert seen_in_files(private.folder, *INPUTS, private.journal.name) == []
    assert private.journal.stat().st_mode & 0o077 == 0


def test_once_recovered_the_journal_holds_nothing_any_more(private: Workshop) -> None:
    private.server.fault("addPhones", "drop")
    ran = run(private, "apply", "--auto-approve", "--timeout", "1", "--settle", "1")
    assert ran.code == 0, ran.text
    assert private.journal.read_bytes() == b""
    assert seen_in_output(ran) == []
    assert seen_in_files(private.folder, *INPUTS) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> {PAYLOAD}\n",
        lambda text: text.replace("1650", f"{PHONES[0]} {PAYLOAD}", 1),
    ],
    ids=["cut", "conflict", "scribbled"],
)
def test_nothing_is_seen_of_a_lockfile_that_cannot_be_read(private: Workshop, damage: Any) -> None:
    assert run(private, "apply", "--auto-approve").code == 0
    private.lockfile.write_text(damage(private.lockfile.read_text()))
    private.server.forget()
    before = private.lockfile.read_bytes()
    ran = [run(private, "plan"), run(private, "apply", "--auto-approve"), run(private, "status")]
    assert [one.code for one in ran] == [1, 1, 1]
    assert seen_in_output(*ran) == []
    assert private.lockfile.read_bytes() == before
    assert not private.server.mutations


# -- bad input; no server is needed to refuse it


BAD_ROWS = f"""id,phone,first_name,amount,zone
c-1,{PHONES[0]}9999999,{PAYLOAD},1,Z
c-2,{PHONES[0]},{PAYLOAD},{PAYLOAD} 12,Z
c-3,{PHONES[1]},{PAYLOAD},1,{PAYLOAD}/Zone
c-4,{PHONES[1]},{PAYLOAD},1,Z
{PHONES[2]},{PHONES[2]},{PAYLOAD},1,Z
{PHONES[2]},{PHONES[3]},{PAYLOAD},1,Z
c-7,{PHONES[2]},{PAYLOAD}
c-8,tel:{PHONES[0]};{PAYLOAD},{PAYLOAD},1,Z
c-9,"{PHONES[0]},{PAYLOAD},1,Z
"""


def bad_rows(folder: Path) -> None:
    """Lists that are wrong in every way."""
    (folder / "leads.csv").write_text(BAD_ROWS)
    (folder / "leads.jsonl").write_text(f'{{"id": 1, "phone": "{PHONES[0]}", {PAYLOAD}}}\n["{PHONES[1]}"]\n')
    (folder / "do-not-call.txt").write_text(f"{PHONES[3]} {PAYLOAD}\n+{PHONES[3]}9999999\n")


def bad_lists() -> list[dict[str, Any]]:
    """Lists of bad rows, and inline calls that are as bad."""
    columns = {"phone": {"column": "phone"}, "key": {"column": "id"}}
    payload = {"due": {"column": "amount", "type": "number"}, "first_name": {"column": "first_name"}}
    inline = [
        {"phone": f"+{PHONES[2]}", "policy": {"gmtZone": PAYLOAD, "maxAttempts": PAYLOAD}},
        {"phone": f"+{PHONES[2]}", PHONES[3]: 1, "payload": PAYLOAD},
        {"phone": f"+{PHONES[3]}", "policy": {"externalCheck": {"externalCheckUrl": f"nonsense {CHECK_URL}"}}},
    ]
    csv = {"name": "leads", "source": {"file": "leads.csv"}, **columns, "payload": payload}
    return [
        csv | {"policy": {"gmtZone": {"column": "zone"}}},
        {"name": "json", "source": {"file": "leads.jsonl"}, **columns},
        {"name": "vip", "phones": inline},
    ]


def test_nothing_is_seen_of_bad_rows(tmp_path: Path, current: Workshop) -> None:
    bad_rows(current.folder)
    current.manifest(phoneLists=bad_lists()[:2], suppress=[{"file": "do-not-call.txt"}])
    commands = (["validate", "--errors-file", "errors.txt"], ["plan"], ["plan", *FORMATS], ["apply"])
    ran = [run(current, *command) for command in commands]
    assert [one.code for one in ran][:3] == [1, 1, 1]
    assert "leads.csv:2" in ran[0].err
    assert seen_in_output(*ran) == []
    assert seen_in_files(current.folder, *INPUTS) == []


def test_nothing_is_seen_of_bad_inline_calls(current: Workshop) -> None:
    current.manifest(phoneLists=bad_lists()[2:])
    ran = run(current, "validate")
    assert ran.code == 1
    assert "spec.phoneLists[0].phones[0].policy.gmtZone" in ran.err
    assert seen_in_output(ran) == []


def test_nothing_is_seen_of_an_inline_phone_that_is_none(current: Workshop) -> None:
    current.manifest(
        phoneLists=[{"name": "vip", "phones": [{"phone": f"{PHONES[0]}x"}, {"phone": int(PHONES[1] * 2)}]}]
    )
    ran = run(current, "validate")
    assert ran.code == 1
    assert "phones[0].phone" in ran.err
    assert "phones[1].phone" in ran.err
    assert seen_in_output(ran) == []


def test_nothing_is_seen_of_a_list_without_a_header(current: Workshop) -> None:
    (current.folder / "leads.csv").write_text("".join(f"{','.join(row)}\n" for row in ROWS))
    ran = run(current, "validate")
    assert ran.code == 1
    assert seen_in_output(ran) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"token": TOKEN},
        {"token": {"env": TOKEN}},
        {"token": {"value": TOKEN}},
        {"host": f"https://app.jaicp.com/api/calls/campaign/{TOKEN}/addPhones"},
        {"host": f"https://user:{TOKEN}@app.jaicp.com"},
        {"host": f"https://app.jaicp.com?token={TOKEN}"},
        {"host": TOKEN},
        {PHONES[0]: PHONES[0]},
        {"phoneLists": PHONES[0]},
        {"policy": {"externalCheck": CHECK_URL}},
        {"policy": {"maxAttempts": PHONES[0]}},
        {"wave": {PAYLOAD: PHONES[0]}},
        {"state": PHONES[0]},
        {"dialect": PHONES[0]},
        {"suppress": [PHONES[0]]},
        {"suppress": PHONES[0]},
    ],
    ids=lambda changes: next(iter(changes)) if set(changes) <= {"token", "host", "state", "wave"} else "other",
)
def test_nothing_is_seen_of_a_secret_in_the_wrong_place(current: Workshop, changes: dict[str, Any]) -> None:
    current.manifest(**changes)
    ran = run(current, "validate")
    assert ran.code == 1
    assert seen_in_output(ran) == []


@pytest.mark.parametrize(
    "yaml",
    [
        f"spec:\n  phones: [{{phone: '{PHONES[0]}', note: {PAYLOAD}\n",
        f"spec:\n\t{PAYLOAD}: {PHONES[0]}\n",
        f"{PHONES[0]}: 1\n{PHONES[0]}: {PAYLOAD}\n",
        f"&{PAYLOAD} a: *{PAYLOAD}2\n",
        f"a: !{PAYLOAD} {PHONES[0]}\n",
        f"{PAYLOAD} {PHONES[0]}\n",
        f"apiVersion: {TOKEN}\nkind: {PAYLOAD}\n",
        f"a: 'it''s {PAYLOAD} {PHONES[0]}\n",
        f"%{PAYLOAD} {PHONES[0]}\n---\na: 1\n",
        f"? [{PHONES[0]}]\n: {PAYLOAD}\n",
    ],
)
def test_nothing_is_seen_of_yaml_that_cannot_be_read(current: Workshop, yaml: str) -> None:
    (current.folder / "campaign.yaml").write_text(yaml)
    ran = run(current, "validate", "-f", "campaign.yaml")
    assert ran.code == 1
    assert "campaign.yaml:" in ran.err
    assert seen_in_output(ran) == []


def test_nothing_is_seen_of_secrets_on_the_command_line(current: Workshop) -> None:
    url = f"{current.server.host}/api/calls/campaign/{TOKEN}"
    ran = [
        run(current, "halt", "--host", url, "--token-env", "SPRING_TOKEN"),
        run(current, "halt", "--host", current.server.host, "--token-env", TOKEN),
        run(current, "halt", "--host", url, "--token-env", "T", T=f"a/b {TOKEN}"),
    ]
    assert [one.code for one in ran][1] == 64
    assert all(one.code in (1, 64) for one in ran)
    assert seen_in_output(*ran) == []


def test_nothing_is_seen_of_a_token_that_cannot_be_one(current: Workshop) -> None:
    ran = [run(current, "plan", SPRING_TOKEN=f"{TOKEN}\nx"), run(current, "plan", SPRING_TOKEN=f"../{TOKEN}")]
    assert all(one.code in (1, 64) for one in ran)
    assert seen_in_output(*ran) == []
    assert not current.server.log


def test_what_was_planted_would_be_found() -> None:
    text = json.dumps({"phone": "+1 (650) 731-3371", "first": PAYLOAD.title()})
    assert planted.sightings(text, "here") == ["here: quokkarow", "here: quokka", "here:1: 16507313371"]
