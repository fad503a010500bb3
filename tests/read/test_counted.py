"""Jobs are counted by status with several requests under way, as many as were asked for and no more."""

from __future__ import annotations

import threading

import httpx
import msgspec
import pytest

from reconciler.calls.client import CallsClient
from reconciler.calls.lookup import BATCH
from reconciler.calls.model import Dialect, JobStatus
from reconciler.lock.lockfile import decode_lock, encode_lock
from reconciler.lock.model import CallStatus, Header, Lock, LockedCall
from reconciler.phones.watch import UNWATCHED
from reconciler.read.counted import count_jobs
from tests.calls.fakes import HOST, TOKEN, report


class Server:
    """Reports every job as planned, and notes how many requests are under way. `full`: how many it waits for."""

    def __init__(self, full: int = 1) -> None:
        self.most = self._now = 0
        self._counting = threading.Lock()
        self._full = threading.Barrier(full)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._counting:
            self._now += 1
            self.most = max(self.most, self._now)
        self._full.wait(10)
        ids = msgspec.json.decode(request.content)["ids"]
        with self._counting:
            self._now -= 1
        return httpx.Response(200, json=[report(job_id, f"1650{job_id:>07}") for job_id in ids])


def call(number: int, status: CallStatus = CallStatus.PLANNED, *, has_job: bool = True) -> LockedCall:
    return LockedCall(
        key=f"{number:022}",
        wave="1",
        phone=f"{number:016}",
        request="r" * 16,
        job_id=str(number) if has_job else "",
        status=status,
        mask="1650•••0001",
    )


def lock(*calls: LockedCall) -> Lock:
    header = Header(format=1, campaign="spring", lineage="l", serial=1, host="https://calls.example", salt="00")
    return Lock(header, {c.call_id: c for c in calls})


def as_ledger(held: Lock) -> Lock:
    """The same, read as a long lockfile is."""
    return decode_lock(encode_lock(held), campaign="spring", shown="spring.lock.jsonl", many=1)


def count(held: Lock, server: Server, parallelism: int) -> tuple[dict[JobStatus, int], int]:
    transport = httpx.MockTransport(server)
    with CallsClient(HOST, TOKEN, dialect=Dialect.CURRENT, parallelism=parallelism, transport=transport) as client:
        counts, missing = count_jobs(client, held, UNWATCHED, "counting")
    return dict(counts), missing


@pytest.mark.parametrize("parallelism", [1, 3])
def test_so_many_requests_are_under_way_and_no_more(parallelism: int) -> None:
    server = Server(full=parallelism)
    counts, missing = count(lock(*map(call, range(6 * BATCH))), server, parallelism)
    assert (counts, missing) == ({JobStatus.PLANNED: 6 * BATCH}, 0)
    assert server.most == parallelism


MIXED = (
    call(1),
    call(2, CallStatus.NO_ANSWER),
    call(3, CallStatus.NO_ANSWER),
    call(4, CallStatus.CANCELLED),
    call(5, CallStatus.REJECTED, has_job=False),
    call(6, CallStatus.ON_RETRY),
)


@pytest.mark.parametrize("form", ["short", "long", "changed since"])
def test_what_cannot_change_is_counted_as_remembered_and_the_rest_as_reported(form: str) -> None:
    held = lock(*MIXED) if form == "short" else as_ledger(lock(*MIXED))
    if form == "changed since":
        held = held.with_calls([call(7, CallStatus.NO_ANSWER), call(8), call(1)])
    counts, missing = count(held, Server(), 2)
    more = int(form == "changed since")
    expected = {JobStatus.PLANNED: 2 + more, JobStatus.NO_ANSWER: 2 + more, JobStatus.CANCELLED: 1}
    assert ({status: n for status, n in counts.items() if n}, missing) == (expected, 0)
