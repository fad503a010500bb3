"""`campaign ci`: plan and apply in a pipeline of GitHub Actions or GitLab CI, and say so where people look."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.allow import Allowed, allow_option
from reconciler.cli.options import Common, common_options, option, sending_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.ci_run import CiRun, Ran
    from reconciler.forge.pipeline import Pipeline
    from reconciler.render.report import Verb

key_option = option(
    "--comment-key",
    "key",
    default="campaigns",
    show_default=True,
    metavar="WORD",
    help="Tells this job's comment from those of other jobs on the same request.",
)


@click.group("ci")
def command() -> None:
    """Plan or apply in GitHub Actions and GitLab CI.

    Like `campaign plan` and `campaign apply`, with the result in the run's summary, in annotations, in outputs, and in
    one comment on the pull or merge request. The lock is kept in the branch that is built or merged into, unless
    --lock-store says otherwise.
    """


@command.command("plan")
@common_options
@allow_option
@option("--refresh/--no-refresh", default=True, help="Ask the server, or rest on what the lockfile remembers.")
@option(
    "--out",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plans to a file, for `campaign ci apply FILE`.",
)
@key_option
def plan(common: Common, allowed: Allowed, refresh: bool, out: Path | None, key: str) -> int:
    """Plan, and say on the request what merging it would do. Changes nothing."""
    if out is not None and not refresh:
        raise click.UsageError("--out needs the server: leave out --no-refresh")
    return _in_pipeline("plan", common, key, lambda run: run.plan(allowed, refresh=refresh, out=out))


@command.command("apply")
@click.argument("saved", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@common_options
@allow_option
@sending_options
@key_option
def apply(
    common: Common,
    allowed: Allowed,
    saved: Path | None,
    batch: int,
    settle_s: float,
    is_first: bool,
    key: str,
) -> int:
    """Apply what was merged, without asking, and push the lock. Refused in an open request, and for an old commit.

    Of a saved plan, the FILE of `campaign ci plan --out`, only what it holds.
    """
    from reconciler.apply.run import Options

    options = Options(batch=batch, parallelism=common.parallelism, settle_s=settle_s, timeout_s=common.timeout_s)
    return _in_pipeline("apply", common, key, lambda run: run.apply(options, allowed, is_first=is_first, saved=saved))


def _in_pipeline(verb: Verb, common: Common, key: str, work: Callable[[CiRun], Ran]) -> int:
    """Runs `work` for the campaigns of this pipeline, and says what came of it."""
    from reconciler.cli.ci_run import CiRun, Scribe
    from reconciler.cli.ci_said import Speech, commands_stopped
    from reconciler.cli.manifests import read_campaigns
    from reconciler.errors import ReconcilerError
    from reconciler.forge.pipeline import pipeline_of

    pipeline = pipeline_of(os.environ)
    if verb == "apply" and pipeline.is_request:
        raise click.UsageError("an open request is planned and not applied: nobody has merged it yet")
    common, scribe = _with_lock(common, pipeline), Scribe(common)
    speech = Speech(pipeline, scribe, verb, key)
    try:
        with commands_stopped(pipeline):
            campaigns = read_campaigns(common)
            ran = work(CiRun(campaigns, common, scribe, who=pipeline.who))
    except ReconcilerError as error:  # about all of them: bad manifests, no token, an older commit
        speech.failed(error)
        raise
    speech.ran(ran, campaigns)
    return ran.code


def _with_lock(common: Common, pipeline: Pipeline) -> Common:
    """The options, with the lock in the pipeline's branch unless they name a place."""
    import msgspec

    from reconciler.cli.stores import GIT

    if common.lock_store is not None:
        return common
    if not pipeline.branch:
        raise click.UsageError("a tag is built: name the branch that holds the lock, such as --lock-store git:main")
    return msgspec.structs.replace(common, lock_store=Path(GIT + pipeline.branch))
