"""What the server says of a campaign, asked for with as few requests as possible.

Only jobs that can still change are read. Whether somebody else's jobs are in the campaign is answered by one count
where the server has one; only when it does not add up are the jobs listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import CampaignDetails, Dialect, Job
from reconciler.errors import LockError, Refusal, Refused, UnknownItems
from reconciler.lock.keyed import Keyer
from reconciler.lock.lockfile import decode_header
from reconciler.lock.model import CallStatus, Header, Lock
from reconciler.lock.opening import find_keyer
from reconciler.lock.owned import OwnedJobs
from reconciler.lock.stores import Store
from reconciler.manifest.model import Campaign
from reconciler.phones.watch import UNWATCHED, Watch
from reconciler.plan.diff import Observed, Unseen
from reconciler.read.destinations import Destinations
from reconciler.read.refresh import read_jobs

if TYPE_CHECKING:  # a plan that asks no server does without it: it takes a tenth of a second to import
    from reconciler.calls.client import CallsClient

EVIDENCE = 20
"""Jobs of the lock that a changed host or token must know before it is believed to lead to the same campaign."""

_NO_JOB = "1"
"""An id no job has: that it is not found is an answer that only an existing campaign gives."""


class Server:
    """One campaign on its server, as a run of `campaign` reads it."""

    def __init__(self, client: CallsClient, campaign: Campaign, keyer: Keyer, token: str) -> None:
        self._client, self._campaign, self._keyer, self._token = client, campaign, keyer, token
        self._details = client.details()

    def observe(self, lock: Lock, *, has_open_intents: bool = False, watch: Watch = UNWATCHED) -> Observed:
        """The campaign's state and its jobs. Raises Refusal when the lock cannot be all there is to know of it."""
        self._refuse_lost_lock(lock, has_open_intents)
        if lock.is_new and self._details is None:
            self._try_token()
        foreign, unseen = self._others(lock)
        return msgspec.structs.replace(
            read_jobs(self._client, lock, watch, f"refreshing {self._campaign.name}"),
            dialect=self._client.dialect(),
            state=self._details.state if self._details else None,
            foreign=foreign,
            unseen=unseen,
            is_refreshed=True,
            details=self._details,
        )

    def _try_token(self) -> None:
        """Raises InvalidToken for a wrong one; on the legacy dialect nothing else shows it before calls are added."""
        try:
            self._client.jobs(job_ids=[_NO_JOB])
        except UnknownItems:
            pass
        except Refused as refused:
            if refused.status != 400:
                raise

    def header(self, header: Header) -> Header:
        """`header` with the fingerprints of what this run talked to."""
        return msgspec.structs.replace(
            header, host=self._campaign.host, token=self._token_print(self._keyer), remote=self.remote
        )

    @property
    def remote(self) -> str:
        """Digest of the server's id of the campaign; "" where it has none to tell."""
        return self._remote_print(self._keyer)

    @property
    def details(self) -> CampaignDetails | None:
        """What the server says of the campaign as a whole; None on the legacy dialect."""
        return self._details

    def _token_print(self, keyer: Keyer) -> str:
        return keyer.fingerprint(self._token)

    def _remote_print(self, keyer: Keyer) -> str:
        if self._details is None:
            return ""
        return keyer.fingerprint(f"{self._campaign.host} {self._details.campaign_id}")

    def refuse_other_campaign(self, lock: Lock) -> None:
        """Raises Refusal when the token leads to another campaign than the one the lock is about."""
        header = lock.header
        if lock.is_new or not header.token:
            return
        is_same_token = header.token == self._token_print(self._keyer) and header.host == self._campaign.host
        is_same_remote = header.remote == self.remote
        if (is_same_remote if header.remote and self.remote else is_same_token) or self._knows_jobs_of(lock):
            return
        raise Refusal(
            f"the token of campaign {self._campaign.name} leads to another campaign than the one its lockfile is "
            "about; give the right token, or declare the other campaign under a name of its own"
        )

    def _knows_jobs_of(self, lock: Lock) -> bool:
        ids = OwnedJobs(lock).newest(EVIDENCE)
        return bool(ids) and not find_jobs(self._client, job_ids=ids).missing

    def _refuse_lost_lock(self, lock: Lock, has_open_intents: bool) -> None:
        total = self._details.total_numbers if self._details else 0
        if total and not lock.calls and not has_open_intents:
            raise Refusal(
                f"campaign {self._campaign.name} has {total} numbers on the server and its lockfile has none: "
                "everybody would be called again; bring the lockfile back, or build one with `campaign import`"
            )

    def _others(self, lock: Lock) -> tuple[tuple[Job, ...], Unseen | None]:
        """The jobs that the lock does not own, and whether there are more than the server lists."""
        if self._details is None:
            return (), None  # the legacy dialect has neither a count nor a listing
        owned, total = OwnedJobs(lock), self._details.total_numbers
        if total == len(owned) or total == owned.count_phones():
            return (), None
        foreign, listed = [], 0
        for job in self._client.jobs_by_date(None, None):
            listed += 1
            if job.job_id not in owned:
                foreign.append(job)
        # Ours are ours, listed or not, and so may be one for each call of which no job is known.
        known = len(owned) + len(foreign) + _count_jobless(lock)
        return tuple(foreign), Unseen(total, listed) if known < total else None

    def refuse_shared_campaign(self, store: Store, secret: str | None, destinations: Destinations) -> None:
        """Raises Refusal when another campaign of this run, or a lockfile of another name, leads to this campaign."""
        name = self._campaign.name
        other = destinations.meet(name, self._campaign.host, self._details) if self._details else ""
        if other:
            raise Refusal(
                f"campaigns {other} and {name} lead to the same campaign on the server: both would manage it and call "
                "everybody twice; give each a token of a campaign of its own"
            )
        for name, first_line in store.neighbours():
            header = _readable_header(first_line, name)
            if header is not None and self._is_this_campaign(header, secret):
                raise Refusal(
                    f"{name} belongs to the same campaign on the server as {self._campaign.name}: two manifests, or a "
                    "renamed one, would call everybody twice; keep one of them"
                )

    def _is_this_campaign(self, header: Header, secret: str | None) -> bool:
        keyer = find_keyer(header, secret)
        if keyer is None:
            return False
        same_remote = bool(header.remote) and header.remote == self._remote_print(keyer)
        return same_remote or (header.host == self._campaign.host and header.token == self._token_print(keyer))


def _count_jobless(lock: Lock) -> int:
    """The calls that may have a job nobody has seen: in doubt, or sent by a person's word."""
    return sum(not call.job_id for call in lock.with_status({CallStatus.IN_DOUBT, CallStatus.VOUCHED}))


def _readable_header(first_line: bytes, name: str) -> Header | None:
    try:
        return decode_header(first_line, name)
    except LockError:
        return None


def needs_first(lock: Lock, dialect: Dialect | None) -> bool:
    """Whether only a person can say that this campaign has no calls yet: no lock, and a server that cannot tell."""
    return lock.is_new and dialect is Dialect.LEGACY
