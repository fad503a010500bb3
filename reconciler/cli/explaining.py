"""One person explained in every campaign of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from reconciler.calls.masks import mask
from reconciler.cli.desk import Desk
from reconciler.cli.options import Common
from reconciler.cli.plan import Asked, plan_one
from reconciler.cli.terminal import Terminal
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.explain.asked import Absent, Spotted, asked
from reconciler.explain.build import Known, explanation, reports_of
from reconciler.explain.levels import Written, read_written
from reconciler.explain.model import Explanation, Looked, Near
from reconciler.explain.search import Search
from reconciler.lock.journal import with_doubts
from reconciler.manifest.model import Campaign
from reconciler.manifest.token import read_token
from reconciler.phones.desired import ListedCalls
from reconciler.plan.together import Together
from reconciler.read.remembered import Remembered, read_remembered

if TYPE_CHECKING:
    from reconciler.calls.model import JobReport
    from reconciler.cli.each import Turn
    from reconciler.render.progress import Progress


class Found(msgspec.Struct, frozen=True):
    """What came of looking through one campaign."""

    looked: Looked
    told: Explanation | None = None
    failure: ReconcilerError | None = None  # why there is no plan


class Explaining:
    """Explains one person, campaign by campaign."""

    def __init__(self, common: Common, who: str, *, is_refreshed: bool) -> None:
        self._common, self._who, self._is_refreshed = common, who, is_refreshed
        self._together = Together()

    def of(self, campaign: Campaign, turn: Turn) -> Found:
        """What there is of the person in a campaign. Raises the campaign's own errors where there is nothing.

        The server is asked only where there is something.
        """
        token, problem = self._token(campaign)
        desk = Desk.of(campaign, self._common)
        remembered = read_remembered(desk.store, campaign, desk.secret, token)
        lock = with_doubts(remembered.lock, remembered.opened)
        search = Search(self._who, campaign, lock, remembered.keyer)
        plan, failure = None, None
        try:
            plan = plan_one(campaign, token, self._asked(turn, search, remembered))
        except Absent:
            return Found(search.looked())
        except ReconcilerError as error:
            if not search.has_any:
                raise
            failure, problem = error, problem or "was not asked: there is no plan"
        reports = None if token is None or failure else _reports(desk, token, turn, search)
        known = Known(
            campaign=campaign,
            lockfile=desk.store.shown,
            header=lock.header,
            opened=remembered.opened,
            keyer=remembered.keyer,
            calls=search.calls,
            remembered=search.remembered,
            suppressed=search.suppressed,
            typed=search.typed,
        )
        told = explanation(known, self._written, datetime.now(UTC), plan=plan, reports=reports, problem=problem)
        return Found(search.looked(), told, failure)

    def elsewhere(self, others: Iterable[Campaign]) -> Iterator[Near]:
        """The calls of the person in the lists of campaigns that the command line left out."""
        for campaign in others:
            source = Spotted(ListedCalls(campaign), asked(self._who, campaign), is_known=True)
            try:
                for _ in source.chunks():
                    pass
            except ReconcilerError:
                continue  # its lists are wrong, and nobody asked about them
            for call in source.found:
                yield Near(campaign.name, mask(call.phone), call.place, "in a campaign that was left out")

    def _token(self, campaign: Campaign) -> tuple[str | None, str]:
        """The token, or why the server is not asked: who has none may still look at what is wanted."""
        if not self._is_refreshed:
            return None, "was not asked: --no-refresh"
        try:
            return read_token(campaign), ""
        except ManifestError as error:
            return None, f"was not asked: {error.problems[0].what}"

    def _asked(self, turn: Turn, search: Search, remembered: Remembered) -> Asked:
        """What is asked of the plan: of the lock as it was read, since a new one has another salt each time."""
        calm = copy(turn)
        calm.terminal = _Calm(turn.terminal)
        return Asked(self._common, calm, {}, self._together, through=search.through, remembered=remembered)

    @cached_property
    def _written(self) -> Written:
        return read_written(self._common.files)


def _reports(desk: Desk, token: str, turn: Turn, search: Search) -> Sequence[JobReport]:
    with desk.client(token, turn.stop.wait) as client:
        return reports_of(client, search.phones, search.remembered)


class _Calm(Terminal):
    """Says warnings about a whole campaign only to whoever asked for more: here it is about one person."""

    def __init__(self, real: Terminal) -> None:
        vars(self).update(vars(real))
        self._real = real

    def warn(self, what: str, hint: str = "") -> None:
        """Says it to whoever asked for more."""
        if self._verbosity:
            self._real.warn(what, hint)

    def progress(self) -> Progress:
        """As the campaign's own terminal shows it."""
        return self._real.progress()
