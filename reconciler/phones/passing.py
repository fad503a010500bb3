"""Calls that are looked at while they pass: one source in front of another."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.phones.model import CallSource, Chunk, Sizes


class Passing:
    """The calls of `source`, and all else it knows; who looks at them has `chunks` of its own. Is a `CallSource`."""

    def __init__(self, source: CallSource) -> None:
        self._source = source

    @property
    def suppressed(self) -> frozenset[str]:
        """E.164 digits of those nobody may call."""
        return self._source.suppressed

    @property
    def sizes(self) -> Sizes:
        """How long the lists are, known once they have been read."""
        return self._source.sizes

    def suppressed_now(self) -> frozenset[str]:
        """E.164 digits of those nobody may call by now. Raises ManifestError, GuardTripped."""
        return self._source.suppressed_now()

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls, as often as they are asked for."""
        return self._source.chunks()
