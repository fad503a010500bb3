"""The calls a command is about: named by their ids, by a phone or by a key, which are digested and never printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.options import option

if TYPE_CHECKING:
    from reconciler.lock.model import LockedCall
    from reconciler.read.remembered import Recalled

F = TypeVar("F", bound=Callable[..., Any])


def picking_options(command: F) -> F:
    """Gives a command `phones` and `keys`."""
    phone = option(
        "--phone", "phones", multiple=True, metavar="PHONE", help="Calls of this phone, such as +16500000000."
    )
    key = option("--key", "keys", multiple=True, metavar="KEY", help="Calls of this key, of all waves.")
    return phone(key(command))


def picked(
    recalled: Recalled, shown: str, ids: Iterable[str], phones: Iterable[str], keys: Iterable[str], secret: str | None
) -> list[LockedCall]:
    """The calls that are named, each once. Raises UsageError when anything names none; none of it is repeated."""
    from reconciler.lock.choosing import by_key, by_phone, by_shown_id
    from reconciler.lock.journal import with_doubts
    from reconciler.lock.opening import open_keyer

    lock = with_doubts(recalled.lock, recalled.opened)
    found = [_known(by_shown_id(lock, each), "an id") for each in ids]
    if phones or keys:
        keyer = open_keyer(lock.header, secret, shown)
        found += [_known(by_phone(lock, keyer.phone(_digits(each))), "--phone") for each in phones]
        found += [_known(by_key(lock, keyer.key(each)), "--key") for each in keys]
    return list({call.call_id: call for calls in found for call in calls}.values())


def _known(calls: list[LockedCall], what: str) -> list[LockedCall]:
    if not calls:
        raise click.UsageError(f"{what} that was given is of no call in this lockfile")
    return calls


def _digits(phone: str) -> str:
    from reconciler.phones.normalise import Numbering
    from reconciler.phones.problems import Wrong

    try:
        return Numbering().digits(phone)
    except Wrong as wrong:
        raise click.UsageError(f"--phone: {wrong.what}; {wrong.fix or 'give it as +16500000000'}") from None
