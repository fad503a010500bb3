"""`campaign status`: how a campaign and its calls stand, asked of the server."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Common, common_options

if TYPE_CHECKING:
    from reconciler.calls.client import CallsClient
    from reconciler.calls.lookup import Found
    from reconciler.calls.model import CampaignDetails, JobStatus
    from reconciler.cli.each import Ended
    from reconciler.lock.model import Lock
    from reconciler.manifest.model import Campaign
    from reconciler.plan.standing import Standing
    from reconciler.render.status import StatusView


@click.command("status")
@common_options
def command(common: Common) -> int:
    """Show the state of the campaigns and their calls by status, as the server reports them."""
    from reconciler.cli.each import Ended, for_each
    from reconciler.cli.manifests import read_campaigns
    from reconciler.cli.terminal import Terminal
    from reconciler.render.results import SummaryRow
    from reconciler.render.status import status_text

    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)

    def work(campaign: Campaign) -> Ended:
        view = _view(campaign, common)
        terminal.show(status_text(view))
        return Ended(0, SummaryRow(campaign.name, view.state.value if view.state else "shown"))

    return for_each(read_campaigns(common), terminal, work)


def _view(campaign: Campaign, common: Common) -> StatusView:
    from reconciler.cli.desk import Desk
    from reconciler.lock.journal import with_doubts
    from reconciler.lock.model import CallStatus
    from reconciler.manifest.token import read_token
    from reconciler.read.observed import Server
    from reconciler.read.remembered import read_remembered
    from reconciler.render.status import StatusView

    desk, token = Desk.of(campaign, common), read_token(campaign)
    remembered = read_remembered(desk.store, campaign, desk.secret, token)
    lock = with_doubts(remembered.lock, remembered.opened)
    with desk.client(token) as client:
        server = Server(client, campaign, remembered.keyer, token)
        server.refuse_other_campaign(lock)
        counts, found = _counts(client, lock)
        return StatusView(
            campaign=campaign.name,
            host=campaign.host,
            dialect=client.dialect(),
            state=server.details.state if server.details else None,
            counts=counts,
            missing=len(found.missing),
            details=_without_token(server.details, token),
            at=datetime.now(UTC),
            in_doubt=sum(call.status is CallStatus.IN_DOUBT for call in lock.calls.values()),
            rollout=_rollout(campaign, lock, found),
        )


def _without_token(details: CampaignDetails | None, token: str) -> CampaignDetails | None:
    """The details as they may be shown: whoever named the campaign may have put its token into the name."""
    from msgspec.structs import replace

    return replace(details, name=details.name.replace(token, "•••")) if details else None


def _rollout(campaign: Campaign, lock: Lock, found: Found) -> Standing | None:
    """Where the campaign's rollout stands, by what the server just said."""
    from reconciler.plan.diff import Observed, refreshed
    from reconciler.plan.rollout import standing

    if campaign.rollout is None:
        return None
    jobs = {job.job_id: job for job in found.jobs}
    now = refreshed(lock, Observed(jobs=jobs, asked=frozenset([*jobs, *found.missing])))
    at_ms = int(1000 * datetime.now(UTC).timestamp())
    return standing(campaign.rollout, now.header, campaign.wave, now.statuses(campaign.wave), at_ms)


def _counts(client: CallsClient, lock: Lock) -> tuple[Counter[JobStatus], Found]:
    """Calls of the lock by the status of their jobs, and what the server said of those that can still change.

    Only jobs that can still change are asked for.
    """
    from reconciler.calls.lookup import find_jobs
    from reconciler.lock.model import job_status

    with_jobs = [call for call in lock.calls.values() if call.job_id]
    found = find_jobs(client, job_ids=[call.job_id for call in with_jobs if not call.status.is_final])
    counts = Counter(job.status for job in found.jobs)
    counts.update(job_status(call.status) for call in with_jobs if call.status.is_final)
    return counts, found
