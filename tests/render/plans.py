"""Plans and consoles the render tests share. All phones begin alike, so that one that leaks is easy to find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from reconciler.calls.model import CampaignState, Dialect
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.phones.model import Call
from reconciler.plan.model import Action, Add, Cancel, Note, Plan, Reason, Replace
from reconciler.plan.wanted import Wanted
from reconciler.render.console import make_consoles
from reconciler.render.page import Line, write

PLANTED = ("1650777", "447700")


def wanted(n: int, phone: str = "1650777{:04}") -> Wanted:
    """A call on line n + 2 of leads.csv."""
    call = Call(f"customer-{n}", "1", phone.format(n), b'{"phone":"16507770000"}', "leads.csv", n + 2)
    return Wanted(call, f"key{n}", f"phone{n}", f"request{n}")


def locked(n: int, status: CallStatus = CallStatus.PLANNED) -> LockedCall:
    """The same call as the lock remembers it."""
    return wanted(n).locked(f"job{n}", status, None)


def adds(n: int, reason: Reason = Reason.NEW) -> tuple[Add, ...]:
    """So many calls to add."""
    return tuple(Add(wanted(i), reason) for i in range(n))


def cancels(n: int, reason: Reason = Reason.REMOVED) -> tuple[Cancel, ...]:
    """So many calls to take back."""
    return tuple(Cancel(locked(1000 + i), reason) for i in range(n))


def replaces(n: int) -> tuple[Replace, ...]:
    """So many calls whose data changed; the first was not tried yet, the second once, and so on."""
    return tuple(Replace(wanted(2000 + i), locked(2000 + i), attempts=i) for i in range(n))


EMPTY = Plan(
    campaign="spring-promo",
    host="https://app.jaicp.com",
    dialect=Dialect.CURRENT,
    desired_state="running",
    observed_state=CampaignState.RUNNING,
    is_refreshed=True,
    wanted=500,
    suppressed=0,
    in_step=500,
    actions=(),
    notes=(),
    settings=(),
    guards=(),
    plan_id="3f9a1c77b2e04d10",
)


def plan(actions: Iterable[Action] = (), notes: Iterable[Note] = (), **fields: object) -> Plan:
    """The empty plan with these actions, notes and other fields."""
    return replace(EMPTY, actions=tuple(actions), notes=tuple(notes), **fields)


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def console_on(stream: StringIO, environ: Mapping[str, str] | None = None) -> Console:
    """The console a command would have on `stream`."""
    return make_consoles(stream, StringIO(), environ or {}).out


def printed(lines: Iterable[Line], environ: Mapping[str, str] | None = None) -> str:
    """The lines as a file or a CI log gets them."""
    stream = StringIO()
    write(console_on(stream, environ), lines)
    return stream.getvalue()


def on_terminal(lines: Iterable[Line], columns: int) -> str:
    """The lines as a terminal of so many columns without colours gets them."""
    stream = Terminal()
    write(console_on(stream, {"COLUMNS": str(columns), "NO_COLOR": "1"}), lines)
    return stream.getvalue()
