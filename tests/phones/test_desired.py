"""What a campaign wants as a whole: nobody twice, nobody while anything is wrong, everything wrong at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from reconciler.errors import ManifestError
from reconciler.manifest.model import ColumnRef, InlinePhone, PhoneList
from reconciler.phones.desired import check_lists
from tests.phones.sample import (
    calls,
    campaign,
    desired,
    file_list,
    inline_list,
    problems,
    read_desired,
    suppression,
    write,
)

# ------------------------------------------------------------------------------------------------------ duplicates


@pytest.fixture
def leads(tmp_path: Path) -> Any:
    """Makes a list of a CSV file with phone and id."""

    def make(name: str, *rows: str, **options: Any) -> PhoneList:
        return file_list(write(tmp_path / name, "\n".join(["phone,id", *rows])), **options)

    return make


def test_a_phone_twice_is_a_problem_that_names_both_places(leads: Any) -> None:
    assert problems(leads("a.csv", "16500000042,1", "+1 650 000 0042,2")) == [
        "a.csv:3: phone: the same phone as a.csv:2; remove one, or write `duplicates: first` in this list"
    ]


def test_a_key_twice_is_a_problem_that_names_both_places(leads: Any) -> None:
    lists = leads("a.csv", "16500000042,1", key="id"), leads("b.csv", "16500000043,1", key="id")
    assert problems(*lists) == [
        "b.csv:2: id: the same key as a.csv:2; remove one, or write `duplicates: first` in this list"
    ]


def test_a_phone_under_two_keys_is_a_problem_that_names_both_places(leads: Any) -> None:
    lists = leads("a.csv", "16500000042,1", key="id"), leads("b.csv", "16500000042,2", key="id")
    [problem] = problems(*lists)
    assert problem.startswith("b.csv:2: phone: the same phone as a.csv:2, under another key; remove one, or write")
    assert "`samePhone: allow`" in problem


def test_an_inline_phone_that_a_file_holds_too_is_a_problem(leads: Any) -> None:
    [problem] = problems(leads("a.csv", "16500000042,1"), inline_list(InlinePhone("16500000042")))
    assert problem.startswith("campaign.yaml:20: phone: the same phone as a.csv:2")


def test_the_first_wins_where_the_later_list_says_so(leads: Any) -> None:
    first = leads("a.csv", "16500000042,1", "16500000043,2", key="id")
    later = leads("b.csv", "16500000044,1", "16500000042,3", "16500000045,4", key="id", duplicates="first")
    assert [(call.phone, call.source) for call in calls(first, later)] == [
        ("16500000042", "a.csv"),
        ("16500000043", "a.csv"),
        ("16500000045", "b.csv"),
    ]


def test_a_shared_phone_that_a_strict_list_holds_too_is_told_with_its_first_place(leads: Any) -> None:
    shared = leads("a.csv", "16500000042,1", "16500000042,2", key="id", same_phone="allow")
    [problem] = problems(shared, leads("b.csv", "16500000042,3", key="id"))
    assert problem.startswith("b.csv:2: phone: the same phone as a.csv:2, under another key")


def test_what_the_earlier_list_says_does_not_count(leads: Any) -> None:
    first = leads("a.csv", "16500000042,1", duplicates="first", same_phone="allow")
    assert len(problems(first, leads("b.csv", "16500000042,1"))) == 1


def test_a_call_that_was_dropped_does_not_hold_its_key(leads: Any) -> None:
    rows = "16500000042,1", "16500000042,2", "16500000043,2"
    assert [call.key for call in calls(leads("a.csv", *rows, key="id", duplicates="first"))] == ["1", "2"]


def test_a_shared_phone_is_kept_and_marked_where_it_is_allowed(leads: Any) -> None:
    shared = leads("a.csv", "16500000042,1", "16500000042,2", "16500000043,3", key="id", same_phone="allow")
    assert [(call.key, call.is_same_phone_allowed) for call in calls(shared)] == [
        ("1", True),
        ("2", True),
        ("3", False),
    ]


def test_a_shared_phone_is_allowed_also_where_the_first_of_a_key_wins(leads: Any) -> None:
    options = {"key": "id", "same_phone": "allow", "duplicates": "first"}
    made = calls(leads("a.csv", "16500000042,1", "16500000042,2", "16500000043,2", **options))
    assert [(call.phone, call.key) for call in made] == [("16500000042", "1"), ("16500000042", "2")]


def test_a_key_twice_is_a_problem_even_where_a_phone_may_be_shared(leads: Any) -> None:
    assert len(problems(leads("a.csv", "16500000042,1", "16500000042,1", key="id", same_phone="allow"))) == 1


# -------------------------------------------------------------------------------------------------------- problems


def test_nothing_is_wanted_while_anything_is_wrong(leads: Any) -> None:
    with pytest.raises(ManifestError):
        desired(leads("a.csv", "16500000042,1", "x,2"))


def test_problems_of_all_lists_and_suppression_files_are_told_at_once(leads: Any, tmp_path: Path) -> None:
    never = suppression(write(tmp_path / "never.txt", "ask Ann\n"))
    told = problems(leads("b.csv", "x,1"), leads("a.csv", "16500000042,1", "y,1"), suppress=(never,))
    assert [problem.partition(": ")[0] for problem in told] == ["a.csv:3", "b.csv:2", "never.txt:1"]


def test_ten_thousand_problems_are_kept_and_the_others_counted(leads: Any) -> None:
    rows = [f"planted{index},1" for index in range(10_042)]
    with pytest.raises(ManifestError) as caught:
        desired(leads("a.csv", *rows), leads("b.csv", "x,1"))
    assert len(caught.value.problems) == 10_000
    assert caught.value.omitted == 43
    assert [problem.place.line for problem in caught.value.problems] == list(range(2, 10_002))
    assert str(caught.value).endswith("and 43 more problems like these")
    assert "planted" not in str(caught.value)


def test_lists_can_be_checked_without_their_campaign(leads: Any) -> None:
    found = check_lists([leads("a.csv", "x,1"), leads("b.csv", "16500000042,1")], "1")
    assert [str(problem.place) for problem in found] == ["a.csv:2"]


def test_a_check_of_lists_says_how_many_problems_it_leaves_out(leads: Any) -> None:
    *_, last = check_lists([leads("a.csv", *["x,1"] * 10_007)], "1")
    assert str(last) == "a.csv: 7 more problems in phone lists"


PLANTED = ("16500000042", "1 650 000 0042", "Plantedname", "plantedvalue")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leads.csv", "phone,name,due\n1 650 000 0042 x7,Plantedname,plantedvalue\n"),
        ("leads.csv", "16500000042,Plantedname,plantedvalue\n16500000042,Plantedname,plantedvalue\n"),
        ("leads.csv", "Plantedname,plantedvalue,16500000042\n"),
        ("leads.csv", "phone,name,due\n16500000042,Plantedname\n16500000042,Plantedname,plantedvalue,x\n"),
        ("leads.csv", "phone,name,due\n16500000042,Plantedname,1\n16500000042,Plantedname,1\n"),
        ("leads.csv", 'phone,name,due\n16500000042,"Plantedname"x,plantedvalue\n16500000042,"plantedvalue'),
        ("leads.csv", "phone,name,due\n16500000042,Plantedname\0,plantedvalue\n"),
        ("leads.csv", "phone,name,due\n16500000042,Plantedname\udcff,plantedvalue\n"),
        ("leads.jsonl", '{"phone":"16500000042","name":"Plantedname","due":"plantedvalue"}'),
        ("leads.jsonl", '{"phone":"16500000042","name":["Plantedname"],"due":{"plantedvalue":1}}'),
        ("leads.jsonl", '{"phone":"16500000042","name":"Plantedname","due":"plantedvalue'),
        ("leads.jsonl", '["16500000042","Plantedname","plantedvalue"]'),
        ("leads.jsonl", '{"16500000042":"Plantedname","due":"plantedvalue"}'),
    ],
)
def test_no_problem_quotes_a_phone_a_name_or_a_value(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content.encode("utf-8", "surrogateescape"))
    payload = {"name": ColumnRef("name"), "due": ColumnRef("due", "number")}
    with pytest.raises(ManifestError) as caught:
        desired(file_list(path, payload=payload))
    told = f"{caught.value} {caught.value.problems!r}"
    assert not [planted for planted in PLANTED if planted in told]


# -------------------------------------------------------------------------------------------------------- progress


def test_progress_adds_up_to_the_rows_read(leads: Any) -> None:
    rows = [f"1650{index:07},1" for index in range(20_005)]
    steps: list[int] = []
    read_desired(campaign(leads("a.csv", *rows)), progress=steps.append)
    assert steps == [10_000, 10_000, 5]


def test_calls_keep_the_order_of_lists_and_rows(leads: Any) -> None:
    lists = leads("b.csv", "16500000045,1", "16500000041,1"), inline_list(InlinePhone("16500000043"))
    assert [call.phone[-1] for call in calls(*lists)] == ["5", "1", "3"]


def test_a_list_with_inline_phones_and_a_file_wants_both(leads: Any) -> None:
    both = msgspec.structs.replace(leads("b.csv", "16500000042,1"), spec=inline_list(InlinePhone("16500000041")).spec)
    assert [call.phone[-1] for call in calls(both)] == ["1", "2"]
