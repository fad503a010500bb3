"""How long the lists are now, against how long they were when the lock saw them last.

The lock knows lists by the digest of their name, so that a file's name tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import Header
from reconciler.phones.model import Sizes
from reconciler.plan.guards import Change

NO_LONGER_NAMED = "lists no longer named"
_LIST, _SUPPRESSION = "list:", "suppression:"


def list_changes(header: Header, sizes: Sizes, keyer: Keyer) -> tuple[Change, ...]:
    """What became of every list that the lock knows and that is still there. A new list is none that grew."""
    digests = {name: keyer.fingerprint(_LIST + name) for name in sizes.lists}
    return tuple(
        Change(name, header.lists[digest], sizes.lists[name])
        for name, digest in digests.items()
        if digest in header.lists
    )


def suppression_changes(header: Header, sizes: Sizes, keyer: Keyer) -> tuple[Change, ...]:
    """What became of every suppression file that the lock knows.

    Those that are no longer named stand against those that are new, together: a file that was renamed lost nobody,
    and one that was left out, as by a run that reads only some of the manifests, lost everybody.
    """
    before = header.suppressions
    digests = {name: keyer.fingerprint(_SUPPRESSION + name) for name in sizes.suppressions}
    known = [Change(n, before[d], sizes.suppressions[n]) for n, d in digests.items() if d in before]
    new = sum(sizes.suppressions[name] for name, digest in digests.items() if digest not in before)
    gone = sum(entries for digest, entries in before.items() if digest not in digests.values())
    return (*known, *([Change(NO_LONGER_NAMED, gone, new)] if gone else []))


def with_sizes(header: Header, sizes: Sizes, keyer: Keyer) -> Header:
    """The header once these lists were taken as they are."""
    return msgspec.structs.replace(
        header,
        lists=_digested(_LIST, sizes.lists, keyer),
        suppressions=_digested(_SUPPRESSION, sizes.suppressions, keyer),
    )


def _digested(kind: str, sizes: Mapping[str, int], keyer: Keyer) -> dict[str, int]:
    return dict(sorted((keyer.fingerprint(kind + name), size) for name, size in sizes.items()))
