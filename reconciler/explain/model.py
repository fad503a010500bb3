"""What is said of the calls of one person in one campaign, as values.

No value of a payload is in any of them, and nobody's number but the one that was typed; whatever shows them shows all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from reconciler.calls.model import CampaignState, JobStatus
from reconciler.errors import Place
from reconciler.lock.model import CallStatus
from reconciler.plan.model import Blocked, CallAction, Deferred, Drifted, Frozen, GuardResult, Move, SettingChange
from reconciler.plan.standing import Standing

Said = CallAction | Deferred | Frozen | Blocked | Drifted
"""What a plan says about one call."""


class Field(msgspec.Struct, frozen=True):
    """One field of a request: what it is, and which level it comes from."""

    name: str  # as the API names it; `payload.` and a name for those of the payload
    kind: str  # text, number, truth, list, object, null; "absent" where a column's cell is empty
    level: str  # such as `campaign`, `list leads`, `CallPolicy office-hours`, `column amount`
    place: Place
    value: Any = None  # of a policy's fields only, secrets left out
    is_shown: bool = False  # whether `value` is the value
    is_of_campaign: bool = False  # the campaign says it, for all calls that do not say otherwise


class Clock(msgspec.Struct, frozen=True):
    """By which clocks somebody's hours are counted."""

    zones: tuple[str, ...]  # none where nobody knows
    is_said: bool  # a policy says the zone; else it is the number's
    countries: tuple[str, ...] = ()  # that the number may be of


class Hours(msgspec.Struct, frozen=True):
    """When a call may begin on one day: by the first of the clocks, and by the last where they differ."""

    day: str  # 2030-01-07, by the first clock
    spans: tuple[tuple[str, str], ...]  # from and to, HH:MM
    by_last: tuple[tuple[str, str], ...] = ()
    is_unsaid: bool = False  # no policy says: the campaign's own settings decide


class Window(msgspec.Struct, frozen=True):
    """When a call may begin in the coming days."""

    clock: Clock
    policy: str  # the hours of a week as the policies say them
    days: tuple[Hours, ...] = ()
    first: str = ""  # the zone of the first clock
    last: str = ""  # of the last one where they differ
    start: str = ""  # no call before; ISO 8601
    finish: str = ""  # no call from then on
    opens: datetime | None = None  # next, or now where it is open
    opens_there: str = ""  # the same by the first clock
    is_open: bool = False
    changes: tuple[datetime, ...] = ()  # of clocks in these days


class Kept(msgspec.Struct, frozen=True):
    """A compliance profile held against a call; `breaches` are what is wrong, in words."""

    name: str
    severity: str
    is_about: bool  # it is about numbers like this one
    breaches: tuple[str, ...] = ()


class Suppressed(msgspec.Struct, frozen=True):
    """A suppression file that has the number. `reason` is the file's own word, "" where it has none."""

    file: str
    reason: str
    place: Place  # where the manifest names the file


class Row(msgspec.Struct, frozen=True):
    """A call that is wanted."""

    call_id: tuple[str, str]  # digest of the key, and the wave
    phone: str  # the mask; where that number was typed, the number
    list: str
    place: Place
    key_from: str  # such as `column customer_id`, or `the phone itself`
    digest: str  # of the request, as a lock would remember it
    fields: tuple[Field, ...]
    unsaid: tuple[str, ...]  # fields that nobody says: the campaign's own settings decide
    window: Window
    profiles: tuple[Kept, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()


class Memory(msgspec.Struct, frozen=True):
    """What the lock remembers of a call, as it was last written."""

    call_id: tuple[str, str]
    mask: str
    status: CallStatus
    job_id: str
    former: tuple[str, ...]  # jobs it had before
    digest: str  # of the request its job was made from
    asked_ms: int | None = None  # when the request was written down whose outcome is not known
    decisions: tuple[str, ...] = ()  # what people decided about it, oldest first


class Sighting(msgspec.Struct, frozen=True):
    """A job as the server reports it."""

    job_id: str
    status: JobStatus
    attempts: int
    was_reached: bool
    created_ms: int | None
    finished_ms: int | None
    talked_s: float
    is_owned: bool  # the lock knows it


class Planned(msgspec.Struct, frozen=True):
    """What the plan of the whole campaign says about these calls."""

    plan_id: str
    state: CampaignState | None
    desired_state: str
    is_refreshed: bool
    moves: tuple[Move, ...]
    guards: tuple[GuardResult, ...]  # that hold it back
    about: dict[tuple[str, str], Said]
    settings: tuple[SettingChange, ...] = ()  # of the campaign, that alone changed a call
    changed_alone: frozenset[tuple[str, str]] = frozenset()  # calls that only those changed
    rollout: Standing | None = None  # None: everybody at once

    @property
    def is_anything_done(self) -> bool:
        """Whether any of these calls changes by the plan."""
        return any(isinstance(each, CallAction) for each in self.about.values())


class Explanation(msgspec.Struct, frozen=True):
    """Everything there is to say of one person in one campaign."""

    campaign: str
    lockfile: str
    rows: tuple[Row, ...]
    memories: tuple[Memory, ...]
    jobs: tuple[Sighting, ...] | None  # None: the server was not asked
    planned: Planned | None  # None: no plan can be made
    problem: str = ""  # why the server was not asked, or no plan can be made
    typed: str = ""  # the number in full, where somebody typed it


class Near(msgspec.Struct, frozen=True):
    """A call that is not the one asked for, and nearly is."""

    campaign: str
    mask: str
    place: Place
    what: str


class Looked(msgspec.Struct, frozen=True):
    """What was looked through in one campaign where nobody was found."""

    campaign: str
    lists: int
    calls: int
    remembered: int
    near: tuple[Near, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
