"""Which calls are decided about one by one though nothing is remembered of them: something else may speak against them.

Of a million new calls these are few: those of whose phones other campaigns, other locks or the server know something.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from reconciler.lock.erasure import Graves
from reconciler.lock.keyed import Keyer
from reconciler.manifest.model import Campaign
from reconciler.phones.model import Desired
from reconciler.plan.cap import Usage
from reconciler.plan.diff import Aside, Observed, foreign_phones
from reconciler.plan.fresh import NONE, Fresh, Part
from reconciler.plan.wanted import Wanted


def taken_singly(
    campaign: Campaign,
    desired: Desired,
    aside: Aside,
    observed: Observed,
    keyer: Keyer,
    usage: Usage | None,
    graves: Graves,
) -> tuple[Desired, Aside]:
    """The fresh calls that something may speak against among those that are decided about one by one."""
    if campaign.state == "stopped":  # everybody is named whom it does not call
        taken, left = [*aside.fresh.wanted()], NONE
    else:
        phones = frozenset(
            keyer.texts(b"phone", [phone.encode() for phone in _told(campaign, desired, observed, usage)])
        )
        taken, left = aside.fresh.apart((), phones)
        more, left = _spoken_of(left, usage, graves)
        taken += more
    calls = (*desired.calls, *(wanted.call for wanted in taken))
    return msgspec.structs.replace(desired, calls=calls), msgspec.structs.replace(aside, fresh=left)


def _told(campaign: Campaign, desired: Desired, observed: Observed, usage: Usage | None) -> Iterator[str]:
    """Phones that jobs of others have, and those that may have a call under another key, which a cap counts."""
    if campaign.foreign == "block":
        yield from foreign_phones(observed.foreign)
    if usage is not None:
        yield from {call.phone for call in desired.calls if call.is_same_phone_allowed}


def _spoken_of(fresh: Fresh, usage: Usage | None, graves: Graves) -> tuple[list[Wanted], Fresh]:
    """Those whose phones another campaign called or another lock knows as erased, and the others."""
    is_asked = usage is not None or bool(graves.others)
    return fresh.where(partial(_positions, usage, graves)) if is_asked else ([], fresh)


def _positions(usage: Usage | None, graves: Graves, part: Part) -> set[int]:
    phones = part.phones()
    found = {at for at, is_erased in enumerate(graves.of(phones)) if is_erased}
    if usage is not None:
        digests = part.new().columns()[1]
        uses = usage.of(dict(zip(digests, phones, strict=True)))
        found.update(at for at, digest in enumerate(digests) if digest in uses)
    return found
