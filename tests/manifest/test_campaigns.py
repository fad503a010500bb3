"""A good manifest becomes a Campaign: references resolved, levels merged, columns found, paths absolute."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run
from typing import Any

import msgspec
import pytest

from reconciler.errors import Place
from reconciler.manifest.addresses import plain_host, wrong_with_host
from reconciler.manifest.load import load
from reconciler.manifest.model import Campaign, ColumnRef, PhoneList, Policy, PolicyColumn
from tests.manifest.manifests import call_policy, campaign, loaded

DAYS = {"allowedDays": ["mon", "tue"]}
TIMES = {"allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}}


def only(folder: Path, text: str) -> Campaign:
    """The one campaign of a manifest without problems."""
    result = loaded(folder, text)
    assert result.problems == ()
    (made,) = result.campaigns
    return made


def only_list(folder: Path, spec: str, *, policies: str = "") -> PhoneList:
    """The one phone list of a campaign with this in its spec."""
    (made,) = only(folder, campaign(spec) + policies).lists
    return made


def test_the_manifest_of_the_design_becomes_a_campaign(tmp_path: Path) -> None:
    (tmp_path / "spring.yaml").write_bytes((Path(__file__).parent / "golden" / "spring-promo.yaml").read_bytes())
    result = load([tmp_path / "spring.yaml"])
    assert result.problems == ()
    (made,) = result.campaigns
    leads, vip = made.lists
    policy = {
        "allowedDays": ["mon", "tue", "wed", "thu", "fri"],
        **TIMES,
        "retryIntervalInMinutes": 120,
        "maxAttempts": 3,
    }
    assert (made.name, made.state, made.wave, made.dialect) == ("spring-promo", "running", "1", "auto")
    assert (made.host, made.token.env, made.folder) == ("https://app.jaicp.com", "SPRING_PROMO_TOKEN", tmp_path)
    assert (made.policy, made.payload, made.labels) == (policy, {"brand": "Acme"}, {"team": "growth"})
    assert leads.policy == {**policy, "dialerPriority": 2, "gmtZone": PolicyColumn("tz")}
    assert leads.payload == {
        "brand": "Acme",
        "first_name": ColumnRef("first_name"),
        "due": ColumnRef("amount", "number"),
        "promo": "20% off",
    }
    assert (leads.path, leads.shown) == (tmp_path / "leads.csv", str(tmp_path / "leads.csv"))
    assert (vip.path, vip.shown) == (None, str(tmp_path / "spring.yaml"))
    assert (vip.policy, vip.inline_policies) == (policy, ({"maxAttempts": 3},))
    assert [source.path for source in made.suppress] == [tmp_path / "do-not-call.txt"]
    assert (made.guards.new_calls, made.guards.cancel_percent) == (10000, 30)


def test_suppression_files_that_name_no_region_know_those_of_the_lists(tmp_path: Path) -> None:
    lists = "".join(
        f"  - {{name: list-{n}, source: {{file: x.csv}}, phone: {{column: p{region}}}}}\n"
        for n, region in enumerate([", region: US", "", ", region: GB", ", region: US"])
    )
    files = "suppress: [{file: a.txt}, {file: b.txt, region: RU}]\n"
    made = only(tmp_path, campaign(f"phoneLists:\n{lists}{files}"))
    assert [each.regions for each in made.suppress] == [("GB", "US"), ()]


def test_everything_knows_its_place(tmp_path: Path) -> None:
    text = campaign("suppress: [{file: a.txt}]\nphoneLists:\n- name: a\n  phones: [{phone: 1}, {phone: 2}]")
    made = only(tmp_path, "---\n" + text)
    file = str(tmp_path / "m.yaml")
    assert made.place == Place(file, 2, 1)
    assert made.token_place == Place(file, 7, 3)
    assert made.suppress[0].place == Place(file, 9, 14)
    assert made.lists[0].place == Place(file, 11, 5)
    assert made.lists[0].inline_places == (Place(file, 12, 14), Place(file, 12, 26))


def test_a_list_overrides_the_campaign_field_by_field(tmp_path: Path) -> None:
    made = only_list(
        tmp_path,
        "policy: {maxAttempts: 3, gmtZone: Z, allowedTime: {mon: [{localTimeFrom: 10:00, localTimeTo: 11:00}]}}\n"
        "payload: {a: 1, b: {x: 1, y: 2}}\n"
        "phoneLists:\n- name: a\n  source: {file: a.csv}\n  payload: {b: {x: 3}, c: ~}\n"
        "  policy: {maxAttempts: 5, allowedTime: {default: [{localTimeFrom: 10:00, localTimeTo: 18:00}]}}",
    )
    assert made.policy == {"maxAttempts": 5, "gmtZone": "Z", **TIMES}
    assert made.payload == {"a": 1, "b": {"x": 3}, "c": None}


def test_a_reference_is_filled_in_below_the_fields_beside_it(tmp_path: Path) -> None:
    policies = call_policy("base", "{maxAttempts: 1, gmtZone: Z, dialerPriority: 5}")
    policies += call_policy("hours", "{$ref: base, maxAttempts: 2, allowedDays: [mon, tue]}")
    made = only_list(
        tmp_path,
        "policy: {$ref: base}\nphoneLists:\n- name: a\n  policy: {$ref: hours, gmtZone: +03:00}\n"
        "  phones: [{phone: 1, policy: {$ref: base, maxAttempts: 9}}, {phone: 2}]",
        policies=policies,
    )
    assert made.policy == {"maxAttempts": 2, "gmtZone": "+03:00", "dialerPriority": 5, **DAYS}
    assert made.inline_policies == ({"maxAttempts": 9, "gmtZone": "Z", "dialerPriority": 5}, {})


def test_a_reference_may_lead_to_another_file(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(call_policy("hours", "{maxAttempts: 2}"))
    (tmp_path / "a.yaml").write_text(campaign("policy: {$ref: hours}"))
    (made,) = load([tmp_path / "a.yaml", tmp_path / "policies.yaml"]).campaigns
    assert made.policy == {"maxAttempts": 2}


def test_the_finish_of_a_list_is_compared_with_its_own_start_not_the_campaigns(tmp_path: Path) -> None:
    made = only_list(
        tmp_path,
        "policy: {startDateTime: 2024-05-03T00:00:00Z}\nphoneLists:\n- name: a\n  source: {file: a.csv}\n"
        "  policy: {startDateTime: 2024-05-01T00:00:00Z, finishDateTime: 2024-05-02T00:00:00Z}",
    )
    assert made.policy["startDateTime"] == "2024-05-01T00:00:00Z"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text", "text"),
        ("0650", 650),
        ("~", None),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("{a: {column: b}}", {"a": {"column": "b"}}),
        ("{column: due}", ColumnRef("due")),
        ("{column: due, type: json}", ColumnRef("due", "json")),
        ("{value: {column: due}}", {"column": "due"}),
        ("{value: ~}", None),
        ("{value: 1, unit: kg}", {"value": 1, "unit": "kg"}),
    ],
)
def test_a_value_of_a_lists_payload_is_a_constant_a_column_or_a_literal(
    tmp_path: Path, written: str, value: Any
) -> None:
    made = only_list(tmp_path, f"phoneLists: [{{name: a, source: {{file: a.csv}}, payload: {{x: {written}}}}}]")
    assert made.payload == {"x": value}


def test_columns_of_the_campaigns_own_payload_and_of_a_phones_are_constants(tmp_path: Path) -> None:
    spec = "payload: {x: {column: a}}\nphoneLists: [{name: a, phones: [{phone: 1, payload: {y: {column: b}}}]}]"
    made = only_list(tmp_path, spec)
    assert made.payload == {"x": {"column": "a"}}
    assert [phone.payload for phone in made.spec.phones or ()] == [{"y": {"column": "b"}}]


def test_fields_that_are_text_stay_as_written(tmp_path: Path) -> None:
    made = only(
        tmp_path,
        campaign(
            "wave: 1\nphoneLists:\n- name: 2024\n  phones: [{phone: 0650000000, key: 007}, {phone: +16500000000}]"
        ),
    )
    assert (made.wave, made.lists[0].name) == ("1", "2024")
    phones = made.lists[0].spec.phones or ()
    assert [(phone.phone, phone.key or "") for phone in phones] == [("0650000000", "007"), ("+16500000000", "")]


@pytest.mark.parametrize(
    "host",
    [
        *["https://app.jaicp.com", "https://zb04.just-ai.com:8443", "http://localhost:8765", "http://127.0.0.1"],
        *["http://127.9.9.9:1", "http://[::1]:8765", "https://[2001:db8::1]"],
    ],
)
def test_a_host_is_https_or_on_loopback(tmp_path: Path, host: str) -> None:
    assert only(tmp_path, campaign(host=f'"{host}/"')).host == host


@pytest.mark.parametrize("host", ["http://10.0.0.1", "http://localhost.example.com", "http://127.0.0.1.example.com"])
def test_plain_http_beyond_loopback_is_refused(tmp_path: Path, host: str) -> None:
    assert [p.path for p in loaded(tmp_path, campaign(host=host)).problems] == ["spec.host"]


def test_a_campaign_needs_no_lists(tmp_path: Path) -> None:
    made = only(tmp_path, campaign())
    assert (made.lists, made.suppress, made.policy, made.payload, made.wave) == ((), (), {}, {}, "1")


def test_payloads_and_phones_do_not_show_in_what_is_printed_of_a_campaign(tmp_path: Path) -> None:
    made = only(
        tmp_path,
        campaign(
            "payload: {x: planted}\npolicy: {externalCheck: {externalCheckUrl: https://planted}}\n"
            "phoneLists: [{name: a, phones: [{phone: 16500000042, payload: {x: planted}}]}]"
        ),
    )
    (phone,) = made.lists[0].spec.phones or ()
    check = msgspec.convert(made.policy, Policy)
    shown = f"{made!r} {made.lists!r} {made.lists[0].spec!r} {phone!r} {check!r}"
    assert "planted" not in shown
    assert "16500000042" not in shown


# ------------------------------------------------------------------------------------------------ broken campaigns


def test_a_campaign_with_an_error_is_not_returned_and_the_others_are(tmp_path: Path) -> None:
    text = campaign("wave: ''") + "---\n" + campaign(name="good")
    assert [each.name for each in loaded(tmp_path, text).campaigns] == ["good"]


@pytest.mark.parametrize("place", ["campaign", "list", "phone", "policy"])
def test_a_campaign_that_uses_a_broken_policy_is_not_returned(tmp_path: Path, place: str) -> None:
    policies = (
        call_policy("broken", "{maxAttempts: 0}") + call_policy("fine", "{}") + call_policy("far", "{$ref: broken}")
    )
    specs = {
        "campaign": "policy: {$ref: broken}",
        "list": "phoneLists: [{name: a, source: {file: a.csv}, policy: {$ref: broken}}]",
        "phone": "phoneLists: [{name: a, phones: [{phone: 1, policy: {$ref: broken}}]}]",
        "policy": "policy: {$ref: far}",
    }
    text = campaign(specs[place]) + "---\n" + campaign("policy: {$ref: fine}", name="good")
    assert [each.name for each in loaded(tmp_path, text + policies).campaigns] == ["good"]


def test_nothing_of_a_file_that_is_not_wholly_yaml_is_returned(tmp_path: Path) -> None:
    assert loaded(tmp_path, campaign() + "---\na: [\n").campaigns == ()


def test_lists_without_errors_of_a_campaign_with_errors_can_still_be_checked(tmp_path: Path) -> None:
    text = campaign(
        "policy: {maxAttempts: 0}\nsuppress: [{file: a.txt}, {fil: b.txt}]\nphoneLists:\n"
        "- name: fine\n  source: {file: a.csv}\n"
        "  policy: {gmtZone: {column: tz}, dialerPriority: 1, $ref: x}\n  payload: {a: {column: b}}\n"
        "- name: wrong\n  source: {file: b.csv}\n  payload: {a: {column: ''}}\n"
        "- name: inline\n  phones: [{phone: 1, policy: {maxAttempts: 2, $ref: x}}]\n"
        "- c.csv\n",
        name="broken",
    )
    result = loaded(tmp_path, text + "---\n" + campaign("phoneLists: [{name: b, phones: []}]") + call_policy("x", "{}"))
    (checkable,) = result.checkable
    fine, inline = checkable.lists
    assert (fine.name, fine.path) == ("fine", tmp_path / "a.csv")
    assert (fine.policy, fine.payload) == ({"gmtZone": PolicyColumn("tz")}, {"a": ColumnRef("b")})
    assert (inline.name, inline.policy, inline.inline_policies) == ("inline", {}, ({"maxAttempts": 2},))
    assert [each.shown for each in checkable.suppress] == [str(tmp_path / "a.txt")]


@pytest.mark.parametrize("spec", ["x", "{phoneLists: x, suppress: {}}", "[]"])
def test_a_campaign_without_usable_lists_has_none_to_check(tmp_path: Path, spec: str) -> None:
    result = loaded(tmp_path, f"apiVersion: campaign/v1\nkind: Campaign\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert [(each.lists, each.suppress) for each in result.checkable] == [((), ())]
    assert result.problems


def test_loading_good_manifests_does_not_wait_for_jsonschema(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(campaign())
    code = (
        "import sys, pathlib; from reconciler.manifest.load import load;"
        "assert load([pathlib.Path(sys.argv[1])]).campaigns; sys.exit('jsonschema' in sys.modules)"
    )
    folder = Path(__file__).parents[2]
    assert run([sys.executable, "-c", code, str(tmp_path)], cwd=folder, check=False).returncode == 0


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("https://calls.example/", "https://calls.example"),
        ("HTTPS://Calls.Example:443", "https://calls.example"),
        ("https://calls.example:8443", "https://calls.example:8443"),
        ("https://calls.example:80", "https://calls.example:80"),
        ("http://LocalHost:80", "http://localhost"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://[::1]", "http://[::1]"),
    ],
)
def test_a_host_is_known_in_one_way_however_it_is_written(written: str, plain: str) -> None:
    assert wrong_with_host(written) is None
    assert plain_host(written) == plain
