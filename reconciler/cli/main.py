"""The `campaign` command: its subcommands, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from reconciler import __version__
from reconciler.cli import (
    apply,
    ci,
    completion,
    erase,
    explain,
    fmt,
    halt,
    init,
    man,
    plan,
    profiles,
    resolve,
    sandbox,
    schema,
    status,
    takeover,
    validate,
)
from reconciler.cli.state import group as state

USAGE = 64
"""Exit code of a wrong command line (EX_USAGE of sysexits.h), since 2 means `plan` found changes."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="campaign")
def campaign() -> None:
    """Campaigns as code: declare outbound voice campaigns in YAML, plan a change, apply it.

    \b
    Exit codes:
      0   done, or nothing to do
      1   failed
      2   there are changes (plan --detailed-exitcode)
      3   held back by a guard
      4   some outcome is unknown
      5   a saved plan no longer fits
      6   another run holds the lock
      7   some of several campaigns failed
      64  wrong usage
    """


for module in (
    init,
    validate,
    fmt,
    profiles,
    plan,
    apply,
    ci,
    explain,
    status,
    takeover,
    resolve,
    erase,
    state,
    halt,
    schema,
    sandbox,
    completion,
    man,
):
    campaign.add_command(module.command)


def run() -> None:
    """The entry point of the `campaign` script."""
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. No exception leaves here, and none is printed with its values."""
    try:
        result = campaign.main(args=list(arguments), prog_name="campaign", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.Abort:
        click.echo("stopped", err=True)
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: a traceback would print what it must not
        return _explain(error)
    return result if isinstance(result, int) else 0


def _explain(error: Exception) -> int:
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import exit_code_of

    Terminal().error(error)
    return exit_code_of(error)
