"""Several campaigns of a run at once, each in a thread of its own.

Only the main thread writes to the terminal, asks, and handles signals. What a campaign has to say is kept until its
turn, which comes in the order of the names: so a run says the same whoever was faster, and each campaign in one piece.

A question ends a piece. Questions come in the order of the names too, one at a time, each below the plan it is about;
what was done is said after the last question.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

import click

from reconciler.apply.clock import StopRequest
from reconciler.calls.parallel import WAKE_S
from reconciler.cli.each import Ended, T, Turn, Work, attempt
from reconciler.cli.signals import answering
from reconciler.cli.terminal import Terminal
from reconciler.manifest.model import Campaign
from reconciler.render.several import Several

AHEAD: Final = 64
"""Campaigns begun before the first of them has had its turn: what they have to say, plans among it, is in memory."""

_LOOK_S: Final = 0.2  # between two looks whether the run was asked to stop

Say = Callable[[], None]


class _Question(NamedTuple):
    """What a campaign asks, and where it waits for the answer."""

    text: str
    answer: SimpleQueue[bool]


class _Turn(NamedTuple):
    """What a campaign waits for until its turn has come: done at once, before what it says is written."""

    do: Say


class _Failure(NamedTuple):
    """What ends the whole run."""

    error: BaseException


class _Piece(NamedTuple):
    """What a campaign said, up to its question or its end."""

    said: list[Say]
    end: _Question | Ended | _Failure


class _Seat(Turn):
    """The place of a campaign that is worked on in a thread: it hands everything to the main one."""

    def __init__(self, campaign: Campaign, terminal: Terminal, stop: StopRequest, progress: Several) -> None:
        held = terminal.about(campaign.name).held(self.when_due, progress.part)
        super().__init__(held, stop, is_of_several=True)
        self._campaign = campaign
        self._told: SimpleQueue[Say | _Turn | _Question | Ended | _Failure] = SimpleQueue()

    def work(self, work: Work) -> None:
        """Works on the campaign, in its thread."""
        try:
            self._told.put(attempt(self._campaign, self, work))
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            self._told.put(_Failure(error))

    def ask(self, question: str) -> bool:
        """What a person answers, when the question's turn has come."""
        answer: SimpleQueue[bool] = SimpleQueue()
        self._told.put(_Question(question, answer))
        while not self.stop.is_asked:  # then it is no, and maybe nobody is left to say so
            with suppress(Empty):
                return answer.get(timeout=_LOOK_S)
        return False

    def when_due(self, do: Say) -> None:
        """Does it in the main thread, when the campaign's turn has come."""
        self._told.put(do)

    def after_others(self, ask: Callable[[], T]) -> T:
        """What `ask` says in the main thread, when the campaign's turn has come."""
        answer: Future[T] = Future()
        self._told.put(_Turn(partial(_settle, answer, ask)))
        while not answer.done():
            self.stop.check()  # then maybe nobody is left to ask
            wait([answer], _LOOK_S)
        return answer.result()

    def piece(self) -> _Piece:
        """What is said up to the next question or the end: waits for it, in the main thread."""
        said: list[Say] = []
        while not isinstance(told := self._next(), _Question | Ended | _Failure):
            if isinstance(told, _Turn):
                told.do()
            else:
                said.append(told)
        return _Piece(said, told)

    def _next(self) -> Say | _Question | _Turn | Ended | _Failure:
        """What it hands over next. Waits a little at a time: see `WAKE_S`."""
        while True:
            with suppress(Empty):
                return self._told.get(timeout=WAKE_S)


def _settle(answer: Future[T], ask: Callable[[], T]) -> None:
    """Puts into `answer` what `ask` says, or what it raises: that is about the campaign and not about the run."""
    try:
        answer.set_result(ask())
    except Exception as error:  # noqa: BLE001 - raised where it is waited for
        answer.set_exception(error)


def together(
    campaigns: Sequence[Campaign], terminal: Terminal, work: Work, stop: StopRequest, *, jobs: int, label: str
) -> list[Ended]:
    """How it went for each campaign, in their order; up to `jobs` of them at once.

    Raises what `work` raises to end the whole run, after those under way came to their end.
    """
    progress = terminal.several(label, len(campaigns))
    seats = [_Seat(campaign, terminal, stop, progress) for campaign in campaigns]
    with ThreadPoolExecutor(jobs) as pool:
        try:
            progress.begin()
            return _Audience(progress, stop).all(_begun(seats, work, pool))
        except BaseException:
            stop.ask()  # those that are not begun yet are not
            raise
        finally:
            progress.finish()


def _begun(seats: Sequence[_Seat], work: Work, pool: ThreadPoolExecutor) -> Iterator[_Seat]:
    """The seats in order, while those up to `AHEAD` further on are being worked on."""
    waiting = iter(seats)
    for seat in islice(waiting, AHEAD):
        pool.submit(seat.work, work)
    for seat in seats:
        yield seat
        for following in islice(waiting, 1):
            pool.submit(following.work, work)


class _Audience:
    """The main thread: hears one campaign after the other, and answers."""

    def __init__(self, progress: Several, stop: StopRequest) -> None:
        self._progress, self._stop = progress, stop

    def all(self, seats: Iterator[_Seat]) -> list[Ended]:
        """How it went for each."""
        first = [(seat, self._hear(seat)) for seat in seats]
        return [self._rest(seat) if end is None else end for seat, end in first]

    def _rest(self, seat: _Seat) -> Ended:
        """The end of a campaign that has asked."""
        while (end := self._hear(seat)) is None:
            pass
        return end

    def _hear(self, seat: _Seat) -> Ended | None:
        """The campaign's next piece, written; how it went, or None when it asked and was answered."""
        piece = seat.piece()
        with self._progress.aside():
            for say in piece.said:
                say()
            match piece.end:
                case _Question(text, answer):
                    answer.put(self._answer(text))
                    return None
                case _Failure(error):
                    raise error
                case Ended():
                    self._progress.ended()
                    return piece.end

    def _answer(self, question: str) -> bool:
        """A person's answer; no when the run was asked to stop, and Ctrl-C instead of an answer asks it to."""
        if self._stop.is_asked:
            return False
        try:
            with answering():
                return click.confirm(question, err=True)
        except click.Abort:
            signal.raise_signal(signal.SIGINT)
            return False
