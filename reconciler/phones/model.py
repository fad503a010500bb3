"""A wanted call, before anything is known of the lock or the server."""

from __future__ import annotations

import msgspec

from reconciler.errors import Place


class Call(msgspec.Struct, frozen=True, gc=False):
    """One wanted call. Everything in it may identify a person: it is never printed, only its mask is."""

    key: str  # names the call from run to run; by default the phone's digits
    wave: str
    phone: str  # E.164 digits without +
    request: bytes  # the canonical JSON object sent to addPhones: sorted keys, no spaces, UTF-8
    source: str  # the list's file as the user names it
    row: int  # line of the row in that file, from 1
    is_same_phone_allowed: bool = False

    @property
    def place(self) -> Place:
        """Where the call is declared."""
        return Place(self.source, self.row)

    def __repr__(self) -> str:
        return f"Call({mask(self.phone)}, {self.source}:{self.row})"


class Desired(msgspec.Struct, frozen=True):
    """All that a campaign's lists want, and the numbers nobody may call whatever the lists say."""

    calls: tuple[Call, ...]
    suppressed: frozenset[str] = frozenset()  # E.164 digits


def mask(phone: str) -> str:
    """`phone` for people to read: the first and last four digits, the rest as bullets (`1650•••0042`).

    At least three digits are always hidden; of a number shorter than 11 digits fewer are shown.
    """
    shown = max(0, min(8, len(phone) - 3))
    head, tail = shown // 2 + shown % 2, shown // 2
    hidden = "•" * (len(phone) - shown)
    return phone[:head] + hidden + (phone[-tail:] if tail else "")
