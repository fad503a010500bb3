"""A wanted call as it is explained: its request by levels, its hours, its profiles, who suppresses it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

import msgspec

from reconciler.calls.masks import mask
from reconciler.explain.hours import hours_of
from reconciler.explain.levels import Written
from reconciler.explain.model import Kept, Row, Suppressed
from reconciler.explain.origins import Sources, fields_of, key_words, listing_of, unsaid
from reconciler.lock.keyed import Keyer
from reconciler.manifest.model import Campaign, SuppressionList
from reconciler.phones.model import Call
from reconciler.phones.problems import Problems
from reconciler.phones.suppression import read_listed
from reconciler.profiles.breaches import breaches, is_about, period_of, terms_of
from reconciler.profiles.findings import words
from reconciler.profiles.rules import rule_of
from reconciler.windows.numbers import Origin, origin_of
from reconciler.windows.zones import minutes_of


def row_of(
    campaign: Campaign,
    call: Call,
    written: Written,
    keyer: Keyer,
    now: datetime,
    *,
    suppressed: frozenset[str],
    typed: str,
) -> Row:
    """What is said of a wanted call; `suppressed` are all numbers nobody may call, `typed` is one to show in full."""
    request: dict[str, Any] = msgspec.json.decode(call.request)
    shown = f"+{call.phone}" if call.phone == typed else mask(call.phone)
    listing, number = listing_of(campaign, call), origin_of(call.phone)
    return Row(
        call_id=(keyer.key(call.key), call.wave),
        phone=shown,
        list=listing.phone_list.name,
        place=call.place,
        key_from=key_words(listing),
        digest=keyer.request(call.request),
        fields=fields_of(call, shown, listing, Sources(campaign, call, listing, written)),
        unsaid=unsaid(request),
        window=hours_of(request, number, now),
        profiles=tuple(_profiles(campaign, request, number, now)),
        suppressed=suppressors(campaign.suppress, {call.phone}, now.timestamp()) if call.phone in suppressed else (),
    )


def _profiles(campaign: Campaign, request: Mapping[str, Any], origin: Origin, now: datetime) -> Iterator[Kept]:
    terms = terms_of(request)
    period = period_of(terms.window, minutes_of(now))
    for used in campaign.profiles:
        rule = rule_of(used.profile.spec)
        applies = is_about(rule, origin)
        found = tuple(words(each, rule)[0] for each in breaches(rule, terms, origin, period)) if applies else ()
        yield Kept(used.profile.name, used.severity, applies, found)


def suppressors(
    lists: Sequence[SuppressionList], phones: Set[str], now_s: float | None = None
) -> tuple[Suppressed, ...]:
    """The suppression files that have one of these numbers now (Unix time)."""
    at = time.time() if now_s is None else now_s
    return tuple(found for each in lists for found in _suppressor(each, phones, at))


def _suppressor(each: SuppressionList, phones: Set[str], now_s: float) -> Iterator[Suppressed]:
    listed = read_listed(each, Problems(0), now_s)
    met = listed.digits & phones
    if met:
        reason = next((listed.reasons[phone] for phone in sorted(met) if phone in listed.reasons), "")
        yield Suppressed(each.shown, reason, each.place)
