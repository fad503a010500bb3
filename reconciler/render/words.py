"""Numbers and times as people read them. No rich, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

_MINUTE_S = 60
_HOUR_S = 3600


def number(n: float) -> str:
    """`n` with thousands separated: `1,200`."""
    return f"{n:,.0f}"


def count(n: int, one: str, many: str = "") -> str:
    """`n` things: `1 call`, `1,200 calls`. `many` defaults to `one` and an s."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """`share` (percent) with at most one decimal: `45%`, `33.3%`."""
    return f"{share:.1f}".removesuffix(".0") + "%"


def listing(parts: Iterable[str]) -> str:
    """The parts as a sentence lists them: `a, b and c`."""
    *first, last = [*parts] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def duration(seconds: float) -> str:
    """`seconds` in the two units that matter: `0.4 s`, `16 s`, `2 min 05 s`, `3 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02} s"
    return f"{whole // _HOUR_S:,} h {whole % _HOUR_S // _MINUTE_S:02} min"


def moment(at: datetime) -> str:
    """`at`, which knows its zone, in UTC to the minute: one clock for everybody who reads a log."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def moment_of_ms(unix_ms: int) -> str:
    """`unix_ms` (Unix milliseconds) like `moment`; a time no calendar has is said to be unreadable."""
    try:
        return moment(datetime.fromtimestamp(unix_ms / 1000, UTC))
    except (OverflowError, ValueError, OSError):
        return "unreadable time"
