"""What a plan leaves a campaign to do, and about when that is done, as values; `forecast.py` makes one of the other."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Load(msgspec.Struct, frozen=True):
    """What is to be done, and with what. Times are of talking, by the server's own count."""

    calls: int = 0  # still to be made once the plan is done
    lines: int | None = None  # None: the server does not tell, or was not asked
    called: int = 0  # numbers that were
    talked_s: float = 0  # with all of them


class Forecast(msgspec.Struct, frozen=True):
    """About when all calls are made, and what that rests on."""

    done_by: datetime | None  # None: not within what is looked ahead, or before their windows close
    left: int  # calls that are not made by then
    calls: int
    lines: int
    attempts: float  # expected of each call
    talking_s: float  # of each call
    is_measured: bool  # the talking time is that of this campaign
    zone: str  # of most of the calls, "" where they have none in common
    until: datetime  # as far as was looked
