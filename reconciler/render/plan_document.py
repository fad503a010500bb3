"""What a plan is as JSON, for programs: the members of the document, and the source of `schemas/plan.v1.json`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reconciler.plan.standing import Verdict
from reconciler.render.facts import CHANGES, HELD_BACK, NOTHING
from reconciler.render.windows import Week

FORMAT: Literal["campaign-plan/v1"] = "campaign-plan/v1"

Mask = Annotated[str, Meta(description="the phone for people to read, its middle hidden: 1650•••0042")]
CallDigest = Annotated[
    str, Meta(description="keyed digest of the call's key, as in the lockfile; with `wave` its identity")
]
Text = Annotated[str, Meta(description="for people; may be worded differently in later versions")]
Count = Annotated[int, Meta(ge=0)]
ActionKind = Annotated[str, Meta(extra_json_schema={"enum": ["add", "replace", "cancel", "adopt"]})]
DriftedKind = Annotated[str, Meta(extra_json_schema={"enum": ["cancelled", "ended", "missing", "unknown", "foreign"]})]
NoteKind = Annotated[str, Meta(extra_json_schema={"enum": ["blocked", "drifted", "deferred", "frozen"]})]
Outcome = Annotated[str, Meta(description="how it came out", extra_json_schema={"enum": [HELD_BACK, CHANGES, NOTHING]})]
Move = Annotated[str, Meta(extra_json_schema={"enum": ["start", "pause", "resume", "stop"]})]


class ActionRow(msgspec.Struct, frozen=True, gc=False):
    """One call the plan changes. `reason` is a word as in the groups, such as `new_wave`."""

    kind: ActionKind
    reason: str
    phone: Mask
    call: CallDigest
    wave: str
    file: Annotated[str | None, Meta(description="the list the call is in; null: in none any more")]
    line: Annotated[int | None, Meta(description="from 1")]
    attempts: Annotated[int, Meta(ge=0, description="made already by a call that is replaced")]
    in_progress: Annotated[bool, Meta(description="being called now: not taken back, only not tried again")]


class NoteRow(msgspec.Struct, frozen=True, gc=False):
    """One call the plan says something about and leaves as it is."""

    kind: NoteKind
    reason: str
    phone: Mask
    call: CallDigest
    wave: str
    file: str | None
    line: int | None


class GroupRow(msgspec.Struct, frozen=True):
    """Calls of one kind and reason, counted. `count` is 0 for what is about the campaign itself."""

    kind: Annotated[str, Meta(description="as of actions and notes, held or unmanaged")]
    reason: Annotated[str | None, Meta(description="a word that stays; null for held and unmanaged")]
    why: Text
    following: Text
    count: Count


class GuardRow(msgspec.Struct, frozen=True):
    """A guard held against the plan. `amount` and `limit` are calls, or percent when `is_percent`."""

    name: Annotated[str, Meta(description="as in the manifest, such as newCalls; run.newCalls: over the whole run")]
    option: Annotated[str, Meta(description="as in --allow, such as new-calls")]
    amount: float
    limit: float
    is_percent: bool
    is_tripped: Annotated[bool, Meta(description="the plan does more than the guard lets pass")]
    affected: Annotated[int, Meta(ge=0, description="calls the amount is about, or rows of a list")]
    base: Annotated[int, Meta(ge=0, description="calls the percentage is of, or rows of a list")]
    about: Annotated[str, Meta(description='the list it is about; "": the campaign')]
    allow: Annotated[int, Meta(ge=0, description="the smallest amount for --allow that lets the plan pass")]


class WarningRow(msgspec.Struct, frozen=True):
    """What looks like a mistake, and holds nothing up by itself."""

    code: Annotated[str, Meta(description="a word that stays, such as never-opens; docs/warnings.md has all")]
    calls: Annotated[int, Meta(ge=0, description="it is about; 0: about the campaign itself")]
    what: Text
    fix: Text
    source: Annotated[str, Meta(description='where the rule of a compliance profile is written; "": no rule')]
    file: str
    line: Annotated[int | None, Meta(description="from 1; null: the file as a whole")]


class ForecastRow(msgspec.Struct, frozen=True):
    """About when all calls will have been made, by what is open to them and what is assumed."""

    done_by: Annotated[str | None, Meta(description="ISO 8601, UTC; null: some calls are left over")]
    left: Annotated[int, Meta(ge=0, description="calls that are not made before their windows close, or for weeks")]
    calls: Annotated[int, Meta(ge=0, description="still to be made once the plan is done")]
    lines: Annotated[int, Meta(ge=0, description="maxSimultaneousCalls of the campaign")]
    attempts: Annotated[float, Meta(description="expected of each call")]
    talking_s: Annotated[float, Meta(description="seconds of talk expected with each number")]
    is_measured: Annotated[bool, Meta(description="talking_s is what this campaign took so far; false: assumed")]


class SettingRow(msgspec.Struct, frozen=True):
    """A setting of the campaign that changes. Values are as people see them: JSON, cut short, secrets hidden."""

    path: Annotated[str, Meta(description="such as policy.maxAttempts")]
    old: str
    new: str


class DriftGroupRow(msgspec.Struct, frozen=True):
    """Calls or jobs that drifted alike, counted."""

    kind: DriftedKind
    why: Text
    following: Text
    count: Count


class DriftedState(msgspec.Struct, frozen=True):
    """The campaign's state, changed by somebody."""

    then: Annotated[str, Meta(description="when an apply last looked, or moved it")]
    now: str


class DriftRow(msgspec.Struct, frozen=True):
    """What changed on the server without an apply from here."""

    is_any: Annotated[bool, Meta(description="whether there is any")]
    words: Text
    state: DriftedState | None
    groups: tuple[DriftGroupRow, ...]


class DriftedCall(msgspec.Struct, frozen=True, gc=False):
    """One call, or one job of somebody else, which has no digest and no wave."""

    kind: DriftedKind
    phone: Mask
    call: str
    wave: str


class StateRow(msgspec.Struct, frozen=True):
    """The campaign's state."""

    wanted: str
    observed: Annotated[str | None, Meta(description="null: the server does not tell, or was not asked")]


class CountsRow(msgspec.Struct, frozen=True):
    """Calls by what becomes of them."""

    add: Count = 0
    replace: Count = 0
    cancel: Count = 0
    adopt: Count = 0
    rings: Annotated[int, Meta(ge=0, description="phones that will ring: add and replace")] = 0
    moves: Annotated[int, Meta(ge=0, description="of campaigns as a whole: start, pause, resume, stop")] = 0
    blocked: Count = 0
    drifted: Count = 0
    deferred: Count = 0
    frozen: Count = 0
    held: Annotated[int, Meta(ge=0, description="calls that wait for a later step of the rollout")] = 0
    unmanaged: Annotated[int, Meta(ge=0, description="jobs in the campaign that the lock does not own")] = 0
    wanted: Annotated[int, Meta(ge=0, description="calls the lists want, suppressed ones left out")] = 0
    suppressed: Annotated[int, Meta(ge=0, description="rows that suppression lists took out")] = 0
    in_step: Annotated[int, Meta(ge=0, description="calls for which nothing is to do")] = 0


class ResultRow(msgspec.Struct, frozen=True):
    """How many of the judged calls came out in a way that may abort the rollout."""

    name: Annotated[str, Meta(description="as in the manifest, such as technicalError")]
    count: Count
    percent: Annotated[float, Meta(ge=0, description="of the judged calls, rounded up")]
    limit: Annotated[float, Meta(ge=0, description="percent; more aborts the rollout")]


class RolloutRow(msgspec.Struct, frozen=True):
    """Where a rollout stands."""

    verdict: Annotated[
        str,
        Meta(
            description="adding calls of the step, waiting for the gate, aborted until a person decides, or over",
            extra_json_schema={"enum": [each.value for each in Verdict]},
        ),
    ]
    step: Annotated[int, Meta(ge=0, description="from 1; 0: its steps changed, and what was called is judged first")]
    steps: Count
    reach: Annotated[int | None, Meta(description="calls in the step, from the first one on; null for all")]
    added: Annotated[int, Meta(ge=0, description="calls of this wave added before this plan")]
    finished: Annotated[int, Meta(ge=0, description="of these")]
    adding: Annotated[int, Meta(ge=0, description="calls this plan adds")]
    wait_left_s: Annotated[int, Meta(ge=0, description="seconds the gate still waits")]
    results: tuple[ResultRow, ...]
    aborted: Annotated[str | None, Meta(description="why; null: it is not")]
    resume: Annotated[str | None, Meta(description="the text for rollout.resume that goes on after the abort")]
    words: Text


class PlannedHead(msgspec.Struct, frozen=True, tag_field="result", tag="planned"):
    """A campaign that was planned, without its single calls."""

    campaign: Annotated[str, Meta(description="its name")]
    labels: Annotated[dict[str, str], Meta(description="of its manifest")]
    outcome: Outcome
    plan_id: Annotated[str, Meta(description="changes with any action, and with the lock it was computed from")]
    host: str
    dialect: Annotated[str | None, Meta(description="legacy or current; null: the server was not asked")]
    is_refreshed: Annotated[bool, Meta(description="false: statuses are the lockfile's, the server was not asked")]
    state: StateRow
    headline: Annotated[tuple[Text, ...], Meta(description="what the plan does to people's phones")]
    counts: CountsRow
    moves: Annotated[tuple[Move, ...], Meta(description="of the campaign as a whole")]
    settings: Annotated[tuple[SettingRow, ...], Meta(description="of the campaign that change")]
    guards: Annotated[tuple[GuardRow, ...], Meta(description="all of them, tripped or not")]
    windows: Annotated[tuple[Week, ...], Meta(description="when the calls of the lists may begin")]
    groups: Annotated[tuple[GroupRow, ...], Meta(description="the actions and notes counted by kind and reason")]
    drift: Annotated[DriftRow | None, Meta(description="null: --drift was not given")]
    rollout: Annotated[RolloutRow | None, Meta(description="null: the manifest has none")]
    forecast: Annotated[ForecastRow | None, Meta(description="null: too little is known, or little is to be done")]
    warnings: Annotated[tuple[WarningRow, ...], Meta(description="what looks like a mistake")]


class PlannedCampaign(PlannedHead, frozen=True, tag_field="result", tag="planned"):
    """A campaign that was planned."""

    actions: Annotated[tuple[ActionRow, ...], Meta(description="every call the plan changes")]
    notes: Annotated[tuple[NoteRow, ...], Meta(description="every call it leaves as it is, and why")]
    drifted: Annotated[tuple[DriftedCall, ...], Meta(description="every call and job that drifted")]


class FailedCampaign(msgspec.Struct, frozen=True, tag_field="result", tag="failed"):
    """A campaign that could not be planned: nothing is known of what it would do."""

    campaign: Annotated[str, Meta(description="its name")]
    outcome: Literal["failed"]
    exit_code: int
    errors: Annotated[tuple[str, ...], Meta(description="what went wrong, then where and what to do; masked")]


class Summary(msgspec.Struct, frozen=True):
    """All campaigns of the run together: campaigns by outcome, calls by what becomes of them."""

    campaigns: Count
    failed: Count
    held_back: Count
    changes: Count
    nothing_to_do: Count
    counts: CountsRow


class PlanDocument(msgspec.Struct, frozen=True):
    """What a change would do to people's phones, campaign by campaign. Phones are masked; there is no payload in it."""

    format: Annotated[Literal["campaign-plan/v1"], Meta(description="always campaign-plan/v1")]
    campaigns: tuple[PlannedCampaign | FailedCampaign, ...]
    summary: Summary
