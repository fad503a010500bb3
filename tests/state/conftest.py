"""The same places as for `resolve`: a folder beside a real sandbox, every phone in it planted."""

from __future__ import annotations

from tests.resolve.conftest import open_place, place

__all__ = ["open_place", "place"]
