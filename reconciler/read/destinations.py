"""Which campaign on a server each campaign of a run leads to: two that lead to one would call everybody twice.

Lockfiles tell that of earlier runs. Campaigns that are worked on at the same time have none yet when they are asked.
"""

from __future__ import annotations

from threading import Lock as Mutex

from reconciler.calls.model import CampaignDetails

_Mark = tuple[str, str] | tuple[str, int]


class Destinations:
    """The campaigns of one run by where they lead to. May be used from several threads."""

    def __init__(self) -> None:
        self._mutex = Mutex()
        self._names: dict[_Mark, str] = {}

    def meet(self, name: str, host: str, details: CampaignDetails) -> str:
        """The other campaign that leads there, too; "" when there is none, and then `name` is known to."""
        marks: list[_Mark] = [(host, details.campaign_id)]
        if details.created_at_ms is not None:  # a host may have several names
            marks.append((details.campaign_id, details.created_at_ms))
        with self._mutex:
            others = [other for mark in marks if (other := self._names.get(mark, name)) != name]
            if not others:
                self._names.update(dict.fromkeys(marks, name))
        return next(iter(others), "")
