"""What is read of the server before a plan: as little as will do, and never somebody else's campaign."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.apply.book import Book
from reconciler.apply.resolve import decide, doubts
from reconciler.calls.model import CampaignState, Dialect
from reconciler.errors import CallsError, InvalidToken, OutcomeUnknown, Refusal, Refused, Unreadable
from reconciler.lock.keyed import Keyer
from reconciler.phones.model import Desired
from reconciler.plan.model import Blocked, Reason
from reconciler.read.everything import Everything
from reconciler.read.observed import Server
from reconciler.read.planned import plan_campaign
from reconciler.read.remembered import read_remembered
from tests.apply.server import SECOND_TOKEN, TOKEN, Answer
from tests.apply.world import World, calls, campaign, phone

THREE = calls(0, 1, 2)


def reads(world: World, act: Callable[[], object]) -> list[str]:
    """The requests `act` makes."""
    asked: list[str] = []
    world.server.watch = asked.append
    act()
    world.server.watch = lambda path: None
    return asked


def server_of(world: World, token: str = TOKEN, **changes: object) -> Server:
    remembered = read_remembered(world.disk, campaign(), None, token)
    return Server(world.client(token=token), campaign(**changes), remembered.keyer, token)


def applied(*, is_current: bool = True) -> World:
    world = World(is_current=is_current, honours_keys=False, state="paused")
    world.apply(THREE, state="paused")
    return world


def test_only_jobs_that_can_still_change_are_asked_for() -> None:
    world = applied()
    world.server.jobs["5665330001"].status = "noAnswer"
    world.apply(THREE, state="paused")
    lock = world.remembered()
    observed = server_of(world).observe(lock)
    assert observed.asked == {"5665330002", "5665330003"}
    assert set(observed.jobs) == observed.asked
    assert (observed.dialect, observed.state) == (Dialect.CURRENT, CampaignState.PAUSED)


def test_a_campaign_with_all_its_jobs_ours_is_not_listed() -> None:
    world = applied()
    asked = reads(world, lambda: server_of(world).observe(world.remembered()))
    assert asked == ["status", "", "callJob/getReport"]


def test_the_campaign_as_a_whole_is_read_once_where_it_can_be() -> None:
    details = server_of(applied()).details
    assert details is not None
    assert details.total_numbers == 3
    assert server_of(applied(is_current=False)).details is None


def test_a_count_that_does_not_add_up_has_the_jobs_listed() -> None:
    world = applied()
    world.server.add_job(phone(7), is_foreign=True)
    observed = server_of(world).observe(world.remembered())
    assert [job.phone for job in observed.foreign] == [phone(7)]


# ------------------------------------------------------------------------------- more jobs than the server lists


FOUR = calls(0, 1, 2, 7)


def unlisted() -> World:
    """A campaign with a job of somebody else that is counted and not listed yet."""
    world = applied()
    world.server.hidden.add(world.server.add_job(phone(7), is_foreign=True).id)
    world.changes.clear()
    return world


def test_nobody_is_added_while_the_server_lists_fewer_jobs_than_it_counts() -> None:
    world = unlisted()
    with pytest.raises(Unreadable, match=r"says it has 4 numbers and lists 3 jobs; people .* would be called again"):
        world.apply(FOUR, state="paused")
    assert world.changes == []
    world.server.hidden.clear()
    world.apply(FOUR, state="paused")
    assert world.changes == []
    assert world.jobs_that_count(phone(7)) == ["5665330004"]


def test_nor_does_a_plan_show_them_as_to_be_added() -> None:
    world = unlisted()
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    with pytest.raises(Unreadable):
        plan_campaign(campaign(), everything(FOUR), remembered, server_of(world), {})


def test_whoever_a_campaign_may_share_is_added_all_the_same() -> None:
    world = unlisted()
    world.apply(FOUR, state="paused", foreign="allow")
    assert world.changes == ["addPhones"]


def test_taking_back_and_pausing_go_on_while_jobs_are_not_listed() -> None:
    world = unlisted()
    world.server.state = "inProgress"
    world.apply(calls(0, 1), state="paused")
    assert world.changes == ["control/pause", "callJob/cancel"]


def in_doubt() -> World:
    """A campaign with three calls of which nobody knows whether they have jobs: they have, and are not listed."""
    world = World(is_current=True, honours_keys=False, state="paused")
    world.server.shows_jobs = False
    with pytest.raises(OutcomeUnknown):
        world.apply(THREE, state="paused")
    world.disk.journal = b""
    world.server.shows_jobs, world.server.hidden = True, set(world.server.jobs)
    return world


def test_a_call_in_doubt_may_have_a_job_that_is_not_listed() -> None:
    world = in_doubt()
    with pytest.raises(OutcomeUnknown):
        world.apply(FOUR, state="paused")
    assert world.changes == ["addPhones", "addPhones"]
    assert world.jobs_that_count(phone(7)) == ["5665330004"]


def test_no_more_jobs_than_calls_in_doubt_may() -> None:
    world = in_doubt()
    world.server.hidden.add(world.server.add_job(phone(7), is_foreign=True).id)
    with pytest.raises(Unreadable, match="4 numbers and lists 0 jobs"):
        world.apply(FOUR, state="paused")
    assert world.changes == ["addPhones"]


def test_a_call_that_was_sent_by_a_persons_word_may_have_a_job_that_is_not_listed() -> None:
    world = in_doubt()
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    book = Book(world.disk, remembered)
    decide(book, doubts(book), "sent", who="somebody", why="seen in the web interface", now_s=0)
    world.apply(FOUR, state="paused")
    assert world.changes == ["addPhones", "addPhones"]
    assert world.jobs_that_count(phone(7)) == ["5665330004"]


# ---------------------------------------------------------------------------------------------- whose jobs there are


def test_jobs_the_lock_had_before_count_as_its_own() -> None:
    world = applied()
    world.apply(calls(0, 1, 2, text="new"), state="paused")
    assert len(world.server.jobs) == 6
    assert server_of(world).observe(world.remembered()).foreign == ()


def test_a_legacy_server_is_asked_for_the_locks_jobs_and_nothing_else() -> None:
    world = applied(is_current=False)
    server = server_of(world)
    asked = reads(world, lambda: server.observe(world.remembered()))
    assert asked == ["getReport"]
    observed = server.observe(world.remembered())
    assert (observed.dialect, observed.state, observed.foreign) == (Dialect.LEGACY, None, ())


def test_a_failed_report_is_an_error_and_never_an_empty_answer() -> None:
    world = applied()
    world.server.refusals["callJob/getReport"] = Answer(500, {"error": "failed"})
    with pytest.raises(CallsError):
        server_of(world).observe(world.remembered())


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_first_look_at_a_legacy_campaign_finds_out_that_it_is_not_reached(status: int) -> None:
    world = World(is_current=False, honours_keys=False)
    world.server.refusals["getReport"] = Answer(status, {"error": "no"})
    with pytest.raises(Refused):
        world.apply(THREE)
    assert world.changes == []
    assert world.disk.lock is None


def test_a_first_look_at_a_legacy_campaign_finds_out_a_wrong_token() -> None:
    world = World(is_current=False, honours_keys=False)
    world.server.refusals["getReport"] = Answer(404, {"type": "invalid.token"})
    with pytest.raises(InvalidToken):
        world.apply(THREE)
    assert world.disk.lock is None


def test_a_legacy_server_that_dislikes_the_question_is_there_all_the_same() -> None:
    world = World(is_current=False, honours_keys=False)
    world.server.refusals["getReport"] = Answer(400, {"error": "no such id is possible"})
    world.server.watch = lambda path: world.server.refusals.clear() if path == "addPhones" else None
    world.apply(THREE)
    assert world.changes == ["addPhones", "control/start"]


# --------------------------------------------------------------------------------------------- which campaign this is


def test_a_new_token_of_the_same_campaign_is_accepted_and_remembered() -> None:
    world = applied()
    world.apply(THREE, state="paused", token=SECOND_TOKEN)
    assert world.changes == ["addPhones"]
    world.apply(THREE, state="paused", token=SECOND_TOKEN)
    assert world.power.effects == []


def test_a_new_token_on_a_legacy_server_is_accepted_when_it_knows_the_locks_jobs() -> None:
    world = applied(is_current=False)
    before = list(world.changes)
    world.apply(THREE, state="paused", token=SECOND_TOKEN)
    assert world.changes == before


def test_a_new_token_on_a_legacy_server_that_does_not_know_them_is_refused() -> None:
    world = applied(is_current=False)
    world.server.jobs.clear()
    with pytest.raises(Refusal, match="another campaign"):
        world.apply(THREE, state="paused", token=SECOND_TOKEN)


def test_another_campaign_behind_the_same_token_is_refused() -> None:
    world = applied()
    world.server.campaign_id = 4002
    world.server.jobs.clear()
    with pytest.raises(Refusal, match="another campaign"):
        world.apply(THREE, state="paused")


def test_a_lock_without_any_job_is_no_evidence_for_another_token() -> None:
    world = World(is_current=False, honours_keys=False)
    world.apply(Desired(()), state="paused")
    with pytest.raises(Refusal, match="another campaign"):
        world.apply(THREE, state="paused", token=SECOND_TOKEN)


@pytest.mark.parametrize("secret", [None, "the team's secret"])
def test_a_lock_of_another_name_that_leads_to_this_campaign_is_refused(secret: str | None) -> None:
    world = World(state="paused")
    world.apply(THREE, state="paused", secret=secret)
    other = World(state="paused")
    assert world.disk.lock is not None
    other.disk.others = {"autumn.lock.jsonl": world.disk.lock.partition(b"\n")[0]}
    with pytest.raises(Refusal, match="autumn"):
        other.apply(THREE, state="paused", secret=secret)
    assert other.changes == []


def test_a_neighbour_of_another_campaign_is_no_reason_to_refuse() -> None:
    world = World(state="paused")
    world.apply(THREE, state="paused", token=SECOND_TOKEN)
    other = World(state="paused")
    other.server.campaign_id = 4002
    assert world.disk.lock is not None
    other.disk.others = {"autumn.lock.jsonl": world.disk.lock.partition(b"\n")[0]}
    other.apply(THREE, state="paused")
    assert other.changes == ["addPhones"]


def test_neighbours_that_cannot_be_read_or_have_another_secret_are_passed_over() -> None:
    world = World(state="paused")
    world.apply(THREE, state="paused", secret="theirs")
    other = World(state="paused")
    assert world.disk.lock is not None
    other.disk.others = {"a.lock.jsonl": b"<<<<<<<", "b.lock.jsonl": world.disk.lock.partition(b"\n")[0]}
    other.apply(THREE, state="paused")
    assert other.changes == ["addPhones"]


def everything(wanted: Desired) -> Everything:
    found = Everything(wanted, Keyer("any secret"))
    found.take(wanted.chunks())
    return found


# ----------------------------------------------------------------------------------------- a plan without the mutex


def test_a_plan_changes_nothing_and_agrees_with_the_apply_that_follows() -> None:
    world = applied()
    wanted = calls(1, 2, 3)
    remembered = read_remembered(world.disk, campaign(), None, TOKEN)
    before = (world.disk.lock, world.disk.journal)
    plan = plan_campaign(campaign(), everything(wanted), remembered, server_of(world), {})
    assert (world.disk.lock, world.disk.journal) == before
    assert world.changes == ["addPhones"]
    world.apply(wanted)
    assert world.plan == plan


def test_a_plan_without_a_server_rests_on_what_the_lock_remembers() -> None:
    world = applied()
    remembered = read_remembered(world.disk, campaign(), None, None)
    asked = reads(world, lambda: plan_campaign(campaign(), everything(calls(0)), remembered, None, {}))
    assert asked == []
    assert plan_campaign(campaign(), everything(calls(0)), remembered, None, {}).counts.cancel == 2


def test_a_plan_shows_calls_of_an_open_request_as_in_doubt() -> None:
    world = applied()
    world.server.refusals["callJob/getReportByDate"] = Answer(200, "a page")
    with pytest.raises(OutcomeUnknown):
        world.apply(calls(0, 1, 2, 3), {"post addPhones": "lost, done"}, state="paused")
    remembered = read_remembered(world.disk, campaign(), None, None)
    plan = plan_campaign(campaign(), everything(calls(0, 1, 2, 3)), remembered, None, {})
    (note,) = plan.notes
    assert isinstance(note, Blocked)
    assert note.reason is Reason.IN_DOUBT
    assert not plan.counts.add
