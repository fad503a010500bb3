"""Campaign-level settings as the lockfile keeps them: readable, with what is secret digested.

The lockfile is committed, so a URL (it may carry a credential) and anything with a phone number's worth of digits
becomes a keyed digest: a change is still seen, the value is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from reconciler.lock.keyed import Keyer

_SECRET = re.compile(r"://|(?:\d[\s()./_\u2010-\u2015-]*){7}")
DIGESTED = "digest:"
"""Prefix of a value that was digested."""


def remembered(policy: dict[str, Any], payload: dict[str, Any], keyer: Keyer) -> dict[str, dict[str, Any]]:
    """Policy and payload for the lock's header, under these two names."""
    return {"policy": _masked(policy, keyer), "payload": _masked(payload, keyer)}


def redigested(value: Any, again: Callable[[str], str]) -> Any:
    """What is remembered of a setting, with what `again` makes of each digest in it."""
    if isinstance(value, dict):
        return {redigested(name, again): redigested(item, again) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [redigested(item, again) for item in value]
    if isinstance(value, str) and _A_DIGEST.fullmatch(value):
        return DIGESTED + again(value.removeprefix(DIGESTED))
    return value


_A_DIGEST = re.compile(DIGESTED + r"[\w-]{16}", re.ASCII)


def _masked(value: Any, keyer: Keyer) -> Any:
    if isinstance(value, dict):
        return {_masked_text(str(name), keyer): _masked(item, keyer) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, keyer) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if len(str(abs(value))) < 7 else _masked_text(str(value), keyer)
    return _masked_text(str(value), keyer)


def _masked_text(text: str, keyer: Keyer) -> str:
    if not _SECRET.search(text) or _TIMES.fullmatch(text):
        return text
    return DIGESTED + keyer.fingerprint(text)


_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
"""ISO date-times have many digits and are no phone numbers."""
