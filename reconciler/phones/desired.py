"""The calls a campaign wants: all its lists read, or everything that is wrong with them.

Nothing is wanted while anything is wrong: leaving out a row that cannot be read would cancel its call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from reconciler.errors import Place, Problem
from reconciler.manifest.model import Campaign, PhoneColumn, PhoneList, Source
from reconciler.phones.build import Finding, Template, phone_column
from reconciler.phones.inline import constants, inline_calls
from reconciler.phones.model import Call, Desired
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.roster import Roster
from reconciler.phones.rows import Sheet, format_of, read_rows
from reconciler.phones.suppression import collect_suppressed, read_suppression

__all__ = ["check_lists", "read_desired", "read_suppression"]

PROGRESS_STEP: Final = 10_000  # rows between two reports of progress

Progress = Callable[[int], None]


def read_desired(campaign: Campaign, *, progress: Progress | None = None) -> Desired:
    """All calls of the campaign's lists, in the order of lists and rows, and all suppressed numbers.

    `progress` is told now and then how many rows were read since it was last told. Raises ManifestError with what
    is wrong: the first 10,000 problems, and the number of the others.
    """
    problems = Problems()
    roster = _roster(campaign.lists, campaign.wave, campaign.policy, problems, progress or _nobody)
    suppressed = collect_suppressed(campaign.suppress, problems)
    problems.raise_if_any()
    return Desired(roster.calls(), suppressed)


def check_lists(lists: Sequence[PhoneList], wave: str) -> tuple[Problem, ...]:
    """What is wrong with these lists, for a campaign whose manifest is not good enough to be read as a whole.

    When there are too many, the last problem says how many are left out.
    """
    problems = Problems()
    _roster(lists, wave, {}, problems, _nobody)
    if problems.omitted:
        last = problems.kept[-1].place.file
        problems.kept.append(Problem(Place(last), "", f"{problems.omitted} more problems in phone lists"))
    return tuple(problems.kept)


def _roster(
    lists: Sequence[PhoneList],
    wave: str,
    inherited: Mapping[str, Any],
    problems: Problems,
    progress: Progress,
) -> Roster:
    roster = Roster(problems)
    for phone_list in lists:
        for call in _calls(phone_list, wave, inherited, problems, progress):
            roster.add(call, phone_list)
    return roster


def _calls(
    phone_list: PhoneList, wave: str, inherited: Mapping[str, Any], problems: Problems, progress: Progress
) -> Iterator[Call]:
    """The calls of one list; what is wrong with the others goes to `problems`."""
    shared, findings = constants(phone_list.payload)
    numbering = _numbering(phone_column(phone_list), findings)
    problems.extend(Problem(phone_list.place, path, wrong.what, wrong.fix) for path, wrong in findings)
    if numbering is None:
        return
    yield from inline_calls(phone_list, wave, numbering, shared, problems)
    if phone_list.path is not None:
        template = Template(phone_list, wave, numbering, constants=shared, inherited=inherited)
        sheet = _sheet(phone_list, phone_list.path, template.columns)
        yield from _from_rows(sheet, template, problems, progress)


def _from_rows(sheet: Sheet, template: Template, problems: Problems, progress: Progress) -> Iterator[Call]:
    count = 0
    for count, (row, cells) in enumerate(read_rows(sheet, problems), 1):
        try:
            yield template.call(row, cells)
        except Wrong:
            problems.extend(sheet.problem(wrong, row, column) for column, wrong in template.explain(cells))
        if not count % PROGRESS_STEP:
            progress(PROGRESS_STEP)
    progress(count % PROGRESS_STEP)


def _sheet(phone_list: PhoneList, path: Path, columns: tuple[str, ...]) -> Sheet:
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


def _nobody(rows: int) -> None:
    """Progress that nobody watches."""
