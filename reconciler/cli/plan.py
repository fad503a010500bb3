"""`campaign plan`: what applying would do. Changes nothing, anywhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.allow import allow_option
from reconciler.cli.formats import also_option, format_option, outputs
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
@option("--full", is_flag=True, help="Show every call, not a sample; JSON always has all.")
@format_option
@also_option
def command(
    common: Common,
    allowed: tuple[tuple[str, float], ...],
    refresh: bool,
    detailed_exitcode: bool,
    full: bool,
    format: str,
    also: tuple[tuple[str, Path], ...],
) -> int:
    """Show what applying would do to real people's phones. Changes nothing."""
    from reconciler.cli.each import Ended, for_each
    from reconciler.cli.manifests import read_campaigns, refuse_shared_tokens
    from reconciler.cli.terminal import Terminal
    from reconciler.render.facts import outcome
    from reconciler.render.results import PLANNED, SummaryRow
    from reconciler.render.text import TextPlans

    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    campaigns = read_campaigns(common)
    tokens = _tokens(campaigns) if refresh else {}
    refuse_shared_tokens(campaigns, tokens)

    with outputs(format, also, len(campaigns), TextPlans(terminal.show, full=full)) as out:

        def work(campaign: Campaign) -> Ended:
            plan = plan_one(campaign, common, terminal, tokens.get(campaign.name), dict(allowed))
            out.planned(campaign, plan)
            code = 3 if plan.is_held_back else 2 if plan.actions and detailed_exitcode else 0
            counts = plan.counts
            return Ended(code, SummaryRow(campaign.name, outcome(plan), counts.add, counts.cancel, counts.replace))

        return for_each(campaigns, terminal, out.watching(work), heads=PLANNED if format == "text" else None)


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

    desk, now_ms = Desk.of(campaign, common), int(1000 * time.time())
    remembered = read_remembered(desk.store, campaign, desk.secret, token)
    sifted = desk.sifted(terminal, remembered)
    if desk.secret and remembered.is_salted:
        terminal.warn(UNUSED_SECRET)
    if token is None:
        return plan_campaign(campaign, sifted, remembered, None, allowed, now_ms=now_ms)
    with desk.client(token) as client, terminal.progress() as progress:
        server = Server(client, campaign, remembered.keyer, token)
        server.refuse_shared_campaign(desk.store, desk.secret)
        if needs_first(remembered.lock, client.dialect()):
            terminal.warn(
                "this server cannot say whether the campaign has calls already",
                "if nobody was ever added to it, apply this once with --first",
            )
        return plan_campaign(campaign, sifted, remembered, server, allowed, watch=progress, now_ms=now_ms)
