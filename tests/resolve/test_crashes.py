"""A run of `campaign resolve` that dies anywhere: what a person decided is either not there or there with who and why.

On a disk in memory whose every effect can be the last one.
"""

from __future__ import annotations

import msgspec
import pytest

from reconciler.apply.book import Book
from reconciler.apply.resolve import Verdict, decide, doubts, unconfirmed
from reconciler.lock.journal import Intent
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.plan.diff import identify
from reconciler.read.remembered import read_remembered
from tests.apply.world import APPEND_FATES, REPLACE_FATES, Crash, Disk, Power, call, campaign, phone

AT_S = 1_704_103_200.0
FATES = {"append": APPEND_FATES, "replace lock": REPLACE_FATES, "replace journal": REPLACE_FATES}
ALL = (0, 1, 2, 3, 4)


def opened(disk: Disk, script: dict[int | str, str] | None = None) -> Book:
    """The book as a new process finds it; `script` says at which effect it dies."""
    disk.power = Power(script)
    with disk.hold("campaign resolve"):
        return Book(disk, read_remembered(disk, campaign(), None, "token"))


def in_doubt(keyer: Keyer, *numbers: int) -> tuple[LockedCall, ...]:
    """Calls as they are while their request is under way."""
    wanted = identify([call(n) for n in numbers], keyer)
    return tuple(each.locked("", CallStatus.IN_DOUBT, None) for each in wanted)


def intent(calls: tuple[LockedCall, ...], *numbers: int, key: str, recovers: int = 0) -> Intent:
    """A request to add them."""
    body = msgspec.json.encode([{"phone": phone(n)} for n in numbers]).decode()
    return Intent("addPhones", key, int(1000 * AT_S), int(1000 * AT_S) + 60_000, calls, body, recovers=recovers)


@pytest.fixture
def disk() -> Disk:
    """Five calls in doubt: two of one request, two of another that was being sent again when the run died, and one of
    which only the lockfile is left."""
    disk = Disk()
    book = opened(disk)
    keyer = Keyer(None, book.lock.header.salt)
    book.remember(in_doubt(keyer, 4))
    entry = book.intend(intent(in_doubt(keyer, 0, 1), 0, 1, key="a"))
    book.doubt(entry, int(1000 * AT_S) + 60_000, "no answer")
    first = book.intend(intent(in_doubt(keyer, 2, 3), 2, 3, key="b"))
    book.intend(intent(in_doubt(keyer, 2, 3), 2, 3, key="b", recovers=first.seq))
    return disk


def decided(book: Book, *positions: int, verdict: Verdict = "sent") -> None:
    """Decides about the calls at these positions of the listing."""
    chosen = [doubt for doubt in doubts(book) if doubt.call.mask in {f"1650•••{n:04}" for n in positions}]
    decide(book, chosen, verdict, who="Ann", why="ticket 4711", now_s=AT_S)


def statuses(book: Book) -> dict[str, CallStatus]:
    """What is known of each call, by the last digit of its phone."""
    known = {one.mask[-1]: one.status for one in book.lock.calls.values()}
    return known | {doubt.call.mask[-1]: doubt.call.status for doubt in doubts(book)}


def test_a_request_that_was_being_sent_again_is_in_doubt_once_and_is_decided_once(disk: Disk) -> None:
    book = opened(disk)
    assert len(doubts(book)) == 5
    decided(book, *ALL)
    for each in (book, opened(disk)):
        assert doubts(each) == ()
        assert each.opened == ()
        assert statuses(each) == dict.fromkeys("01234", CallStatus.VOUCHED)


def test_what_is_left_of_a_request_keeps_its_times_its_answer_and_its_own_bytes(disk: Disk) -> None:
    book = opened(disk)
    entry, *_ = book.opened
    book.answered(entry, ("77", "78"))
    decided(book, 0)
    for each in (book, opened(disk)):
        (left,) = [one for one in each.opened if one.why]
        assert left.job_ids == ("77", "78")
        assert (left.gave_up_ms, left.why) == (int(1000 * AT_S) + 60_000, "no answer")
        assert left.intent.body == f'[{{"phone":"{phone(1)}"}}]'
        assert (left.intent.created_ms, left.intent.deadline_ms) == (entry.intent.created_ms, entry.intent.deadline_ms)
        assert left.intent.idempotence_key != "a"


@pytest.mark.parametrize("verdict", ["sent", "not-sent"])
@pytest.mark.parametrize("positions", [ALL, (0,), (0, 2), (4,), (1, 3, 4)], ids=str)
def test_dying_at_any_moment_leaves_each_call_in_doubt_or_decided_with_who_and_why(
    disk: Disk, positions: tuple[int, ...], verdict: Verdict
) -> None:
    before = (disk.lock, disk.journal)
    book = opened(disk)
    decided(book, *positions, verdict=verdict)
    effects, wanted = disk.power.effects, statuses(book)
    for number, effect in enumerate(effects, 1):
        for fate in FATES[effect]:
            disk.lock, disk.journal = before
            with pytest.raises(Crash):
                decided(opened(disk, {number: fate}), *positions, verdict=verdict)
            book = opened(disk)
            settled = {n for n, status in statuses(book).items() if status is not CallStatus.IN_DOUBT}
            assert settled <= {str(n) for n in positions}
            if settled:
                (decision,) = book.lock.header.decisions
                assert (decision.who, decision.why, decision.verdict) == ("Ann", "ticket 4711", verdict)
            decided(book, *positions, verdict=verdict)
            assert statuses(opened(disk)) == wanted
    assert len(effects) >= 4


def test_a_cancel_that_was_cut_off_is_shown_and_is_for_the_next_apply_to_read(disk: Disk) -> None:
    book = opened(disk)
    book.intend(Intent("cancel", "c", int(1000 * AT_S), int(1000 * AT_S) + 60_000))
    assert [entry.intent.operation for entry in unconfirmed(opened(disk))] == ["cancel"]
    decided(book, *ALL)
    assert [entry.intent.operation for entry in opened(disk).opened] == ["cancel"]
