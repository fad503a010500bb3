"""`--format` and `--also`: the outputs of a run over campaigns, and where they are written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from reconciler.cli.options import option
from reconciler.errors import UsageError, exit_code_of

if TYPE_CHECKING:
    from reconciler.cli.each import Ended, Turn, Work
    from reconciler.manifest.model import Campaign
    from reconciler.plan.model import Plan
    from reconciler.render.documents import Document

Write = Callable[[bytes], object]
FORMATS = ("text", "json", "markdown", "html")

format_option = option(
    "--format",
    "format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What is printed: one document for all campaigns.",
)


class FormatFile(click.ParamType[tuple[str, Path]]):
    """`html=plan.html` as a pair of format and file."""

    name = "FORMAT=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        """The format and the file; fails with what would be right."""
        format, _, file = str(value).partition("=")
        if format not in FORMATS[1:] or not file:
            self.fail(f"write a format and a file: {', '.join(f'{each}=FILE' for each in FORMATS[1:])}", param, ctx)
        return format, Path(file)


also_option = option(
    "--also",
    "also",
    multiple=True,
    type=FormatFile(),
    help="Write the same plan to a file too, as json, markdown or html; may be given several times.",
)


class Outputs:
    """Every output of a run: what is printed and what goes to files. Each hears of every campaign."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents

    def planned(self, campaign: Campaign, plan: Plan) -> None:
        """Tells all of them of a plan."""
        from reconciler.render.documents import Planned
        from reconciler.render.windows import weeks

        planned = Planned(plan, weeks(campaign), campaign.labels)
        for document in self._documents:
            document.planned(planned)

    def watching(self, work: Work) -> Work:
        """`work` that also tells all of them of a campaign that fails."""

        def watched(campaign: Campaign, turn: Turn) -> Ended:
            try:
                return work(campaign, turn)
            except Exception as error:
                told = error
                turn.when_due(lambda: self._failed(campaign, told))
                raise

        return watched

    def _failed(self, campaign: Campaign, error: Exception) -> None:
        from reconciler.render.documents import Failure
        from reconciler.render.messages import error_words

        for document in self._documents:
            document.failed(Failure(campaign.name, exit_code_of(error), error_words(error)))


@contextmanager
def outputs(format: str, also: Sequence[tuple[str, Path]], campaigns: int, text: Document) -> Iterator[Outputs]:
    """The outputs of a run of so many campaigns, complete when it ends. `text` is what prints text.

    Raises UsageError for a file that cannot be written.
    """
    with ExitStack() as files:
        documents = [text if format == "text" else _document(format, _to_stdout, campaigns)]
        documents += [_document(each, files.enter_context(_opened(path)).write, campaigns) for each, path in also]
        yield Outputs(documents)
        for document in documents:
            document.end()
        _to_stdout(b"")


def _document(format: str, write: Write, campaigns: int) -> Document:
    # Each format only when it is asked for: the start of a run is what everybody waits for.
    if format == "json":
        from reconciler.render.plan_json import JsonPlans

        return JsonPlans(write)
    if format == "markdown":
        from reconciler.render.plan_markdown import MarkdownPlans

        return MarkdownPlans(write)
    from reconciler.render.plan_html import HtmlPlans

    return HtmlPlans(write, campaigns)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as failure:
        raise UsageError(f"--also: cannot write {path}: {failure.strerror}") from None


def _to_stdout(data: bytes) -> None:
    """Writes, until a reader goes away (`… | head`): then the rest goes nowhere, and the run goes on."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
