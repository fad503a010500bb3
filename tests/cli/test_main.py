"""The command as a whole: help, versions, exit codes, and exceptions that say nothing they must not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import click
import pytest

import reconciler
from reconciler.cli import main
from reconciler.cli.main import exit_code
from tests.cli.conftest import Campaign

Breaker = Callable[[BaseException], None]

COMMANDS = sorted(main.campaign.commands)
HEAVY = ("deepdiff", "httpx", "jsonschema", "phonenumbers", "pyarrow", "rich", "stamina", "uvicorn", "yaml")


def test_the_version_is_that_of_the_package(campaign: Campaign) -> None:
    ran = campaign("--version")
    assert (ran.code, ran.out) == (0, f"campaign, version {reconciler.__version__}\n")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_every_command_and_every_exit_code(campaign: Campaign, option: str) -> None:
    ran = campaign(option)
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)
    assert all(f"{code} " in ran.out for code in (0, 1, 2, 3, 4, 5, 6, 7, 64))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_fits_a_page_and_ends_with_0(campaign: Campaign, name: str) -> None:
    ran = campaign(name, "-h")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: campaign {name} ")
    assert max(map(len, ran.out.splitlines())) <= 100


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "sandbox"])
def test_every_option_is_also_a_variable(name: str) -> None:
    # But for --first: left in an environment it would wave through what it is there to stop. And for whom to erase.
    options = [each for each in main.campaign.commands[name].params if isinstance(each, click.Option)]
    options = [each for each in options if not {"--first", "--key", "--cancel"}.intersection(each.opts)]
    variables = [each.envvar for each in options]
    expected = [f"CAMPAIGN_{each.opts[-1].removeprefix('--').replace('-', '_').upper()}" for each in options]
    # A job that sets the format of its plans must not set that of `validate`, which has others.
    own = {"CAMPAIGN_FORMAT": "CAMPAIGN_VALIDATE_FORMAT"} if name == "validate" else {}
    assert variables == [own.get(variable, variable) for variable in expected]


def test_without_a_command_the_help_is_shown_and_usage_is_wrong(campaign: Campaign) -> None:
    ran = campaign()
    assert ran.code == 64
    assert "Commands:" in ran.out


def test_a_usage_error_says_where_help_is(campaign: Campaign) -> None:
    ran = campaign("plan", "--nope")
    assert ran.code == 64
    assert "campaign plan --help" in ran.err
    assert "--nope" in ran.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Breaker:
    """A command of the test's own that raises what it is told to."""

    def run(error: BaseException) -> None:
        @click.command("broken")
        def command() -> None:
            raise error

        monkeypatch.setitem(main.campaign.commands, "broken", command)

    return run


def test_an_exception_nobody_expected_keeps_its_text_to_itself(campaign: Campaign, broken: Breaker) -> None:
    broken(ValueError("phone 16507313371"))
    ran = campaign("broken")
    assert ran.code == 1
    assert "unexpected ValueError" in ran.err
    assert "16507313371" not in ran.text


def test_what_the_system_says_is_shown_without_the_name_of_the_file(campaign: Campaign, broken: Breaker) -> None:
    broken(PermissionError(13, "Permission denied", "/secret/16507313371"))
    ran = campaign("broken")
    assert ran.code == 1
    assert "Permission denied" in ran.err
    assert "secret" not in ran.text


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort(), EOFError()], ids=repr)
def test_ctrl_c_is_said_in_one_word(campaign: Campaign, broken: Breaker, error: BaseException) -> None:
    broken(error)
    ran = campaign("broken")
    assert (ran.code, ran.err.strip()) == (1, "stopped")


def test_a_command_that_returns_nothing_has_succeeded(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.campaign.commands, "silent", click.Command("silent", callback=lambda: None))
    assert campaign("silent").code == 0


def test_the_script_ends_with_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["campaign", "--nope"])
    with pytest.raises(SystemExit) as ending:
        main.run()
    assert ending.value.code == 64


def loaded_by(*arguments: str) -> set[str]:
    """Which of the heavy packages a command has imported at its end."""
    code = f"""
import sys
from reconciler.cli.main import exit_code
exit_code({list(arguments)!r})
print("loaded:", *sorted({set(HEAVY)!r} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["plan", "--help"], ["apply", "--help"], ["fmt", "--help"]], ids=" ".join
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == set()


def test_validating_loads_neither_http_nor_phone_metadata(tmp_path: object) -> None:
    assert loaded_by("validate", "-f", str(tmp_path)).isdisjoint({"httpx", "deepdiff", "phonenumbers", "pyarrow"})


def test_the_exit_code_is_there_for_programs_too() -> None:
    assert exit_code(["completion", "bash"]) == 0
