"""Saved plans and drift against the sandbox, whose folder is full of planted numbers, words and a token."""

from __future__ import annotations

import pytest

from tests.resolve.place import TOKEN, WORD, Place, Ran, phone

FORMATS = ("json", "markdown", "html")


def file(place: Place) -> str:
    """Where the plan is saved."""
    return str(place.folder / "saved.plan")


def save(place: Place) -> Ran:
    """Plans into the file, and in all formats beside it."""
    also = [f"--also={each}={place.folder / f'plan.{each}'}" for each in FORMATS]
    return place.run("plan", "--drift", "--out", file(place), *also)


def apply_file(place: Place) -> Ran:
    """Applies the file."""
    return place.run("apply", file(place), "--first", "--settle", "0.2")


def test_what_was_saved_is_done_once_however_often_it_is_applied(place: Place) -> None:
    place.declare(range(1, 21))
    assert save(place).code == 0
    for _ in range(2):
        ran = apply_file(place)
        assert ran.code == 0, ran.text
    assert place.mutations()["addPhones"] == 1
    place.assert_right()


@pytest.mark.parametrize("fault", ["drop-response:addPhones:1", "drop-request:addPhones:1", "500-after:addPhones:1"])
def test_a_lost_answer_is_settled_by_applying_the_file_again(place: Place, fault: str) -> None:
    place.declare(range(1, 6))
    assert save(place).code == 0
    place.fault(fault)
    assert apply_file(place).code in (0, 1, 4)
    place.heal()
    ran = apply_file(place)
    assert ran.code == 0, ran.text
    place.assert_right()


def test_neither_the_file_nor_a_message_holds_a_planted_value(place: Place) -> None:
    place.declare(range(1, 21))
    assert place.apply().code == 0
    place.declare(range(3, 25), word="quokkaother")
    assert save(place).code == 0
    place.declare(range(4, 40), word="quokkaother")
    assert apply_file(place).code == 5  # what it prints is searched in `run`
    hidden = [TOKEN, WORD, "quokka", *(phone(n) for n in range(1, 40))]
    for name in ("saved.plan", *(f"plan.{each}" for each in FORMATS)):
        text = (place.folder / name).read_text()
        assert [each for each in hidden if each in text] == [], name
    assert "•" not in (place.folder / "saved.plan").read_text()
