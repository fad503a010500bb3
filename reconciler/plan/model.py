"""A plan: what would be done (actions), what is said but not done (notes), and what it was computed from.

Actions and notes are unions of frozen structs; whoever handles them matches on all and ends in `assert_never`.
Phones are inside, for applying; whatever is shown goes through `subject`, which holds a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, islice
from operator import eq
from typing import Any, overload

import msgspec

from reconciler.calls.masks import mask
from reconciler.calls.model import CampaignState, Dialect
from reconciler.errors import Place
from reconciler.lock.model import LockedCall
from reconciler.plan.fresh import NONE, Fresh
from reconciler.plan.load import Forecast, Load
from reconciler.plan.standing import Standing
from reconciler.plan.wanted import Wanted
from reconciler.plan.warnings import PlanWarning


class Reason(StrEnum):
    """Why; the value is what a person reads."""

    NEW = "new"
    NEW_WAVE = "new wave"
    AGAIN_AFTER_CANCEL = "wanted again; cancelled before anybody was reached"
    AGAIN_AFTER_NOT_DONE = "never called: the campaign ended first"
    AGAIN_AFTER_REJECTION = "rejected earlier, its data changed"
    AGAIN_AFTER_OTHERS = "cancelled by somebody else; the manifest says to add it again"
    REMOVED = "no longer in the lists"
    SUPPRESSED = "on a suppression list"
    OLDER_WAVE = "of an older wave"
    CHANGED = "changed"
    KEY_CHANGED = "same phone under a new key"
    BEING_CALLED = "being called now"
    CANCELLING = "cancellation asked for, not confirmed yet"
    ALREADY_CALLED = "already called; raise the wave to call again"
    FOREIGN_JOB = "the campaign has a job of this phone that this lock does not own"
    UNKNOWN_STATUS = "the server reports a status this version does not know"
    MISSING = "missing from the server's report"
    IN_DOUBT = "sent, outcome unknown; see `campaign resolve`"
    NEWER_WAVE = "called in a newer wave; a wave that is new calls again"
    SAME_PHONE = "this phone has a call under another key"
    ERASED = "erased; nobody calls them again"
    CAPPED = "over the cap on calls to one phone"
    REJECTED = "rejected by the server; not tried again until its data changes"
    CANCELLED_BY_OTHERS = "cancelled by somebody else, perhaps on the person's wish"
    CAMPAIGN_STOPPED = "the campaign is to be stopped"
    STATE_UNKNOWN = "the server reports a campaign state this version does not know"
    START_IN_WEB = "a new campaign on this server is started in the web interface"


class Subject(msgspec.Struct, frozen=True, gc=False):
    """Whom an action or note is about, as it may be shown."""

    mask: str
    call_id: tuple[str, str]
    place: Place | None = None


def subject_of(who: Wanted | LockedCall) -> Subject:
    """`who`, as it may be shown."""
    if isinstance(who, Wanted):
        return Subject(mask(who.call.phone), who.call_id, who.call.place)
    return Subject(who.mask, who.call_id)


class Add(msgspec.Struct, frozen=True, gc=False, tag="add"):
    """A phone that will ring: one more call job."""

    wanted: Wanted
    reason: Reason
    before: LockedCall | None = None  # what the lock remembers of this (key, wave)


class Cancel(msgspec.Struct, frozen=True, gc=False, tag="cancel"):
    """A queued call that is taken back."""

    locked: LockedCall
    reason: Reason


class Replace(msgspec.Struct, frozen=True, gc=False, tag="replace"):
    """A queued call whose data changed: cancelled, confirmed, added again."""

    wanted: Wanted
    locked: LockedCall
    attempts: int = 0  # already made by the job that is cancelled
    reason: Reason = Reason.CHANGED


class Adopt(msgspec.Struct, frozen=True, gc=False, tag="adopt"):
    """A job that is remembered under this call from now on; no request is sent."""

    wanted: Wanted
    locked: LockedCall  # under its old key
    reason: Reason = Reason.KEY_CHANGED


class Start(msgspec.Struct, frozen=True, tag="start"):
    """The new campaign begins to call."""


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """The campaign stops calling until it is resumed."""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """The paused campaign goes on calling."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """The campaign ends for good. Irreversible."""


class Deferred(msgspec.Struct, frozen=True, tag="deferred"):
    """Wanted, but not now; the next plan decides."""

    subject: Subject
    reason: Reason


class Frozen(msgspec.Struct, frozen=True, tag="frozen"):
    """Changed after it was called: nothing is done."""

    subject: Subject
    reason: Reason = Reason.ALREADY_CALLED


class Blocked(msgspec.Struct, frozen=True, tag="blocked"):
    """Not done because it could call somebody twice or too often; a person decides, or time does."""

    subject: Subject | None  # None: about the campaign itself
    reason: Reason
    detail: str = ""  # what holds for this call alone, such as until when


class Drifted(msgspec.Struct, frozen=True, tag="drifted"):
    """Changed on the server by somebody else, and left alone."""

    subject: Subject
    reason: Reason = Reason.CANCELLED_BY_OTHERS


class Unmanaged(msgspec.Struct, frozen=True, tag="unmanaged"):
    """Jobs in the campaign that this lock does not own."""

    count: int


class Held(msgspec.Struct, frozen=True, tag="held"):
    """Wanted calls that wait for a later step of the rollout, or for a person once it is aborted."""

    count: int


CallAction = Add | Cancel | Replace | Adopt
Move = Start | Pause | Resume | Stop
Action = CallAction | Move
Note = Deferred | Frozen | Blocked | Drifted | Unmanaged | Held


class LongActions(Sequence[Action]):
    """The actions of a large plan: `before`, an add for each fresh call, then `after`, in the order of doing them.

    As a sequence it is what a tuple of all of them would be, so whoever needs each gets each. Whoever only counts, or
    looks for anything but a plain add, asks for the parts.
    """

    def __init__(self, before: Sequence[Action], fresh: Fresh, after: Sequence[Action] = ()) -> None:
        self.known = (*before, *after)
        self.fresh = fresh
        self._before = len(before)

    def __len__(self) -> int:
        return len(self.known) + len(self.fresh)

    def __iter__(self) -> Iterator[Action]:
        return chain(self.known[: self._before], adds_of(self.fresh.wanted()), self.known[self._before :])

    @overload
    def __getitem__(self, at: int) -> Action: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Action, ...]: ...
    def __getitem__(self, at: int | slice) -> Action | tuple[Action, ...]:
        if isinstance(at, slice):
            return tuple(self)[at]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return next(islice(self, at % len(self), None))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    def __hash__(self) -> int:
        return hash((self.known, self.fresh.digest()))

    def __repr__(self) -> str:
        return f"LongActions({len(self.known)} and {len(self.fresh)} fresh ones)"


Actions = tuple[Action, ...] | LongActions
"""What a plan does; a tuple, unless most of it is to add calls of which nothing is remembered."""


def known(actions: Actions) -> tuple[Action, ...]:
    """All but the adds of fresh calls."""
    return actions.known if isinstance(actions, LongActions) else actions


def fresh(actions: Actions) -> Fresh:
    """The calls that are added because nothing is remembered of them, as far as they are in columns."""
    return actions.fresh if isinstance(actions, LongActions) else NONE


def adds_of(wanted: Iterable[Wanted]) -> Iterator[Add]:
    """The adds of calls of which nothing is remembered."""
    return (Add(each, Reason.NEW) for each in wanted)


class SettingChange(msgspec.Struct, frozen=True):
    """A campaign-level setting that differs from what the lock remembers; None stands for absent."""

    path: str  # such as `policy.maxAttempts`
    old: Any
    new: Any


class GuardResult(msgspec.Struct, frozen=True):
    """One guard held against a plan. `amount` and `limit` are calls, or percent when `is_percent`."""

    name: str  # as in the manifest: `newCalls`
    option: str  # as in `--allow`: `new-calls`
    amount: float
    limit: float
    is_percent: bool
    is_tripped: bool
    affected: int  # calls the amount is about
    base: int = 0  # calls the percentage is of
    about: str = ""  # the list it is about, as a person would name it


class DriftKind(StrEnum):
    """What became of a call without an apply from here."""

    CANCELLED = "cancelled"  # by somebody else
    ENDED = "ended"  # the campaign ended before it was made
    MISSING = "missing"  # from the report
    UNKNOWN = "unknown"  # it has a status nobody has listed


class DriftedCalls(msgspec.Struct, frozen=True):
    """Calls that drifted alike, as they were remembered."""

    kind: DriftKind
    calls: tuple[LockedCall, ...]


class StateDrift(msgspec.Struct, frozen=True):
    """The campaign's state when an apply last looked or moved it, and now."""

    then: CampaignState
    now: CampaignState


class Drift(msgspec.Struct, frozen=True):
    """What changed on the server without an apply from here.

    `foreign` are masks of jobs that the lock does not own, unless the manifest allows them.
    """

    state: StateDrift | None = None
    calls: tuple[DriftedCalls, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether there is any."""
        return bool(self.state or self.calls or self.foreign)


class Counts(msgspec.Struct, frozen=True):
    """How many of each, over all actions of a plan."""

    add: int = 0
    cancel: int = 0
    replace: int = 0
    adopt: int = 0
    move: int = 0

    @property
    def rings(self) -> int:
        """Phones that will ring because of the plan: calls added, also again after a cancellation."""
        return self.add + self.replace

    @property
    def taken_back(self) -> int:
        """Calls that are cancelled and not added again."""
        return self.cancel


def counted(actions: Actions) -> Counts:
    """How many of each kind."""
    kinds = [type(action) for action in known(actions)]
    add, cancel, replace, adopt = (kinds.count(kind) for kind in (Add, Cancel, Replace, Adopt))
    move = len(kinds) - add - cancel - replace - adopt
    return Counts(add + len(fresh(actions)), cancel, replace, adopt, move)


class Plan(msgspec.Struct, frozen=True):
    """Everything a run would do to one campaign, in the order of doing it, and everything worth saying about it."""

    campaign: str
    host: str
    dialect: Dialect | None  # None: nobody was asked
    desired_state: str
    observed_state: CampaignState | None  # None: cannot be read, or nobody was asked
    is_refreshed: bool
    wanted: int  # calls the lists want, suppressed ones left out
    suppressed: int  # rows the suppression lists took out
    in_step: int  # calls for which nothing is to do
    actions: Actions
    notes: tuple[Note, ...]
    settings: tuple[SettingChange, ...]
    guards: tuple[GuardResult, ...]
    plan_id: str
    drift: Drift | None = None  # None: nobody asked
    rollout: Standing | None = None  # None: everybody at once
    warnings: tuple[PlanWarning, ...] = ()
    load: Load = Load()
    forecast: Forecast | None = None  # None: too little is known, or it is not worth one

    @property
    def counts(self) -> Counts:
        """How many actions of each kind."""
        return counted(self.actions)

    @property
    def tripped(self) -> tuple[GuardResult, ...]:
        """The guards this plan does not pass."""
        return tuple(guard for guard in self.guards if guard.is_tripped)

    @property
    def is_held_back(self) -> bool:
        """A person has to say something before all of what is wanted is done."""
        return bool(self.tripped) or (self.rollout is not None and self.rollout.is_aborted)
