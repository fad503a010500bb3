"""Whatever happens in whatever order, nobody is called twice and nobody is forgotten.

A Hypothesis state machine lives the life of one campaign: lists are edited and reverted, applies are cut off or meet a
failing server, calls proceed, other people and other runs meddle, locks are lost and found, an operator decides.
`RANDOM_EXAMPLES` sets how many lives are tried, `RANDOM_STEPS` how long they are at most.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.apply.run import Tally
from reconciler.errors import CallsError, GuardTripped, LockError, OutcomeUnknown, ReconcilerError, Refusal, WrongState
from reconciler.lock.journal import parse_journal, with_doubts
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, Lock
from reconciler.manifest.model import Guards
from reconciler.phones.model import Call, Desired
from reconciler.plan.model import Subject
from tests.apply.world import LATE_S, POST_FATES, Crash, Script, call, phone
from tests.lock.samples import owned_jobs
from tests.random.hazards import INCIDENTS, Incident, RandomWorld
from tests.random.operator import ask_again, decide_truthfully
from tests.random.truth import Truth, durable

EXAMPLES = int(os.environ.get("RANDOM_EXAMPLES", "60"))
STEPS = int(os.environ.get("RANDOM_STEPS", "25"))

KEYS = ("ann", "bob", "cyd", "dee", "eve", "fay")
PEOPLE = 5
SERVERS = ("current with keys", "current ignoring keys", "legacy")
TRIES = 4
"""After how many undisturbed applies everything that can be done must be done."""

people = st.integers(0, PEOPLE - 1)
texts = st.sampled_from(("", "a", "b"))
waves = st.sampled_from(("1", "1", "2", "3"))
numbers = st.integers(0, 11)
deaths = st.dictionaries(st.integers(1, 16), st.sampled_from(("before", "torn", "after")), min_size=1, max_size=1)
posts = st.builds("post {}#{}".format, st.sampled_from(("addPhones", "addPhones", "callJob/cancel")), st.integers(1, 3))
losses = st.dictionaries(posts, st.sampled_from(POST_FATES), min_size=1, max_size=2)
scripts: st.SearchStrategy[Script] = st.one_of(deaths, losses, st.builds(operator.or_, deaths, losses))
incidents = st.builds(Incident, st.sampled_from(INCIDENTS), numbers, numbers)
troubles = st.dictionaries(st.integers(1, 14), st.lists(incidents, min_size=1, max_size=2), min_size=1, max_size=4)
batches = st.sampled_from((1, 2, 3, 5))


class Manifest(msgspec.Struct, frozen=True):
    """What the repository says. `rows` are the person and the payload by key."""

    rows: Mapping[str, tuple[int, str]] = {}
    wave: str = "1"
    state: str = "running"
    suppressed: frozenset[int] = frozenset()

    def desired(self) -> Desired:
        """The calls it wants; whoever stands under several keys is called for each."""
        named = [person for person, _ in self.rows.values()]
        return Desired(
            tuple(self._call(key, person, text, named.count(person) > 1) for key, (person, text) in self.rows.items()),
            frozenset(map(phone, self.suppressed)),
        )

    def _call(self, key: str, person: int, text: str, shares: bool) -> Call:
        return call(person, text=text, key=key, wave=self.wave, shares=shares)


class Edit(msgspec.Struct, frozen=True):
    """One change to the lists; `n` and `m` choose a row or a person, or two of them."""

    what: str
    n: int
    m: int
    text: str

    def of(self, manifest: Manifest) -> Manifest:
        """The manifest with this change, or as it was where the change makes no sense."""
        if self.what == "suppress or not":
            return msgspec.structs.replace(manifest, suppressed=manifest.suppressed ^ {self.n % PEOPLE})
        rows = dict(manifest.rows)
        self._change(rows, sorted(rows), {person for person, _ in rows.values()})
        return msgspec.structs.replace(manifest, rows=rows)

    def _change(self, rows: dict[str, tuple[int, str]], keys: list[str], people: set[int]) -> None:
        free = [person for person in range(PEOPLE) if person not in people]
        if self.what == "new row" and free:
            rows.setdefault(KEYS[self.n % len(KEYS)], (free[self.m % len(free)], self.text))
        if not keys:
            return
        one, other = keys[self.n % len(keys)], keys[self.m % len(keys)]
        match self.what:
            case "remove":
                del rows[one]
            case "other payload":
                rows[one] = (rows[one][0], self.text)
            case "other phone" if free:
                rows[one] = (free[self.m % len(free)], self.text)
            case "other key":
                row = rows.pop(one)
                rows.setdefault(KEYS[self.m % len(KEYS)], row)
            case "swap":
                rows[one], rows[other] = rows[other], rows[one]
            case "share a phone":
                rows[one] = (rows[other][0], rows[one][1])


EDITS = (
    *("new row", "new row", "remove", "other payload", "other phone", "other key", "swap", "share a phone"),
    "suppress or not",
)
edits = st.builds(Edit, st.sampled_from(EDITS), numbers, numbers, texts)


class Saved(msgspec.Struct, frozen=True):
    """The files of a run, as a repository or a machine may still have them."""

    lock: bytes | None
    journal: bytes


class LifeOfACampaign(RuleBasedStateMachine):
    """One campaign, its repository, its server, and everybody who has to do with them."""

    @initialize(
        server=st.sampled_from(SERVERS),
        people=st.lists(people, unique=True, min_size=2, max_size=PEOPLE),
        others=st.sampled_from(("keep", "keep", "add")),
        foreign=st.sampled_from(("block", "block", "allow")),
        skew_s=st.sampled_from((0.0, -300.0, 300.0)),
        knows_start=st.sampled_from((True, True, False)),
        may_end=st.sampled_from((*[False] * 7, True)),
        in_columns=st.booleans(),
    )
    def begin(
        self,
        server: str,
        people: list[int],
        others: str,
        foreign: str,
        skew_s: float,
        knows_start: bool,
        may_end: bool,
        in_columns: bool,
    ) -> None:
        """A campaign nobody was added to yet."""
        self.is_current = server != "legacy"
        self.others, self.foreign, self.may_end = others, foreign, may_end
        self.truth = Truth(is_current=self.is_current, adds_after_others=others == "add", foreign=foreign)
        self.world = RandomWorld(
            [phone(n) for n in range(PEOPLE)],
            self.truth,
            skew_s=skew_s,
            knows_start=knows_start or not self.is_current,
            is_current=self.is_current,
            honours_keys=server == "current with keys",
        )
        self.world.in_columns = in_columns
        rows = {key: (person, "") for key, person in zip(KEYS, people, strict=False)}
        self.manifest = Manifest(rows=rows)
        self.history = [self.manifest]
        self.locks: list[Saved] = []
        self.is_after_crash = False

    # ------------------------------------------------------------------------------------------------- the repository

    def _edit(self, **changes: object) -> None:
        self.manifest = msgspec.structs.replace(self.manifest, **changes)
        self.history.append(self.manifest)

    @rule(edits=st.lists(edits, min_size=1, max_size=3))
    def edit_the_lists(self, edits: list[Edit]) -> None:
        """Somebody commits a few changes."""
        for edit in edits:
            self.manifest = edit.of(self.manifest)
        self.history.append(self.manifest)

    @rule(wave=waves)
    def change_the_wave(self, wave: str) -> None:
        """Everybody is to be called again, or no longer."""
        self._edit(wave=wave)

    @rule(state=st.sampled_from(("running", "paused")))
    def change_the_state(self, state: str) -> None:
        """The campaign is to run or to pause."""
        self._edit(state=state)

    @rule(n=numbers)
    def revert(self, n: int) -> None:
        """The repository goes back to an earlier commit."""
        self._edit(**msgspec.structs.asdict(self.history[-1 - n % len(self.history)]))

    # ------------------------------------------------------------------------------------------------------- applying

    @rule(script=scripts, batch=batches)
    def apply_and_be_cut_off(self, script: Script, batch: int) -> None:
        """An apply whose process dies, or whose answers are lost, at some of its effects."""
        self._apply(script, {}, batch)

    @rule(script=losses, batch=batches)
    def apply_and_lose_answers(self, script: Script, batch: int) -> None:
        """An apply that waits in vain for answers, and perhaps dies of it."""
        self._apply(script, {}, batch)

    @rule(troubles=troubles, batch=batches)
    def apply_in_trouble(self, troubles: dict[int, list[Incident]], batch: int) -> None:
        """An apply while the server and other people do what they like."""
        self._apply({}, troubles, batch)

    @rule(script=scripts, troubles=troubles, batch=batches)
    def apply_in_every_trouble(self, script: Script, troubles: dict[int, list[Incident]], batch: int) -> None:
        """All of it in one run."""
        self._apply(script, troubles, batch)

    @rule(limit=st.integers(0, 2))
    def apply_with_a_guard(self, limit: int) -> None:
        """An apply that may add no more than `limit` calls."""
        guards = Guards(new_calls=limit, cancel_percent=100, replace_percent=100)
        end = self._apply({}, {}, 3, guards=guards)
        if isinstance(end, GuardTripped):
            assert "addPhones" not in self.truth.requests

    @rule()
    def apply(self) -> None:
        """An undisturbed apply, which does all there is to do."""
        end = self._apply({}, {}, 3)
        if isinstance(end, Tally):
            self._check_all_is_done(end)
        else:
            assert self._is_honest(end), f"{type(end).__name__}: {end}"

    def _apply(
        self,
        script: Script,
        troubles: Mapping[int, Sequence[Incident]],
        batch: int,
        **changes: object,
    ) -> Tally | BaseException:
        """What a run came to: its tally, or what it was ended by."""
        desired = self.manifest.desired()
        self.truth.begins(desired, self.manifest.state)
        self.world.meets(troubles)
        of_manifest = {"state": self.manifest.state, "wave": self.manifest.wave}
        options = {"foreign": self.foreign, "on_external_cancel": self.others, **of_manifest, **changes}
        end: Tally | BaseException
        try:
            end = self.world.apply(desired, script, batch=batch, **options)
        except (Crash, ReconcilerError) as error:
            end = error
        self.world.calms_down()
        self.is_after_crash = isinstance(end, Crash | LockError)
        self._look_at_the_lock()
        self._save()
        event(f"apply: {type(end).__name__}")
        note(f"{type(end).__name__} {end if isinstance(end, ReconcilerError) else ''} {self.world.power.effects}")
        return end

    def _look_at_the_lock(self) -> None:
        if self.world.disk.lock is not None:
            lock, opened = durable(self.world.disk)
            self.truth.believe(lock)
            self.truth.check_remembered(lock, opened)
            self.truth.asks_back(lock, opened)

    def _save(self) -> None:
        saved = Saved(self.world.disk.lock, self.world.disk.journal)
        if saved.lock is not None and saved not in self.locks[-1:]:
            self.locks.append(saved)

    def _is_honest(self, end: BaseException) -> bool:
        """Whether an undisturbed run may end so."""
        server = self.world.server
        # What is in doubt without a journal stays so when the campaign is over, too: nobody tells that it was not sent.
        if server.state == "finished" and isinstance(end, Refusal | CallsError):
            return True
        if isinstance(end, WrongState) and end.endpoint == "control/pause" and not self.is_current:
            return server.state == "paused"  # by others; a legacy server only says that it cannot be paused
        disk = self.world.disk
        if isinstance(end, Refusal) and server.jobs and self.is_current:
            return disk.lock is None or not durable(disk)[0].calls
        return isinstance(end, OutcomeUnknown) and self._is_in_doubt()

    def _is_in_doubt(self) -> bool:
        """Whether there is a call of which nobody can tell whether it was sent."""
        lock, opened = durable(self.world.disk)
        return any(call.status is CallStatus.IN_DOUBT for call in with_doubts(lock, opened).calls.values())

    def _check_all_is_done(self, tally: Tally) -> None:
        disk, plan = self.world.disk, self.world.plan
        assert plan is not None
        assert disk.journal == b""
        lock, _ = durable(disk)
        noted = {subject.call_id for n in plan.notes if isinstance(subject := getattr(n, "subject", None), Subject)}
        silent = self._silent(lock, noted)
        assert len(silent) <= tally.deferred + len(tally.rejected), "somebody wanted is silently missing"
        self._check_taken_back(lock)
        before = disk.lock
        again = self._apply({}, {}, 3)
        assert isinstance(again, Tally), f"{type(again).__name__}: {again}"
        assert not self.truth.requests, "an apply of what was applied sent something"
        assert self.world.plan is not None
        assert not self.world.plan.actions
        assert (disk.lock, self.world.power.effects) == (before, [])

    def _silent(self, lock: Lock, noted: set[tuple[str, str]]) -> list[tuple[str, str]]:
        """The wanted calls that have neither a job, nor had one that counts, nor a note."""
        jobs, silent = self.world.server.jobs, []
        for call_id, wanted in self.truth.wanted(Keyer(None, lock.header.salt)).items():
            locked = lock.calls.get(call_id)
            if call_id in noted or (locked and locked.status is CallStatus.VOUCHED):
                continue
            job = jobs.get(locked.job_id) if locked else None
            is_there = job is not None and job.phone == wanted.call.phone and locked is not None
            if not (is_there and locked and locked.request == wanted.request and not locked.status.is_free):
                silent.append(call_id)
        return silent

    def _check_taken_back(self, lock: Lock) -> None:
        """Nobody waits to be called who is not wanted."""
        server = self.world.server
        wanted = self.truth.wanted(Keyer(None, lock.header.salt))
        for call_id, locked in lock.calls.items():
            job = server.jobs.get(locked.job_id)
            if call_id not in wanted and job is not None and job.id not in server.vanished | server.asked_back:
                assert job.status not in ("planned", "onRetry"), "somebody is queued whom nobody wants"

    # ------------------------------------------------------------------------------------------------ everybody else

    @rule(seconds=st.sampled_from((1.0, 11.0, 100.0, 4000.0)))
    def time_passes(self, seconds: float) -> None:
        """Nothing happens but what was under way."""
        self.world.clock.sleep(seconds)

    @rule(moves=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8))
    def calls_proceed(self, moves: list[tuple[int, int]]) -> None:
        """People are called."""
        for n, choice in moves:
            self.world.server.proceed(n, choice)

    @rule(person=people)
    def others_add(self, person: int) -> None:
        """Somebody adds a call in the web interface."""
        self.world.server.add_by_others(phone(person))

    @rule(n=numbers)
    def others_cancel(self, n: int) -> None:
        """Somebody takes a call back in the web interface."""
        self.world.server.cancel_by_others(n)

    @rule()
    def others_pause_or_resume(self) -> None:
        """Somebody presses a button in the web interface."""
        self.world.server.flip()

    @precondition(lambda self: self.may_end and len(self.locks) > 4)
    @rule()
    def the_campaign_ends(self) -> None:
        """For good."""
        self.world.server.end()

    @rule(person=people)
    def a_number_turns_bad(self, person: int) -> None:
        """The server refuses a number, or accepts it again."""
        self.world.server.rejects ^= {phone(person)}

    @rule(n=numbers)
    def a_job_vanishes(self, n: int) -> None:
        """No report shows a job the lock knows, for a while."""
        server = self.world.server
        if server.vanished or self.world.disk.lock is None:
            server.vanished.clear()
            return
        known = sorted(owned_jobs(durable(self.world.disk)[0]))
        if known:
            server.vanished.add(known[n % len(known)])

    # -------------------------------------------------------------------------------- what is lost, found and decided

    @precondition(lambda self: self.is_current or not self.is_after_crash)
    @rule()
    def the_machine_is_thrown_away(self) -> None:
        """The journal is lost; the lockfile was committed. Where a server cannot list, only if the run had ended."""
        if self.foreign == "block" or not self.is_after_crash:
            self._everything_lands()
            self.world.disk.journal = b""
            self._forget()

    @precondition(lambda self: self.is_current and self.locks)
    @rule()
    def the_lock_is_missed_for_a_while(self) -> None:
        """Nothing is done without it as long as the server has calls."""
        disk = self.world.disk
        saved = Saved(disk.lock, disk.journal)
        disk.lock, disk.journal = None, b""
        if self.world.server.jobs:
            assert isinstance(self._apply({}, {}, 3), Refusal)
            assert (disk.lock, disk.journal, self.truth.requests) == (None, b"", [])
        disk.lock, disk.journal = saved.lock, saved.journal

    @precondition(lambda self: self.is_current and self.foreign == "block" and self.locks)
    @rule(n=numbers, keeps_journal=st.booleans())
    def an_old_lock_is_put_back(self, n: int, keeps_journal: bool) -> None:
        """A pipeline starts from another commit; the server must give everything since away."""
        self._everything_lands()
        disk = self.world.disk
        before = Saved(disk.lock, disk.journal)
        disk.lock = self.locks[-1 - n % len(self.locks)].lock
        if keeps_journal and disk.journal:
            self._check_refused_or_safe(before)
        else:
            disk.journal = b""
        self._forget()

    def _check_refused_or_safe(self, before: Saved) -> None:
        """A journal that does not belong to the lock stops everything, and the operator brings the right one back."""
        disk = self.world.disk
        try:
            assert disk.lock is not None
            durable(disk)
        except (LockError, AssertionError):
            # A line that a crash left half-written is nobody's, and taken away by whoever holds the lock.
            here = Saved(disk.lock, disk.journal[: parse_journal(disk.journal, "journal").whole_bytes])
            self.truth.begins(self.manifest.desired(), self.manifest.state)
            try:
                self.world.apply(self.manifest.desired())
            except LockError:
                assert (Saved(disk.lock, disk.journal), self.truth.requests) == (here, [])
            else:
                raise AssertionError("a journal of another lock was taken") from None
            disk.lock, disk.journal = before.lock, before.journal

    def _everything_lands(self) -> None:
        """Requests under way would be unknown to everybody; jobs that no report shows too."""
        self.world.clock.sleep(2 * LATE_S)
        self.world.server.vanished.clear()

    def _forget(self) -> None:
        if self.world.disk.lock is None:
            self.truth.forget_unknown(None, ())
            return
        lock, opened = durable(self.world.disk)
        self.truth.believe(lock, is_another=True)
        self.truth.forget_unknown(lock, opened)
        self.truth.asks_back(lock, opened)
        self._save()

    @rule(n=numbers, says_sent=st.booleans())
    def an_operator_decides(self, n: int, says_sent: bool) -> None:
        """Some of the calls in doubt are decided about, by looking at the server with other eyes."""
        self._everything_lands()
        decide_truthfully(self.world, chosen=n, says_sent=says_sent)
        self._forget()

    @rule(script=scripts)
    def an_operator_asks_again(self, script: Script) -> None:
        """`resolve --adopt`, which may be cut off too."""
        self.truth.begins(self.manifest.desired(), self.manifest.state)
        try:
            ask_again(self.world, self.manifest.desired(), script)
        except (Crash, ReconcilerError) as error:
            note(f"{type(error).__name__}")
        self._look_at_the_lock()
        self._save()

    # ---------------------------------------------------------------------------------------------------- what holds

    @invariant()
    def nobody_was_wronged(self) -> None:
        """Nothing that must never happen has happened."""
        if hasattr(self, "truth"):
            assert not self.truth.violations, self.truth.violations

    def teardown(self) -> None:
        """In the end there is quiet, and everything is done that can be done."""
        if not hasattr(self, "world") or self.truth.violations:
            return
        self.world.server.vanished.clear()
        end: Tally | BaseException | None = None
        for _ in range(TRIES):
            end = self._apply({}, {}, 3)
            if isinstance(end, Tally):
                self._check_all_is_done(end)
                break
        assert isinstance(end, Tally) or self._is_honest(end or AssertionError()), f"{type(end).__name__}: {end}"
        self.nobody_was_wronged()


TestLifeOfACampaign = pytest.mark.no_cover(
    LifeOfACampaign.TestCase
)  # measuring takes it twice as long, and others cover the same
TestLifeOfACampaign.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
