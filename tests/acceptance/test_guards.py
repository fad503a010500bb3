"""Guards: a plan larger than the manifest allows goes nowhere, and the message names the amount it would take."""

from __future__ import annotations

import pytest

from tests.acceptance.workshop import Workshop, people, phone

TIGHT = {"newCalls": 5, "cancelPercent": 30, "replacePercent": 30}


@pytest.fixture
def guarded(current: Workshop) -> Workshop:
    """Ten people were added, and since then the guards are tight."""
    current.people(people(10))
    assert current.apply().code == 0
    current.manifest(guards=TIGHT)
    current.server.forget()
    return current


def grown(work: Workshop) -> None:
    work.people(people(16))


def shrunk(work: Workshop) -> None:
    work.people(people(5))


def changed(work: Workshop) -> None:
    work.people([(key, number, f"{name} II") for key, number, name in people(10)])


GUARDS = [
    pytest.param(grown, "--allow new-calls=6", "new-calls=5", {"addPhones": 1}, id="new-calls"),
    pytest.param(shrunk, "--allow cancel-percent=50", "cancel-percent=49", {"callJob/cancel": 1}, id="cancel-percent"),
    pytest.param(
        changed,
        "--allow replace-percent=100",
        "replace-percent=99",
        {"callJob/cancel": 1, "addPhones": 1},
        id="replace-percent",
    ),
]


@pytest.mark.parametrize(("change", "enough", "too_little", "requests"), GUARDS)
def test_a_plan_past_a_guard_is_held_back_until_the_amount_is_named(
    guarded: Workshop, change: object, enough: str, too_little: str, requests: dict[str, int]
) -> None:
    assert callable(change)
    change(guarded)
    for arguments in ([], ["--allow", too_little]):
        ran = guarded.apply(*arguments)
        assert ran.code == 3, ran.text
        assert enough in ran.text
    assert not guarded.server.mutations
    ran = guarded.apply(*enough.split())
    assert ran.code == 0, ran.text
    assert guarded.server.mutations == requests


def test_a_plan_past_a_guard_exits_with_3(guarded: Workshop) -> None:
    grown(guarded)
    ran = guarded.run("plan", "--detailed-exitcode")
    assert ran.code == 3
    assert "--allow new-calls=6" in ran.out
    assert guarded.run("plan", "--allow", "new-calls=6", "--detailed-exitcode").code == 2


def test_a_guard_about_adding_holds_up_neither_cancelling_nor_pausing(guarded: Workshop) -> None:
    guarded.manifest(guards=TIGHT, state="paused")
    guarded.people([*people(8, 3), *people(6, 20)])
    ran = guarded.apply()
    assert ran.code == 3, ran.text
    assert guarded.server.mutations == {"control/pause": 1, "callJob/cancel": 1}
    assert guarded.remote.state == "paused"
    assert [guarded.remote.jobs_of(phone(n))[0].is_cancelled for n in (1, 2, 3)] == [True, True, False]


def test_a_list_that_vanished_takes_nobody_back(guarded: Workshop) -> None:
    guarded.people([])
    ran = guarded.apply()
    assert ran.code == 3
    assert not guarded.server.mutations


@pytest.mark.parametrize(
    "value", ["new-calls", "new-calls=", "new-calls=-1", "new-calls=1e9", "newCalls=5", "force", "=5"]
)
def test_an_allowance_that_names_no_amount_is_wrong_usage(guarded: Workshop, value: str) -> None:
    grown(guarded)
    ran = guarded.apply("--allow", value)
    assert ran.code == 64
    assert "--allow" in ran.err
    assert not guarded.server.log
