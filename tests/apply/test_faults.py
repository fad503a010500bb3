"""Whatever happens to a request over HTTP: in the end everybody wanted has one job, which the lock knows."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from reconciler.apply.run import Tally
from reconciler.errors import CallsError, OutcomeUnknown, ReconcilerError
from reconciler.phones.model import Desired
from reconciler.plan.model import Drifted
from tests.apply.conftest import Open
from tests.apply.stage import Stage
from tests.apply.world import call, calls, phone
from tests.sandbox.api import eventually

BEFORE = calls(*range(6))
AFTER = Desired((*(call(n, text="new") for n in (2, 3)), call(4), call(5), call(6), call(7)))
"""0 and 1 are removed, 2 and 3 changed, 6 and 7 are new."""

LOSES_ITS_ANSWER = (
    "drop-response",
    "drop-response::reset=true",
    "drop-request",
    "drop-request::reset=true",
    "500-before",
    "500-after",
    "502-html",
    "502-html::after=true",
    "truncated-json",
    "wrong-content-type",
    "reset-mid-body",
    "redirect",
)
ASKS_TO_WAIT = ("429::retry-after=7", "503::retry-after=7", "503::retry-after=date:s=9", "429::retry-after=soon")
HANGS = ("hang::s=0.6:after=true", "hang::s=0.6:after=false")
ANSWERS_OTHER_IDS = ("short-ids", "short-ids::n=4", "extra-ids", "duplicate-ids", "foreign-ids")
TRIES = 4


def fault(what: str, endpoint: str, count: int | str = 1) -> str:
    """The fault as the sandbox writes it."""
    name, _, options = what.partition("::")
    return ":".join(filter(None, [name, endpoint, str(count), options]))


def apply_until_done(stage: Stage, wanted: Desired, **changes: object) -> list[Tally | ReconcilerError]:
    """Applies until it ends well; what every run ended with."""
    ended: list[Tally | ReconcilerError] = []
    for _ in range(TRIES):
        try:
            ended.append(stage.apply(wanted, **changes))
        except ReconcilerError as error:
            ended.append(error)
            continue
        return ended
    raise AssertionError([str(each) for each in ended])


@pytest.fixture(params=["dialect=current", "dialect=current:keys=ignored", "dialect=legacy"])
def server(request: pytest.FixtureRequest) -> str:
    """Each dialect, the current one also where it ignores the `Idempotence-Key`."""
    return str(request.param)


@pytest.mark.parametrize("what", [*LOSES_ITS_ANSWER, *ASKS_TO_WAIT, *ANSWERS_OTHER_IDS])
def test_an_add_that_goes_wrong_adds_everybody_once(open_stage: Open, server: str, what: str) -> None:
    stage = open_stage(server)
    stage.sandbox.world.fault(fault(what, "addPhones"))
    apply_until_done(stage, BEFORE)
    stage.assert_right(BEFORE)


@pytest.mark.parametrize("what", LOSES_ITS_ANSWER)
def test_an_edited_apply_whose_adds_keep_going_wrong_ends_right(open_stage: Open, server: str, what: str) -> None:
    stage = open_stage(server)
    stage.apply(BEFORE)
    stage.sandbox.world.fault(fault(what, "addPhones", 3))
    apply_until_done(stage, AFTER, batch=3)
    stage.assert_right(AFTER)


@pytest.mark.parametrize("what", HANGS)
def test_an_add_that_hangs_past_the_timeout_adds_everybody_once(open_stage: Open, dialect: str, what: str) -> None:
    stage = open_stage(dialect)
    stage.sandbox.world.fault(fault(what, "addPhones"))
    # The hang is in real seconds and the waiting is not: time to settle is over once the server did it.
    stage.clock.on_sleep = lambda: eventually(lambda: bool(stage.remote.jobs))
    apply_until_done(stage, BEFORE, timeout_s=0.3)
    stage.assert_right(BEFORE)


@pytest.mark.parametrize("what", [*LOSES_ITS_ANSWER, *ASKS_TO_WAIT, "extra-ids"])
def test_a_cancel_that_goes_wrong_takes_back_and_replaces_once(open_stage: Open, dialect: str, what: str) -> None:
    stage = open_stage(dialect)
    stage.apply(BEFORE)
    stage.sandbox.world.fault(fault(what, "cancel"))
    apply_until_done(stage, AFTER)
    stage.assert_right(AFTER)


@pytest.mark.parametrize("what", ["short-ids::n=4", "foreign-ids"])
def test_whoever_a_cancel_does_not_name_may_have_been_taken_back_by_others_and_is_left_alone(
    open_stage: Open, dialect: str, what: str
) -> None:
    stage = open_stage(dialect)
    stage.apply(BEFORE)
    stage.sandbox.world.fault(fault(what, "cancel"))
    apply_until_done(stage, AFTER)
    replaced = [n for n in (2, 3) if len(stage.jobs_of(n)) == 2]
    assert len(replaced) < 2
    stage.apply(AFTER)
    assert stage.plan is not None
    assert not stage.plan.actions
    drifted = [note.subject.mask[-4:] for note in stage.plan.notes if isinstance(note, Drifted)]
    assert drifted == [phone(n)[-4:] for n in (2, 3) if n not in replaced]


def test_a_cancel_that_never_works_adds_nobody(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(BEFORE)
    stage.sandbox.world.fault(fault("500-before", "cancel", "forever"))
    with pytest.raises(CallsError, match="still queued"):
        stage.apply(AFTER)
    assert stage.mutations()["addPhones"] == 1
    stage.sandbox.world.clear_faults()
    stage.apply(AFTER)
    stage.assert_right(AFTER)


@pytest.mark.parametrize("what", [*LOSES_ITS_ANSWER, *ASKS_TO_WAIT])
@pytest.mark.parametrize(("state", "wanted"), [("new", "running"), ("inProgress", "paused"), ("paused", "stopped")])
def test_a_move_that_goes_wrong_is_made(open_stage: Open, dialect: str, what: str, state: str, wanted: str) -> None:
    stage = open_stage(dialect, state=state)
    stage.sandbox.world.fault(fault(what, "control"))
    apply_until_done(stage, Desired(()), state=wanted)
    assert stage.remote.state == {"running": "inProgress", "paused": "paused", "stopped": "finished"}[wanted]
    before = stage.mutations()
    stage.apply(Desired(()), state=wanted)
    assert stage.mutations() == before


@pytest.mark.parametrize("endpoint", ["getReport", "getReportByDate", "status", "details"])
@pytest.mark.parametrize("what", ["500-before", "truncated-json", "drop-response", "429::retry-after=3", "redirect"])
def test_a_read_that_goes_wrong_while_an_add_is_in_doubt_adds_nobody_twice(
    open_stage: Open, dialect: str, endpoint: str, what: str
) -> None:
    stage = open_stage(dialect)
    stage.sandbox.world.fault("drop-response:addPhones")
    stage.sandbox.world.fault(fault(what, endpoint, 2))
    apply_until_done(stage, BEFORE)
    stage.assert_right(BEFORE)


@pytest.mark.parametrize("n", [1, 6])
def test_a_report_that_leaves_new_jobs_out_is_asked_again(open_stage: Open, dialect: str, n: int) -> None:
    stage = open_stage(dialect)
    stage.sandbox.world.fault(f"missing-from-report:getReport:3:n={n}")
    stage.apply(BEFORE)
    stage.assert_right(BEFORE)


@pytest.mark.parametrize("keys", ["honoured", "ignored"])
def test_a_list_that_leaves_a_new_job_out_does_not_have_it_added_again(open_stage: Open, keys: str) -> None:
    stage = open_stage("dialect=current", f"keys={keys}")
    stage.sandbox.world.fault("drop-response:addPhones")
    stage.sandbox.world.fault("missing-from-report:getReportByDate:forever")
    stage.apply(BEFORE)
    assert stage.mutations()["addPhones"] == 1
    stage.assert_right(BEFORE)


def test_jobs_that_show_late_are_waited_for(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect, "visible=20s")
    stage.apply(BEFORE)
    stage.assert_right(BEFORE)


def test_jobs_that_are_answered_and_never_show_are_in_doubt_and_not_sent_again(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect, "visible=1h")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            stage.apply(BEFORE)
    assert stage.tally.unknown == 6
    assert len(stage.remote.jobs) == 6
    stage.sandbox.world.advance(3600)
    stage.apply(BEFORE)
    stage.assert_right(BEFORE)


def test_calls_in_doubt_do_not_keep_others_from_being_added(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect, "visible=1h")
    with pytest.raises(OutcomeUnknown):
        stage.apply(calls(0, 1))
    with pytest.raises(OutcomeUnknown):
        stage.apply(calls(0, 1, 2))
    assert stage.mutations()["addPhones"] == 2
    assert len(stage.jobs_of(2)) == 1
    stage.remote.settings = replace(stage.remote.settings, visible=0.0)
    stage.apply(calls(0, 1, 2))
    stage.assert_right(calls(0, 1, 2))


@pytest.mark.parametrize("skew_s", [-300, 300])
@pytest.mark.parametrize("what", ["drop-response", "drop-request"])
def test_a_server_whose_clock_is_off_by_minutes_adds_nobody_twice(
    open_stage: Open, dialect: str, what: str, skew_s: int
) -> None:
    stage = open_stage(dialect, "keys=ignored")
    stage.sandbox.world.fault(f"clock-skew:*:s={skew_s}")
    stage.sandbox.world.fault(fault(what, "addPhones"))
    apply_until_done(stage, BEFORE)
    stage.assert_right(BEFORE)


def test_a_campaign_that_is_stopped_half_way_ends_with_what_was_added_recorded(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.sandbox.world.fault("429:addPhones:1:retry-after=1")
    turns = itertools.count()
    stage.clock.on_sleep = lambda: stage.remote.set_state("finished") if not next(turns) else None
    with pytest.raises(CallsError, match=r"finished|FINISHED"):
        stage.apply(BEFORE)
    assert stage.remote.jobs == ()
    assert stage.journal() == b""


@pytest.mark.parametrize("endpoint", ["addPhones", "cancel"])
def test_a_busy_server_is_asked_again_a_few_times_only(open_stage: Open, dialect: str, endpoint: str) -> None:
    stage = open_stage(dialect)
    stage.apply(BEFORE)
    sent = stage.mutations()
    stage.sandbox.world.fault(f"503:{endpoint}:forever:retry-after=5")
    with pytest.raises(CallsError) as raised:
        stage.apply(AFTER)
    assert raised.value.exit_code == 1
    assert (stage.mutations() - sent)[endpoint] == 4
    stage.sandbox.world.clear_faults()
    stage.apply(AFTER)
    stage.assert_right(AFTER)


def test_an_add_whose_answers_are_all_lost_is_in_doubt_and_found_by_the_next_apply(
    open_stage: Open, dialect: str
) -> None:
    stage = open_stage(dialect)
    stage.sandbox.world.fault("drop-request:addPhones:4")
    stage.sandbox.world.fault("drop-response:addPhones:forever")
    ended = apply_until_done(stage, BEFORE)
    assert len(ended) <= 2
    stage.assert_right(BEFORE)


def test_calls_that_can_not_be_asked_about_are_recorded_as_unknown(open_stage: Open, dialect: str) -> None:
    stage = open_stage(dialect)
    stage.apply(calls(0))
    stage.sandbox.world.fault("drop-response:addPhones")
    for endpoint in ("getReport", "getReportByDate"):
        stage.sandbox.world.fault(f"500-before:{endpoint}:forever")
    stage.sandbox.world.clear_requests()
    with pytest.raises(ReconcilerError) as raised:
        stage.apply(BEFORE)
    assert raised.value.exit_code in (1, 4)
    stage.sandbox.world.clear_faults()
    stage.apply(BEFORE)
    stage.assert_right(BEFORE)
