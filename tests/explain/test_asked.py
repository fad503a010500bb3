"""Who is meant by what was typed, and what comes near where nobody is found."""

from __future__ import annotations

import pytest

from reconciler.explain.asked import Absent, asked
from reconciler.lock.model import CallStatus
from reconciler.render.explain import nobody_text
from tests.acceptance.planted import sightings
from tests.explain.scene import LEADS, SPRING, Spring
from tests.render.plans import printed


@pytest.mark.parametrize("typed", ["(650) 731-3371", "1 650 731 3371", "+1-650-731-3371", "c-1"])
def test_a_call_is_found_by_its_key_and_by_its_phone_in_any_form(spring: Spring, typed: str) -> None:
    assert [call.key for call in spring.search(typed).calls] == ["c-1"]


def test_a_call_is_found_by_what_only_the_lock_still_knows(spring: Spring) -> None:
    made = spring.remembers({"c-3": CallStatus.NO_ANSWER})
    (spring.folder / "leads.csv").write_text("".join(LEADS.splitlines(keepends=True)[:2]))
    for typed in ("c-3", "650 733 5593"):
        search = spring.search(typed)
        assert (search.calls, search.remembered) == ((), (made["c-3"],))


def test_the_row_whose_key_now_has_another_phone_is_found_by_the_phone_it_had(spring: Spring) -> None:
    spring.remembers({"c-3": CallStatus.PLANNED})
    (spring.folder / "leads.csv").write_text(LEADS.replace("650 733 5593", "650 733 5594"))
    told = spring.explained("650 733 5593")
    assert (told.rows, told.typed) == ((), "16507335593")
    assert "Its key has another phone now" not in spring.text("650 733 5593")
    assert "Its key has another phone now" in spring.text("c-3")


def near_of(spring: Spring, typed: str) -> list[tuple[str, int, str]]:
    """Mask, line and reason of what comes near; nobody may be found."""
    with pytest.raises(Absent):
        spring.explained(typed)
    return [(each.mask, each.place.line, each.what) for each in spring.search(typed).looked().near]


ENDING = "its number ends with the same digits"
ALIKE = "its key is the same but for capitals, spaces or leading zeros"


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("+44 650 732 4482", [("1650•••4482", 3, ENDING)]),
        ("0 7700 900123", [("4477••••0123", 5, ENDING)]),
        ("8 916 731 33 71", [("7916•••3371", 20, ENDING), ("1650•••3371", 2, ENDING)]),
        ("BOSS", [("7916•••3371", 20, ALIKE)]),
        ("C-1", []),  # too short to be told from chance
        ("nobody", []),
        ("731", []),
    ],
)
def test_what_comes_near_is_named_by_place_and_mask(
    spring: Spring, typed: str, near: list[tuple[str, int, str]]
) -> None:
    assert sorted(near_of(spring, typed)) == sorted(near)


def test_a_row_that_an_earlier_one_of_its_key_stands_before_is_named(spring: Spring) -> None:
    (spring.folder / "spring.yaml").write_text(
        SPRING.replace("      key: {column: id}\n", "      key: {column: id}\n      duplicates: first\n")
    )
    (spring.folder / "leads.csv").write_text(LEADS + "c-1,+1 650 734 6604,quokkaeve,1,,\n")
    [(mask, line, what)] = near_of(spring, "650 734 6604")
    assert (mask, line) == ("1650•••6604", 6)
    assert "duplicates: first" in what


def test_nobody_is_said_with_what_was_looked_through_and_who_suppresses_the_number(spring: Spring) -> None:
    (spring.folder / "do-not-call.csv").write_text("phone,why\n+1 650 734 6604,moved\n")
    looked = spring.search("650 734 6604").looked()
    text = printed(nobody_text("650 734 6604", [looked], 2, []))
    assert text.splitlines() == [
        "650 734 6604 is in no list and no lockfile here.",
        "  looked through  1 campaign, 2 lists, 5 calls, 0 remembered",
        "  left out        2 campaigns, by --target or --shard",
        "  suppressed by do-not-call.csv (moved)",
    ]


def test_nothing_that_holds_people_shows_them_in_a_traceback(spring: Spring) -> None:
    assert sightings(repr([asked("650 731 3371", spring.campaign), *spring.search("c-1").calls]), "repr") == []
