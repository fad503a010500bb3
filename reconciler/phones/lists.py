"""A campaign's lists → chunks of wanted calls: of each list the inline phones first, then the rows of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET

from reconciler.errors import Problem
from reconciler.manifest.model import PhoneColumn, PhoneList, Source
from reconciler.phones.build import Finding, Template, phone_column
from reconciler.phones.inline import constants, inline_chunks
from reconciler.phones.model import Chunk
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import Block, Sheet, format_of, read_blocks
from reconciler.phones.shelf import Shelf

PROGRESS_STEP: Final = 10_000  # rows between two reports of progress

Progress = Callable[[int], None]


class Declared(msgspec.Struct, frozen=True):
    """Phone lists and what they need of their campaign.

    That is the wave of those without one, and the policy an empty policy cell falls back to.
    """

    lists: Sequence[PhoneList]
    wave: str
    inherited: Mapping[str, Any]
    shelf: Shelf | None = None  # of the files that several campaigns use

    def chunks(self, problems: Problems, progress: Progress) -> Iterator[tuple[PhoneList, Chunk]]:
        """All calls that are declared, in order, with their list; what is wrong with the others goes to `problems`.

        `progress` is told now and then how many rows were read since it was last told.
        """
        for phone_list in self.lists:
            for chunk in self._of(phone_list, problems, progress):
                if chunk.keys:
                    yield phone_list, chunk

    def _of(self, phone_list: PhoneList, problems: Problems, progress: Progress) -> Iterator[Chunk]:
        shared, findings = constants(phone_list.payload)
        numbering = _numbering(phone_column(phone_list), findings)
        problems.extend(Problem(phone_list.place, path, wrong.what, wrong.fix) for path, wrong in findings)
        if numbering is None:
            return
        wave = self.wave if phone_list.spec.wave is UNSET else phone_list.spec.wave
        yield from inline_chunks(phone_list, wave, numbering, shared, problems)
        if phone_list.path is not None:
            template = Template(phone_list, wave, numbering, constants=shared, inherited=self.inherited)
            sheet = sheet_of(phone_list, phone_list.path, template.columns)
            blocks = self.shelf.blocks(sheet, problems) if self.shelf else read_blocks(sheet, problems)
            yield from _from_file(sheet, blocks, template, problems, progress)


def _from_file(
    sheet: Sheet, blocks: Iterable[Block], template: Template, problems: Problems, progress: Progress
) -> Iterator[Chunk]:
    count = 0
    for block in blocks:
        chunk, wrong = template.chunk(block)
        for at in wrong:
            findings = template.explain(block.row(at))
            problems.extend(sheet.problem(what, block.rows[at], column) for column, what in findings)
        yield chunk
        count += len(block.rows)
        if count >= PROGRESS_STEP:
            progress(count)
            count = 0
    progress(count)


def sheet_of(phone_list: PhoneList, path: Path, columns: tuple[str, ...]) -> Sheet:
    """The file of a list, to be read for these columns."""
    source = phone_list.spec.source or Source(file=path.name)
    format = source.format or format_of(path.name)
    return Sheet(
        path=path,
        shown=phone_list.shown,
        place=phone_list.place,
        format=format,
        columns=columns,
        encoding=source.encoding or "utf-8",
        delimiter=source.delimiter or ("\t" if format == "tsv" else ","),
    )


def _numbering(column: PhoneColumn, findings: list[Finding]) -> Numbering | None:
    try:
        return Numbering(column.region or "", must_be_valid=column.valid)
    except Wrong as wrong:
        findings.append(("phone.region", wrong))
        return None
