"""Doing something to each campaign of a run: one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click
import msgspec

from reconciler.cli.terminal import Terminal
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.manifest.model import Campaign
from reconciler.render.results import DONE, SummaryRow, summary_table

SOME_FAILED = 7
_OUTCOMES = {0: "done", 2: "changes", 3: "held back by a guard", 4: "unknown", 5: "stale plan", 6: "locked"}


class Ended(msgspec.Struct, frozen=True):
    """How one campaign went."""

    code: int
    row: SummaryRow


def for_each(
    campaigns: Iterable[Campaign],
    terminal: Terminal,
    work: Callable[[Campaign], Ended],
    *,
    heads: Sequence[str] | None = DONE,
) -> int:
    """Does `work` for every campaign; the exit code of the whole run.

    Several campaigns get a table at the end, with these heads; without heads there is none.
    """
    ended: list[Ended] = []
    for campaign in campaigns:
        result = _attempt(campaign, terminal, work)
        ended.append(result)
        if result.row.outcome == "stopped":
            break
    if heads and len(ended) > 1:
        terminal.show(summary_table([each.row for each in ended], heads))
    return combined([each.code for each in ended])


def _attempt(campaign: Campaign, terminal: Terminal, work: Callable[[Campaign], Ended]) -> Ended:
    try:
        return work(campaign)
    except (click.Abort, click.ClickException):
        raise
    except Exception as error:  # noqa: BLE001 - one campaign's failure, whatever it is, must not stop the others
        terminal.error(error)
        code = error.exit_code if isinstance(error, ReconcilerError) else 1
        outcome = "stopped" if isinstance(error, Interrupted) else _OUTCOMES.get(code, "failed")
        return Ended(code, SummaryRow(campaign.name, outcome))


def combined(codes: list[int]) -> int:
    """One exit code for several: the same for all, what matters most when all succeeded, else 7."""
    if len(set(codes)) <= 1:
        return codes[0] if codes else 0
    if set(codes) <= {0, 2}:
        return 2
    return SOME_FAILED
