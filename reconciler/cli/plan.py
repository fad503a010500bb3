"""`campaign plan`: what applying would do. Changes nothing, anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.allow import allow_option
from reconciler.cli.options import Common, common_options, option

if TYPE_CHECKING:
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.model import Campaign
    from reconciler.plan.model import Plan


@click.command("plan")
@common_options
@allow_option
@option("--refresh/--no-refresh", default=True, help="Ask the server, or rest on what the lockfile remembers.")
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@option("--full", is_flag=True, help="Show every call, not a sample.")
def command(
    common: Common, allowed: tuple[tuple[str, float], ...], refresh: bool, detailed_exitcode: bool, full: bool
) -> int:
    """Show what applying would do to real people's phones. Changes nothing."""
    from reconciler.cli.each import Ended, for_each
    from reconciler.cli.manifests import read_campaigns, refuse_shared_tokens
    from reconciler.cli.terminal import Terminal
    from reconciler.render.results import PLANNED, SummaryRow
    from reconciler.render.text import plan_text

    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    campaigns = read_campaigns(common)
    tokens = _tokens(campaigns) if refresh else {}
    refuse_shared_tokens(campaigns, tokens)

    def work(campaign: Campaign) -> Ended:
        plan = plan_one(campaign, common, terminal, tokens.get(campaign.name), dict(allowed))
        terminal.show(plan_text(plan, full=full))
        code = 3 if plan.tripped else 2 if plan.actions and detailed_exitcode else 0
        counts = plan.counts
        outcome = "held back by a guard" if plan.tripped else "changes" if plan.actions else "nothing to do"
        return Ended(code, SummaryRow(campaign.name, outcome, counts.add, counts.cancel, counts.replace))

    return for_each(campaigns, terminal, work, heads=PLANNED)


def _tokens(campaigns: tuple[Campaign, ...]) -> dict[str, str]:
    from reconciler.manifest.token import read_token

    return {campaign.name: read_token(campaign) for campaign in campaigns}


def plan_one(
    campaign: Campaign, common: Common, terminal: Terminal, token: str | None, allowed: dict[str, float]
) -> Plan:
    """The plan of one campaign; without a token the server is not asked."""
    from reconciler.cli.desk import Desk
    from reconciler.read.observed import Server, needs_first
    from reconciler.read.planned import plan_campaign
    from reconciler.read.remembered import UNUSED_SECRET, read_remembered

    desk = Desk.of(campaign, common)
    desired = desk.desired(terminal)
    remembered = read_remembered(desk.store, campaign, desk.secret, token)
    if desk.secret and remembered.is_salted:
        terminal.warn(UNUSED_SECRET)
    if token is None:
        return plan_campaign(campaign, desired, remembered, None, allowed)
    with desk.client(token) as client:
        server = Server(client, campaign, remembered.keyer, token)
        server.refuse_shared_campaign(desk.store, desk.secret)
        if needs_first(remembered.lock, client.dialect()):
            terminal.warn(
                "this server cannot say whether the campaign has calls already",
                "if nobody was ever added to it, apply this once with --first",
            )
        return plan_campaign(campaign, desired, remembered, server, allowed)
