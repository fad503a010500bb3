"""Which endpoints each dialect has, and how a wrong token reads."""

from __future__ import annotations

import pytest

from reconciler.sandbox.operations import DIALECTS
from tests.sandbox.api import Api, numbers, refusal
from tests.sandbox.conftest import Start

CURRENT_ONLY = sorted(set(DIALECTS["current"]) - set(DIALECTS["legacy"]))


@pytest.mark.parametrize(("method", "path"), CURRENT_ONLY)
def test_the_legacy_dialect_has_no_endpoint_of_the_current_one(start: Start, method: str, path: str) -> None:
    api = start("demo:dialect=legacy")
    response = api.client.request(method, f"{api.base}/{path}", json={})
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})


def test_the_current_dialect_does_not_have_the_legacy_report(start: Start) -> None:
    assert start("demo").post("getReport", {"ids": []}).status_code == 404


@pytest.mark.parametrize("dialect", ["legacy", "current"])
def test_a_wrong_method_is_not_mistaken_for_a_wrong_token(start: Start, dialect: str) -> None:
    response = start(f"demo:dialect={dialect}").get("addPhones")
    assert (response.status_code, response.json()) == (405, {"error": "Method Not Allowed"})


@pytest.mark.parametrize(
    ("dialect", "method", "path"),
    [(dialect, method, path) for dialect, routes in DIALECTS.items() for method, path in routes],
)
def test_a_wrong_token_is_named_on_every_route_the_dialect_has(
    start: Start, dialect: str, method: str, path: str
) -> None:
    sandbox = start("demo", dialect=dialect).sandbox
    wrong = Api(sandbox, "wrong")
    response = wrong.client.request(method, f"{wrong.base}/{path}", json={})
    wrong.client.close()
    assert refusal(response) == (404, "invalid.token")


def test_a_wrong_token_on_a_legacy_server_has_no_status_to_ask_for(start: Start) -> None:
    wrong = Api(start("demo:dialect=legacy").sandbox, "wrong")
    response = wrong.get("status")
    wrong.client.close()
    assert response.json() == {"error": "Not Found"}


def test_campaigns_of_both_dialects_live_side_by_side(start: Start) -> None:
    api = start("demo", "old:dialect=legacy")
    old = Api(api.sandbox, "old")
    assert (api.get("status").status_code, old.get("status").status_code) == (200, 404)
    assert len(old.add(1)) == 1
    old.client.close()
    assert api.sandbox.world.campaign("demo").jobs == ()


@pytest.mark.parametrize("dialect", ["legacy", "current"])
def test_a_server_may_not_know_how_to_start(start: Start, dialect: str) -> None:
    api = start(f"demo:dialect={dialect}:start=404")
    response = api.post("control/start")
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})
    assert api.sandbox.world.campaign("demo").state == "new"


# ------------------------------------------------------------------------------------------------------- idempotence


def test_the_same_key_and_body_get_the_same_answer_and_no_second_effect(start: Start) -> None:
    api = start("demo")
    first, second = (api.post("addPhones", numbers(2), key="k1") for _ in range(2))
    assert first.json() == second.json()
    assert len(api.sandbox.world.campaign("demo").jobs) == 2


def test_control_and_cancel_honour_the_key_too(start: Start) -> None:
    api = start("demo:state=inProgress")
    ids = api.add(1)
    assert [api.post("control/pause", key="p").status_code for _ in range(2)] == [200, 200]
    first, second = (api.post("callJob/cancel", {"ids": ids}, key="c").json() for _ in range(2))
    assert first == second == ids


def test_one_key_for_two_endpoints_is_two_requests(start: Start) -> None:
    api = start("demo:state=inProgress")
    assert [api.post(f"control/{action}", key="k").status_code for action in ("pause", "resume")] == [200, 200]


def test_a_refusal_is_remembered_too(start: Start) -> None:
    api = start("demo:state=finished")
    assert refusal(api.post("addPhones", numbers(1), key="k")) == (400, "invalid.call.task.state")
    api.sandbox.world.campaign("demo").set_state("new")
    assert refusal(api.post("addPhones", numbers(1), key="k")) == (400, "invalid.call.task.state")


def test_a_key_used_again_with_another_body_is_refused(start: Start) -> None:
    api = start("demo")
    api.ok(api.post("addPhones", numbers(1), key="k"))
    assert refusal(api.post("addPhones", numbers(2), key="k")) == (400, "idempotence.key.reused")


def test_without_a_key_every_request_has_its_own_effect(start: Start) -> None:
    api = start("demo")
    assert api.add(1) != api.add(1)


@pytest.mark.parametrize("spec", ["demo:keys=ignored", "demo:dialect=legacy"])
def test_a_server_may_ignore_the_key(start: Start, spec: str) -> None:
    api = start(spec)
    first, second = (api.post("addPhones", numbers(1), key="k").json() for _ in range(2))
    assert first != second


def test_each_campaign_remembers_its_own_keys(start: Start) -> None:
    api = start("demo", "other")
    other = Api(api.sandbox, "other")
    first, second = (one.post("addPhones", numbers(1), key="k").json() for one in (api, other))
    other.client.close()
    assert first != second
