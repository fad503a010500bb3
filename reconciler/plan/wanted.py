"""A wanted call by the digests the lock would know it by."""

from __future__ import annotations

import msgspec

from reconciler.calls.masks import mask
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.phones.model import Call


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """A wanted call with the digests the lock would know it by."""

    call: Call
    key: str
    phone: str
    request: str

    @property
    def call_id(self) -> tuple[str, str]:
        """Identity: the digest of the key, and the wave."""
        return (self.key, self.call.wave)

    def locked(self, job_id: str, status: CallStatus, before: LockedCall | None) -> LockedCall:
        """What the lock remembers of this call with that job; the jobs it had `before` stay known."""
        former = before.job_history() if before else ()
        return LockedCall(
            self.key, self.call.wave, self.phone, self.request, job_id, status, mask(self.call.phone), former
        )
