"""Bad input of every kind: an error that says where and what, exit 1 or 64, nothing sent and nothing lost."""

from __future__ import annotations

import gzip
import random
import string
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.other_campaign import PLAIN
from tests.acceptance.other_server import OtherServer
from tests.acceptance.refusals import refused
from tests.acceptance.warm import Warm
from tests.acceptance.workshop import Workshop, people, remote

HEAD = "apiVersion: campaign/v1\nkind: Campaign\n"
TEN_MB = 10_000_000


def refused_by_all(work: Workshop, says: str) -> None:
    """The same by validate, plan and apply, which do not even ask the server."""
    for arguments in (["validate"], ["plan"], ["apply", "--auto-approve"]):
        refused(work, *arguments, says=says)
    assert not work.server.log


# -- manifests


def garbage(seed: int = 1) -> bytes:
    """Ten megabytes of anything."""
    return random.Random(seed).randbytes(TEN_MB)


def printable_garbage() -> bytes:
    """Ten megabytes of anything that can be printed."""
    return garbage(2).translate((string.printable * 3).encode()[:256])


def bomb() -> str:
    """Nine to the power of twelve texts, if anybody writes them out."""
    start = f"{HEAD}spec:\n  a: &a [x, x, x, x, x, x, x, x, x]\n"
    pairs = pairwise("abcdefghijklm")
    return start + "".join(f"  {after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n" for before, after in pairs)


MANIFESTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "campaign.yaml: is empty"),
    "only-a-comment": ("# nothing\n", "campaign.yaml: is empty"),
    "not-a-mapping": ("- a\n", "campaign.yaml:1:1: is a list"),
    "duplicate-key": (f"{HEAD}kind: Campaign\n", "campaign.yaml:3:1: has kind twice"),
    "deep-flow": (f"{HEAD}spec: {'[' * 5000}{']' * 5000}\n", "nested more than"),
    "deep-block": (HEAD + "".join(f"{' ' * depth}a:\n" for depth in range(1500)), "nested more than"),
    "alias-of-itself": (f"{HEAD}spec: &a {{b: *a}}\n", "alias inside its own anchor"),
    "tag": (f"{HEAD}spec: !!python/object/apply:os.system [id]\n", "campaign.yaml:3"),
    "unknown-kind": ("apiVersion: campaign/v1\nkind: Campain\n", "did you mean Campaign?"),
    "newer-version": ("apiVersion: campaign/v9\nkind: Campaign\n", "campaign.yaml:1:1: apiVersion"),
    "open-quote": (f"{HEAD}spec: 'never closed\n", "campaign.yaml:"),
    "latin-1": (f"{HEAD}# Jos\xe9\n".encode("latin-1"), "campaign.yaml"),
    "10-mb-of-bytes": (HEAD.encode() + garbage(), "campaign.yaml: is larger than"),
    "10-mb-of-text": (HEAD.encode() + printable_garbage(), "campaign.yaml: is larger than"),
    "1-mb-of-text": (HEAD.encode() + printable_garbage()[: TEN_MB // 10], "campaign.yaml:"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_bad_manifest_is_refused_with_its_place(current: Workshop, name: str) -> None:
    content, says = MANIFESTS[name]
    path = current.folder / "campaign.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for arguments in (["validate"], ["apply", "--auto-approve"]):
        refused(current, *arguments, "-f", "campaign.yaml", says=says)
    assert not current.server.log


def test_a_bomb_of_aliases_is_refused_before_it_goes_off(current: Workshop) -> None:
    (current.folder / "campaign.yaml").write_text(bomb())
    refused(current, "validate", says="aliases written out")


def test_an_empty_folder_is_refused(current: Workshop) -> None:
    (current.folder / "campaign.yaml").unlink()
    refused_by_all(current, "no campaign found")


def test_a_file_that_is_not_there_is_refused(current: Workshop) -> None:
    refused(current, "plan", "-f", "nowhere.yaml", says="nowhere.yaml: ")


def test_a_folder_where_a_phone_list_should_be_is_refused(current: Workshop) -> None:
    (current.folder / "leads.csv").mkdir()
    refused_by_all(current, "leads.csv: is a directory")


def test_a_folder_where_a_manifest_should_be_holds_no_campaign(current: Workshop) -> None:
    (current.folder / "other.yaml").mkdir()
    refused(current, "plan", "-f", "other.yaml", says="other.yaml: no campaign found")


def test_every_error_of_manifest_and_lists_is_reported_in_one_run(current: Workshop) -> None:
    current.manifest(state="runing", guards={"newCalls": -1}, wrong=1)
    (current.folder / "leads.csv").write_text("id,phone,first_name\nc-1,none,A\nc-2,16500000001,B,C\n")
    ran = refused(current, "validate", says="5 problems in 2 files")
    for place in ("spec.state", "spec.guards.newCalls", "spec.wrong", "leads.csv:2: phone", "leads.csv:3"):
        assert place in ran.err


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"allowedDays": []}, "allowedDays"),
        ({"allowedDays": ["mon", "mon"]}, "allowedDays"),
        ({"allowedDays": ["monday"]}, "allowedDays"),
        ({"allowedTime": {"mon": []}}, "allowedTime"),
        ({"allowedTime": {"mon": [{"localTimeFrom": "18:00", "localTimeTo": "10:00"}]}}, "allowedTime"),
        (
            {
                "allowedTime": {
                    "mon": [
                        {"localTimeFrom": "09:00", "localTimeTo": "12:00"},
                        {"localTimeFrom": "11:00", "localTimeTo": "13:00"},
                    ]
                }
            },
            "allowedTime",
        ),
        ({"allowedTime": {"mon": [{"localTimeFrom": "9", "localTimeTo": "25:00"}]}}, "allowedTime"),
        ({"retryIntervalInMinutes": 0}, "retryIntervalInMinutes"),
        ({"retryIntervalInMinutes": 2881}, "retryIntervalInMinutes"),
        ({"maxAttempts": 51}, "maxAttempts"),
        ({"maxAttempts": 1.5}, "maxAttempts"),
        ({"gmtZone": "+19:00"}, "gmtZone"),
        ({"gmtZone": "Mars/Olympus"}, "gmtZone"),
        ({"dialerPriority": 6}, "dialerPriority"),
        ({"externalCheck": {"externalCheckMaxRetries": 1}}, "externalCheckUrl"),
        ({"startDateTime": "2026-02-02T00:00:00Z", "finishDateTime": "2026-02-01T00:00:00Z"}, "DateTime"),
        ({"startDateTime": "tomorrow"}, "startDateTime"),
        ({"localTimeFrom": "10:00", "localTimeTo": "09:00"}, "localTime"),
    ],
)
def test_a_policy_the_server_would_refuse_is_refused_before_anything_is_sent(
    current: Workshop, policy: dict[str, Any], says: str
) -> None:
    current.people(people(1))
    current.manifest(policy=policy)
    refused(current, "validate", says=says)


# -- phone lists


LISTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "leads.csv: is empty"),
    "latin-1": ("id,phone,first_name\nc-1,16500000001,Jos\xe9\n".encode("latin-1"), "leads.csv:2: is not in utf-8"),
    "utf-16": ("id,phone,first_name\nc-1,16500000001,A\n".encode("utf-16"), "leads.csv:1: is not in utf-8"),
    "too-few-cells": ("id,phone,first_name\nc-1,16500000001\n", "leads.csv:2: has 2 cells where the header has 3"),
    "too-many-cells": ("id,phone,first_name\nc-1,16500000001,A,B\n", "leads.csv:2: has 4 cells"),
    "missing-columns": ("id,tel\nc-1,16500000001\n", "leads.csv:1: has no columns 'phone', 'first_name'"),
    "column-twice": ("id,phone,phone,first_name\n", "leads.csv:1: has more than one column 'phone'"),
    "open-quote": ('id,phone,first_name\nc-1,16500000001,"A\n', "leads.csv:2: has a quote that is never closed"),
    "no-phone": ("id,phone,first_name\nc-1,,A\n", "leads.csv:2: phone"),
    "letters": ("id,phone,first_name\nc-1,1650CALLNOW,A\n", "leads.csv:2: phone"),
    "too-short": ("id,phone,first_name\nc-1,123,A\n", "leads.csv:2: phone"),
    "no-key": ("id,phone,first_name\n,16500000001,A\n", "leads.csv:2: id"),
    "same-key": (
        "id,phone,first_name\na,16500000001,A\na,16500000002,B\n",
        "leads.csv:3: id: the same key",
    ),
    "same-phone": ("id,phone,first_name\na,16500000001,A\nb,+1 650 000 0001,B\n", "leads.csv:2"),
    "nul": ("id,phone,first_name\na,1650\x000000001,A\n", "leads.csv:2: has NUL"),
    "10-mb-of-bytes": (garbage(), "leads.csv:1"),
    "10-mb-of-bytes-below-a-header": (b"id,phone,first_name\n" + garbage().replace(b"\0", b"0"), "leads.csv:2"),
    "10-mb-of-text": (printable_garbage(), "leads.csv:1"),
    "text-below-a-header": (b"id,phone,first_name\n" + printable_garbage()[: TEN_MB // 20], "leads.csv:2"),
    "10-mb-in-one-line": ("id,phone,first_name\n" + "1" * TEN_MB, "leads.csv:2: has a line of a million characters"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_bad_phone_list_is_refused_with_its_place(current: Workshop, name: str) -> None:
    content, says = LISTS[name]
    path = current.folder / "leads.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(current, "apply", "--auto-approve", says=says)
    assert not current.server.log


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("leads.jsonl", garbage(), "leads.jsonl:1"),
        ("leads.jsonl", printable_garbage()[: TEN_MB // 5], "leads.jsonl:1"),
        ("leads.jsonl", b'{"id": ' + b"[" * 100_000, "leads.jsonl:1: is not valid JSON"),
        ("leads.jsonl", b'{"id": "a", "phone": "16500000001"}\n[]\n', "leads.jsonl:2: is not a JSON object"),
        ("leads.csv.gz", garbage()[:1000], "leads.csv.gz: is not gzip"),
        ("leads.csv.gz", gzip.compress(b"id,phone,first_name\n")[:-6], "leads.csv.gz: ends in the middle"),
        ("leads.csv.gz", gzip.compress(bytes(20_000_000), 1), "leads.csv.gz:1"),
        ("leads.xlsx", b"PK", "leads.xlsx: has a name that does not tell its format"),
        ("leads.tsv", b"id,phone,first_name\n", "leads.tsv:1: has no columns"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("leads") and ":" not in value else "",
)
def test_a_bad_list_of_another_format_is_refused_with_its_place(
    current: Workshop, name: str, content: bytes, says: str
) -> None:
    (leads,) = current.document()["spec"]["phoneLists"]
    current.manifest(phoneLists=[leads | {"source": {"file": name}}])
    (current.folder / name).write_bytes(content)
    refused(current, "apply", "--auto-approve", says=says)
    assert not current.server.log


def test_a_list_with_a_byte_order_mark_is_fine(current: Workshop) -> None:
    (current.folder / "leads.csv").write_bytes("id,phone,first_name\nc-1,16500000001,José\n".encode("utf-8-sig"))
    ran = current.apply()
    assert ran.code == 0, ran.text
    (job,) = current.remote.jobs.values()
    assert job.request["payload"] == {"first_name": "José"}


def test_quoted_line_feeds_are_fine_and_the_rows_below_keep_their_lines(current: Workshop) -> None:
    text = 'id,phone,first_name\nc-1,16500000001,"An\nn"\nc-2,none,B\n'
    (current.folder / "leads.csv").write_text(text)
    refused(current, "validate", says="leads.csv:4: phone")
    (current.folder / "leads.csv").write_text(text.replace("none", "16500000002"))
    assert current.apply().code == 0
    assert current.remote.jobs_of("16500000001")[0].request["payload"] == {"first_name": "An\nn"}


def test_many_bad_rows_print_a_bounded_summary_and_go_to_a_file_in_full(current: Workshop) -> None:
    rows = "".join(f"c-{n},none,A\n" for n in range(10_000))
    (current.folder / "leads.csv").write_text(f"id,phone,first_name\n{rows}")
    ran = current.run("validate", "--errors-file", "errors.txt")
    assert ran.code == 1
    assert "10,000 problems" in ran.err
    assert len(ran.err.splitlines()) < 60
    assert len((current.folder / "errors.txt").read_text().splitlines()) == 10_000


# -- the way to the server


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("http://192.0.2.1", "spec.host: is not encrypted"),
        ("http://app.jaicp.com", "spec.host: is not encrypted"),
        ("http://127.0.0.1.example.com", "spec.host: is not encrypted"),
        ("http://0.0.0.0:80", "spec.host: is not encrypted"),
        ("ftp://127.0.0.1", "spec.host: is not an address"),
        ("https://", "spec.host: is not an address"),
        ("https://127.0.0.1:99999", "spec.host: is not an address"),
        ("https://a..example.com", "spec.host: is not an address"),
        (f"https://{'a' * 70}.example.com", "spec.host: is not an address"),
        ("https://app.jaicp.com/api/calls", "spec.host: has more than the server's name"),
        ("127.0.0.1", "spec.host: is not an address"),
    ],
)
def test_a_host_that_cannot_be_one_is_refused(current: Workshop, host: str, says: str) -> None:
    current.people(people(1))
    current.manifest(host=host)
    refused(current, "apply", "--auto-approve", says=says)


@pytest.mark.parametrize(
    ("host", "says"),
    [("http://127.0.0.1:9", "refuses connections"), ("https://no-such-host.invalid", "no address is known for")],
    ids=["unreachable", "unknown"],
)
def test_a_host_that_cannot_be_reached_is_named(current: Workshop, host: str, says: str) -> None:
    current.people(people(1))
    current.manifest(host=host)
    ran = refused(current, "apply", "--auto-approve", says=says)
    assert "spec.host" in ran.err


def test_a_certificate_nobody_vouches_for_is_refused_and_no_request_is_sent(tmp_path: Path, warm: Warm) -> None:
    certificate = Path(__file__).parent.parent / "calls" / "localhost.pem"
    server = OtherServer(remote("current", style=PLAIN), certificate=certificate)
    with server.serving():
        work = Workshop(tmp_path, server, warm)
        work.people(people(1))
        work.manifest()
        refused(work, "apply", "--auto-approve", says="certificate")
    assert not server.log


def test_a_server_without_tls_behind_an_https_address_is_refused(current: Workshop) -> None:
    current.people(people(1))
    current.manifest(host=current.server.host.replace("http:", "https:"))
    refused(current, "halt", "--all", says="TLS")
    assert not current.server.log


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "the variable SPRING_TOKEN is not set"),
        ({"SPRING_TOKEN": ""}, "spec.token.env: is empty"),
        ({"SPRING_TOKEN": "two words"}, "spec.token.env: holds what cannot be a token"),
        ({"SPRING_TOKEN": "../other"}, "spec.token.env: holds what cannot be a token"),
    ],
)
def test_a_token_that_cannot_be_read_is_refused_with_its_place(
    current: Workshop, variables: dict[str, str], says: str
) -> None:
    current.people(people(1))
    current.variables = variables
    for arguments in (["plan"], ["apply", "--auto-approve"], ["status"], ["halt", "--all"]):
        refused(current, *arguments, says=says)
    assert not current.server.log


@pytest.mark.parametrize("file", ["nowhere", ".", "leads.csv"])
def test_a_token_file_that_cannot_be_read_is_refused_with_its_place(current: Workshop, file: str) -> None:
    current.people(people(1))
    current.manifest(token={"file": file})
    refused(current, "plan", says="campaign.yaml:8:5: spec.token.file: ")


def test_a_wrong_token_is_told_from_everything_else(workshop: Workshop) -> None:
    workshop.people(people(1))
    workshop.variables["SPRING_TOKEN"] = "of-somebody-else"
    for arguments in (["plan"], ["apply", "--auto-approve", "--first"], ["status"]):
        refused(workshop, *arguments, says="no campaign behind this token")


def test_two_campaigns_with_one_token_are_refused(current: Workshop) -> None:
    current.people(people(1))
    path = current.manifest()
    (current.folder / "second.yaml").write_text(path.read_text().replace('"name": "spring"', '"name": "summer"'))
    refused(current, "apply", "--auto-approve", says="spring and summer have the same host and token")


# -- the command line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "--frobnicate"], "--frobnicate"),
        (["frobnicate"], "frobnicate"),
        (["plan", "extra"], "extra"),
        (["plan", "-f"], "-f"),
        (["apply"], "--auto-approve"),
        (["apply", "--auto-approve", "--batch", "0"], "--batch"),
        (["apply", "--auto-approve", "--batch", "many"], "--batch"),
        (["apply", "--auto-approve", "--settle", "-1"], "--settle"),
        (["apply", "--auto-approve", "--settle", "nan"], "--settle"),
        (["apply", "--auto-approve", "--settle", "inf"], "--settle"),
        (["plan", "--timeout", "nan"], "--timeout"),
        (["plan", "--timeout", "0"], "--timeout"),
        (["plan", "--allow", "everything"], "--allow"),
        (["plan", "--target", "nobody"], "nobody: no campaign of that name; there are: spring"),
        (["plan", "--target", ""], "no campaign of that name"),
        (["apply", "--auto-approve", "--lock-store", "nowhere"], "--lock-store nowhere: not a folder"),
        (["plan", "--lock-store", "leads.csv"], "--lock-store"),
        (["halt"], "--all"),
        (["halt", "spring", "--all"], "--all"),
        (["halt", "nobody"], "nobody"),
        (["halt", "--host", "http://127.0.0.1"], "--token-env"),
        (["halt", "--token-env", "X"], "--host"),
        (["halt", "--host", "http://127.0.0.1", "--token-env", "NOT_SET"], "--token-env"),
        (["completion", "tcsh"], "tcsh"),
        (["init", "leads.csv"], "leads.csv"),
        (["init", "."], "already has campaign.yaml"),
        (["schema", "--write", "leads.csv"], "leads.csv"),
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_64(current: Workshop, arguments: list[str], says: str) -> None:
    current.people(people(1))
    refused(current, *arguments, says=says, codes=(64,))
