"""One person's calls as text: what the plan does and why first, then what that rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain

from reconciler.explain.model import (
    Clock,
    Explanation,
    Field,
    Hours,
    Looked,
    Memory,
    Near,
    Row,
    Sighting,
    Suppressed,
    Window,
)
from reconciler.explain.words import of_memory, of_row
from reconciler.lock.choosing import SHOWN
from reconciler.render.facts import allowance, guard_words
from reconciler.render.page import BLANK, Cell, Line, columns, line
from reconciler.render.policy_words import value_words
from reconciler.render.remembered import STATUS_WORDS
from reconciler.render.status import STATUS_WORDS as JOB_WORDS
from reconciler.render.words import count, duration, listing, moment, moment_of_ms, number

_STYLES = {
    "add": "bold green",
    "replace": "bold yellow",
    "cancel": "bold red",
    "suppressed": "bold red",
    "adopt": "bold cyan",
    "blocked": "bold magenta",
    "drifted": "bold magenta",
    "unknown": "bold magenta",
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def explanation_text(told: Explanation) -> Iterator[Line]:
    """The lines of what is told."""
    yield line((told.campaign, "bold"), f"  {_who(told)}")
    for row in told.rows:
        yield from _row(row, told)
    for each in told.memories if not told.rows else ():
        yield from _verdict(*of_memory(each, told))
    yield from _lock(told)
    yield from _server(told)
    yield from _guards(told)


def _who(told: Explanation) -> str:
    if told.typed:
        return f"+{told.typed}"
    return ", ".join(dict.fromkeys([*(row.phone for row in told.rows), *(each.mask for each in told.memories)]))


def _heading(name: str, *beside: str) -> Iterator[Line]:
    yield BLANK
    yield line((name, "bold"), *(part for each in beside if each for part in ("  ", (each, "dim"))), indent=2, hang=4)


def _row(row: Row, told: Explanation) -> Iterator[Line]:
    word, sentences = of_row(row, told)
    facts = [("list", f"{row.list}, {row.place}"), ("key", row.key_from), ("wave", row.call_id[1])]
    yield from columns([[(name, "dim"), words] for name, words in facts], indent=2)
    yield BLANK
    yield from _verdict(word, sentences)
    yield from _heading("Request")
    yield from columns([_field(each) for each in row.fields], indent=4)
    if row.unsaid:
        yield line(("left to the campaign's own settings: ", "dim"), (", ".join(row.unsaid), "dim"), indent=4, hang=2)
    yield from _window(row.window)
    yield from _profiles(row)


def _verdict(word: str, sentences: Sequence[str]) -> Iterator[Line]:
    first, *others = sentences or ("",)
    yield line((f"{word.capitalize()}:", _STYLES.get(word, "bold")), f" {first}", indent=2, hang=2)
    yield from (line(each, indent=4) for each in others)


def _field(field: Field) -> list[Cell]:
    words: Cell = field.value if field.name == "phone" else _hidden(field)
    if field.is_shown and field.name != "phone":
        words = value_words(field.name, field.value)
    return [field.name, words, (f"{field.level}, {field.place.file}:{field.place.line}", "dim")]


def _hidden(field: Field) -> Cell:
    return ("empty cell" if field.kind == "absent" else f"{field.kind} •••", "dim")


def _window(window: Window) -> Iterator[Line]:
    yield from _heading("Hours", _clocks(window))
    if not window.clock.zones:
        yield line(
            "No time zone is known for this number, and no policy says one: nobody knows when it may ring.", indent=4
        )
        yield line(f"The policies say {window.policy}, by a clock that is not known.", indent=4)
        return
    yield from columns([_day(each) for each in window.days], indent=4)
    if len(window.clock.zones) > 1 and window.last:
        yield line("The server counts by one of these clocks; which one, gmtZone would say.", indent=4)
    yield line(_opening(window), indent=4)
    for name, at in (("no call before", window.start), ("no call from then on", window.finish)):
        if at:
            yield line(f"{name}: {at}", indent=4)
    for each in window.changes:
        yield line(f"clocks change there on {moment(each)}", indent=4)


def _clocks(window: Window) -> str:
    clock: Clock = window.clock
    if not clock.zones:
        return ""
    where = "gmtZone says it" if clock.is_said else f"by its number{_countries(clock)}"
    if not window.last:
        more = f" and {count(len(clock.zones) - 1, 'zone')} alike" if len(clock.zones) > 1 else ""
        return f"{window.first}{more}, {where}"
    return f"open by all clocks from {window.first} to {window.last}: {count(len(clock.zones), 'zone')}, {where}"


def _countries(clock: Clock) -> str:
    return f", {', '.join(clock.countries)}" if 0 < len(clock.countries) <= 2 else ""


def _day(each: Hours) -> list[Cell]:
    day = date.fromisoformat(each.day)
    name = f"{_WEEKDAYS[day.weekday()]} {each.day}"
    if each.spans:
        by_last: Cell = (f"{_spans(each.by_last)} by the last clock", "dim") if each.by_last else ""
        return [name, _spans(each.spans), by_last]
    return [name, ("no policy says" if each.is_unsaid else "no call", "dim"), ""]


def _spans(spans: Iterable[tuple[str, str]]) -> str:
    return listing(f"{start}–{end}" for start, end in spans)


def _opening(window: Window) -> str:
    if window.is_open:
        return "open now"
    if any(each.is_unsaid for each in window.days):
        return "on days that no policy speaks of, the campaign's own settings on the server decide"
    if window.opens is None:
        return "no minute to come is open" + (" by all of these clocks" if window.last else "")
    return f"opens next {window.opens_there} there, {moment(window.opens)}"


def _profiles(row: Row) -> Iterator[Line]:
    if not row.profiles:
        return
    yield from _heading("Profiles")
    for each in row.profiles:
        if not each.is_about:
            yield line(each.name, (": is not about such numbers", "dim"), indent=4)
        elif not each.breaches:
            yield line(each.name, ": kept", indent=4)
        for breach in each.breaches:
            yield line((f"! {each.name}", "bold magenta"), f", {each.severity}: {breach}", indent=4, hang=2)


def _lock(told: Explanation) -> Iterator[Line]:
    yield from _heading("Lock", told.lockfile)
    if not told.memories:
        yield line("remembers nothing of this key or phone", indent=4)
    wanted = {row.call_id: row for row in told.rows}
    for each in told.memories:
        yield from columns([_memory(each)], indent=4)
        row = wanted.get(each.call_id)
        if row is None and wanted:
            word, sentences = of_memory(each, told)
            yield line((f"{word}:", _STYLES.get(word, "dim")), f" {' '.join(sentences)}", indent=6, hang=2)
        elif row is not None and row.digest != each.digest:
            yield line("made from another request than the one that is wanted now", indent=6)
        for decision in each.decisions:
            yield line(decision, indent=6, hang=2)


def _memory(each: Memory) -> list[Cell]:
    key, wave = each.call_id
    job = f"job {each.job_id}" if each.job_id else "no job"
    former = f"before: {', '.join(each.former)}" if each.former else ""
    since = f"sent {moment_of_ms(each.asked_ms)}" if each.asked_ms is not None else ""
    return [f"{key[:SHOWN]}/{wave}", STATUS_WORDS[each.status], job, (since, "dim"), (former, "dim")]


def _server(told: Explanation) -> Iterator[Line]:
    yield from _heading("Server")
    if told.jobs is None:
        yield line(told.problem, indent=4)
    elif not told.jobs:
        yield line("has no job of this call", indent=4)
    else:
        yield from columns([_job(each) for each in told.jobs], indent=4)


def _job(job: Sighting) -> list[Cell]:
    talked = f", talked {duration(job.talked_s)}" if job.talked_s else ""
    since = moment_of_ms(job.created_ms) if job.created_ms is not None else ""
    ended = f"ended {moment_of_ms(job.finished_ms)}" if job.finished_ms is not None else ""
    return [
        f"job {job.job_id}",
        JOB_WORDS[job.status],
        f"{count(job.attempts, 'attempt') if job.attempts else 'no attempt'}{talked}",
        (f"added {since}" if since else "", "dim"),
        (ended, "dim"),
        "" if job.is_owned else ("not of this lock", "bold magenta"),
    ]


def _guards(told: Explanation) -> Iterator[Line]:
    planned = told.planned
    if planned is None or not (planned.guards and planned.is_anything_done):
        return
    yield from _heading("Held back", "by a guard, until somebody allows the amount")
    for guard in planned.guards:
        yield line((f"guard {guard.name}", "bold red"), f": {guard_words(guard)}", indent=4, hang=2)
        yield line(f"to go on: {allowance(guard)}", indent=6, hang=None)


def nobody_text(who: str, looked: Sequence[Looked], left_out: int, elsewhere: Sequence[Near]) -> Iterator[Line]:
    """The lines for nobody found: what was looked through, and what comes near."""
    yield line((f"{who} is in no list and no lockfile here.", "bold"))
    amounts = [
        count(len(looked), "campaign"),
        count(sum(each.lists for each in looked), "list"),
        count(sum(each.calls for each in looked), "call"),
        f"{number(sum(each.remembered for each in looked))} remembered",
    ]
    facts: list[list[Cell]] = [[("looked through", "dim"), ", ".join(amounts)]]
    if left_out:
        facts.append([("left out", "dim"), f"{count(left_out, 'campaign')}, by --target or --shard"])
    yield from columns(facts, indent=2)
    near = [*chain.from_iterable(each.near for each in looked), *elsewhere]
    yield from columns([[each.mask, f"{each.campaign}, {each.place}", (each.what, "dim")] for each in near], indent=2)
    suppressed: dict[Suppressed, None] = dict.fromkeys(chain.from_iterable(each.suppressed for each in looked))
    for each in suppressed:
        reason = f" ({each.reason})" if each.reason else ""
        yield line(("suppressed", "bold red"), f" by {each.file}{reason}", indent=2)
