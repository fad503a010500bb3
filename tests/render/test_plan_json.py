"""A plan as JSON: valid by its schema, the same as what people read, complete, and nobody's number in it."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from reconciler.plan.model import Plan
from reconciler.render import schema
from reconciler.render.documents import Failure, Planned
from reconciler.render.groups import outline
from reconciler.render.headline import headline
from reconciler.render.plan_document import PlanDocument
from reconciler.render.plan_json import JsonPlans
from tests.render.golden import assert_golden
from tests.render.outputs import HOSTILE, hostile, json_of
from tests.render.plans import EMPTY, PLANTED, adds, plan
from tests.render.test_text import EVERYTHING, PLANS

ROOT = Path(__file__).parents[2]
FAILED = Failure("summer", 1, ("campaign summer is finished", "hint: make a new one"))


def valid(text: str) -> Any:
    """The document, which is valid by the schema."""
    document = json.loads(text)
    assert [error.json_path for error in Draft202012Validator(schema.document()).iter_errors(document)] == []
    return document


def test_the_schema_file_is_current() -> None:
    written = json.loads((ROOT / "schemas" / schema.FILE).read_text(encoding="utf-8"))
    assert written == schema.document(), "run `make schemas`"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.document())


def test_every_struct_of_the_schema_is_described_and_every_member_is_required() -> None:
    for name, definition in schema.document()["$defs"].items():
        assert definition.get("description"), name
        optional = set(definition["properties"]) - set(definition["required"])
        assert optional <= {"may_differ"} or name == "CountsRow", name


def test_json_reads_as_its_golden_file() -> None:
    assert_golden("plan-everything-json", json_of(EVERYTHING, FAILED))


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_is_valid_by_the_schema_and_by_the_structs(name: str) -> None:
    text = json_of(PLANS[name])
    valid(text)
    assert msgspec.json.decode(text, type=PlanDocument).campaigns[0].campaign == PLANS[name].campaign


@pytest.mark.parametrize("n", [0, 1, 999, 1000, 1001])
def test_every_call_is_there_once(n: int) -> None:
    [campaign] = valid(json_of(plan(adds(n))))["campaigns"]
    assert [action["line"] for action in campaign["actions"]] == list(range(2, n + 2))
    assert campaign["counts"]["add"] == n


def test_fifty_thousand_changes_are_valid_json_and_no_second_copy_of_the_plan() -> None:
    large = plan(adds(50_000))
    pieces: list[int] = []
    tracemalloc.start()
    document = JsonPlans(lambda piece: pieces.append(len(piece)))
    document.planned(Planned(large))
    document.end()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(pieces) > 5_000_000
    assert peak < 2_500_000
    assert len(json.loads(json_of(large))["campaigns"][0]["actions"]) == 50_000


def test_it_says_what_the_text_says() -> None:
    [campaign] = valid(json_of(EVERYTHING))["campaigns"]
    shape = outline(EVERYTHING)
    assert tuple(campaign["headline"]) == headline(EVERYTHING, shape)
    assert [(g["kind"], g["count"]) for g in campaign["groups"]] == [(g.kind.name, g.count) for g in shape.groups]
    assert campaign["moves"] == ["resume"]
    assert campaign["outcome"] == "held back by a guard"


def test_guards_come_with_amounts_limits_and_what_to_allow() -> None:
    [campaign] = valid(json_of(EVERYTHING))["campaigns"]
    guards = {guard["name"]: guard for guard in campaign["guards"]}
    assert (guards["newCalls"]["amount"], guards["newCalls"]["limit"], guards["newCalls"]["allow"]) == (
        1200,
        1000,
        1200,
    )
    assert (guards["cancelPercent"]["is_tripped"], guards["cancelPercent"]["allow"]) == (True, 46)
    assert not guards["replacePercent"]["is_tripped"]


def test_a_call_in_progress_and_attempts_already_made_are_marked() -> None:
    [campaign] = valid(json_of(EVERYTHING))["campaigns"]
    assert [action["reason"] for action in campaign["actions"] if action["in_progress"]] == ["suppressed"]
    assert [action["attempts"] for action in campaign["actions"] if action["kind"] == "replace"] == [0, 1, 2, 3, 4]


def test_several_campaigns_are_one_document_with_one_summary() -> None:
    document = valid(json_of(EVERYTHING, EMPTY, FAILED))
    assert [campaign["result"] for campaign in document["campaigns"]] == ["planned", "planned", "failed"]
    assert document["campaigns"][2]["errors"] == list(FAILED.said)
    summary = document["summary"]
    assert (summary["campaigns"], summary["failed"], summary["held_back"], summary["nothing_to_do"]) == (3, 1, 1, 1)
    assert (summary["counts"]["rings"], summary["counts"]["in_step"]) == (13, 978)


def test_a_run_without_campaigns_is_a_document_too() -> None:
    assert valid(json_of())["campaigns"] == []


@pytest.mark.parametrize("shown", [EVERYTHING, EMPTY], ids=["everything", "empty"])
def test_no_phone_is_in_it(shown: Plan) -> None:
    text = json_of(shown)
    assert not [planted for planted in PLANTED if planted in text.replace(" ", "")]
    assert "customer-" not in text


def test_hostile_values_are_data() -> None:
    text = json_of(*hostile())
    planned, failed = valid(text)["campaigns"]
    assert "\x1b" not in planned["actions"][0]["file"]
    assert failed["errors"] == [HOSTILE, HOSTILE]
