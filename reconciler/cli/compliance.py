"""Holding a campaign's calls against its compliance profiles, while a command reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from reconciler.cli.terminal import Terminal
from reconciler.errors import Problem
from reconciler.manifest.model import Campaign
from reconciler.phones.model import CallSource, Chunk


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


def held_to_profiles(campaign: Campaign, source: CallSource, terminal: Terminal) -> CallSource:
    """The same calls: when they have been read, warnings are written and errors raised as ManifestError."""
    if not campaign.profiles:
        return source
    from reconciler.profiles.inspection import Inspected

    return Inspected(campaign, source, datetime.now(UTC), lambda problem: warn(terminal, problem))


def warn(terminal: Terminal, problem: Problem) -> None:
    """Writes a problem as a warning."""
    terminal.warn(f"{problem.place}: {problem.path}: {problem.what}", problem.fix)
