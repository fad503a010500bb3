"""What the lock remembers of the calls of one person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.explain.asked import Asked
from reconciler.explain.model import Memory
from reconciler.lock.choosing import by_key, by_phone
from reconciler.lock.journal import OpenIntent
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallId, Header, Lock, LockedCall
from reconciler.phones.model import Call


def remembered_of(lock: Lock, keyer: Keyer, asked: Asked, calls: Iterable[Call] = ()) -> tuple[LockedCall, ...]:
    """The remembered calls, of all waves, of whoever is asked about; those of the phones and keys of `calls` too."""
    found = [*calls]
    phones = {*asked.readings, *(call.phone for call in found)}
    keys = {asked.text, *(call.key for call in found)}
    known = [call for phone in sorted(phones) for call in by_phone(lock, keyer.phone(phone))]
    known += (call for key in sorted(keys) for call in by_key(lock, keyer.key(key)))
    return tuple({call.call_id: call for call in known}.values())


def memories(calls: Iterable[LockedCall], header: Header, opened: Iterable[OpenIntent]) -> Iterator[Memory]:
    """The same calls as they may be shown."""
    asked_ms = {call.call_id: each.intent.created_ms for each in opened for call in each.intent.calls}
    for call in calls:
        yield Memory(
            call_id=call.call_id,
            mask=call.mask,
            status=call.status,
            job_id=call.job_id,
            former=tuple(job.job_id for job in call.former),
            digest=call.request,
            asked_ms=asked_ms.get(call.call_id),
            decisions=tuple(_decisions(call.call_id, header)),
        )


def _decisions(call_id: CallId, header: Header) -> Iterator[str]:
    for each in header.decisions:
        if call_id in each.calls:
            yield f"{each.at} {each.who}: {each.verdict}: {each.why}"
