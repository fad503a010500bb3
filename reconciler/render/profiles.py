"""Compliance profiles for people and programs: what they allow, where the rule is written, as of when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from reconciler.manifest.profile import Cap, HolidayRule, Profile
from reconciler.profiles.rules import Rule, rule_of
from reconciler.render.page import BLANK, Cell, Line, columns, line
from reconciler.render.words import count, listing
from reconciler.windows.week import DAYS, EVERY, hours_text

VERSION = 1
"""Of the JSON document; a later one with the same number only adds fields."""

NO_ADVICE = "Profiles are a lint, not legal advice: they know hours and counts, and nothing of consent or exemptions."


def profiles_text(profiles: Sequence[Profile], *, full: bool = False) -> Iterator[Line]:
    """A few lines for each profile; in full, also what else to know."""
    for profile in profiles:
        yield line((profile.name, "bold"), f"  {profile.spec.purpose}", hang=len(profile.name) + 2)
        yield from columns(_facts(profile, full=full), indent=2)
        yield BLANK
    yield line((NO_ADVICE, "dim"))


def _facts(profile: Profile, *, full: bool) -> list[tuple[Cell, Cell]]:
    spec, rule = profile.spec, rule_of(profile.spec)
    facts: list[tuple[Cell, Cell]] = [(("hours", "dim"), _hours(rule))]
    if rule.holidays:
        facts.append((("holidays", "dim"), _holidays(rule, rule.holidays)))
    if spec.caps:
        facts.append((("at most", "dim"), listing(map(_cap, spec.caps))))
    facts.append((("source", "dim"), f"{spec.source}, as of {spec.seen}"))
    if full:
        facts.append((("numbers", "dim"), f"of {', '.join(spec.countries)}" if spec.countries else "all"))
        facts += ((("note", "dim"), note) for note in spec.notes)
        facts.append((("from", "dim"), str(profile.place) if profile.place else "this program"))
    return facts


def _hours(rule: Rule) -> str:
    return "any" if rule.week == EVERY else f"{rule.week}, local time of the person called"


def _holidays(rule: Rule, holidays: HolidayRule) -> str:
    where = "-".join(filter(None, (holidays.country, holidays.subdivision or "")))
    return f"of {where}: {hours_text(rule.holiday.of_day(0)) or 'nobody is called'}"


def _cap(cap: Cap) -> str:
    counted = count(cap.calls, "call") if cap.calls else count(cap.conversations or 0, "conversation")
    return f"{counted} in {cap.per}"


def profiles_json(profiles: Sequence[Profile]) -> str:
    """The JSON document: hours by day, each as from and to."""
    document = {"version": VERSION, "note": NO_ADVICE, "profiles": [_fields(profile) for profile in profiles]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _fields(profile: Profile) -> dict[str, object]:
    spec, rule = profile.spec, rule_of(profile.spec)
    holidays = rule.holidays
    return {
        "name": profile.name,
        "purpose": spec.purpose,
        "countries": spec.countries or None,
        "hours": {day: _texts(rule.week.of_day(number)) for number, day in enumerate(DAYS)},
        "holidays": holidays
        and {
            "country": holidays.country,
            "subdivision": holidays.subdivision or None,
            "hours": _texts(rule.holiday.of_day(0)),
        },
        "caps": [{"calls": c.calls or None, "conversations": c.conversations or None, "per": c.per} for c in spec.caps],
        "source": spec.source,
        "seen": spec.seen,
        "notes": spec.notes,
        "file": profile.place.file if profile.place else None,
    }


def _texts(spans: Sequence[tuple[int, int]]) -> list[str]:
    return ["-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span) for span in spans]
