"""The manual page has every command and option, and is read by man without a complaint."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from reconciler.cli.main import campaign as root
from reconciler.cli.man import page
from tests.cli.conftest import Campaign


def test_every_command_and_every_option_is_on_the_page(campaign: Campaign) -> None:
    ran = campaign("man")
    assert ran.code == 0
    page = ran.out.replace("\\-", "-")
    for name, command in root.commands.items():
        assert f'.SS "campaign {name}' in page
        options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
        assert not [option for each in options for option in each.opts if option not in page]


def test_text_is_never_taken_for_a_request(campaign: Campaign) -> None:
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".nf", ".fi"}
    lines = campaign("man").out.splitlines()
    assert {line.split()[0] for line in lines if line.startswith((".", "'"))} == known


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_reads_it_without_a_warning(campaign: Campaign) -> None:
    text = campaign("man").out
    made = subprocess.run(["groff", "-k", "-man", "-ww", "-Tutf8", "-P-c"], input=text, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    assert "--detailed-exitcode" in made.stdout.replace("\u2010", "-")


def test_commands_within_commands_are_on_the_page_and_hidden_ones_are_not() -> None:
    @click.group()
    def inner() -> None:
        """Look after it."""

    @inner.command("mv")
    def move() -> None:
        """Move it."""

    @inner.command("secret", hidden=True)
    def secret() -> None:
        """Say nothing."""

    outer = click.Group("campaign", {"state": inner, "gone": click.Command("gone", hidden=True)}, help="All of it.")
    lines = [*page(click.Context(outer, info_name="campaign"))]
    assert [line for line in lines if line.startswith(".SS")] == [
        '.SS "campaign state [OPTIONS] COMMAND [ARGS]..."',
        '.SS "campaign state mv [OPTIONS]"',
    ]
