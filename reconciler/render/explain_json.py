"""One person's calls as a JSON document, for programs. Its members are described in docs/explain.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from reconciler.errors import Place
from reconciler.explain.model import Explanation, Field, Looked, Memory, Near, Row, Sighting, Suppressed, Window
from reconciler.explain.words import of_memory, of_row
from reconciler.render.facts import amount_to_allow
from reconciler.render.groups import move_words

FORMAT: Final = "campaign-explain/v1"


def explain_json(told: Sequence[Explanation], looked: Sequence[Looked], elsewhere: Sequence[Near] = ()) -> bytes:
    """The document."""
    near = [*(near for each in looked for near in each.near), *elsewhere] if not told else []
    document = {
        "format": FORMAT,
        "found": bool(told),
        "campaigns": [*map(_told, told)],
        "looked": [
            {"campaign": e.campaign, "lists": e.lists, "calls": e.calls, "locked": e.remembered} for e in looked
        ],
        "near": [{"campaign": e.campaign, "phone": e.mask, **_place(e.place), "what": e.what} for e in near],
        "suppressed": [_suppressed(each) for e in looked for each in e.suppressed],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _told(told: Explanation) -> dict[str, Any]:
    planned = told.planned
    return {
        "campaign": told.campaign,
        "phone": f"+{told.typed}" if told.typed else None,
        "lockfile": told.lockfile,
        "wanted": [_row(each, told) for each in told.rows],
        "remembered": [_memory(each, told) for each in told.memories],
        "jobs": None if told.jobs is None else [*map(_job, told.jobs)],
        "plan": planned
        and {
            "id": planned.plan_id,
            "refreshed": planned.is_refreshed,
            "state": planned.state,
            "desired_state": planned.desired_state,
            "moves": [move_words(move)[0] for move in planned.moves],
            "guards": [{"option": each.option, "allow": amount_to_allow(each)} for each in planned.guards],
        },
        "problem": told.problem or None,
    }


def _row(row: Row, told: Explanation) -> dict[str, Any]:
    word, sentences = of_row(row, told)
    return {
        "call": row.call_id[0],
        "wave": row.call_id[1],
        "phone": row.phone,
        "list": row.list,
        **_place(row.place),
        "key_from": row.key_from,
        "verdict": word.replace(" ", "_"),
        "why": sentences,
        "request": row.digest,
        "fields": [*map(_field, row.fields)],
        "unsaid": row.unsaid,
        "window": _window(row.window),
        "profiles": [
            {"name": each.name, "severity": each.severity, "is_about": each.is_about, "breaches": each.breaches}
            for each in row.profiles
        ],
        "suppressed": [*map(_suppressed, row.suppressed)],
    }


def _field(field: Field) -> dict[str, Any]:
    shown = {"value": field.value} if field.is_shown else {}
    return {"name": field.name, "type": field.kind, **shown, "from": field.level, **_place(field.place)}


def _window(window: Window) -> dict[str, Any]:
    return {
        "zones": window.clock.zones,
        "zone_from": "gmtZone" if window.clock.is_said else "number" if window.clock.zones else None,
        "clock": window.first or None,
        "last_clock": window.last or None,
        "days": [
            {"day": each.day, "hours": each.spans, "by_last_clock": each.by_last, "is_unsaid": each.is_unsaid}
            for each in window.days
        ],
        "is_open": window.is_open,
        "opens": window.opens and _moment(window.opens),
        "start": window.start or None,
        "finish": window.finish or None,
    }


def _memory(memory: Memory, told: Explanation) -> dict[str, Any]:
    is_wanted = any(row.call_id == memory.call_id for row in told.rows)
    word, sentences = (None, ()) if is_wanted else of_memory(memory, told)
    return {
        "call": memory.call_id[0],
        "wave": memory.call_id[1],
        "phone": memory.mask,
        "status": memory.status.name.lower(),
        "job": memory.job_id or None,
        "former_jobs": memory.former,
        "request": memory.digest,
        "verdict": word,
        "why": sentences,
        "decisions": memory.decisions,
    }


def _job(job: Sighting) -> dict[str, Any]:
    return {
        "job": job.job_id,
        "status": job.status,
        "attempts": job.attempts,
        "was_reached": job.was_reached,
        "created_ms": job.created_ms,
        "finished_ms": job.finished_ms,
        "talked_s": job.talked_s,
        "is_owned": job.is_owned,
    }


def _suppressed(each: Suppressed) -> dict[str, Any]:
    return {"by": each.file, "reason": each.reason or None}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line}


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
