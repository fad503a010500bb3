"""Holding a campaign's calls against its compliance profiles, while a command reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from reconciler.cli.terminal import Terminal
from reconciler.errors import Problem
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Chunk


class Breaches:
    """What is found in the calls of several campaigns: errors, and warnings."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def watch(self, campaign: Campaign, suppressed: frozenset[str], chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks; once they end, or somebody stops taking them, what was found in them is here."""
        if not campaign.profiles:  # whoever has none does not pay for the import either
            yield from chunks
            return
        from reconciler.profiles.inspection import Inspection, by_severity, inspected

        inspection = Inspection(campaign, suppressed, datetime.now(UTC))
        try:
            yield from inspected(inspection, iter(chunks))
        finally:
            errors, warnings = by_severity(inspection.findings())
            self.errors += errors
            self.warnings += warnings


def warn(terminal: Terminal, problem: Problem) -> None:
    """Writes a problem as a warning."""
    terminal.warn(f"{problem.place}: {problem.path}: {problem.what}", problem.fix)
