"""`campaign man`: the manual page, made from the help texts of the commands, so that it fits what is installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click


@click.command("man")
def command() -> int:
    """Print the manual page of all commands.

    \b
    Read it:     campaign man | man -l -
    Install it:  campaign man > ~/.local/share/man/man1/campaign.1
    """
    root = click.get_current_context().find_root()
    click.echo("\n".join(page(root)))
    return 0


def page(root: click.Context) -> Iterator[str]:
    """The lines of the page, in the language of man(7)."""
    from reconciler import __version__

    group = root.command
    assert isinstance(group, click.Group)  # noqa: S101 - the root is what holds the commands
    yield f'.TH CAMPAIGN 1 "" "campaign {__version__}" "User Commands"'
    summary, *rest = _paragraphs(group)
    yield from _section("NAME", [f"campaign \\- {_plain(summary.split(':')[0].lower())}"])
    yield from _section("SYNOPSIS", ["\\fBcampaign\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]"])
    yield from _section("DESCRIPTION", _text([summary, *rest]))
    yield ".SH COMMANDS"
    for name in group.list_commands(root):
        of = group.get_command(root, name)
        if of is not None and not of.hidden:
            yield from _command(of, click.Context(of, info_name=name, parent=root))
    yield from _section("ENVIRONMENT", _text(_ENVIRONMENT))


_ENVIRONMENT = (
    "CAMPAIGN_LOCK_SECRET: the secret of the digests in lockfiles.",
    "CAMPAIGN_…: every option that names a variable can be given by it.",
    "NO_COLOR, FORCE_COLOR: no colours, or colours also where there is no terminal.",
)


def _command(of: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path.replace("campaign campaign", "campaign"), *of.collect_usage_pieces(context)])
    yield f'.SS "{_plain(usage)}"'
    yield from _text(_paragraphs(of))
    for param in of.get_params(context):
        record = param.get_help_record(context)
        if record:
            written, meaning = record
            yield from (".TP", f"\\fB{_plain(written)}\\fR", _line(meaning))
    if isinstance(of, click.Group):
        for name in of.list_commands(context):
            inner = of.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _command(inner, click.Context(inner, info_name=name, parent=context))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _paragraphs(of: click.Command) -> list[str]:
    """The paragraphs of a command's help; one that begins with a backspace keeps its lines."""
    return [part.strip("\n") for part in re.split(r"\n\s*\n", of.help or "") if part.strip()]


def _text(paragraphs: Iterable[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield ".PP"
        if paragraph.lstrip().startswith("\b"):
            lines = paragraph.lstrip().removeprefix("\b").strip("\n").splitlines()
            yield from (".nf", *map(_line, lines), ".fi")
        else:
            yield _line(" ".join(paragraph.split()))


def _line(text: str) -> str:
    """A line of text, which is no request however it begins."""
    words = _plain(text.strip())
    return f"\\&{words}" if words.startswith((".", "'")) else words


def _plain(text: str) -> str:
    """Text as it is, also where man(7) would see a command, a quote or a hyphen."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
