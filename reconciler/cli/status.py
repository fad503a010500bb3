"""`campaign status`: how a campaign and its calls stand, asked of the server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Common, common_options, jobs_option

if TYPE_CHECKING:
    from reconciler.calls.lookup import Found
    from reconciler.calls.model import CampaignDetails
    from reconciler.cli.each import Ended, Turn
    from reconciler.lock.model import Lock
    from reconciler.manifest.model import Campaign
    from reconciler.plan.standing import Standing
    from reconciler.render.status import StatusView


@click.command("status", short_help="Show campaigns and calls as they stand.")
@common_options
@jobs_option
def command(common: Common, jobs: int) -> int:
    """Show the state of the campaigns and their calls by status, as the server reports them."""
    from reconciler.cli.each import Ended, Way, for_each
    from reconciler.cli.manifests import read_campaigns
    from reconciler.cli.terminal import Terminal
    from reconciler.render.results import SummaryRow
    from reconciler.render.status import status_text

    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)

    def work(campaign: Campaign, turn: Turn) -> Ended:
        view = _view(campaign, common, turn)
        turn.terminal.show(status_text(view))
        return Ended(0, SummaryRow(campaign.name, view.state.value if view.state else "shown"))

    return for_each(read_campaigns(common), terminal, work, Way(jobs=jobs, heads=(), doing="looking at"))


def _view(campaign: Campaign, common: Common, turn: Turn) -> StatusView:
    from reconciler.cli.desk import Desk
    from reconciler.cli.signals import Stoppable
    from reconciler.lock.journal import with_doubts
    from reconciler.lock.model import CallStatus
    from reconciler.manifest.token import read_token
    from reconciler.read.counted import count_jobs
    from reconciler.read.observed import Server
    from reconciler.read.remembered import read_remembered
    from reconciler.render.status import StatusView

    desk, token = Desk.of(campaign, common), read_token(campaign)
    remembered = read_remembered(desk.store, campaign, desk.secret, token)
    lock = with_doubts(remembered.lock, remembered.opened)
    with desk.client(token, turn.stop.wait) as client, turn.terminal.progress() as progress:
        server = Server(client, campaign, remembered.keyer, token)
        server.refuse_other_campaign(lock)
        heard: list[Found] = []
        counts, missing = count_jobs(
            client,
            lock,
            Stoppable(progress, turn.stop),
            f"asking for the jobs of {campaign.name}",
            heard.append if campaign.rollout else None,
        )
        return StatusView(
            campaign=campaign.name,
            host=campaign.host,
            dialect=client.dialect(),
            state=server.details.state if server.details else None,
            counts=counts,
            missing=missing,
            details=_without_token(server.details, token),
            at=datetime.now(UTC),
            in_doubt=len(lock.with_status({CallStatus.IN_DOUBT})),
            rollout=_rollout(campaign, lock, heard),
        )


def _without_token(details: CampaignDetails | None, token: str) -> CampaignDetails | None:
    """The details as they may be shown: whoever named the campaign may have put its token into the name."""
    from msgspec.structs import replace

    return replace(details, name=details.name.replace(token, "•••")) if details else None


def _rollout(campaign: Campaign, lock: Lock, heard: list[Found]) -> Standing | None:
    """Where the campaign's rollout stands, by what the server just said."""
    from reconciler.plan.diff import Observed, refreshed
    from reconciler.plan.rollout import standing

    if campaign.rollout is None:
        return None
    jobs = {job.job_id: job for found in heard for job in found.jobs}
    missing = [job_id for found in heard for job_id in found.missing]
    now = refreshed(lock, Observed(jobs=jobs, asked=frozenset([*jobs, *missing])))
    at_ms = int(1000 * datetime.now(UTC).timestamp())
    return standing(campaign.rollout, now.header, campaign.wave, now.statuses(campaign.wave), at_ms)
