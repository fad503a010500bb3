"""Doing something to each campaign of a run: one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TypeVar

import click
import msgspec

from reconciler.apply.clock import STOPPED, StopRequest
from reconciler.cli.terminal import Terminal
from reconciler.errors import Interrupted, exit_code_of
from reconciler.manifest.model import Campaign
from reconciler.render.page import BLANK
from reconciler.render.results import DONE, SummaryRow, summary_table

T = TypeVar("T")

SOME_FAILED = 7
_OUTCOMES = {0: "done", 2: "changes", 3: "held back by a guard", 4: "unknown", 5: "stale plan", 6: "locked"}


class Ended(msgspec.Struct, frozen=True):
    """How one campaign went."""

    code: int
    row: SummaryRow


class Turn:
    """What a campaign that is being worked on has of the run around it. This one has the terminal to itself."""

    def __init__(
        self,
        terminal: Terminal,
        stop: StopRequest,
        asking: Callable[[], AbstractContextManager[None]] = nullcontext,
        *,
        is_of_several: bool,
    ) -> None:
        self.terminal, self.stop, self.is_of_several, self._asking = terminal, stop, is_of_several, asking

    def ask(self, question: str) -> bool:
        """What a person answers."""
        with self._asking():
            return click.confirm(question, err=True)

    def when_due(self, do: Callable[[], None]) -> None:
        """Does what only one campaign may do at a time, after those before this one."""
        do()

    def after_others(self, ask: Callable[[], T]) -> T:
        """What `ask` says when it is asked after those before this one. Waits for them."""
        return ask()


Work = Callable[[Campaign, Turn], Ended]


class Way(msgspec.Struct, frozen=True):
    """How a run goes about its campaigns: how many at once, and whether signals let it finish what is in flight.

    `heads` are those of the calls in the table that several campaigns get at the end; with None there is no table.
    """

    jobs: int = 1
    is_stopped_cleanly: bool = False
    heads: Sequence[str] | None = DONE
    doing: str = "working on"


def for_each(campaigns: Sequence[Campaign], terminal: Terminal, work: Work, way: Way) -> int:
    """Does `work` for every campaign; the exit code of the whole run."""
    if not campaigns:
        terminal.say("no campaign is in this shard")
    stop, jobs, is_of_several = StopRequest(), min(way.jobs, len(campaigns)), len(campaigns) > 1

    def alone(campaign: Campaign, asking: Callable[[], AbstractContextManager[None]]) -> Ended:
        own = terminal.about(campaign.name) if is_of_several else terminal
        return attempt(campaign, Turn(own, stop, asking, is_of_several=is_of_several), work)

    with _signals(stop, terminal, is_clean=way.is_stopped_cleanly or jobs > 1) as asking:
        if jobs > 1:
            from reconciler.cli.together import together

            ended = together(campaigns, terminal, work, stop, jobs=jobs, label=f"{way.doing} campaigns")
        else:
            ended = [alone(campaign, asking) for campaign in campaigns]
    if stop.is_asked and is_of_several:
        terminal.error(Interrupted(STOPPED))
    if way.heads is not None and is_of_several:
        terminal.show([BLANK, *summary_table([each.row for each in ended], way.heads)])
    return combined([each.code for each in ended])


@contextmanager
def _signals(
    stop: StopRequest, terminal: Terminal, *, is_clean: bool
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Handles signals, once for the whole run; yields what is around a question to a person."""
    with ExitStack() as stack:
        if not is_clean:
            yield nullcontext
            return
        from reconciler.cli.signals import stopping_cleanly

        yield stack.enter_context(stopping_cleanly(stop, terminal.say))


def attempt(campaign: Campaign, turn: Turn, work: Work) -> Ended:
    """How `work` went, whatever happened; nothing is begun in a run that was asked to stop."""
    if turn.stop.is_asked:
        return Ended(Interrupted.exit_code, SummaryRow(campaign.name, "not begun"))
    try:
        return work(campaign, turn)
    except (click.Abort, click.ClickException):
        raise
    except Exception as error:  # noqa: BLE001 - one campaign's failure, whatever it is, must not stop the others
        if not isinstance(error, Interrupted) or not turn.is_of_several:
            turn.terminal.error(error)
        code = exit_code_of(error)
        outcome = "stopped" if isinstance(error, Interrupted) else _OUTCOMES.get(code, "failed")
        return Ended(code, SummaryRow(campaign.name, outcome))


def combined(codes: list[int]) -> int:
    """One exit code for several: the same for all, what matters most when all succeeded, else 7."""
    if len(set(codes)) <= 1:
        return codes[0] if codes else 0
    if set(codes) <= {0, 2}:
        return 2
    return SOME_FAILED
