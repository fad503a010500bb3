"""`campaign apply`: make it so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.allow import Allowed, allow_option
from reconciler.cli.demands import plan_id_option
from reconciler.cli.options import Common, common_options, jobs_option, option, sending_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.apply.run import Options, Tally
    from reconciler.cli.demands import Demanded
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Ended, Turn
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.model import Campaign
    from reconciler.plan.model import Plan
    from reconciler.plan.people import People
    from reconciler.plan.together import Together
    from reconciler.render.progress import Progress


@click.command("apply", short_help="Make the campaigns what the manifests say.")
@click.argument("saved", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@common_options
@allow_option
@plan_id_option
@jobs_option
@option("--auto-approve", is_flag=True, help="Do not ask. For CI; without a terminal it is needed.")
@sending_options
def command(
    common: Common,
    allowed: Allowed,
    saved: Path | None,
    plan_ids: tuple[tuple[str, str], ...],
    jobs: int,
    auto_approve: bool,
    batch: int,
    settle_s: float,
    is_first: bool,
) -> int:
    """Make the campaigns what their manifests say. Shows the plan and asks first.

    Of a saved plan, the FILE of `campaign plan --out`, it does what is still needed of it and asks nothing; when
    something else is needed it sends nothing and ends with 5.

    Running it again is always safe: what was cut off is found out and finished.
    """
    from reconciler.apply.run import Options
    from reconciler.cli.capped import one_by_one
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Way, for_each
    from reconciler.cli.terminal import Terminal, can_ask
    from reconciler.manifest.token import read_token
    from reconciler.plan.people import People
    from reconciler.plan.together import Together

    is_approved = auto_approve or saved is not None
    if not is_approved and not can_ask():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve to apply without asking")
    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    demanded, tokens = _chosen(common, terminal, saved, plan_ids, allowed)
    demands = {each.campaign.name: each for each in demanded}
    campaigns = tuple(each.campaign for each in demanded)
    options = Options(batch=batch, parallelism=common.parallelism, settle_s=settle_s, timeout_s=common.timeout_s)

    together, people = Together(), People.of_several(campaigns)

    def work(campaign: Campaign, turn: Turn) -> Ended:
        desk = Desk.of(campaign, common)
        token = tokens.get(campaign.name) or read_token(campaign)
        one = One(desk, turn, token, is_approved=is_approved, people=people)
        return one.apply(options, demands[campaign.name], is_first=is_first, together=together)

    way = Way(jobs=one_by_one(campaigns, jobs), is_stopped_cleanly=True, doing="applying")
    return for_each(campaigns, terminal, work, way)


def _chosen(
    common: Common, terminal: Terminal, saved: Path | None, plan_ids: tuple[tuple[str, str], ...], allowed: Allowed
) -> tuple[list[Demanded], dict[str, str]]:
    """The campaigns of this run, which may be applied together, with what is asked of their plans; and their tokens.

    Those are used that were looked at together: a file may hold another one when its campaign's turn comes.
    """
    from reconciler.cli.capped import refuse_parts
    from reconciler.cli.manifests import read_all, readable_tokens, refuse_shared_tokens

    chosen, others = read_all(common)
    demanded = _demands(chosen, terminal, saved, plan_ids, allowed, is_part=bool(common.targets or common.shard))
    campaigns = tuple(each.campaign for each in demanded)
    tokens = readable_tokens(campaigns)
    refuse_shared_tokens(campaigns, tokens, others)
    refuse_parts(campaigns, common)
    return demanded, tokens


def _demands(
    campaigns: tuple[Campaign, ...],
    terminal: Terminal,
    saved: Path | None,
    plan_ids: tuple[tuple[str, str], ...],
    allowed: Allowed,
    *,
    is_part: bool,
) -> list[Demanded]:
    """The campaigns to apply, with what is asked of their plans."""
    from reconciler.cli.demands import demands_of_file, demands_of_ids, no_demands

    if saved and plan_ids:
        raise click.UsageError("give either the file of a saved plan or --plan-id, not both")
    if saved:
        from reconciler.read.plan_file import open_plan_file

        file = click.get_current_context().with_resource(open_plan_file(saved))
        return demands_of_file(campaigns, file, allowed, is_part=is_part, say=terminal.say)
    return demands_of_ids(campaigns, plan_ids, allowed) if plan_ids else no_demands(campaigns, allowed)


def _ignore(_: Plan) -> None:
    """Does nothing with a plan."""


class One:
    """One campaign of this run. `on_plan` gets its plan once it was shown; `people` are those of several campaigns."""

    def __init__(
        self,
        desk: Desk,
        turn: Turn,
        token: str,
        *,
        is_approved: bool,
        on_plan: Callable[[Plan], None] = _ignore,
        people: People | None = None,
    ) -> None:
        self._desk, self._turn, self._token, self._is_approved = desk, turn, token, is_approved
        self._terminal = turn.terminal
        self._on_plan, self._people = on_plan, people
        self._has_begun = False  # somebody said yes, or had said so before

    def apply(self, options: Options, demanded: Demanded, *, is_first: bool, together: Together | None = None) -> Ended:
        """Reads, shows, asks and applies; says what was done even when it ended half-way."""
        from reconciler.apply.run import Tally
        from reconciler.errors import GuardTripped

        tally, started_s = Tally(), time.monotonic()
        try:
            self._run(options, demanded, tally, is_first=is_first, together=together)
        except GuardTripped as error:
            self._terminal.error(error)
            return self._ended(tally, started_s, error.exit_code, "held back by a guard")
        except Exception:
            self._ended(tally, started_s, 1, "failed", is_cut_short=True)
            raise
        if not self._has_begun:
            self._terminal.say("not applied: nothing was sent")
            return self._ended(tally, started_s, 1, "not applied")
        return self._ended(tally, started_s, 0, "done")

    def _run(
        self, options: Options, demanded: Demanded, tally: Tally, *, is_first: bool, together: Together | None
    ) -> None:
        from reconciler.apply.clock import SystemClock
        from reconciler.apply.session import Session, Voice, apply_campaign
        from reconciler.cli.advice import Advice
        from reconciler.cli.signals import Stoppable

        stop, amounts = self._turn.stop, self._amounts(demanded.allowed)
        with self._desk.client(self._token, stop.wait) as client, self._terminal.progress() as progress:
            advice = Advice(self._desk.campaign, self._people)

            def approve(plan: Plan) -> bool:
                self._has_begun = self._approve(advice.on(plan), progress) and self._still_allowed(
                    demanded.allowed, amounts
                )
                return self._has_begun

            watch = Stoppable(progress, stop)
            session = Session(
                campaign=self._desk.campaign,
                desired=advice.watch(self._desk.wanted(watch, amounts)),
                store=self._desk.store,
                client=client,
                token=self._token,
                approve=approve,
                demand=demanded.hold,
                secret=self._desk.secret,
                allowed=amounts,
                together=together,
                destinations=self._desk.common.shared.destinations,
                is_first=is_first,
                watch=watch,
                usage=self._desk.usage,
            )
            voice = Voice(self._terminal.say, progress.advance)
            with advice.told_unless_planned(self._terminal), self._desk.alone(session.command):
                apply_campaign(session, options, SystemClock(stop), stop, voice, tally)

    def _amounts(self, allowed: Allowed) -> dict[str, float]:
        """What may pass the guards now; whatever was allowed until earlier is said to be over."""
        for each in allowed.ended(time.time()):
            self._terminal.warn(f"--allow {each} has ended and allows nothing any more")
        return allowed.amounts(time.time())

    def _still_allowed(self, allowed: Allowed, amounts: dict[str, float]) -> bool:
        """Whether nothing that was allowed for the plan ended while somebody thought about it."""
        if allowed.amounts(time.time()) == amounts:
            return True
        self._terminal.warn("an --allow ended while this waited for an answer", "apply again")
        return False

    def _approve(self, plan: Plan, progress: Progress) -> bool:
        """Shows the plan and asks whether to go on. A plan that does nothing needs no answer."""
        from reconciler.render.text import plan_text

        progress.finish()
        self._terminal.show(plan_text(plan))
        self._on_plan(plan)
        if plan.actions and not self._is_approved and not self._turn.ask("\nApply this?"):
            return False
        counts = plan.counts
        if counts.add + counts.replace + counts.cancel:
            progress.start(f"applying {plan.campaign}", counts.add + 2 * counts.replace + counts.cancel)
        return True

    def _ended(self, tally: Tally, started_s: float, code: int, outcome: str, *, is_cut_short: bool = False) -> Ended:
        from reconciler.cli.each import Ended
        from reconciler.render.results import ApplyView, Rejection, SummaryRow, result_text

        name = self._desk.campaign.name
        view = ApplyView(
            campaign=name,
            added=tally.added,
            cancelled=tally.cancelled,
            cancelling=tally.cancelling,
            replaced=tally.replaced,
            adopted=tally.adopted,
            moves=tuple(tally.moves),
            rejected=len(tally.rejected),
            rejections=tuple(Rejection(mask, reason) for mask, reason in tally.rejected[:10]),
            deferred=tally.deferred,
            unknown=tally.unknown,
            withheld=tally.withheld,
            suppressed=tally.suppressed,
            is_cut_short=is_cut_short,
            add_requests=tally.requests.get("addPhones", 0),
            cancel_requests=tally.requests.get("cancel", 0),
            control_requests=tally.requests.get("control", 0),
            duration_s=time.monotonic() - started_s,
        )
        if tally.requests or tally.adopted or tally.unknown or tally.added or tally.suppressed:
            self._terminal.show(result_text(view))
        return Ended(code, SummaryRow(name, outcome, tally.added, tally.cancelled, tally.replaced))
