"""What a plan is computed from, so that another run can tell whether it is the same."""

from __future__ import annotations

import msgspec

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import Lock
from reconciler.manifest.model import Campaign
from reconciler.plan.saved import Basis
from reconciler.read.observed import Server
from reconciler.read.sieve import Sifted


def basis_of(campaign: Campaign, lock: Lock, server: Server, sifted: Sifted, keyer: Keyer) -> Basis:
    """The basis of a plan of what was `sifted` against this lock and server."""
    header = server.header(lock.header)
    rules = (campaign.state, campaign.wave, campaign.foreign, campaign.on_external_cancel, campaign.rollout)
    return Basis(
        lineage="" if lock.is_new else header.lineage,
        serial=header.serial,
        control=header.control,
        check=keyer.check(),
        host=keyer.fingerprint(header.host),
        token=header.token,
        remote=header.remote,
        desired=keyer.fingerprint(msgspec.json.encode(rules).decode() + sifted.digest(keyer)),
    )
