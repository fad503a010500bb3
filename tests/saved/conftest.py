"""The same places: a folder, a sandbox, and planted numbers and words in it."""

from __future__ import annotations

from tests.resolve.conftest import open_place, place

__all__ = ["open_place", "place"]
