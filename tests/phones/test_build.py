"""A row becomes one call: its request in canonical bytes, its key, its policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.model import ColumnRef, InlinePhone, PhoneColumn, PolicyColumn
from reconciler.phones import build
from reconciler.phones.build import request_bytes
from tests.phones.sample import calls, file_list, inline_list, problems, request, write


def one(folder: Path, content: str, **options: Any) -> Any:
    """The request of the only call in a CSV file."""
    campaign = {"policy": options.pop("inherited")} if "inherited" in options else {}
    [call] = calls(file_list(write(folder / "leads.csv", content), **options), **campaign)
    return request(call)


# --------------------------------------------------------------------------------------------------------- request


def test_a_request_is_compact_json_with_sorted_keys(tmp_path: Path) -> None:
    leads = file_list(
        write(tmp_path / "leads.csv", "phone,name\n+1 650 000 0042,Zoë\n"),
        payload={"promo": {"b": 1, "a": 2}, "first_name": ColumnRef("name")},
        policy={"maxAttempts": 3, "gmtZone": "Z"},
    )
    [call] = calls(leads)
    expected = (
        '{"gmtZone":"Z","maxAttempts":3,"payload":{"first_name":"Zoë","promo":{"a":2,"b":1}},"phone":"16500000042"}'
    )
    assert call.request == expected.encode()


def test_an_empty_payload_is_left_out(tmp_path: Path) -> None:
    leads = file_list(write(tmp_path / "leads.csv", "phone\n16500000042\n"))
    assert [call.request for call in calls(leads)] == [b'{"phone":"16500000042"}']


def test_a_payload_of_empty_cells_is_left_out_too(tmp_path: Path) -> None:
    made = one(tmp_path, "phone,due\n16500000042,\n", payload={"due": ColumnRef("due", "number")})
    assert made == {"phone": "16500000042"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=3)


def shuffled(value: Any) -> Any:
    """The same JSON with the keys of every object the other way round."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@given(
    st.dictionaries(
        TEXTS,
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
            max_leaves=6,
        ),
    ),
    st.dictionaries(st.sampled_from(["gmtZone", "allowedTime", "startDateTime"]), TEXTS),
)
def test_the_same_content_is_the_same_bytes(payload: dict[str, Any], policy: dict[str, Any]) -> None:
    made = request_bytes("16500000042", payload, policy)
    assert made == request_bytes("16500000042", shuffled(payload), shuffled(policy))
    whole = {"phone": "16500000042", **policy, **({"payload": payload} if payload else {})}
    assert json.loads(made) == whole


def test_a_list_of_the_same_content_in_another_format_wants_the_same_calls(tmp_path: Path) -> None:
    payload = {
        "name": ColumnRef("name"),
        "due": ColumnRef("due", "number"),
        "vip": ColumnRef("vip", "boolean"),
        "n": ColumnRef("n", "integer"),
    }
    row = {"phone": "16500000042", "name": "Zoë", "due": 7.0, "vip": True, "n": 3}
    texts = "phone,name,due,vip,n\n16500000042,Zoë,7.00,yes,3\n"
    csv_call, *_ = calls(file_list(write(tmp_path / "leads.csv", texts), payload=payload))
    json_call, *_ = calls(file_list(write(tmp_path / "leads.jsonl", json.dumps(row)), payload=payload))
    assert csv_call.request == json_call.request


# --------------------------------------------------------------------------------------------------------- payload


def test_payload_fields_come_from_columns_and_constants(tmp_path: Path) -> None:
    content = 'phone,name,amount,vip,n,tags\n16500000042,Ann,12.50,TRUE,7,"[""a""]"\n'
    payload = {
        "first_name": ColumnRef("name"),
        "due": ColumnRef("amount", "number"),
        "vip": ColumnRef("vip", "boolean"),
        "count": ColumnRef("n", "integer"),
        "tags": ColumnRef("tags", "json"),
        "promo": "20% off",
        "nested": {"a": [1, None]},
    }
    assert one(tmp_path, content, payload=payload)["payload"] == {
        "first_name": "Ann",
        "due": 12.5,
        "vip": True,
        "count": 7,
        "tags": ["a"],
        "promo": "20% off",
        "nested": {"a": [1, None]},
    }


def test_an_empty_cell_is_empty_text_and_leaves_other_fields_out(tmp_path: Path) -> None:
    payload = {t: ColumnRef(t, t) for t in ("string", "integer", "number", "boolean", "json")}
    made = one(tmp_path, "phone,string,integer,number,boolean,json\n16500000042,,,,,\n", payload=payload)
    assert made["payload"] == {"string": ""}


def test_a_constant_is_sent_as_it_is_even_if_it_looks_like_a_column(tmp_path: Path) -> None:
    payload = {"a": {"column": "name"}, "b": {"value": 1}}  # the manifest has made ColumnRef of what is one
    assert one(tmp_path, "phone\n16500000042\n", payload=payload)["payload"] == payload


def test_one_column_may_fill_several_fields(tmp_path: Path) -> None:
    payload = {"a": ColumnRef("phone"), "b": ColumnRef("x"), "c": ColumnRef("x", "integer")}
    made = one(tmp_path, "phone,x\n+16500000042,7\n", payload=payload, key="x")
    assert made == {"phone": "16500000042", "payload": {"a": "+16500000042", "b": "7", "c": 7}}


def test_a_constant_that_json_cannot_hold_is_a_problem_of_the_manifest(tmp_path: Path) -> None:
    leads = file_list(write(tmp_path / "leads.csv", "phone\n16500000042\n"), payload={"x": float("nan")})
    assert problems(leads) == ["campaign.yaml:12:5: payload.x: holds a number that JSON cannot express"]


def test_everything_wrong_with_a_row_is_told_at_once(tmp_path: Path) -> None:
    leads = file_list(
        write(tmp_path / "leads.csv", "phone,id,due,tz,n,tags\nplanted, ,planted,planted/x,99,{planted\n"),
        key="id",
        payload={"due": ColumnRef("due", "number"), "tags": ColumnRef("tags", "json")},
        policy={"gmtZone": PolicyColumn("tz"), "maxAttempts": PolicyColumn("n")},
    )
    told = problems(leads)
    assert [problem.partition(";")[0] for problem in told] == [
        "leads.csv:2: due: is not a number",
        "leads.csv:2: id: is empty, but it is the key",
        "leads.csv:2: n: is out of range",
        "leads.csv:2: phone: has letters in it",
        "leads.csv:2: tags: is not valid JSON",
        "leads.csv:2: tz: is no time zone",
    ]
    assert "planted" not in "".join(told)


# ----------------------------------------------------------------------------------------------------------- phone


def test_the_manifest_says_where_phones_are_and_how_they_are_read(tmp_path: Path) -> None:
    phone = PhoneColumn(column="mobile", region="GB", valid=True)
    assert one(tmp_path, "mobile\n07400 123456\n", phone=phone) == {"phone": "447400123456"}


def test_an_unknown_region_is_a_problem_of_the_manifest(tmp_path: Path) -> None:
    leads = file_list(write(tmp_path / "leads.csv", "phone\nx\n"), phone=PhoneColumn(region="XX"))
    [problem] = problems(leads)
    assert problem.startswith("campaign.yaml:12:5: phone.region: is not a country")


# ------------------------------------------------------------------------------------------------------------- key


def test_the_key_is_the_phone_unless_a_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone,id\n+1 650 000 0042, c7 \n")
    assert [call.key for call in calls(file_list(path))] == ["16500000042"]
    assert [call.key for call in calls(file_list(path, key="id"))] == ["c7"]


def test_a_numeric_key_is_the_same_from_every_format(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.jsonl", '{"phone":"16500000042","id":7}')
    assert [call.key for call in calls(file_list(path, key="id"))] == ["7"]


def test_a_call_knows_its_wave_and_its_place(tmp_path: Path) -> None:
    [call] = calls(file_list(write(tmp_path / "leads.csv", "phone\n16500000042\n")), wave="2")
    assert (call.wave, str(call.place)) == ("2", "leads.csv:2")


# ---------------------------------------------------------------------------------------------------------- policy


def test_policy_fields_come_from_columns_with_their_own_types(tmp_path: Path) -> None:
    names = ["retryIntervalInMinutes", "maxAttempts", "dialerPriority", "gmtZone", "startDateTime", "finishDateTime"]
    cells = ["120", "3", "1", "Europe/Berlin", "2024-05-01T10:00:00Z", "2024-05-02T10:00:00Z"]
    made = one(
        tmp_path,
        f"phone,{','.join(names)}\n16500000042,{','.join(cells)}\n",
        policy={"allowedDays": ["mon"], **{name: PolicyColumn(name) for name in names}},
    )
    typed: list[Any] = [120, 3, 1, *cells[3:]]
    assert made == {"phone": "16500000042", "allowedDays": ["mon"], **dict(zip(names, typed, strict=True))}


def test_an_empty_cell_falls_back_to_the_campaigns_policy(tmp_path: Path) -> None:
    policy = {"gmtZone": PolicyColumn("tz"), "maxAttempts": PolicyColumn("n")}
    content = "phone,tz,n\n16500000042, ,\n"
    assert one(tmp_path, content, policy=policy, inherited={"gmtZone": "Z"}) == {"phone": "16500000042", "gmtZone": "Z"}


def test_rules_hold_for_what_a_row_and_its_list_say_together(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone,end\n16500000042,2024-05-01T09:00:00Z\n")
    leads = file_list(path, policy={"startDateTime": "2024-05-01T10:00:00Z", "finishDateTime": PolicyColumn("end")})
    [problem] = problems(leads)
    assert problem.startswith("leads.csv:2: end: is not after startDateTime")


def test_what_is_wrong_with_the_whole_list_is_not_told_again_for_each_row(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone,n\n16500000042,3\n")
    leads = file_list(path, policy={"gmtZone": "Nowhere/Else", "maxAttempts": PolicyColumn("n")})
    assert problems(leads) == []  # the manifest's own check tells it


def test_a_field_of_the_list_that_a_row_makes_wrong_is_told_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone,start\n16500000042,2024-05-03T09:00:00Z\n")
    leads = file_list(path, policy={"startDateTime": PolicyColumn("start"), "finishDateTime": "2024-05-01T10:00:00Z"})
    [problem] = problems(leads)
    assert problem.startswith("leads.csv:2: policy.finishDateTime: is not after startDateTime")


@pytest.mark.parametrize("cell", ["[]", "3.5", "true", '"planted"', '{"planted":1}'])
def test_a_native_cell_that_is_no_such_field_is_refused(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path / "leads.jsonl", f'{{"phone":"16500000042","n":{cell}}}')
    [problem] = problems(file_list(path, policy={"maxAttempts": PolicyColumn("n")}))
    assert problem.startswith("leads.jsonl:1: n: is not a whole number")
    assert "planted" not in problem


def test_more_policies_than_are_remembered_are_still_right(tmp_path: Path) -> None:
    count = build.POLICIES_KEPT + 3
    zones = [f"{index % 24 - 12:+03}:{index // 24 % 60:02}" for index in range(count)]
    days = [f"2024-05-01T10:00:00.{index:05}Z" for index in range(count)]
    lines = [f"1650{index:07},{zone},{day}" for index, (zone, day) in enumerate(zip(zones, days, strict=True))]
    path = write(tmp_path / "leads.csv", "\n".join(["phone,tz,start", *lines, f"16509999999,{zones[0]},{days[0]}"]))
    made = calls(file_list(path, policy={"gmtZone": PolicyColumn("tz"), "startDateTime": PolicyColumn("start")}))
    assert [request(call)["startDateTime"] for call in made] == [*days, days[0]]
    assert [request(call)["gmtZone"] for call in made] == [*zones, zones[0]]


# ---------------------------------------------------------------------------------------------------- inline phones


def test_an_inline_phone_takes_what_it_does_not_say_from_its_list() -> None:
    vip = inline_list(
        InlinePhone("+1 650 000 0042", payload={"first_name": "Ann", "promo": {"column": "x"}}),
        InlinePhone("650 000 0043", key=" bob ", payload={}),
        phone=PhoneColumn(region="US"),
        payload={"promo": "20% off"},
        policy={"maxAttempts": 3, "gmtZone": "Z"},
        policies=({"maxAttempts": 1}, {}),
    )
    ann, bob = calls(vip)
    assert request(ann) == {
        "phone": "16500000042",
        "payload": {"first_name": "Ann", "promo": {"column": "x"}},
        "maxAttempts": 1,
        "gmtZone": "Z",
    }
    assert request(bob) == {"phone": "16500000043", "payload": {"promo": "20% off"}, "maxAttempts": 3, "gmtZone": "Z"}
    assert [(call.key, str(call.place)) for call in (ann, bob)] == [
        ("16500000042", "campaign.yaml:20"),
        ("bob", "campaign.yaml:21"),
    ]


def test_everything_wrong_with_inline_phones_is_told_with_its_place() -> None:
    vip = inline_list(InlinePhone("planted", key=" ", payload={"x": float("inf")}), InlinePhone("16500000042", key=" "))
    told = problems(vip)
    assert [problem.partition(";")[0] for problem in told] == [
        "campaign.yaml:20:9: phones[0].payload.x: holds a number that JSON cannot express",
        "campaign.yaml:20:9: phones[0].phone: has letters in it",
        "campaign.yaml:21:9: phones[1].key: is empty",
    ]
    assert "planted" not in "".join(told)


def test_an_inline_phone_without_a_place_of_its_own_stands_at_its_list() -> None:
    vip = msgspec.structs.replace(inline_list(InlinePhone("16500000042")), inline_places=())
    assert [str(call.place) for call in calls(vip)] == ["campaign.yaml:12"]


def test_columns_named_by_a_list_without_a_file_are_left_to_the_manifests_check() -> None:
    vip = inline_list(
        InlinePhone("16500000042"), payload={"x": ColumnRef("x")}, policy={"maxAttempts": PolicyColumn("n")}
    )
    assert [request(call) for call in calls(vip)] == [{"phone": "16500000042"}]
