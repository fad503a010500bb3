"""Profiles, policies and calls for the tests of compliance profiles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.manifest.profiles import shipped
from reconciler.profiles.breaches import Breach, Kind, breaches, period_of, terms_of
from reconciler.profiles.rules import Rule, rule_of
from reconciler.windows.numbers import key_of, origin_of
from reconciler.windows.zones import minutes_of

NEW_YORK, PHOENIX, INDIANA, LOS_ANGELES = "12125550100", "16025550100", "12195550100", "16505550100"
TOLL_FREE, TORONTO, LONDON, NOWHERE = "18002345678", "14165550100", "442079460001", "21000000"
SYDNEY, PERTH, AU_MOBILE = "61293744000", "61892345678", "61412345678"
PARIS, DELHI = "33123456789", "911123456789"
KALININGRAD, MOSCOW, RU_MOBILE = "74012000000", "74952000000", "79161234567"

JUNE = datetime(2030, 6, 3, tzinfo=UTC)  # a Monday


def hours(start: str, end: str, *more: str) -> list[dict[str, str]]:
    """Windows of a day."""
    edges = (start, end, *more)
    return [{"localTimeFrom": a, "localTimeTo": b} for a, b in zip(edges[::2], edges[1::2], strict=True)]


def daily(start: str, end: str, **more: Any) -> dict[str, Any]:
    """A policy with the same hours on all days."""
    return {"allowedTime": {"default": hours(start, end)}} | more


def judged(rule: str | Rule, policy: dict[str, Any], phone: str, now: datetime = JUNE) -> dict[Kind, Breach]:
    """What is wrong with a call, by kind."""
    made = rule_of(shipped(rule).spec) if isinstance(rule, str) else rule
    terms = terms_of(policy)
    period = period_of(terms.window, minutes_of(now))
    return {breach.kind: breach for breach in breaches(made, terms, origin_of(key_of(phone)), period)}


def kinds(rule: str | Rule, policy: dict[str, Any], phone: str, now: datetime = JUNE) -> set[Kind]:
    """Only the kinds."""
    return set(judged(rule, policy, phone, now))
