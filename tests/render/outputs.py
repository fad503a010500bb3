"""Plans in the formats programs and browsers read, and hostile values to plant in them."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.errors import Place
from reconciler.plan.model import Adopt, Blocked, Cancel, Plan, Reason, SettingChange, Unmanaged, subject_of
from reconciler.plan.warnings import PlanWarning
from reconciler.render.documents import Document, Failure, Planned
from reconciler.render.plan_html import HtmlPlans
from reconciler.render.plan_json import JsonPlans
from reconciler.render.plan_markdown import MarkdownPlans
from reconciler.render.windows import Day, Hours, Week
from tests.render.plans import adds, locked, plan, replaces, wanted

MORNING, AFTERNOON = Hours("10:00", "13:00"), Hours("14:00", "18:00")
WORKING = tuple(Day(day, True, (MORNING, AFTERNOON)) for day in ("mon", "tue", "wed", "thu", "fri"))
WEEKEND = tuple(Day(day, False, ()) for day in ("sat", "sun"))
OFFICE = Week(("leads", "vip"), "", "", "2030-05-31T18:00:00Z", (*WORKING, *WEEKEND))
UNKNOWN = Week(("others",), "Europe/Berlin", "by row", "", tuple(Day(d.day, None, None) for d in OFFICE.days), True)
LABELS = {"team": "growth"}

Each = Plan | Planned | Failure


def json_of(*each: Each) -> str:
    """The plans as JSON."""
    pieces: list[bytes] = []
    return _told(JsonPlans(pieces.append), each, pieces)


def markdown_of(*each: Each) -> str:
    """The plans as Markdown."""
    pieces: list[bytes] = []
    return _told(MarkdownPlans(pieces.append), each, pieces)


def html_of(*each: Each) -> str:
    """The plans as HTML."""
    pieces: list[bytes] = []
    return _told(HtmlPlans(pieces.append, len(each)), each, pieces)


def _told(document: Document, each: Iterable[Each], pieces: list[bytes]) -> str:
    for one in each:
        if isinstance(one, Failure):
            document.failed(one)
        else:
            document.planned(Planned(one, (OFFICE, UNKNOWN), LABELS) if isinstance(one, Plan) else one)
    document.end()
    return b"".join(pieces).decode()


MARKUP = "</script><script>document.title='pwned'</script><img src=x onerror=alert(1)>"
HOSTILE = (
    f"""{MARKUP}'"`|\\|*_[a](javascript:alert(1)) @everyone #1 ~~x~~ ``b``\n# Head\r\n\x1b[2J\u202e\u2028<!--&amp;"""
)
"""Ends everything it may stand in, for a browser, for Markdown and for a terminal."""


def hostile_plan() -> Plan:
    """A plan whose every free text is hostile."""
    call = wanted(1)
    bad = type(call)(type(call.call)("k", "1", call.call.phone, b"{}", HOSTILE, 7), HOSTILE, "p", "r")
    odd = type(locked(2))(HOSTILE, HOSTILE, "p", "r", "job", locked(2).status, HOSTILE)
    return plan(
        [type(adds(1)[0])(bad, Reason.NEW), *replaces(2), Cancel(odd, Reason.REMOVED), Adopt(bad, odd)],
        [Blocked(subject_of(bad), Reason.FOREIGN_JOB), Unmanaged(3)],
        campaign=HOSTILE,
        host=f"https://{HOSTILE}",
        plan_id=HOSTILE,
        settings=(SettingChange(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}),),
        warnings=(PlanWarning(HOSTILE, HOSTILE, 1, HOSTILE, HOSTILE, Place(HOSTILE, 7), HOSTILE),),
    )


def hostile() -> tuple[Planned, Failure]:
    """The same with hostile labels and weeks, and a campaign that failed with a hostile message."""
    week = Week((HOSTILE,), HOSTILE, HOSTILE, HOSTILE, OFFICE.days)
    return Planned(hostile_plan(), (week,), {HOSTILE: HOSTILE}), Failure(HOSTILE, 1, (HOSTILE, HOSTILE))
