"""New calls in columns: as a sequence of actions they are what the same calls one by one would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.calls.model import CampaignState, Job, JobStatus
from reconciler.errors import Refusal
from reconciler.lock.erasure import Graves
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus
from reconciler.manifest.model import Campaign, Cap, Guards
from reconciler.manifest.rollout import ALL, Rollout, Step
from reconciler.phones.model import Call, Chunk, Desired
from reconciler.plan.build import make_plan
from reconciler.plan.cap import Use
from reconciler.plan.diff import Aside, Observed
from reconciler.plan.fresh import NONE, Fresh, Part
from reconciler.plan.guards import permitted
from reconciler.plan.model import (
    Action,
    Add,
    Blocked,
    Cancel,
    Frozen,
    LongActions,
    Pause,
    Plan,
    Reason,
    Resume,
    Start,
    counted,
    fresh,
    known,
)
from reconciler.plan.saved import action_lines
from reconciler.render.groups import outline
from tests.plan.values import KEYER, Stance, call, campaign, lock_of, remembered, wanted

THREE = (call("ann", 1), call("bob", 2), call("cyd", 3))
KEPT = remembered(call("dan", 4), CallStatus.PLANNED)


def chunk_of(calls: Sequence[Call], head: bytes = b"") -> Chunk:
    tails = [one.request[len(head) :] for one in calls]
    keys, phones, rows = [c.key for c in calls], [c.phone for c in calls], [c.row for c in calls]
    return Chunk("leads.csv", calls[0].wave, False, keys, phones, tails, rows, head)


def fresh_of(*calls: Call) -> Fresh:
    return Fresh([Part.of(chunk_of(calls), KEYER)] if calls else [])


NEW = fresh_of(*THREE)
ADDS = tuple(Add(wanted(one), Reason.NEW) for one in THREE)


@given(st.booleans(), st.booleans(), st.sampled_from((b"", b'{"payload":')))
def test_a_part_gives_back_the_calls_it_was_made_of(are_phones: bool, are_ranges: bool, head: bytes) -> None:
    calls = [msgspec.structs.replace(c, key=c.phone) if are_phones else c for c in THREE]
    chunk = chunk_of(calls, head)
    part = Part.of(chunk._replace(rows=range(2, 5)) if are_ranges else chunk, KEYER)
    expected = [msgspec.structs.replace(one, row=2 + n * are_ranges) for n, one in enumerate(calls)]
    assert [*part.chunk().calls()] == expected
    assert [*part.wanted()] == [*map(wanted, expected)]
    taken, left = part.without([1])
    assert taken == [wanted(expected[1])]
    assert [*left.wanted()] == [wanted(expected[0]), wanted(expected[2])]
    taken, left = left.without([0])
    assert (taken, [*left.wanted()], len(left)) == ([wanted(expected[0])], [wanted(expected[2])], 1)
    assert "1650777" not in repr(part)


def test_digests_that_are_known_are_not_made_again() -> None:
    chunk = chunk_of(THREE)
    keys = KEYER.digests(b"key", [one.key.encode() for one in THREE])
    requests = KEYER.digests(b"request", [one.request for one in THREE])
    assert Part.of(chunk, KEYER, keys, requests) == Part.of(chunk, KEYER)


@pytest.mark.parametrize(
    ("keys", "phones", "names"),
    [
        ((), (), ""),
        (("ann",), (), "ann"),
        ((), (2, 3), "bob cyd"),
        (("ann", "eve"), (1, 2), "ann bob"),
        (("eve",), (9,), ""),
    ],
)
def test_whoever_has_one_of_these_keys_or_phones_is_taken_apart(
    keys: tuple[str, ...], phones: tuple[int, ...], names: str
) -> None:
    digests = [KEYER.phone(f"1650777{phone:04}") for phone in phones]
    taken, left = NEW.apart([*map(KEYER.key, keys)], digests)
    assert " ".join(each.call.key for each in taken) == names
    assert [each.call.key for each in left.wanted()] == [c.key for c in THREE if c.key not in names]
    assert len(taken) + len(left) == len(NEW) == 3


def test_nobody_is_no_calls() -> None:
    assert not NONE
    assert not NONE.has_phone(frozenset({"x"}))
    assert NEW.has_phone(frozenset({KEYER.phone(THREE[0].phone)}))


def test_its_digest_changes_with_any_call_and_with_their_order() -> None:
    others = [THREE[:2], THREE[::-1], (*THREE[:2], call("cyd", 3, "other")), (*THREE[:2], call("eve", 3))]
    waves = tuple(msgspec.structs.replace(one, wave="2") for one in THREE)
    digests = {fresh_of(*calls).digest() for calls in (*others, waves, THREE)}
    assert len(digests) == 6


# -------------------------------------------------------------------------------------------------------- as actions

LONG = LongActions((Pause(), Cancel(KEPT, Reason.REMOVED)), NEW, (Resume(),))
SHORT: tuple[Action, ...] = (Pause(), Cancel(KEPT, Reason.REMOVED), *ADDS, Resume())


def test_long_actions_are_a_sequence_like_the_tuple_of_all() -> None:
    assert tuple(LONG) == SHORT
    assert len(LONG) == len(SHORT)
    assert [LONG[at] for at in range(-6, 6)] == [SHORT[at] for at in range(-6, 6)]
    assert LONG[1:4] == SHORT[1:4]
    assert LONG == SHORT
    assert SHORT[:-1] != LONG
    assert LongActions((), NEW) != LongActions((), fresh_of(*THREE[::-1]))
    assert hash(LONG) == hash(LongActions(SHORT[:2], fresh_of(*THREE), SHORT[-1:]))
    assert "1650777" not in repr(LONG)
    with pytest.raises(IndexError):
        LONG[6]


def test_they_are_counted_as_the_tuple_of_all_is() -> None:
    assert counted(LONG) == counted(SHORT)
    assert known(LONG) == (*SHORT[:2], SHORT[-1])
    assert known(SHORT) == SHORT
    assert (fresh(LONG), fresh(SHORT)) == (NEW, NONE)


def planned(*, new: Fresh = NEW, old: Sequence[Call] = (), observed: Observed | None = None, **changes: object) -> Plan:
    """The plan for a lock that remembers one call that nobody wants any more."""
    of = msgspec.structs.replace(campaign(guards=Guards(cancel_percent=100.0)), **changes)
    seen = observed or Observed(state=CampaignState.RUNNING)
    return make_plan(of, Desired(tuple(old)), lock_of(KEPT), seen, KEYER, aside=Aside(fresh=new))


def test_new_calls_are_added_after_all_else() -> None:
    plan = planned(old=[call("eve", 5)], observed=Observed(state=CampaignState.NEW))
    assert [type(action) for action in plan.actions] == [Cancel, Add, Add, Add, Add, Start]
    assert tuple(plan.actions)[2:5] == ADDS
    assert (plan.wanted, plan.counts.add, plan.in_step) == (4, 4, 0)
    assert plan.load.calls == 4


def test_the_plans_id_changes_with_them() -> None:
    ids = {planned(new=new).plan_id for new in (NEW, fresh_of(*THREE[:2]), NONE)}
    assert len(ids) == 3


def test_a_guard_that_is_tripped_holds_all_of_them_back_and_nothing_safe() -> None:
    plan = planned(guards=Guards(new_calls=2, cancel_percent=100.0))
    assert [guard.name for guard in plan.tripped] == ["newCalls"]
    assert permitted(plan.actions, plan.guards) == (Cancel(KEPT, Reason.REMOVED),)


def test_what_is_shown_of_them_is_what_is_shown_of_each() -> None:
    plan = planned(old=[call("eve", 5)])
    one_by_one = msgspec.structs.replace(plan, actions=tuple(plan.actions))
    assert [(g.kind.name, g.why, g.count, [*g.entries(None)]) for g in outline(plan).groups] == [
        (g.kind.name, g.why, g.count, [*g.entries(None)]) for g in outline(one_by_one).groups
    ]
    assert outline(plan).counts == outline(one_by_one).counts
    assert action_lines(plan) == action_lines(one_by_one)


# --------------------------------------------------------------------------- where something may speak against them


class Capped:
    """A cap of one call, which the phone of the first has had."""

    caps = (Cap("week", 1, 7, "reached"),)
    today = 20_000

    def of(self, phones: object) -> dict[str, list[object]]:
        """What others did."""
        return {KEYER.phone(THREE[0].phone): [Use(self.today, "other", CallStatus.TALKED_WITH_RESULT)]}


def test_whoever_the_campaign_has_a_job_of_already_is_blocked() -> None:
    jobs = (Job("foreign", THREE[0].phone, JobStatus.PLANNED),)
    plan = planned(observed=Observed(state=CampaignState.RUNNING, foreign=jobs))
    assert plan.counts.add == 2
    assert [note.reason for note in plan.notes if isinstance(note, Blocked)] == [Reason.FOREIGN_JOB]
    allowed = planned(observed=Observed(state=CampaignState.RUNNING, foreign=jobs), foreign="allow")
    assert fresh(allowed.actions) == NEW


@pytest.mark.parametrize("is_in_columns", [True, False])
def test_so_is_whoever_others_wrote_with_the_8_that_is_dialled_there(is_in_columns: bool) -> None:
    moscow = msgspec.structs.replace(call("ann", 1), phone="74951234567")
    seen = Observed(state=CampaignState.RUNNING, foreign=(Job("foreign", "84951234567", JobStatus.PLANNED),))
    plan = (
        planned(new=fresh_of(moscow), observed=seen)
        if is_in_columns
        else planned(new=NONE, old=[moscow], observed=seen)
    )
    assert plan.counts.add == 0
    assert [note.reason for note in plan.notes if isinstance(note, Blocked)] == [Reason.FOREIGN_JOB]


def test_whoever_was_called_as_often_as_a_cap_allows_is_not_called() -> None:
    of, seen = campaign(), Observed(state=CampaignState.RUNNING)
    plan = make_plan(of, Desired(()), lock_of(), seen, KEYER, aside=Aside(fresh=NEW), usage=Capped())  # type: ignore[arg-type]
    assert plan.counts.add == 2
    assert [note.reason for note in plan.notes if isinstance(note, Blocked)] == [Reason.CAPPED]


def test_whoever_another_lock_knows_as_erased_is_not_called() -> None:
    other = Keyer("another secret")
    graves = Graves(((other, frozenset({other.phone(THREE[1].phone)})),))
    seen = Observed(state=CampaignState.RUNNING)
    plan = make_plan(campaign(), Desired(()), lock_of(), seen, KEYER, aside=Aside(fresh=NEW), graves=graves)
    assert plan.counts.add == 2
    assert [note.reason for note in plan.notes if isinstance(note, Frozen)] == [Reason.ERASED]


def test_a_step_of_a_rollout_takes_no_more_of_them_than_it_may() -> None:
    of = msgspec.structs.replace(campaign(), rollout=Rollout((Step(calls=1), Step(share=ALL)), 0, 5000, (), True, ""))
    plan = make_plan(of, Desired(()), lock_of(), Observed(state=CampaignState.RUNNING), KEYER, aside=Aside(fresh=NEW))
    assert (plan.counts.add, plan.wanted) == (1, 3)


STEPS = st.sampled_from([(Step(calls=n), Step(share=ALL)) for n in (1, 3, 7)] + [(Step(share=2500), Step(share=ALL))])


class Uses:
    """Caps, and the phones that another campaign called once or twice."""

    caps = (Cap("week", 1, 7, "reached"), Cap("month", 2, 30, "rung"))
    today = 20_000

    def __init__(self, called: set[int]) -> None:
        self._called = {KEYER.phone(f"1650777{number:04}") for number in called}

    def of(self, phones: Mapping[str, str]) -> Mapping[str, Sequence[Use]]:
        """What the other one did."""
        use = Use(self.today - 1, "other", CallStatus.TALKED_WITH_RESULT)
        return {digest: [use] for digest in phones if digest in self._called}


@st.composite
def surroundings(draw: st.DrawFn) -> tuple[Campaign, dict[str, Any]]:
    """A campaign, and what else may speak against calling somebody."""
    some = st.sets(st.integers(1, 12))
    steps = draw(st.none() | STEPS)
    rollout = Rollout(steps, 0, 5000, (), True, "") if steps else None
    stances: list[Stance] = ["running", "paused", "stopped"]
    stance = draw(st.sampled_from(stances))
    of = msgspec.structs.replace(campaign(stance, foreign=draw(st.sampled_from(["block", "allow"]))), rollout=rollout)
    jobs = tuple(Job(f"job {n}", f"1650777{n:04}", JobStatus.PLANNED) for n in sorted(draw(some)))
    other = Keyer("another secret")
    erased = frozenset(other.phone(f"1650777{n:04}") for n in draw(some))
    return of, {
        "observed": Observed(state=CampaignState.RUNNING, foreign=jobs),
        "usage": Uses(draw(some)) if draw(st.booleans()) else None,
        "graves": Graves(((other, erased),)) if draw(st.booleans()) else Graves(),
    }


@given(surroundings(), st.sets(st.integers(1, 12)), st.integers(1, 5), st.sets(st.integers(1, 12)))
def test_the_same_is_decided_about_new_calls_in_columns_as_one_by_one(
    around: tuple[Campaign, dict[str, Any]], in_columns: set[int], size: int, called: set[int]
) -> None:
    of, known = around
    every = [call(f"person {n}", n, shares_phone=n not in in_columns and n % 2 == 0) for n in range(1, 13)]
    columns = [one for n, one in enumerate(every, 1) if n in in_columns]
    singly = [one for n, one in enumerate(every, 1) if n not in in_columns]
    singly += [call(f"other {n}", n, shares_phone=True) for n in sorted(in_columns)[:2]]  # who is called under two keys
    parts = [Part.of(chunk_of(columns[at : at + size]), KEYER) for at in range(0, len(columns), size)]
    lock = lock_of(*(remembered(call(f"gone {n}", n + 20), CallStatus.TALKED_WITH_RESULT) for n in called))
    plans = [
        make_plan(of, Desired(tuple(calls)), lock, keyer=KEYER, aside=Aside(fresh=fresh), **known)
        for calls, fresh in ((singly, Fresh(parts)), ([*singly, *columns], NONE))
    ]
    first, second = (msgspec.structs.replace(plan, actions=(), notes=(), plan_id="") for plan in plans)
    assert first == second
    assert decided(plans[0].actions) == decided(plans[1].actions)
    assert sorted(map(repr, plans[0].notes)) == sorted(map(repr, plans[1].notes))


def decided(actions: Sequence[Action]) -> list[str]:
    """What is done, in an order of its own."""
    return sorted(
        f"{action.wanted.key} {action.reason}" if isinstance(action, Add) else repr(action) for action in actions
    )


def test_nobody_is_added_to_a_campaign_that_is_to_be_stopped() -> None:
    plan = planned(state="stopped")
    assert plan.counts.add == 0
    assert [note.reason for note in plan.notes if isinstance(note, Blocked)] == [Reason.CAMPAIGN_STOPPED] * 3


def test_a_finished_campaign_that_would_need_them_is_refused() -> None:
    with pytest.raises(Refusal, match="3 would have to be added"):
        planned(observed=Observed(state=CampaignState.FINISHED))
