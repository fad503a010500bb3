"""Grouping of a plan's actions and notes."""

from __future__ import annotations

from reconciler.plan.model import Action, Blocked, Deferred, Note, Reason, Resume, Unmanaged, subject_of
from reconciler.render.groups import outline
from tests.render.plans import adds, cancels, plan, replaces, wanted

LATER: Note = Deferred(subject_of(wanted(1)), Reason.BEING_CALLED)
FOREIGN: Note = Blocked(subject_of(wanted(2)), Reason.FOREIGN_JOB)


def test_groups_come_in_the_same_order_whatever_the_order_of_actions() -> None:
    actions: list[Action] = [Resume(), *cancels(1), *adds(1, Reason.NEW_WAVE), *replaces(1), *adds(2)]
    there, back = outline(plan(actions, [LATER, FOREIGN])), outline(plan(actions[::-1], [FOREIGN, LATER]))
    titles = [(group.kind.sign, group.reason) for group in there.groups]
    assert titles == [(group.kind.sign, group.reason) for group in back.groups]
    assert titles == [
        ("+", Reason.NEW),
        ("+", Reason.NEW_WAVE),
        ("~", Reason.CHANGED),
        ("-", Reason.REMOVED),
        ("!", Reason.FOREIGN_JOB),
        ("·", Reason.BEING_CALLED),
    ]


def test_moves_of_the_campaign_are_apart_from_its_calls() -> None:
    shape = outline(plan([*adds(1), Resume()]))
    assert shape.moves == (Resume(),)
    assert sum(group.count for group in shape.groups) == 1


def test_a_group_shows_five_calls_and_all_when_asked() -> None:
    [group] = outline(plan(adds(8))).groups
    assert len(list(group.entries())) == 5
    assert len(list(group.entries(None))) == group.count == 8


def test_a_note_about_the_campaign_itself_counts_no_call_and_shows_none() -> None:
    [group] = outline(plan([], [Blocked(None, Reason.STATE_UNKNOWN)])).groups
    assert group.count == 0
    assert list(group.entries()) == []


def test_unmanaged_jobs_are_only_counted_and_zero_of_them_are_not_mentioned() -> None:
    [group] = outline(plan([], [Unmanaged(7)])).groups
    assert (group.count, list(group.entries())) == (7, [])
    assert outline(plan([], [Unmanaged(0)])).groups == ()
