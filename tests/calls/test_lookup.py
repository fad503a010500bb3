"""Looking up jobs: what exists, and exactly what does not, whatever the server tells of it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.calls.lookup import Found, find_jobs
from reconciler.calls.model import Job, JobStatus
from reconciler.errors import UnknownItems, Unreadable


def job(job_id: str, phone: str) -> Job:
    return Job(job_id, phone, JobStatus.PLANNED)


class Register:
    """The jobs of a server; it refuses unknown items, naming none, one or all of them, or leaves them out."""

    def __init__(self, *jobs: Job, names: int | None = 0, is_silent: bool = False) -> None:
        self._jobs, self._names, self._is_silent = jobs, names, is_silent
        self.requests = 0

    def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
        self.requests += 1
        ids, numbers = list(job_ids), list(phones)
        assert ids or numbers
        unknown = [i for i in ids if i not in {j.job_id for j in self._jobs}]
        unknown += [p for p in numbers if p not in {j.phone for j in self._jobs}]
        if unknown and not self._is_silent:
            error = UnknownItems("getReport", "unknown")
            error.items = frozenset(unknown[: self._names])
            raise error
        return tuple(j for j in self._jobs if j.job_id in ids or j.phone in numbers)


JOBS = (job("1", "700"), job("2", "701"), job("3", "701"))
HOW = [{}, {"names": 1}, {"names": None}, {"is_silent": True}]
HOW_IDS = ["names none", "names one", "names all", "leaves out"]


def test_all_jobs_of_ids_and_phones_are_found_once() -> None:
    found = find_jobs(Register(*JOBS), job_ids=["1", "2"], phones=["701"])
    assert set(found.jobs) == set(JOBS)
    assert len(found.jobs) == 3
    assert found.missing == frozenset()


@pytest.mark.parametrize("how", HOW[:3], ids=HOW_IDS[:3])
def test_missing_is_exactly_what_does_not_exist(how: dict[str, bool]) -> None:
    found = find_jobs(Register(*JOBS, **how), job_ids=["1", "8", "2", "9"], phones=["700", "709"])
    assert {j.job_id for j in found.jobs} == {"1", "2"}
    assert found.missing_ids == {"8", "9"}
    assert found.missing_phones == {"709"}
    assert found.missing == {"8", "9", "709"}


def test_ids_that_a_report_leaves_out_are_missing() -> None:
    found = find_jobs(Register(*JOBS, is_silent=True), job_ids=["1", "8", "2", "9"])
    assert {j.job_id for j in found.jobs} == {"1", "2"}
    assert found.missing_ids == {"8", "9"}


class Forgetful(Register):
    """Leaves phones it knows out of its reports, without a word, so many times."""

    def __init__(self, *jobs: Job, leaves_out: set[str], times: int) -> None:
        super().__init__(*jobs)
        self._leaves_out, self._times = leaves_out, times
        self.asked: list[set[str]] = []

    def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
        numbers = list(phones)
        self.asked.append(set(numbers))
        shown = super().jobs(job_ids, numbers)
        self._times -= 1
        return shown if self._times < 0 else tuple(j for j in shown if j.phone not in self._leaves_out)


def test_phones_that_a_report_leaves_out_are_asked_for_once_more_by_themselves() -> None:
    register = Forgetful(*JOBS, leaves_out={"701"}, times=1)
    found = find_jobs(register, phones=["700", "701"])
    assert set(found.jobs) == set(JOBS)
    assert found.missing_phones == frozenset()
    assert register.asked == [{"700", "701"}, {"701"}]


@pytest.mark.parametrize("asked", [["700", "701"], ["701"]], ids=["some", "all"])
def test_phones_that_are_left_out_twice_are_not_missing_because_nobody_said_that_they_are_unknown(
    asked: list[str],
) -> None:
    with pytest.raises(Unreadable, match="1 of the phones asked for are neither in the answer nor refused as unknown"):
        find_jobs(Forgetful(*JOBS, leaves_out={"701"}, times=2), phones=asked)


def test_phones_that_are_refused_when_they_are_asked_for_by_themselves_are_missing() -> None:
    class Late(Register):
        def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
            self._is_silent = not self.requests
            return super().jobs(job_ids, phones)

    found = find_jobs(Late(*JOBS), phones=["700", "709"])
    assert {j.job_id for j in found.jobs} == {"1"}
    assert found.missing_phones == {"709"}


@pytest.mark.parametrize("how", HOW, ids=HOW_IDS)
def test_everything_may_be_missing(how: dict[str, bool]) -> None:
    assert find_jobs(Register(**how), job_ids=["8", "9"]) == Found((), frozenset({"8", "9"}))


def test_nothing_asked_for_is_nothing_sent() -> None:
    register = Register()
    assert find_jobs(register) == Found(())
    assert register.requests == 0


def test_items_are_asked_for_in_batches_and_repeated_ones_once() -> None:
    register = Register(*[job(str(n), str(n)) for n in range(5)])
    assert len(find_jobs(register, job_ids=[*map(str, range(5)), "0", "1"], batch=2).jobs) == 5
    assert register.requests == 3


def test_a_server_that_names_what_it_does_not_know_is_asked_once_more() -> None:
    register = Register(*[job(str(n), "7") for n in range(100)], names=None)
    find_jobs(register, job_ids=[*map(str, range(100)), "x", "y"])
    assert register.requests == 2


def test_a_server_that_names_something_else_is_asked_by_halves() -> None:
    class Confused(Register):
        def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
            try:
                return super().jobs(job_ids, phones)
            except UnknownItems as error:
                error.items = frozenset({"something else"})
                raise

    assert find_jobs(Confused(*JOBS), job_ids=["1", "9", "2"]).missing == {"9"}


def test_an_unknown_phone_may_be_named_in_another_spelling() -> None:
    class Spelling(Register):
        def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
            try:
                return super().jobs(job_ids, phones)
            except UnknownItems as error:
                error.items = frozenset(f"+{item}" for item in error.items)
                raise

    register = Spelling(*JOBS, names=None)
    assert find_jobs(register, phones=["700", "709"]).missing == {"709"}
    assert register.requests == 2


def test_a_phone_is_missing_in_the_spelling_it_was_asked_in() -> None:
    assert find_jobs(Register(), phones=["+7 09"]).missing == {"+7 09"}


def test_an_answer_with_other_jobs_instead_is_an_error_because_it_may_be_the_same_phone_spelled_otherwise() -> None:
    class National(Register):
        def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
            return (job("1", "89990000001"),)

    with pytest.raises(Unreadable):
        find_jobs(National(), phones=["79990000001"])


def test_other_jobs_besides_those_asked_for_are_left_out() -> None:
    class Generous(Register):
        def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
            return JOBS

    assert find_jobs(Generous(), job_ids=["1"]).jobs == JOBS[:1]


def test_a_read_that_failed_is_not_an_empty_answer() -> None:
    class Broken(Register):
        def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
            raise Unreadable("getReport", "failed")

    with pytest.raises(Unreadable):
        find_jobs(Broken(), job_ids=["1"])


@given(
    known=st.sets(st.integers(0, 40)),
    asked=st.sets(st.integers(0, 40)),
    how=st.sampled_from(HOW),
    batch=st.integers(1, 50),
)
def test_found_and_missing_together_are_what_was_asked_for(
    known: set[int], asked: set[int], how: dict[str, bool], batch: int
) -> None:
    register = Register(*[job(str(n), str(n)) for n in known], **how)
    found = find_jobs(register, job_ids=map(str, sorted(asked)), batch=batch)
    assert {j.job_id for j in found.jobs} == set(map(str, asked & known))
    assert found.missing_ids == set(map(str, asked - known))
