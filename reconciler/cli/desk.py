"""One campaign as a command works on it: its lists, its lockfile's store and its server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import msgspec

from reconciler.calls.model import Dialect
from reconciler.cli.advice import Advice
from reconciler.cli.options import Common
from reconciler.cli.stores import lock_secret, open_store
from reconciler.lock.stores import Store
from reconciler.manifest.model import Campaign
from reconciler.phones.desired import ListedCalls
from reconciler.phones.model import CallSource
from reconciler.phones.watch import Watch
from reconciler.read.remembered import Remembered
from reconciler.read.sieve import Sifted, sift

if TYPE_CHECKING:  # a plan that asks no server does without it
    from reconciler.calls.client import CallsClient
    from reconciler.plan.cap import Usage


Through = Callable[[CallSource], CallSource]


class Desk(msgspec.Struct, frozen=True):
    """What the commands need besides the campaign. `secret` is the lockfile's, not the server's."""

    campaign: Campaign
    store: Store
    secret: str | None
    common: Common
    who: str = ""  # names the run to others; "": user and machine

    @classmethod
    def of(cls, campaign: Campaign, common: Common, *, who: str = "") -> Desk:
        """The desk of `campaign`. Raises UsageError when there is no such folder for its lockfile.

        `who` names the run to others that find the lock held; by default user and machine.
        """
        store = open_store(campaign, common.lock_store, who=who, heads=common.shared.heads)
        return cls(campaign, store, lock_secret(), common, who)

    def usage(self) -> Usage | None:
        """What counts towards the caps besides the campaign's own calls; None where there is no cap.

        Raises LockError when a lock of another campaign cannot be read.
        """
        return self.common.shared.hood.usage(self.campaign, self.common)

    def alone(self, command: str) -> AbstractContextManager[None]:
        """For the time in which calls are counted towards caps and made. Raises LockHeld while another run is at it."""
        return self.common.shared.hood.alone(self.campaign, self.common, command, who=self.who)

    @property
    def timeout_s(self) -> float:
        """How long one request may take."""
        return self.common.timeout_s

    def wanted(self, watch: Watch, allowed: Mapping[str, float] | None = None) -> ListedCalls:
        """What the lists want, watched whenever they are read. `allowed` are the amounts of `--allow`."""
        shrink_pct = (allowed or {}).get("suppression-shrink-percent", 0)
        return ListedCalls(self.campaign, watch, self.common.shared.shelf, shrink_pct=shrink_pct)

    def sifted(self, watch: Watch, remembered: Remembered, advice: Advice, through: Through | None = None) -> Sifted:
        """The same, read and held against what is remembered. Raises ManifestError with every bad row and breach.

        They are read `through` whoever wants to see them pass by.
        """
        listed = self.wanted(watch)
        wanted = advice.watch(through(listed) if through else listed)
        return sift(self.campaign, wanted, remembered.lock, remembered.keyer)

    def client(self, token: str, sleep: Callable[[float], None] = time.sleep) -> CallsClient:
        """A client of the campaign's server; to be closed. Raises UsageError for a token that cannot be one.

        What `sleep` raises ends the waiting between requests.
        """
        from reconciler.calls.client import CallsClient

        dialect = None if self.campaign.dialect == "auto" else Dialect(self.campaign.dialect)
        return CallsClient(
            self.campaign.host,
            token,
            dialect=dialect,
            timeout_s=self.timeout_s,
            parallelism=self.common.parallelism,
            pace=self.common.shared.pace,
            authorities=self.common.shared.authorities,
            sleep=sleep,
        )
