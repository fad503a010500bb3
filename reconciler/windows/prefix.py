"""What of a number decides where it may be, apart from the map that says it, which takes a while to import."""

from __future__ import annotations

from typing import Final

PREFIX: Final = 7
"""Digits that decide: countries give numbers to places and kinds by blocks no smaller."""


def key_of(phone: str) -> str:
    """What numbers have in common that are at home in the same places. `phone` is E.164 digits."""
    return f"{phone[:PREFIX]}{'0' * (len(phone) - PREFIX)}"
