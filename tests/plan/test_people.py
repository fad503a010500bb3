"""People called by several campaigns of a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from random import Random

from reconciler.plan.people import People, Phones
from reconciler.plan.warnings import shared_warning
from tests.plan.values import campaign


def phones(*numbers: int) -> Phones:
    """Those of one campaign."""
    found = Phones()
    found.add([f"1650777{number:04}" for number in numbers])
    return found


def meet(*campaigns: range | list[int]) -> list[tuple[int, Mapping[str, int]]]:
    """What each of these, named a, b, c and so on, is told."""
    people = People()
    return [people.meet(chr(97 + at), phones(*numbers)) for at, numbers in enumerate(campaigns)]


def test_each_campaign_is_told_whom_it_shares_with_those_before_it() -> None:
    assert meet([1, 2, 3], [3, 4], [2, 3, 9]) == [(0, {}), (1, {"a": 1}), (2, {"a": 2, "b": 1})]


def test_somebody_who_is_in_one_campaign_twice_is_one_person() -> None:
    assert meet([1, 1, 1], [1, 1]) == [(0, {}), (1, {"a": 1})]


def test_campaigns_that_call_nobody_share_nobody() -> None:
    assert meet([], [1], [], [1]) == [(0, {}), (0, {}), (0, {}), (1, {"b": 1})]


def test_it_is_what_sets_would_say_however_many_there_are_and_of_whatever_size() -> None:
    dice = Random(4)
    lists = [dice.sample(range(3000), dice.choice([1, 10, 100, 900])) for _ in range(25)]
    for at, (count, by_name) in enumerate(meet(*lists)):
        before = [set(each) for each in lists[:at]]
        own = set(lists[at])
        assert count == len(own.intersection(*[set().union(*before)]))
        assert by_name == {chr(97 + n): len(own & each) for n, each in enumerate(before) if own & each}


def test_the_warning_names_the_campaigns_with_most_and_no_phone() -> None:
    (found,) = shared_warning(campaign(), 1200, {"a": 3, "b": 1100, "c": 90, "d": 7})
    assert found.what == (
        "1,200 people are called by other campaigns of this run too: b (1,100), c (90), d (7) and 1 more"
    )
    assert (found.calls, found.code) == (1200, "several-campaigns")
    (one,) = shared_warning(campaign(), 1, {"a": 1})
    assert one.what == "1 person is called by other campaigns of this run too: a (1)"
    assert shared_warning(campaign(), 0, {}) == ()


def test_nothing_is_imported_for_a_run_of_one() -> None:
    program = "import sys; import reconciler.plan.people; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
