"""Plans as one JSON document, for programs: policy engines, dashboards, bots.

The document (`plan_document.py`) is never made in memory as a whole: a plan may hold a million actions, so each
campaign is written as soon as it is planned, its calls one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from reconciler.plan.load import Forecast
from reconciler.plan.model import Drift, GuardResult
from reconciler.plan.standing import Standing
from reconciler.plan.warnings import PlanWarning
from reconciler.render.documents import Failure, Planned, Tally, calls_by_kind
from reconciler.render.facts import CHANGES, FAILED, HELD_BACK, NOTHING, amount_to_allow, drift_words, outcome
from reconciler.render.groups import DONE, CallGroup, Entry, Outline, drift_groups, move_words, outline
from reconciler.render.headline import headline
from reconciler.render.plan_document import (
    FORMAT,
    ActionRow,
    CountsRow,
    DriftedCall,
    DriftedState,
    DriftGroupRow,
    DriftRow,
    FailedCampaign,
    ForecastRow,
    GroupRow,
    GuardRow,
    NoteRow,
    PlannedHead,
    ResultRow,
    RolloutRow,
    SettingRow,
    StateRow,
    Summary,
    WarningRow,
)
from reconciler.render.rollout import rollout_words
from reconciler.render.shown import host_name, plain, setting

_OPENING = f'{{"format":"{FORMAT}","campaigns":[\n'.encode()
_AT_ONCE = 1000  # calls encoded together: enough to be quick, few enough to take no room


class JsonPlans:
    """Plans as a JSON document, handed to `write` piece by piece."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self._tally, self._encode = write, Tally(), msgspec.json.Encoder().encode

    def planned(self, planned: Planned) -> None:
        """Writes a campaign with all its calls."""
        shape = outline(planned.plan)
        self._begin()
        self._tally.add(planned.plan, shape)
        # All but the closing brace: what follows is too large to be a struct.
        self._write(self._encode(_head(planned, shape))[:-1])
        done = [group for group in shape.groups if group.kind in DONE]
        self._rows(b'"actions"', (_action(group, entry) for group in done for entry in group.entries(None)))
        said = [group for group in shape.groups if group.kind not in DONE]
        self._rows(b'"notes"', (_note(group, entry) for group in said for entry in group.entries(None)))
        drifted = drift_groups(planned.plan.drift) if planned.plan.drift else ()
        self._rows(b'"drifted"', (_drifted(group, entry) for group in drifted for entry in group.entries(None)))
        self._write(b"}")

    def failed(self, failure: Failure) -> None:
        """Writes a campaign that has no plan."""
        self._begin()
        self._tally.add_failed()
        self._write(self._encode(FailedCampaign(failure.campaign, "failed", failure.exit_code, failure.said)))

    def end(self) -> None:
        """Writes the summary, which ends the document."""
        if not self._tally.campaigns:
            self._write(_OPENING)
        self._write(b'\n],"summary":' + self._encode(_summary(self._tally)) + b"}\n")

    def _begin(self) -> None:
        self._write(b",\n" if self._tally.campaigns else _OPENING)

    def _rows(self, name: bytes, rows: Iterator[ActionRow] | Iterator[NoteRow] | Iterator[DriftedCall]) -> None:
        """Writes a member of the campaign: a call on each line, for those who search or cut a large document."""
        self._write(b"," + name + b":[")
        gap = b"\n"
        while some := list(islice(rows, _AT_ONCE)):
            self._write(gap + b",\n".join(map(self._encode, some)))
            gap = b",\n"
        self._write(b"]")


def _head(planned: Planned, shape: Outline) -> PlannedHead:
    plan = planned.plan
    return PlannedHead(
        campaign=plan.campaign,
        labels=dict(planned.labels),
        outcome=outcome(plan),
        plan_id=plan.plan_id,
        host=host_name(plan.host),
        dialect=plan.dialect,
        is_refreshed=plan.is_refreshed,
        state=StateRow(plan.desired_state, plan.observed_state.name.lower() if plan.observed_state else None),
        headline=headline(plan, shape),
        counts=_counts(calls_by_kind(plan, shape)),
        moves=tuple(move_words(move)[0] for move in shape.moves),
        settings=tuple(SettingRow(*setting(change)) for change in plan.settings),
        guards=tuple(map(_guard, plan.guards)),
        windows=planned.weeks,
        groups=tuple(map(_group, shape.groups)),
        drift=_drift(plan.drift) if plan.drift else None,
        rollout=_rollout(plan.rollout) if plan.rollout else None,
        forecast=_forecast(plan.forecast) if plan.forecast else None,
        warnings=tuple(map(_warning, plan.warnings)),
    )


def _rollout(standing: Standing) -> RolloutRow:
    return RolloutRow(
        verdict=standing.verdict.value,
        step=standing.step,
        steps=standing.steps,
        reach=standing.mark.reach or None,
        added=standing.added,
        finished=standing.finished,
        adding=standing.adding,
        wait_left_s=standing.wait_left_s,
        results=tuple(ResultRow(r.name, r.count, r.percent, r.limit / 100) for r in standing.results),
        aborted=standing.mark.aborted or None,
        resume=standing.resume or None,
        words=rollout_words(standing),
    )


def _counts(calls: Counter[str]) -> CountsRow:
    counted = {name: calls[name] for name in CountsRow.__struct_fields__}
    return CountsRow(**counted | {"rings": calls["add"] + calls["replace"]})


def _group(group: CallGroup) -> GroupRow:
    return GroupRow(group.kind.name, _word(group), group.why, group.following, group.count)


def _guard(guard: GuardResult) -> GuardRow:
    held = {name: getattr(guard, name) for name in GuardResult.__struct_fields__}
    return GuardRow(**held, allow=amount_to_allow(guard))


def _forecast(found: Forecast) -> ForecastRow:
    done_by = found.done_by.isoformat(timespec="minutes") if found.done_by else None
    amounts = (found.left, found.calls, found.lines, round(found.attempts, 2), round(found.talking_s, 1))
    return ForecastRow(done_by, *amounts, found.is_measured)


def _warning(each: PlanWarning) -> WarningRow:
    file, line = plain(each.place.file), each.place.line or None
    return WarningRow(each.code, each.calls, plain(each.what), plain(each.fix), each.source, file, line)


def _drift(drift: Drift) -> DriftRow:
    then_now = drift.state
    state = DriftedState(then_now.then.name.lower(), then_now.now.name.lower()) if then_now else None
    groups = (DriftGroupRow(each.kind.name, each.why, each.following, each.count) for each in drift_groups(drift))
    return DriftRow(drift.is_any, drift_words(drift), state, tuple(groups))


def _drifted(group: CallGroup, entry: Entry) -> DriftedCall:
    return DriftedCall(group.kind.name, plain(entry.mask), *entry.call_id)


def _word(group: CallGroup) -> str | None:
    return group.reason.name.lower() if group.reason else None


def _action(group: CallGroup, entry: Entry) -> ActionRow:
    return ActionRow(*_row(group, entry), entry.attempts, entry.is_in_progress)


def _note(group: CallGroup, entry: Entry) -> NoteRow:
    return NoteRow(*_row(group, entry))


def _row(group: CallGroup, entry: Entry) -> tuple[str, str, str, str, str, str | None, int | None]:
    reason, place = _word(group) or "", entry.place
    file, line = (plain(place.file), place.line or None) if place else (None, None)
    return (group.kind.name, reason, plain(entry.mask), *entry.call_id, file, line)


def _summary(tally: Tally) -> Summary:
    failed, held_back, changes, nothing = (tally.outcomes[each] for each in (FAILED, HELD_BACK, CHANGES, NOTHING))
    return Summary(tally.campaigns, failed, held_back, changes, nothing, _counts(tally.calls))
