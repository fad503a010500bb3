"""One campaign as a command works on it: its lists, its lockfile's store and its server."""

from __future__ import annotations

import msgspec

from reconciler.calls.client import CallsClient
from reconciler.calls.model import Dialect
from reconciler.cli.capped import lock_secret, neighbourhood
from reconciler.cli.options import Common
from reconciler.cli.stores import open_store
from reconciler.cli.terminal import Terminal
from reconciler.lock.keyed import Keyer
from reconciler.lock.stores import Store
from reconciler.manifest.model import Campaign
from reconciler.phones.desired import ListedCalls
from reconciler.phones.watch import Watch
from reconciler.plan.cap import Usage
from reconciler.read.remembered import Remembered
from reconciler.read.sieve import Sifted, sift
from reconciler.read.usage import Neighbourhood


class Desk(msgspec.Struct, frozen=True):
    """What the commands need besides the campaign. `secret` is the lockfile's, not the server's."""

    campaign: Campaign
    store: Store
    secret: str | None
    timeout_s: float
    hood: Neighbourhood | None = None  # where a cap is in force

    @classmethod
    def of(cls, campaign: Campaign, common: Common, *, who: str = "", hood: Neighbourhood | None = None) -> Desk:
        """The desk of `campaign`. Raises UsageError when there is no such folder for its lockfile.

        `who` names the run to others that find the lock held; by default user and machine. `hood` is what the
        campaigns of a run share where a cap is in force.
        """
        store = open_store(campaign, common.lock_store, who=who)
        hood = hood or neighbourhood([campaign], common)
        return cls(campaign, store, lock_secret(), common.timeout_s, hood)

    def usage(self, keyer: Keyer) -> Usage | None:
        """What counts towards the caps besides the campaign's own calls; None where there is no cap."""
        return self.hood.usage(self.campaign.name, self.campaign.caps, keyer) if self.hood else None

    def wanted(self, watch: Watch) -> ListedCalls:
        """What the lists want, watched whenever they are read."""
        return ListedCalls(self.campaign, watch)

    def sifted(self, terminal: Terminal, remembered: Remembered) -> Sifted:
        """The same, read and held against what is remembered. Raises ManifestError with every bad row."""
        with terminal.progress() as progress:
            return sift(self.campaign, self.wanted(progress), remembered.lock, remembered.keyer)

    def client(self, token: str) -> CallsClient:
        """A client of the campaign's server; to be closed. Raises UsageError for a token that cannot be one."""
        dialect = None if self.campaign.dialect == "auto" else Dialect(self.campaign.dialect)
        return CallsClient(self.campaign.host, token, dialect=dialect, timeout_s=self.timeout_s, parallelism=4)
