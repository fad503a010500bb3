"""The manual page has every command and option, and is read by man without a complaint."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from reconciler.cli.main import campaign as root
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
    page = campaign("man").out
    made = subprocess.run(["groff", "-k", "-man", "-ww", "-Tutf8", "-P-c"], input=page, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    assert "--detailed-exitcode" in made.stdout.replace("\u2010", "-")
