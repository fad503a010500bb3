"""The person who decides about calls in doubt, as `campaign resolve` lets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.apply.book import Book
from reconciler.apply.lost import find_lost
from reconciler.apply.resolve import Doubt, adopt, decide, doubts
from reconciler.apply.run import Options, Run, Tally
from reconciler.phones.model import Desired
from reconciler.read.observed import Server
from reconciler.read.remembered import Remembered, read_remembered
from tests.apply.server import TOKEN
from tests.apply.world import SETTLE_S, TIMEOUT_S, Power, PoweredClock, Script, campaign
from tests.random.hazards import RandomWorld
from tests.random.truth import is_live


@contextmanager
def _held(world: RandomWorld, script: Script) -> Iterator[tuple[Remembered, Book]]:
    world.power = world.disk.power = Power(script)
    with world.disk.hold("campaign resolve"):
        remembered = read_remembered(world.disk, campaign(), None, TOKEN)
        yield remembered, Book(world.disk, remembered)


def decide_truthfully(world: RandomWorld, *, chosen: int, says_sent: bool) -> None:
    """Decides about every other call in doubt, from the `chosen` one on.

    To say that a call was sent is safe, whether it was or not; to say that it was not is so only when it is true.
    Whoever still waits to be called is left in doubt: nothing would take that call back any more.
    """
    if world.disk.lock is None:
        return
    with _held(world, {}) as (remembered, book):
        live = {job.id for job in world.server.jobs.values() if is_live(job)}
        some = [doubt for doubt in doubts(book)[chosen % 3 :: 2] if doubt.call.job_id not in live]
        unowned = {remembered.keyer.phone(j.phone) for j in world.server.jobs.values() if not book.owns(j.id)}
        sent = [doubt for doubt in some if says_sent or doubt.call.phone in unowned]
        unsent = [doubt for doubt in some if doubt not in sent and _is_without_job(doubt)]
        now_s = world.clock.now_s()
        if sent:
            decide(book, sent, "sent", who="operator", why="ticket", now_s=now_s)
        if unsent:
            decide(book, unsent, "not-sent", who="operator", why="ticket", now_s=now_s)
        world.truth.decided(doubt.call.job_id for doubt in sent if doubt.call.job_id)


def _is_without_job(doubt: Doubt) -> bool:
    """Whether the doubt is about a request; a job that is missing or has an unknown status may ring."""
    return not doubt.call.job_id


def ask_again(world: RandomWorld, wanted: Desired, script: Script) -> None:
    """Has the server asked once more about everything in doubt, and takes what it has."""
    if world.disk.lock is None:
        return
    with _held(world, script) as (remembered, book):
        clock = PoweredClock(world.clock, world.power, world.stop)
        with world.client(clock) as client:
            server = Server(client, campaign(), remembered.keyer, TOKEN)
            server.refuse_other_campaign(remembered.lock)
            options = Options(settle_s=SETTLE_S, timeout_s=TIMEOUT_S)
            run = Run(client, book, remembered.keyer, clock, world.stop, options, Tally())
            find_lost(run, wanted)
            adopt(run)
