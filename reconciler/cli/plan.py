"""`campaign plan`: what applying would do. Changes nothing, anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.allow import allow_option
from reconciler.cli.formats import also_option, format_option, outputs
from reconciler.cli.options import Common, common_options, jobs_option, option

if TYPE_CHECKING:
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Turn
    from reconciler.manifest.model import Campaign
    from reconciler.plan.model import Plan


@click.command("plan", short_help="Show what applying would do.")
@common_options
@allow_option
@jobs_option
@option("--refresh/--no-refresh", default=True, help="Ask the server, or rest on what the lockfile remembers.")
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@option("--full", is_flag=True, help="Show every call, not a sample; JSON always has all.")
@format_option
@also_option
def command(
    common: Common,
    allowed: tuple[tuple[str, float], ...],
    jobs: int,
    refresh: bool,
    detailed_exitcode: bool,
    full: bool,
    format: str,
    also: tuple[tuple[str, Path], ...],
) -> int:
    """Show what applying would do to real people's phones. Changes nothing."""
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Ended, Way, for_each
    from reconciler.cli.manifests import read_all, readable_tokens, refuse_shared_tokens
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.token import read_token
    from reconciler.render.facts import outcome
    from reconciler.render.results import PLANNED, SummaryRow
    from reconciler.render.text import TextPlans

    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    campaigns, others = read_all(common)
    tokens = readable_tokens(campaigns) if refresh else {}
    refuse_shared_tokens(campaigns, tokens, others if refresh else ())

    with outputs(format, also, len(campaigns), TextPlans(terminal.show, full=full)) as out:

        def work(campaign: Campaign, turn: Turn) -> Ended:
            token = read_token(campaign) if refresh else None
            plan = _plan(Desk.of(campaign, common), turn, token, dict(allowed))
            turn.when_due(lambda: out.planned(campaign, plan))
            code = 3 if plan.tripped else 2 if plan.actions and detailed_exitcode else 0
            counts = plan.counts
            return Ended(code, SummaryRow(campaign.name, outcome(plan), counts.add, counts.cancel, counts.replace))

        way = Way(jobs=jobs, heads=PLANNED if format == "text" else None, doing="planning")
        return for_each(campaigns, terminal, out.watching(work), way)


def _plan(desk: Desk, turn: Turn, token: str | None, allowed: dict[str, float]) -> Plan:
    from reconciler.cli.signals import Stoppable
    from reconciler.read.observed import Server, needs_first
    from reconciler.read.planned import plan_campaign
    from reconciler.read.remembered import UNUSED_SECRET, read_remembered

    campaign, terminal = desk.campaign, turn.terminal
    remembered = read_remembered(desk.store, campaign, desk.secret, token)
    with terminal.progress() as progress:
        sifted = desk.sifted(Stoppable(progress, turn.stop), remembered)
    if desk.secret and remembered.is_salted:
        terminal.warn(UNUSED_SECRET)
    if token is None:
        return plan_campaign(campaign, sifted, remembered, None, allowed)
    with desk.client(token, turn.stop.wait) as client, terminal.progress() as progress:
        server = Server(client, campaign, remembered.keyer, token)
        server.refuse_shared_campaign(desk.store, desk.secret)
        if needs_first(remembered.lock, client.dialect()):
            terminal.warn(
                "this server cannot say whether the campaign has calls already",
                "if nobody was ever added to it, apply this once with --first",
            )
        return plan_campaign(campaign, sifted, remembered, server, allowed, watch=Stoppable(progress, turn.stop))
