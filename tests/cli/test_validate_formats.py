"""`campaign validate --format`: everything on stdout for another program, with the same exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.planted import CHECK_URL, LIST_PAYLOAD, PHONES, TOKEN, seen_in_output
from tests.cli.conftest import Campaign
from tests.cli.manifests import write

MACHINE = ("github", "sarif", "json")


@pytest.fixture
def wrong(folder: Path) -> Path:
    """A manifest and a list with errors in a folder below the current one; 10,002 rows of the list are bad."""
    (folder / "campaigns").mkdir()
    lists = [{"name": "leads", "source": {"file": "leads.csv"}}]
    path = write(folder / "campaigns", "spring", "https://calls.example", state="runing", phoneLists=lists)
    rows = [f"{n % 90 + 10}" for n in range(10_002)]
    (folder / "campaigns" / "leads.csv").write_text("\n".join(["phone", *rows, ""]))
    return path


@pytest.mark.parametrize("format", MACHINE)
def test_a_report_is_on_stdout_with_all_problems_and_the_same_exit_code(
    campaign: Campaign, wrong: Path, format: str
) -> None:
    ran = campaign("validate", "--format", format)
    assert (ran.code, ran.err) == (1, "")
    counted = {"github": "::error ", "sarif": '"ruleId"', "json": '{"file"'}[format]
    # Of 10,002 bad rows 10,000 are kept; one more line says so; and the manifest's own error.
    assert ran.out.count(counted) == 10_002
    assert "2 more problems in phone lists" in ran.out


def test_json_and_sarif_are_one_document_also_when_all_is_well(campaign: Campaign, spring: Path) -> None:
    ran = campaign("validate", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert (json.loads(ran.out)["isValid"], json.loads(ran.out)["calls"]) == (True, 3)
    ran = campaign("validate", "--format", "sarif")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["runs"][0]["results"] == []


def test_github_says_in_words_that_all_is_well(campaign: Campaign, spring: Path) -> None:
    ran = campaign("validate", "--format", "github")
    assert (ran.code, ran.out) == (0, "Valid: 1 campaign, 3 calls.\n")


def test_problems_that_nobody_kept_are_counted(campaign: Campaign, folder: Path, wrong: Path) -> None:
    lists = [{"name": "leads", "source": {"file": "leads.csv"}}]
    write(folder / "campaigns", "spring", "https://calls.example", phoneLists=lists)
    ran = campaign("validate", "--format", "json")
    assert json.loads(ran.out)["omitted"] == 2


@pytest.mark.parametrize(
    ("format", "file"),
    [("github", "file=campaigns/spring.yaml,"), ("sarif", '"campaigns/spring.yaml"'), ("json", '"spring.yaml"')],
)
def test_a_step_that_works_in_a_subfolder_names_files_from_the_repositorys_root(
    campaign: Campaign, wrong: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, format: str, file: str
) -> None:
    # JSON has no root to agree on: its files can be opened from where the command ran.
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.chdir(folder / "campaigns")
    assert file in campaign("validate", "--format", format).out


def test_a_step_that_works_outside_of_the_repository_names_files_from_its_own_folder(
    campaign: Campaign, wrong: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder / "elsewhere"))
    assert "file=campaigns/spring.yaml," in campaign("validate", "--format", "github").out


def test_an_errors_file_is_written_whatever_the_format(campaign: Campaign, wrong: Path, folder: Path) -> None:
    campaign("validate", "--format", "json", "--errors-file", "errors.txt")
    assert len((folder / "errors.txt").read_text().splitlines()) == 10_002


def test_a_format_nobody_knows_is_wrong_usage(campaign: Campaign, folder: Path) -> None:
    ran = campaign("validate", "--format", "yaml")
    assert ran.code == 64
    assert "'text', 'github', 'sarif', 'json'" in ran.err


@pytest.mark.parametrize("format", ["text", *MACHINE])
def test_nothing_private_is_in_a_report(campaign: Campaign, folder: Path, format: str) -> None:
    phones = [{"phone": f"{phone}x", "payload": {"name": LIST_PAYLOAD}} for phone in PHONES]
    lists = [{"name": "vip", "phones": phones}, {"name": "leads", "source": {"file": "leads.csv"}}]
    policy = {"externalCheck": CHECK_URL, "maxAttempts": PHONES[0]}
    write(folder, "spring", "nowhere", token=TOKEN, policy=policy, phoneLists=lists)
    write(folder, "summer", "https://calls.example", phoneLists=lists)
    (folder / "leads.csv").write_text("phone\n" + "".join(f"{phone}quokkarow\n" for phone in PHONES))
    ran = campaign("validate", "--format", format)
    assert ran.code == 1
    assert seen_in_output(ran) == []
