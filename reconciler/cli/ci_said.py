"""How a run in a pipeline makes itself heard: summary, annotations, outputs, and one comment on the request.

None of this can fail a run: what could not be said is a warning. Most often a token may not write comments, as that
of a fork's pull request; then the summary has it all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from reconciler.cli.ci_run import Ran
from reconciler.cli.terminal import Terminal
from reconciler.errors import BodyTooLong, ForgeDenied, ForgeError, ManifestError, ReconcilerError
from reconciler.forge.annotations import MOST, Annotation, code_quality, placed, workflow_commands
from reconciler.forge.comment import Mark, put_comment
from reconciler.forge.github import GitHub, github_headers
from reconciler.forge.gitlab import GitLab, gitlab_headers
from reconciler.forge.http import ForgeHttp
from reconciler.forge.model import LONGEST_BODY
from reconciler.forge.pipeline import Pipeline
from reconciler.manifest.model import Campaign
from reconciler.plan.warnings import PlanWarning
from reconciler.render.messages import error_text
from reconciler.render.report import Report, Verb, report_markdown, text_of

SUMMARY_ROOM = 250_000
"""Characters of a summary. GitHub takes a mebibyte of a step; a character may be four bytes."""

_SHORT_ROOM = 4_000  # of a comment, for a forge that takes less than is known of


@contextmanager
def commands_stopped(pipeline: Pipeline) -> Iterator[None]:
    """Within the block GitHub reads no commands from what is printed: the data of a campaign are not ours to trust."""
    if pipeline.forge != "github":
        yield
        return
    word = uuid.uuid4().hex
    click.echo(f"::stop-commands::{word}")
    try:
        yield
    finally:
        click.echo(f"::{word}::")


class Speech:
    """What one run says. Raises nothing."""

    def __init__(self, pipeline: Pipeline, terminal: Terminal, verb: Verb, key: str) -> None:
        self._pipeline, self._terminal, self._verb, self._key = pipeline, terminal, verb, key

    def ran(self, ran: Ran, campaigns: tuple[Campaign, ...]) -> None:
        """Says how each campaign went."""
        self._say(Report(self._verb, ran.reports, self._footer()), outputs_of(ran), remarks_of(ran, campaigns))

    def failed(self, error: ReconcilerError) -> None:
        """Says why none was begun."""
        problems = text_of(error_text(error))
        remarks = problem_remarks(error) if isinstance(error, ManifestError) else [error_remark(problems)]
        outputs = outputs_of(Ran(error.exit_code, (), {}))
        self._say(Report(self._verb, (), self._footer(), problems), outputs, remarks)

    def _say(self, report: Report, outputs: dict[str, str], remarks: list[Annotation]) -> None:
        self._annotate(remarks)
        self._write_outputs(outputs)
        self._summarise(report)
        self._put_comment(report)

    def _footer(self) -> str:
        commit, link = self._pipeline.commit[:10], self._pipeline.link
        run = f"[run {self._pipeline.run}]({link})" if link else f"run {self._pipeline.run}"
        return f"<sub>commit {commit}, {run}</sub>"

    def _summarise(self, report: Report) -> None:
        """Writes the run's summary: on its page in GitHub, as an artifact in GitLab."""
        path = self._pipeline.summary
        if path is not None:
            mode = "a" if self._pipeline.forge == "github" else "w"
            self._write(path, report_markdown(report, SUMMARY_ROOM), mode)

    def _write_outputs(self, values: dict[str, str]) -> None:
        """Writes the outputs, for later steps and jobs."""
        is_github = self._pipeline.forge == "github"
        named = values if is_github else {_variable(name): value for name, value in values.items()}
        text = "".join(f"{name}={value}\n" for name, value in named.items())
        self._write(self._pipeline.outputs, text, "a" if is_github else "w")

    def _annotate(self, annotations: list[Annotation]) -> None:
        """Shows each remark beside the line it is about."""
        inner = [
            msgspec.structs.replace(each, place=placed(each.place, self._pipeline.root)) for each in annotations[:MOST]
        ]
        if self._pipeline.forge == "github":
            for command in workflow_commands(inner):
                click.echo(command)
        if self._pipeline.quality is not None:
            self._write(self._pipeline.quality, code_quality(inner).decode(), "w")

    def _put_comment(self, report: Report) -> None:
        """Puts the comment onto the request, the open one or the one that was merged; nothing where there is none."""
        where = "the summary has it all"
        try:
            said = self._comment(report)
        except ForgeDenied as error:
            why = "a fork's token may only read" if self._pipeline.is_fork else "the token may not write comments"
            self._terminal.warn(f"no comment on the request: {why} ({error})", where)
        except ForgeError as error:
            self._terminal.warn(f"no comment on the request: {error}", where)
        else:
            self._terminal.say(said)

    def _comment(self, report: Report) -> str:
        pipeline = self._pipeline
        if not pipeline.token:
            name = "GITHUB_TOKEN" if pipeline.forge == "github" else "GITLAB_TOKEN"
            return f"no comment on a request: {name} is not set"
        is_github = pipeline.forge == "github"
        headers = github_headers(pipeline.token) if is_github else gitlab_headers(pipeline.token)
        with ForgeHttp(pipeline.api, headers, token=pipeline.token) as http:
            forge = GitHub(http, pipeline.repository) if is_github else GitLab(http, pipeline.repository)
            request = pipeline.request or forge.request_of(pipeline.commit)
            if request is None:
                return "no comment: this commit came by no request"
            mark = Mark(self._key, pipeline.run, pipeline.attempt)
            try:
                put = put_comment(forge, request, mark, report_markdown(report, LONGEST_BODY - len(str(mark)) - 1))
            except BodyTooLong:
                put = put_comment(forge, request, mark, report_markdown(report, _SHORT_ROOM))
            return f"comment on request {request}: {put}"

    def _write(self, path: Path, text: str, mode: str) -> None:
        try:
            with path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            self._terminal.warn(f"{path.name} could not be written: {error.strerror}")


def _variable(name: str) -> str:
    """An output's name in a dotenv report. Not CAMPAIGN_PLAN_ID and the like: those are options of later commands."""
    return f"CAMPAIGN_CI_{name.replace('-', '_').upper()}"


def outputs_of(ran: Ran) -> dict[str, str]:
    """The outputs, each on one line."""
    figures = {each.name: each.figures for each in ran.reports if each.figures}
    ids = {name: each.plan_id for name, each in figures.items()}
    return {
        "exit-code": str(ran.code),
        "has-changes": str(any(each.has_changes for each in figures.values())).lower(),
        "held-back": str(any(each.outcome == "held back by a guard" for each in ran.reports)).lower(),
        "campaigns": str(len(ran.reports)),
        "new-calls": str(sum(each.add for each in figures.values())),
        "replaced-calls": str(sum(each.replace for each in figures.values())),
        "cancelled-calls": str(sum(each.cancel for each in figures.values())),
        "plan-id": next(iter(ids.values())) if len(ran.reports) == len(ids) == 1 else "",
        "plan-ids": msgspec.json.encode(ids).decode(),
        "lock-commit": ran.lock_commits[-1] if ran.lock_commits else "",
    }


def remarks_of(ran: Ran, campaigns: tuple[Campaign, ...]) -> list[Annotation]:
    """An error for each campaign that failed, each problem of its lists at its line, a warning for a guard's no.

    And a warning for whatever looks like a mistake.
    """
    places = {campaign.name: campaign.place for campaign in campaigns}
    remarks: list[Annotation] = []
    for each in ran.reports:
        error = ran.errors.get(each.name)
        if isinstance(error, ManifestError):
            remarks += problem_remarks(error)
        elif each.outcome == "held back by a guard":
            remarks.append(Annotation("warning", each.name, "held back by a guard", places[each.name]))
        elif each.code not in (0, 2):
            remarks.append(Annotation("error", each.name, _why(each.outcome, error), places[each.name]))
        remarks += warning_remarks(each.figures.warnings if each.figures else ())
    return remarks


def _why(outcome: str, error: Exception | None) -> str:
    return text_of(error_text(error)).strip() if error else outcome


def warning_remarks(warnings: Iterable[PlanWarning]) -> list[Annotation]:
    """What looks like a mistake, at the line it is about."""
    return [
        Annotation("warning", f"{each.campaign}: {each.code}", f"{each.said}; {each.fix}", each.place)
        for each in warnings
    ]


def problem_remarks(error: ManifestError) -> list[Annotation]:
    """Each problem of manifests and lists, at its line."""
    return [
        Annotation("error", each.path or "campaign", each.what + (f"; {each.fix}" if each.fix else ""), each.place)
        for each in error.problems
    ]


def error_remark(message: str) -> Annotation:
    """An error of the run as a whole."""
    return Annotation("error", "campaign", message.strip())
