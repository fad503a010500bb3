"""A list whose columns were torn apart: noticed without anything remembered of a payload by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus
from reconciler.manifest.model import Guards
from reconciler.phones.model import Call
from reconciler.plan.model import Frozen, Plan
from reconciler.plan.moved import Changed, Moved, find_moved
from tests.plan.values import KEYER, campaign, lock_of, planned, remembered, wanted

Payload = dict[str, Any]


def listed(payloads: Iterable[Payload], phones: Sequence[int] | None = None) -> list[Call]:
    """A list with a row for each payload; row n has the n-th phone and key."""
    found = []
    for n, payload in enumerate(payloads):
        phone = f"1650777{phones[n] if phones else n:04}"
        request = msgspec.json.encode({"maxAttempts": 2, "payload": payload, "phone": phone}, order="deterministic")
        found.append(Call(f"customer {n}", "1", phone, request, "leads.csv", n + 2))
    return found


def people(count: int) -> list[Payload]:
    """Payloads of which no two are the same, in a field of few values and one of many."""
    return [{"due": 7 * n, "name": ("Ann", "Bob", "Cyd", "Dan")[n % 4]} for n in range(count)]


def names(count: int) -> list[Payload]:
    """Payloads many people have in common, in no order."""
    dice = Random(5)
    return [{"name": f"Name{dice.randrange(40)}"} for _ in range(count)]


def plan_of(
    before: list[Call], after: list[Call], status: CallStatus = CallStatus.PLANNED, allowed: int = 0, limit: int = 0
) -> Plan:
    """The plan for a list that was `before` and is `after`."""
    lock = lock_of(*(remembered(call, status) for call in before))
    guards = Guards(replace_percent=100.0, moved_payloads=limit)
    return planned(after, lock, of=campaign(guards=guards), allowed={"moved-payloads": allowed})


def tripped(plan: Plan) -> list[str]:
    """The guards the plan does not pass."""
    return [guard.name for guard in plan.tripped]


def codes(plan: Plan) -> list[str]:
    """The plan's warnings."""
    return [warning.code for warning in plan.warnings]


def shuffled(payloads: list[Payload]) -> list[Payload]:
    """The same, in another order."""
    return Random(1).sample(payloads, len(payloads))


def turned(payloads: list[Payload]) -> list[Payload]:
    """The same, each a row further down, so that nobody keeps what they had."""
    return [payloads[-1], *payloads[:-1]]


def shifted(payloads: list[Payload], field: str, by: int = 1) -> list[Payload]:
    """One column moved down, the last rows' values at the top."""
    column = [payload[field] for payload in payloads]
    return [payload | {field: column[(at - by) % len(column)]} for at, payload in enumerate(payloads)]


@pytest.mark.parametrize("after", [turned(people(5)), shuffled(people(40)), shuffled(people(400))], ids=len)
def test_payloads_in_another_order_than_the_phones_are_held_back(after: list[Payload]) -> None:
    plan = plan_of(listed(people(len(after))), listed(after))
    assert (tripped(plan), codes(plan)) == (["movedPayloads"], ["moved-payloads"])
    assert plan.warnings[0].what.startswith("the list looks mis-sorted: of calls that changed, the payload moved")


def test_a_column_that_was_sorted_alone_is_named() -> None:
    before = people(60)
    after = [each | {"due": due} for each, due in zip(before, Random(2).sample(range(0, 420, 7), 60), strict=True)]
    plan = plan_of(listed(before), listed(after))
    assert tripped(plan) == ["movedPayloads"]
    assert "payload.due moved to other phones" in plan.warnings[0].what


@pytest.mark.parametrize(("by", "said"), [(1, "1 row down "), (-3, "3 rows up "), (20, "20 rows down ")])
def test_a_column_of_values_many_have_in_common_that_slipped_is_held_back(by: int, said: str) -> None:
    plan = plan_of(listed(names(300)), listed(shifted(names(300), "name", by)))
    assert tripped(plan) == ["movedPayloads"]
    assert said in plan.warnings[0].what


def test_values_many_have_in_common_are_held_back_when_each_is_as_frequent_as_before() -> None:
    assert tripped(plan_of(listed(names(400)), listed(shuffled(names(400))))) == ["movedPayloads"]


def test_phones_that_moved_among_the_keys_are_held_back() -> None:
    plan = plan_of(listed(people(12)), listed(people(12), phones=[(n + 5) % 12 for n in range(12)]))
    assert tripped(plan) == ["movedPayloads"]
    assert "phones moved among the keys" in plan.warnings[0].what


def test_a_few_true_changes_hide_nothing() -> None:
    after = [each | {"due": 100_000 + n} if n % 10 == 0 else each for n, each in enumerate(shuffled(people(200)))]
    assert tripped(plan_of(listed(people(200)), listed(after))) == ["movedPayloads"]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([each | {"due": each["due"] + 3} for each in people(300)], id="new values"),
        pytest.param([each | {"promo": "summer"} for each in people(300)], id="a field more"),
        pytest.param([{"due": each["due"]} for each in people(300)], id="a field less"),
        pytest.param([{"due": 5, "name": "Ann"}] * 300, id="all alike"),
        pytest.param([each | {"name": "Eve"} for each in people(300)[:3]] + people(300)[3:], id="a few"),
        pytest.param(people(300), id="none"),
    ],
)
def test_data_that_changed_in_earnest_passes(after: list[Payload]) -> None:
    plan = plan_of(listed(people(300)), listed(after))
    assert (tripped(plan), codes(plan)) == ([], [])


@pytest.mark.parametrize("values", [3, 30, 100])
def test_a_field_of_few_values_may_change_every_day(values: int) -> None:
    dice = Random(3)
    before, after = ([{"due": dice.randrange(values)} for _ in range(400)] for _ in range(2))
    assert tripped(plan_of(listed(before), listed(after))) == []


def test_four_people_may_change_places() -> None:
    assert tripped(plan_of(listed(people(4)), listed([*people(4)[1:], people(4)[0]]))) == []


def test_what_moved_but_was_called_already_is_said_and_holds_nothing_up() -> None:
    plan = plan_of(listed(people(9)), listed(people(9)[::-1]), CallStatus.NO_ANSWER)
    assert (tripped(plan), codes(plan)) == ([], ["moved-payloads"])
    assert {type(note) for note in plan.notes} == {Frozen}


@pytest.mark.parametrize(("allowed", "limit"), [(10, 0), (0, 10)], ids=["allowed", "in the manifest"])
def test_naming_how_many_lets_them_pass(allowed: int, limit: int) -> None:
    assert tripped(plan_of(listed(people(10)), listed(turned(people(10))), allowed=allowed - 1, limit=limit - 1))
    plan = plan_of(listed(people(10)), listed(turned(people(10))), allowed=allowed, limit=limit)
    assert (tripped(plan), codes(plan)) == ([], ["moved-payloads"])


def test_calls_without_a_payload_have_none_that_could_move() -> None:
    before, after = (
        [Call(f"{n}", "1", f"{n:09}", f'{{"maxAttempts":{at},"phone":"{n:09}"}}'.encode(), "a", n) for n in range(9)]
        for at in (1, 2)
    )
    assert codes(plan_of(before, after)) == []


def test_a_name_that_may_be_anything_is_not_said() -> None:
    odd = "16507770000"
    before = [{"a": n % 3, odd: n} for n in range(40)]
    after = [each | {odd: (each[odd] + 7) % 40} for each in before]
    plan = plan_of(listed(before), listed(after))
    assert "a field of the payload moved" in plan.warnings[0].what
    assert "16507770000" not in str(plan.warnings)


def test_rows_without_the_field_and_rows_far_from_all_others_say_nothing() -> None:
    def half(due: int) -> list[Payload]:
        return [payload | {"due": n * due} if n % 2 else {"due": n * due} for n, payload in enumerate(names(300))]

    calls = listed(half(2))
    calls[37] = replace(calls[37], row=9_000)
    assert codes(plan_of(listed(half(3)), calls)) == []


class Counting(Keyer):
    """Counts what it digests."""

    def __init__(self) -> None:
        super().__init__(None, "5a" * 16)
        self.count = 0

    def digests(self, purpose: bytes, values: Iterable[bytes], head: bytes = b"") -> bytes:
        """As the keyer's."""
        some = [*values]
        self.count += len(some)
        return super().digests(purpose, some, head)


class Crooked(Keyer):
    """Makes digests in which those that are looked for stand at no digest's place."""

    def __init__(self, looked_for: Iterable[str]) -> None:
        super().__init__(None, "5a" * 16)
        self._all = b"".join(b"......" + each.encode() + b"......" for each in looked_for)

    def digests(self, purpose: bytes, values: Iterable[bytes], head: bytes = b"") -> bytes:
        """All of them, askew."""
        return self._all


def changed(before: list[Call], after: list[Call]) -> list[Changed]:
    """The calls as they are, beside what is remembered of them."""
    return [
        (wanted(new), remembered(old, CallStatus.PLANNED)) for old, new in zip(before, after, strict=True) if old != new
    ]


def test_the_cost_grows_with_the_changed_calls_and_not_with_their_square() -> None:
    keyer = Counting()
    pairs = changed(listed(people(2000)), listed([each | {"due": each["due"] + 1} for each in people(2000)]))
    assert find_moved(pairs, keyer) is None
    assert 0 < keyer.count < 10 * len(pairs)


def test_of_very_many_calls_the_whole_payload_is_looked_at() -> None:
    count = 20_050
    pairs = changed(listed(people(count)), listed(turned(people(count))))
    assert find_moved(pairs, KEYER) == Moved(count, rows=1)
    assert find_moved(changed(listed(people(count)), listed(shuffled(people(count)))), KEYER) is not None


def test_a_digest_found_across_two_is_none() -> None:
    pairs = changed(listed(people(12)), listed(turned(people(12))))
    assert find_moved(pairs, Crooked(locked.request for _, locked in pairs)) is None
