"""`campaign explain`: one call from all sides, and what a plan would do with it and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Common, common_options, jobs_option, option

if TYPE_CHECKING:
    from reconciler.cli.each import Ended, Turn
    from reconciler.cli.explaining import Found
    from reconciler.manifest.model import Campaign


@click.command("explain", short_help="Show one call, and why a plan does what it does.")
@click.argument("who", metavar="KEY|PHONE")
@common_options
@jobs_option
@option("--refresh/--no-refresh", default=True, help="Ask the server, or rest on what the lockfile remembers.")
@option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For whom.")
def command(common: Common, who: str, jobs: int, refresh: bool, format: str) -> int:
    """Show one call: its request and who says each field, its hours, what is known of it, what a plan does and why.

    All campaigns are looked through. A phone is written in any form, in national form too where a list has a region;
    only a phone that is written here is shown in full, and no value of a payload ever is. Changes nothing. Exits
    with 1 when nobody is found.
    """
    from reconciler.cli.capped import one_by_one
    from reconciler.cli.each import Ended, Way, for_each
    from reconciler.cli.explaining import Explaining
    from reconciler.cli.manifests import read_all, readable_tokens, refuse_shared_tokens
    from reconciler.cli.terminal import Terminal
    from reconciler.render.explain import explanation_text, nobody_text
    from reconciler.render.explain_json import explain_json
    from reconciler.render.results import SummaryRow

    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    campaigns, others = read_all(common)
    refuse_shared_tokens(campaigns, readable_tokens(campaigns) if refresh else {}, others if refresh else ())
    explaining, all_found = Explaining(common, who, is_refreshed=refresh), list["Found"]()

    def work(campaign: Campaign, turn: Turn) -> Ended:
        found = explaining.of(campaign, turn)
        turn.when_due(lambda: all_found.append(found))
        if found.told and format == "text":
            turn.terminal.show(explanation_text(found.told))
        if found.failure:
            turn.terminal.error(found.failure)
        return Ended(found.failure.exit_code if found.failure else 0, SummaryRow(campaign.name, "shown"))

    code = for_each(
        campaigns, terminal, work, Way(jobs=one_by_one(campaigns, jobs), heads=None, doing="looking through")
    )
    told, looked = [each.told for each in all_found if each.told], [each.looked for each in all_found]
    elsewhere = () if told else tuple(explaining.elsewhere(others))
    if format == "json":
        click.echo(explain_json(told, looked, elsewhere))
    elif not told:
        terminal.show(nobody_text(who, looked, len(others), elsewhere))
    return code or (0 if told else 1)
