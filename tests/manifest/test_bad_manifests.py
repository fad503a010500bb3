"""Bad manifests: each error with its place, its path, what is wrong and what would be right, and all in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manifest.manifests import call_policy, campaign, lines, loaded

GOLDEN = Path(__file__).parent / "golden"
LIST = "phoneLists:\n- name: a\n  source: {file: a.csv}\n"

BAD = {
    # Each: a document, and the one complaint that is expected to begin like this.
    "a list": ("- a\n", "m.yaml:1:1: is a list; write a mapping with apiVersion, kind, metadata and spec"),
    "text": ("hello\n", "m.yaml:1:1: is text; write a mapping"),
    "something else": ("a: b\n", "m.yaml:1:1: is no manifest; begin it with apiVersion: campaign/v1"),
    "another API": ("apiVersion: v1\nkind: Pod\n", "m.yaml:1:1: is no manifest"),
    "unknown kind": (
        "apiVersion: campaign/v1\nkind: Campain\n",
        'm.yaml:2:1: kind: "Campain" is not known; did you mean Campaign?',
    ),
    "kind as a list": (
        "apiVersion: campaign/v1\nkind: [Campaign]\n",
        "m.yaml:2:1: kind: a list is not known; write Campaign, CallPolicy, Suppression, Guards, Cap or Profile",
    ),
    "no kind": (
        "apiVersion: campaign/v1\n",
        "m.yaml:1:1: kind: is missing; write Campaign, CallPolicy, Suppression, Guards, Cap or Profile",
    ),
    "newer version": (
        campaign().replace("campaign/v1", "campaign/v2"),
        'm.yaml:1:1: apiVersion: "campaign/v2" is not known; did you mean campaign/v1?',
    ),
    "no version": (
        campaign().replace("apiVersion: campaign/v1\n", ""),
        "m.yaml:1:1: apiVersion: is missing; always campaign/v1",
    ),
    "no spec": (
        "apiVersion: campaign/v1\nkind: Campaign\nmetadata: {name: a}\n",
        "m.yaml:1:1: spec: is missing",
    ),
    "spec as text": (
        "apiVersion: campaign/v1\nkind: Campaign\nmetadata: {name: a}\nspec: x\n",
        "m.yaml:4:1: spec: is text; write a mapping",
    ),
    "policy spec as text": (
        call_policy("a", "x"),
        "m.yaml:5:1: spec: is text; write a mapping",
    ),
    "name with capitals": (
        campaign(name="Spring_Promo"),
        'm.yaml:3:12: metadata.name: "Spring_Promo" does not have the right form; write 1 to 63 of a-z, 0-9 and -',
    ),
    "name with a line feed": (campaign(name='"spring\\n"'), 'm.yaml:3:12: metadata.name: "spring·" does not have'),
    "no name": (campaign(name="~"), "m.yaml:3:12: metadata.name: is nothing (null); write text"),
    "label that is no text": (
        campaign().replace("{name: demo}", "{name: demo, labels: {team: [a]}}"),
        "m.yaml:3:33: metadata.labels.team: is a list; write text",
    ),
    "state": (
        campaign(state="runing"),
        'm.yaml:7:3: spec.state: "runing" is not known; did you mean running? write paused, running or stopped',
    ),
    "dialect": (campaign("dialect: newest"), 'm.yaml:8:3: spec.dialect: "newest" is not known; write auto, current or'),
    "unknown field": (campaign("polcy: {}"), "m.yaml:8:3: spec.polcy: is not a known field; did you mean policy?"),
    "unknown field like none": (
        campaign("guards: {xyzzy: 1}"),
        "m.yaml:8:12: spec.guards.xyzzy: is not a known field; known here: newCalls, newCallsPercent, ",
    ),
    "host over plain HTTP": (
        campaign(host="http://example.com"),
        "m.yaml:5:3: spec.host: is not encrypted; write https",
    ),
    "host with a path": (
        campaign(host="https://example.com/api/tok"),
        "m.yaml:5:3: spec.host: has more than the server's",
    ),
    "host with a user": (campaign(host="https://u@example.com"), "m.yaml:5:3: spec.host: has more than the server's"),
    "host with a query": (
        campaign(host="https://example.com?a=b"),
        "m.yaml:5:3: spec.host: has more than the server's",
    ),
    "host without scheme": (campaign(host="example.com"), "m.yaml:5:3: spec.host: is not an address; write https://"),
    "host with a bad port": (campaign(host="https://example.com:99999"), "m.yaml:5:3: spec.host: is not an address"),
    "host with a space": (campaign(host="https://exam ple.com"), "m.yaml:5:3: spec.host: is not an address"),
    "no host": (
        campaign().replace("  host: https://calls.example.com\n", ""),
        "m.yaml:4:1: spec.host: is missing; https",
    ),
    "literal token": (campaign(source="s3cr3t"), "m.yaml:6:3: spec.token: holds the token itself"),
    "two tokens": (
        campaign(source="{env: A, file: b}"),
        "m.yaml:6:3: spec.token: does not say where the token is; write",
    ),
    "empty token": (campaign(source="{}"), "m.yaml:6:3: spec.token: does not say where the token is"),
    "no token": (campaign().replace("  token: {env: DEMO_TOKEN}\n", ""), "m.yaml:4:1: spec.token: does not say where"),
    "unknown token source": (
        campaign(source="{value: s3cr3t}"),
        "m.yaml:6:3: spec.token: does not say where the token",
    ),
    "no variable name": (campaign(source="{env: a-b}"), "m.yaml:6:11: spec.token.env: is no name of a variable"),
    "variable as a list": (campaign(source="{env: [A]}"), "m.yaml:6:11: spec.token.env: is a list; write text"),
    "empty wave": (campaign('wave: ""'), "m.yaml:8:3: spec.wave: is empty"),
    "wave with spaces": (campaign('wave: " 2"'), "m.yaml:8:3: spec.wave: has spaces around it"),
    "wave with a control character": (campaign('wave: "2\\t3"'), "m.yaml:8:3: spec.wave: has spaces around it, or"),
    "long wave": (campaign(f"wave: {'w' * 64}"), "m.yaml:8:3: spec.wave: is too long; characters allowed: 63"),
    "guard below": (
        campaign("guards: {newCalls: -1}"),
        "m.yaml:8:12: spec.guards.newCalls: -1 is too small; at least 0",
    ),
    "guard above": (
        campaign("guards: {cancelPercent: 101}"),
        "m.yaml:8:12: spec.guards.cancelPercent: 101 is too large",
    ),
    "guard as text": (
        campaign("guards: {replacePercent: 30%}"),
        "m.yaml:8:12: spec.guards.replacePercent: is text; write a number",
    ),
    "guard as a boolean": (campaign("guards: {newCalls: true}"), "m.yaml:8:12: spec.guards.newCalls: is true or false"),
    "guard as a fraction": (
        campaign("guards: {newCalls: 3.0}"),
        "m.yaml:8:12: spec.guards.newCalls: is a number (3.0); write a whole number",
    ),
    "payload as a list": (campaign("payload: [a]"), "m.yaml:8:3: spec.payload: is a list; write a mapping"),
    "lists as a mapping": (campaign("phoneLists: {a: {}}"), "m.yaml:8:3: spec.phoneLists: is a mapping; write a list"),
    "list as text": (campaign("phoneLists: [a.csv]"), "m.yaml:8:16: spec.phoneLists[0]: is text; write a mapping"),
    "empty value": (campaign("phoneLists:"), "m.yaml:8:3: spec.phoneLists: is nothing (null); write a list"),
    "list without phones": (
        campaign("phoneLists: [{name: a}]"),
        "m.yaml:8:16: spec.phoneLists[0]: has neither source nor phones; write one of them",
    ),
    "list with both": (
        campaign("phoneLists: [{name: a, source: {file: a.csv}, phones: []}]"),
        "m.yaml:8:16: spec.phoneLists[0]: has both source and phones",
    ),
    "two lists of one name": (
        campaign(LIST + LIST.partition("\n")[2]),
        "m.yaml:11:5: spec.phoneLists[1].name: is the name of phoneLists[0] too",
    ),
    "no file": (campaign(LIST.replace("a.csv", '""')), "m.yaml:10:14: spec.phoneLists[0].source.file: is empty"),
    "file with a NUL": (
        campaign(LIST.replace("a.csv", '"a\\0"')),
        "m.yaml:10:14: spec.phoneLists[0].source.file: holds",
    ),
    "encoding": (
        campaign(LIST.replace("a.csv", "a.csv, encoding: utf8mb4")),
        "m.yaml:10:27: spec.phoneLists[0].source.encoding: is no encoding of text; write one such as utf-8",
    ),
    "encoding of bytes": (
        campaign(LIST.replace("a.csv", "a.csv, encoding: base64")),
        "m.yaml:10:27: spec.phoneLists[0].source.encoding: is no encoding of text",
    ),
    "encoding with a NUL": (
        campaign(LIST.replace("a.csv", 'a.csv, encoding: "\\0"')),
        "m.yaml:10:27: spec.phoneLists[0].source.encoding: is no encoding of text",
    ),
    "long delimiter": (
        campaign(LIST.replace("a.csv", 'a.csv, delimiter: ";;"')),
        "m.yaml:10:27: spec.phoneLists[0].source.delimiter: is too long; characters allowed: 1",
    ),
    "quote as delimiter": (
        campaign(LIST.replace("a.csv", "a.csv, delimiter: '\"'")),
        "m.yaml:10:27: spec.phoneLists[0].source.delimiter: cannot separate columns",
    ),
    "region": (
        campaign(LIST + "  phone: {region: usa}"),
        "m.yaml:11:13: spec.phoneLists[0].phone.region: does not have the right form; write country of numbers in",
    ),
    "column type": (
        campaign(LIST + "  payload: {due: {column: amount, type: numeric}}"),
        "m.yaml:11:37: spec.phoneLists[0].payload.due.type: is not known; did you mean number? write boolean",
    ),
    "column with an unknown field": (
        campaign(LIST + "  payload: {due: {column: amount, typ: number}}"),
        "m.yaml:11:37: spec.phoneLists[0].payload.due.typ: is not a known field; did you mean type?",
    ),
    "policy number from nowhere": (
        campaign(LIST + "  policy: {maxAttempts: ~}"),
        "m.yaml:11:14: spec.phoneLists[0].policy.maxAttempts: is nothing (null); write a whole number from 1 to 50",
    ),
    "policy text as a number": (
        campaign(LIST + "  policy: {startDateTime: [1]}"),
        "m.yaml:11:14: spec.phoneLists[0].policy.startDateTime: is not a date and time",
    ),
    "policy days from a column": (
        campaign(LIST + "  policy: {allowedDays: {column: days}}"),
        "m.yaml:11:14: spec.phoneLists[0].policy.allowedDays: is a mapping; write a list such as",
    ),
    "campaign policy from a column": (
        campaign("policy: {maxAttempts: {column: n}}"),
        "m.yaml:8:12: spec.policy.maxAttempts: is a mapping; write a whole number from 1 to 50",
    ),
    "deprecated window": (
        campaign("policy: {localTimeFrom: 10:00}"),
        "m.yaml:8:12: spec.policy.localTimeFrom: is not a known field",
    ),
    "unknown reference": (
        campaign("policy: {$ref: nights}"),
        "m.yaml:8:12: spec.policy.$ref: names no CallPolicy; CallPolicy documents in these files: none",
    ),
    "reference to a misspelt policy": (
        campaign("policy: {$ref: office-hour}") + call_policy("office-hours", "{}"),
        "m.yaml:8:12: spec.policy.$ref: names no CallPolicy; did you mean office-hours?",
    ),
    "reference of a phone": (
        campaign("phoneLists:\n- name: a\n  phones: [{phone: 1, policy: {$ref: x}}]") + call_policy("y", "{}"),
        "m.yaml:10:34: spec.phoneLists[0].phones[0].policy.$ref: names no CallPolicy; CallPolicy documents in",
    ),
    "finish of the list before start of the campaign": (
        campaign(
            f"policy: {{startDateTime: 2024-05-02T00:00:00Z}}\n{LIST}  policy: {{finishDateTime: 2024-05-01T00:00:00Z}}"
        ),
        "m.yaml:12:14: spec.phoneLists[0].policy.finishDateTime: is not after startDateTime",
    ),
    "finish of a phone before start of its list": (
        campaign(
            "phoneLists:\n- name: a\n  policy: {startDateTime: 2024-05-02T00:00:00Z}\n"
            "  phones: [{phone: 1, policy: {finishDateTime: 2024-05-01T00:00:00Z}}]"
        ),
        "m.yaml:11:34: spec.phoneLists[0].phones[0].policy.finishDateTime: is not after startDateTime",
    ),
    "a phone that is no text": (
        campaign("phoneLists: [{name: a, phones: [{phone: [1]}]}]"),
        "m.yaml:8:36: spec.phoneLists[0].phones[0].phone: is a list; write text",
    ),
    "suppression without file": (
        campaign("suppress: [{}]"),
        "m.yaml:8:14: spec.suppress[0].file: is missing; path of a",
    ),
    "suppression file with a NUL": (
        campaign('suppress: [{file: "\\0"}]'),
        "m.yaml:8:15: spec.suppress[0].file: holds characters that cannot be seen",
    ),
    "policy that refers to itself": (
        call_policy("a", "{$ref: a}"),
        "m.yaml:5:8: spec.$ref: leads back to itself (a → a)",
    ),
    "no YAML": ("a: [\n", "m.yaml:2:1: is not YAML: did not find expected node content"),
    "a field twice": (campaign("wave: 1\nwave: 2"), "m.yaml:9:3: spec: has wave twice; keep one of the two"),
    "nothing": ("", "m.yaml: is empty; write a document of kind Campaign, CallPolicy or Profile"),
    "only policies": (call_policy("a", "{}"), "m.yaml: no campaign found"),
}


@pytest.mark.parametrize(("text", "complaint"), BAD.values(), ids=BAD.keys())
def test_one_error_gives_one_complaint_at_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    result = loaded(tmp_path, text)
    (got,) = lines(result.problems, tmp_path)
    assert got.startswith(complaint)
    assert result.campaigns == ()


def test_all_errors_of_all_documents_are_reported_at_once_in_their_order(tmp_path: Path) -> None:
    got = lines(loaded(tmp_path, (GOLDEN / "everything-wrong.yaml").read_bytes()).problems, tmp_path)
    assert got == (GOLDEN / "everything-wrong.txt").read_text(encoding="utf-8").splitlines()


def test_every_policy_of_a_cycle_is_reported(tmp_path: Path) -> None:
    policies = [call_policy(name, f"{{$ref: {ref}}}") for name, ref in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]]
    complaints = lines(loaded(tmp_path, campaign("policy: {$ref: d}") + "".join(policies)).problems, tmp_path)
    assert [complaint.split(": ", 2)[2].split(";")[0] for complaint in complaints] == [
        "leads back to itself (a → b → c → a)",
        "leads back to itself (b → c → a → b)",
        "leads back to itself (c → a → b → c)",
    ]


def test_a_problem_of_a_policy_is_reported_once_not_where_it_is_used(tmp_path: Path) -> None:
    period = "{startDateTime: 2024-05-02T00:00:00Z, finishDateTime: 2024-05-01T00:00:00Z}"
    text = campaign("policy: {$ref: a}", name="one") + "---\n" + campaign("policy: {$ref: a}", name="two")
    result = loaded(tmp_path, text + call_policy("a", period))
    assert [problem.path for problem in result.problems] == ["spec.finishDateTime"]
    assert result.campaigns == ()


@pytest.mark.parametrize("kind", ["Campaign", "CallPolicy"])
def test_two_documents_of_one_name_are_an_error_that_names_both_places(tmp_path: Path, kind: str) -> None:
    documents = {"Campaign": campaign(), "CallPolicy": call_policy("demo", "{}").removeprefix("---\n")}
    text = campaign(name="good") + "---\n" + "---\n".join([documents[kind]] * 2)
    result = loaded(tmp_path, text)
    first, second = ("10", "21") if kind == "Campaign" else ("10", "17")
    assert lines(result.problems, tmp_path) == [
        f"m.yaml:{second}:12: metadata.name: is the name of the {kind} at m.yaml:{first}:1 too; give each its own name"
    ]
    assert [each.name for each in result.campaigns] == ["good"]


def test_a_policy_and_a_campaign_may_share_a_name(tmp_path: Path) -> None:
    assert loaded(tmp_path, campaign() + call_policy("demo", "{}")).problems == ()
