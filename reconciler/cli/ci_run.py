"""What `campaign ci` does with each campaign: it plans or applies it as `campaign plan` and `campaign apply` do.

The functions are theirs. What is new here is that everything printed is kept, for the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from reconciler.apply.run import Options
from reconciler.cli.allow import Allowed
from reconciler.cli.apply import One
from reconciler.cli.capped import refuse_parts
from reconciler.cli.demands import Demanded, demands_of_file, no_demands
from reconciler.cli.desk import Desk
from reconciler.cli.each import Ended, Turn, Way, for_each
from reconciler.cli.manifests import refuse_shared_tokens
from reconciler.cli.options import Common
from reconciler.cli.plan import Asked, plan_one, saving_to
from reconciler.cli.saving import Save
from reconciler.cli.stores import git_branch
from reconciler.cli.terminal import Terminal
from reconciler.errors import OlderCommit, exit_code_of
from reconciler.lock.stores.git import LOCK, GitStore
from reconciler.lock.stores.repository import Repository
from reconciler.manifest.model import Campaign
from reconciler.manifest.token import read_token
from reconciler.plan.model import Plan
from reconciler.plan.people import People
from reconciler.plan.saved import Basis
from reconciler.plan.together import Together
from reconciler.read.plan_file import open_plan_file
from reconciler.render.messages import error_text, warning_text
from reconciler.render.page import Line
from reconciler.render.report import CampaignReport, Figures, figures_of, text_of
from reconciler.render.results import DONE, PLANNED, SummaryRow
from reconciler.render.text import plan_text

_MOST_FILES = 5


class Scribe(Terminal):
    """A terminal that also keeps what is written on it, until somebody takes it."""

    def __init__(self, common: Common) -> None:
        super().__init__(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
        self._kept: list[str] = []

    def show(self, lines: Iterable[Line]) -> None:
        """Writes a result."""
        kept = [*lines]
        self._kept.append(text_of(kept))
        super().show(kept)

    def warn(self, what: str, hint: str = "") -> None:
        """Writes a warning."""
        self._kept.append(text_of(warning_text(what, hint)))
        super().warn(what, hint)

    def error(self, error: BaseException) -> None:
        """Writes what went wrong."""
        self._kept.append(text_of(error_text(error)))
        super().error(error)

    def take(self) -> str:
        """What was written since this was called last."""
        text = "".join(self._kept)
        self._kept.clear()
        return text


class Ran(msgspec.Struct, frozen=True):
    """How the campaigns went, in the order of the manifests; `errors` are by name of the campaign that failed."""

    code: int
    reports: tuple[CampaignReport, ...]
    errors: dict[str, Exception]
    lock_commits: tuple[str, ...] = ()


class CiRun:
    """One run over these campaigns. `who` names it to others that find a lock held."""

    def __init__(self, campaigns: tuple[Campaign, ...], common: Common, scribe: Scribe, *, who: str) -> None:
        self._campaigns, self._common, self._scribe, self._who = campaigns, common, scribe, who
        self._figures: dict[str, Figures] = {}
        self._ended: dict[str, Ended] = {}
        self._said: dict[str, str] = {}
        self._errors: dict[str, Exception] = {}
        self._commits: list[str] = []

    def plan(self, allowed: Allowed, *, refresh: bool, out: Path | None = None) -> Ran:
        """Plans every campaign, saves that to a file if one is named, and changes nothing."""
        tokens = self._tokens() if refresh else {}
        with saving_to(out, allowed, self._scribe) as save:
            return self._planned(allowed, save, tokens)

    def _planned(self, allowed: Allowed, save: Save | None, tokens: dict[str, str]) -> Ran:
        amounts, together, people = allowed.amounts(time.time()), Together(), People.of_several(self._campaigns)

        def work(campaign: Campaign, turn: Turn) -> Ended:
            asked = Asked(self._common, turn, amounts, together, save, people=people)
            plan = plan_one(campaign, tokens.get(campaign.name), asked)
            self._said[campaign.name] = self._scribe.take()  # warnings
            self._scribe.show(plan_text(plan))
            self._keep(plan)
            counts = plan.counts
            outcome = "held back by a guard" if plan.is_held_back else "changes" if plan.actions else "nothing to do"
            row = SummaryRow(campaign.name, outcome, counts.add, counts.cancel, counts.replace)
            return Ended(3 if plan.is_held_back else 0, row)

        return self._ran(work, PLANNED, is_stopped_cleanly=False)

    def apply(self, options: Options, allowed: Allowed, *, is_first: bool, saved: Path | None = None) -> Ran:
        """Applies every campaign without asking, or what the file of a saved plan holds of them.

        Raises OlderCommit when a newer commit has changed what they say, UsageError for a part of those under a cap.
        """
        refuse_parts(self._campaigns, self._common)
        self._refuse_older_commit()
        if saved is None:
            return self._applied(options, no_demands(self._campaigns, allowed), is_first=is_first)
        with open_plan_file(saved) as file:
            is_part = bool(self._common.targets)
            demands = demands_of_file(self._campaigns, file, allowed, is_part=is_part, say=self._scribe.say)
            self._campaigns = tuple(each.campaign for each in demands)
            return self._applied(options, demands, is_first=is_first)

    def _applied(self, options: Options, demanded: list[Demanded], *, is_first: bool) -> Ran:
        tokens, demands = self._tokens(), {each.campaign.name: each for each in demanded}
        together, people = Together(), People.of_several(self._campaigns)

        def work(campaign: Campaign, turn: Turn) -> Ended:
            desk = Desk.of(campaign, self._common, who=self._who)
            token = tokens[campaign.name]
            try:
                one = One(desk, turn, token, is_approved=True, on_plan=self._keep, people=people)
                demand = self._held_again(demands[campaign.name])
                return one.apply(options, demand, is_first=is_first, together=together)
            finally:
                if isinstance(desk.store, GitStore) and desk.store.commit:
                    self._commits.append(desk.store.commit)

        return self._ran(work, DONE, is_stopped_cleanly=True)

    def _held_again(self, demanded: Demanded) -> Demanded:
        """The same, and that the commit is the newest, asked while the lock is held: others may have merged since."""

        def hold(plan: Plan, now: Basis, say: Callable[[str], None]) -> Plan:
            if plan.actions:
                self._refuse_older_commit()
            return plan if demanded.hold is None else demanded.hold(plan, now, say)

        return msgspec.structs.replace(demanded, hold=hold)

    def _keep(self, plan: Plan) -> None:
        """Keeps the figures of a plan that was shown; its text comes from there."""
        self._scribe.take()
        self._figures[plan.campaign] = figures_of(plan)

    def _tokens(self) -> dict[str, str]:
        tokens = {campaign.name: read_token(campaign) for campaign in self._campaigns}
        refuse_shared_tokens(self._campaigns, tokens)
        return tokens

    def _ran(self, work: Callable[[Campaign, Turn], Ended], heads: tuple[str, ...], *, is_stopped_cleanly: bool) -> Ran:
        def kept(campaign: Campaign, turn: Turn) -> Ended:
            self._scribe.take()
            try:
                # The scribe itself, not a voice of its own: what it writes goes into the report.
                ended = work(campaign, Turn(self._scribe, turn.stop, is_of_several=turn.is_of_several))
                self._ended[campaign.name] = ended
            except Exception as error:
                self._errors[campaign.name] = error
                raise
            finally:
                self._said[campaign.name] = self._said.get(campaign.name, "") + self._scribe.take()
            return ended

        way = Way(heads=heads, is_stopped_cleanly=is_stopped_cleanly)
        code = for_each(self._campaigns, self._scribe, kept, way)
        return Ran(code, tuple(map(self._report, self._campaigns)), self._errors, tuple(self._commits))

    def _report(self, campaign: Campaign) -> CampaignReport:
        name = campaign.name
        ended, error = self._ended.get(name), self._errors.get(name)
        figures, said = self._figures.get(name), self._said.get(name, "")
        if ended is not None:
            return CampaignReport(name, ended.row.outcome, ended.code, figures, said)
        if error is None:
            return CampaignReport(name, "not reached", 1)
        code = exit_code_of(error)
        outcome = {3: "held back by a guard", 4: "unknown", 6: "locked"}.get(code, "failed")
        return CampaignReport(name, outcome, code, figures, said + text_of(error_text(error)))

    # -- which commit is applied

    def _refuse_older_commit(self) -> None:
        """Raises OlderCommit when the branch has newer manifests or lists than what is checked out.

        The newer commit may have taken somebody out of a list, or put them on a suppression list; its own run is
        there to apply it. Only a lock that is kept in Git says which branch counts.
        """
        branch = git_branch(self._common.lock_store)
        if branch is None or not self._campaigns:
            return
        repository = Repository(self._campaigns[0].folder)
        commits = repository.head(), repository.tip(f"refs/heads/{branch}")
        changed = repository.changed(*commits) if commits[1] else ()
        newer = [path for path in changed if self._counts(repository, path, commits)]
        if newer:
            more = f" and {len(newer) - _MOST_FILES} more" if len(newer) > _MOST_FILES else ""
            raise OlderCommit(branch, f"{', '.join(newer[:_MOST_FILES])}{more}")

    def _counts(self, repository: Repository, path: str, commits: tuple[str, str]) -> bool:
        """Whether a file that differs is a manifest or a list of these campaigns."""
        top = repository.top()
        absolute = top / path
        if path.endswith(LOCK):
            return False
        if absolute in self._sources():
            return True
        roots = [file.resolve() for file in self._common.files]
        is_named = any(absolute == root or root in absolute.parents for root in roots)
        return is_named and path.endswith((".yaml", ".yml")) and repository.mentions(commits, path, b"campaign/")

    def _sources(self) -> set[Path]:
        lists = [each.path for campaign in self._campaigns for each in campaign.lists if each.path]
        return {path.resolve() for path in [*lists, *(s.path for c in self._campaigns for s in c.suppress)]}
