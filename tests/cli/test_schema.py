"""`campaign schema` and `campaign completion`: what editors and shells read."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from reconciler.cli.main import exit_code
from reconciler.manifest import schema
from tests.cli.conftest import Campaign

SCHEMAS = Path(__file__).parent.parent.parent / "schemas"


def test_the_schemas_in_the_repository_are_what_the_command_writes(campaign: Campaign, folder: Path) -> None:
    assert campaign("schema", "--write", "new/schemas").code == 0
    written = {path.name: path.read_text() for path in (folder / "new" / "schemas").iterdir()}
    assert written == {path.name: path.read_text() for path in SCHEMAS.iterdir()}


def test_the_schema_is_printed_as_json(campaign: Campaign) -> None:
    ran = campaign("schema")
    assert ran.code == 0
    (document,) = schema.documents().values()
    assert json.loads(ran.out) == document


def test_a_folder_that_cannot_be_made_is_an_error_of_its_own(campaign: Campaign, folder: Path) -> None:
    ran = campaign("schema", "--write", "/dev/null/schemas")
    assert ran.code == 1
    assert "cannot write into /dev/null/schemas: Not a directory" in ran.err


def test_the_schema_accepts_the_example_and_refuses_a_typing_error(campaign: Campaign, spring: Path) -> None:
    (document,) = schema.documents().values()
    manifest = json.loads(spring.read_text())
    jsonschema.validate(manifest, document)
    manifest["spec"]["sate"] = "running"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, document)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete_campaign(campaign: Campaign, shell: str) -> None:
    ran = campaign("completion", shell)
    assert ran.code == 0
    assert "_CAMPAIGN_COMPLETE" in ran.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_sound_where_the_shell_is_there_to_say_so(campaign: Campaign, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    script = campaign("completion", shell).out
    done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "found"),
    [("campaign pl", {"plan"}), ("campaign halt --a", {"--all"}), ("campaign completion z", {"zsh"})],
)
def test_commands_options_and_values_complete(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, found: set[str]
) -> None:
    monkeypatch.setenv("_CAMPAIGN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    with pytest.raises(SystemExit):
        exit_code([])
    assert {line.split(",")[1] for line in capsys.readouterr().out.splitlines()} == found
