"""`campaign plan`: what applying would do. Changes nothing, anywhere."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from reconciler.cli.allow import Allowed, allow_option
from reconciler.cli.formats import also_option, format_option, outputs
from reconciler.cli.options import Common, common_options, jobs_option, option

if TYPE_CHECKING:
    from reconciler.calls.client import CallsClient
    from reconciler.cli.advice import Advice
    from reconciler.cli.desk import Desk, Through
    from reconciler.cli.each import Turn
    from reconciler.cli.saving import Save
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.model import Campaign
    from reconciler.plan.model import Plan
    from reconciler.plan.people import People
    from reconciler.plan.together import Together
    from reconciler.read.observed import Server
    from reconciler.read.remembered import Remembered
    from reconciler.render.results import SummaryRow


@click.command("plan", short_help="Show what applying would do.")
@common_options
@allow_option
@jobs_option
@option("--refresh/--no-refresh", default=True, help="Ask the server, or rest on what the lockfile remembers.")
@option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan, without numbers and payloads, for `campaign apply FILE`.",
)
@option("--drift", "with_drift", is_flag=True, help="Show what changed on the server without an apply from here too.")
@option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes; with --drift when there is drift."
)
@option("--full", is_flag=True, help="Show every call, not a sample; JSON always has all.")
@format_option
@also_option
def command(
    common: Common,
    allowed: Allowed,
    jobs: int,
    refresh: bool,
    out: Path | None,
    with_drift: bool,
    detailed_exitcode: bool,
    full: bool,
    format: str,
    also: tuple[tuple[str, Path], ...],
) -> int:
    """Show what applying would do to real people's phones. Changes nothing."""
    from reconciler.cli.capped import one_by_one
    from reconciler.cli.each import Ended, Way, for_each
    from reconciler.cli.manifests import read_all, readable_tokens, refuse_shared_tokens
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.token import read_token
    from reconciler.plan.people import People
    from reconciler.plan.together import Together
    from reconciler.render.results import PLANNED
    from reconciler.render.text import TextPlans

    if not refresh and (out or with_drift):
        raise click.UsageError(f"{'--out' if out else '--drift'} needs the server: leave out --no-refresh")
    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    for each in allowed.ended(time.time()):
        terminal.warn(f"--allow {each} has ended and allows nothing any more")
    amounts, together = allowed.amounts(time.time()), Together()
    campaigns, others = read_all(common)
    people = People.of_several(campaigns)
    tokens = readable_tokens(campaigns) if refresh else {}
    refuse_shared_tokens(campaigns, tokens, others if refresh else ())
    with (
        outputs(format, also, len(campaigns), TextPlans(terminal.show, full=full)) as outs,
        saving_to(out, allowed, terminal) as save,
    ):

        def work(campaign: Campaign, turn: Turn) -> Ended:
            token = (tokens.get(campaign.name) or read_token(campaign)) if refresh else None
            plan = plan_one(campaign, token, Asked(common, turn, amounts, together, save, with_drift, people=people))
            turn.when_due(lambda: outs.planned(campaign, plan))
            return Ended(_code(plan, is_detailed=detailed_exitcode), _row(plan))

        way = Way(jobs=one_by_one(campaigns, jobs), heads=PLANNED if format == "text" else None, doing="planning")
        return for_each(campaigns, terminal, outs.watching(work), way)


def saving_to(out: Path | None, allowed: Allowed, terminal: Terminal) -> AbstractContextManager[Save | None]:
    """What takes plans for this file, within the block; None where none is asked for.

    Raises UsageError for what is allowed until some time only: the file does not keep the time.
    """
    if out is None:
        return nullcontext()
    if any(each.until for each in allowed.given):
        raise click.UsageError("--allow with until= does not go with --out: a saved plan does not keep the time")
    from datetime import UTC, datetime

    from reconciler.cli.saving import saving

    return saving(out, datetime.now(UTC).isoformat(timespec="seconds"), allowed.amounts(time.time()), terminal)


def _code(plan: Plan, *, is_detailed: bool) -> int:
    """Who asks for drift is told of drift: pending changes are no surprise, somebody committed them."""
    if is_detailed and plan.drift is not None and plan.drift.is_any:
        return 2
    if plan.is_held_back:
        return 3
    return 2 if is_detailed and plan.drift is None and plan.actions else 0


def _row(plan: Plan) -> SummaryRow:
    from reconciler.render.facts import outcome
    from reconciler.render.results import SummaryRow

    counts = plan.counts
    drift = "drift" if plan.drift is not None and plan.drift.is_any else ""
    return SummaryRow(plan.campaign, outcome(plan), counts.add, counts.cancel, counts.replace, drift)


class Asked(msgspec.Struct, frozen=True):
    """What is asked of every plan of a run."""

    common: Common
    turn: Turn
    allowed: dict[str, float]
    together: Together
    save: Save | None = None
    with_drift: bool = False
    through: Through | None = None  # who wants to see the calls of the lists pass by
    remembered: Remembered | None = None  # where somebody has read it already
    people: People | None = None  # of a run of several campaigns


def plan_one(campaign: Campaign, token: str | None, asked: Asked) -> Plan:
    """The plan of one campaign, held against the guards of the run too; without a token the server is not asked."""
    from reconciler.cli.advice import Advice
    from reconciler.cli.desk import Desk
    from reconciler.cli.signals import Stoppable
    from reconciler.read.basis import basis_of
    from reconciler.read.planned import plan_campaign
    from reconciler.read.remembered import UNUSED_SECRET, read_remembered

    turn, terminal = asked.turn, asked.turn.terminal
    desk, now_ms = Desk.of(campaign, asked.common), int(1000 * time.time())
    remembered = asked.remembered or read_remembered(desk.store, campaign, desk.secret, token)
    advice = Advice(campaign, asked.people)
    with terminal.progress() as progress, advice.told_unless_planned(terminal):
        sifted = desk.sifted(Stoppable(progress, turn.stop), remembered, advice, asked.through)
    if desk.secret and remembered.is_salted:
        terminal.warn(UNUSED_SECRET)
    planned = partial(plan_campaign, campaign, sifted, remembered, now_ms=now_ms, usage=desk.usage())
    if token is None:
        return _held(planned(None, asked.allowed), campaign, asked, advice)
    with desk.client(token, turn.stop.wait) as client, terminal.progress() as progress:
        server = _server(desk, client, remembered, token, terminal)
        watch = Stoppable(progress, turn.stop)
        plan = planned(server, asked.allowed, watch=watch, with_drift=asked.with_drift)
        plan, save = _held(plan, campaign, asked, advice), asked.save
        if save is not None:
            basis = basis_of(campaign, remembered.lock, server, sifted, remembered.keyer)
            turn.when_due(lambda: save(plan, basis))
        return plan


def _server(desk: Desk, client: CallsClient, remembered: Remembered, token: str, terminal: Terminal) -> Server:
    """The campaign's server, which is known to be no other lock's. Warns where an apply would need --first."""
    from reconciler.read.observed import Server, needs_first

    server = Server(client, desk.campaign, remembered.keyer, token)
    server.refuse_shared_campaign(desk.store, desk.secret, desk.common.shared.destinations)
    if needs_first(remembered.lock, client.dialect()):
        terminal.warn(
            "this server cannot say whether the campaign has calls already",
            "if nobody was ever added to it, apply this once with --first",
        )
    return server


def _held(plan: Plan, campaign: Campaign, asked: Asked, advice: Advice) -> Plan:
    """The plan with the guards of the run, and warnings; in order, so that every run says the same of the same ones."""
    held = asked.turn.after_others(lambda: advice.on(asked.together.hold(plan, campaign.run_guards, asked.allowed)))
    asked.common.shared.hood.plans(campaign, held, asked.common)
    return held
