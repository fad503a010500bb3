"""Whatever is wrong with a manifest, no message repeats a phone, a payload, a token or a URL of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifest.load import load
from tests.manifest.manifests import loaded

PLANTED = "planted"
PHONE = "16500000042"
GOLDEN = Path(__file__).parent / "golden"


def full(secret: Any) -> dict[str, Any]:
    """A campaign that has the same value, which identifies somebody, wherever a private value may be."""
    policy = {
        "startDateTime": secret,
        "finishDateTime": secret,
        "gmtZone": secret,
        "maxAttempts": secret,
        "retryIntervalInMinutes": secret,
        "externalCheck": {"externalCheckUrl": secret, "externalCheckMaxRetries": secret},
        "$ref": secret,
    }
    phone = {"phone": secret, "key": secret, "payload": {"a": secret, "b": {"column": secret}}, "policy": policy}
    return {
        "apiVersion": "campaign/v1",
        "kind": "Campaign",
        "metadata": {"name": "demo", "labels": {"team": secret}},
        "spec": {
            "host": secret,
            "token": secret,
            "state": "off",
            "wave": secret,
            "payload": {"a": secret},
            "policy": policy,
            "phoneLists": [
                {"name": "a", "phones": [phone, secret], "payload": {"x": {"column": secret, "type": secret}}},
                {"name": "a", "source": {"file": secret, "encoding": secret, "delimiter": secret}, "policy": policy},
                secret,
            ],
            "suppress": [{"file": secret, "region": secret}, secret],
            "guards": {"newCalls": secret},
        },
    }


def said(folder: Path, value: Any) -> str:
    problems = loaded(folder, yaml.safe_dump_all([value, {"kind": "CallPolicy", "metadata": {"name": "p"}}])).problems
    assert problems
    return "\n".join(map(str, problems))


@pytest.mark.parametrize(
    "secret",
    [
        *[f"https://u:{PLANTED}@h/{PLANTED}", f"{PLANTED} \n\x07", [PLANTED], {PLANTED: PLANTED}, {"column": PLANTED}],
        *[f"+{PHONE}", int(PHONE), float(PHONE), {PHONE: 1}, f"+1 650 000 0042 {PLANTED}"],
    ],
    ids=["URL", "text", "list", "mapping", "column", "phone", "integer", "float", "phone as a name", "spaced phone"],
)
def test_a_private_value_in_any_field_is_not_repeated(tmp_path: Path, secret: Any) -> None:
    shown = said(tmp_path, full(secret))
    # A field of that name that does not exist is the one thing a message has to name.
    without_names = shown.replace(f".{PLANTED}: is not a known field", "")
    assert PLANTED not in without_names
    assert PHONE not in shown
    assert "0042" not in shown


@pytest.mark.parametrize(
    "token",
    ["token: planted", "token: [planted]", "token: {planted: ~}", "token: {env: planted-1}", "token: {planted}"],
)
def test_a_token_written_in_any_wrong_way_is_not_repeated(tmp_path: Path, token: str) -> None:
    text = (GOLDEN / "spring-promo.yaml").read_text(encoding="utf-8")
    problems = loaded(tmp_path, text.replace("token: {env: SPRING_PROMO_TOKEN}", token)).problems
    assert [problem.path for problem in problems] in (["spec.token"], ["spec.token.env"])
    assert PLANTED not in str(problems)


@pytest.mark.parametrize("damage", ["[", "\t", "@", "{", '"', "*x", "&x", "!x", "? ", "\0", "\\"])
@pytest.mark.parametrize("where", ["name: leads", "phone: ", "token: "])
def test_a_syntax_error_beside_private_values_does_not_repeat_them(tmp_path: Path, damage: str, where: str) -> None:
    text = (GOLDEN / "spring-promo.yaml").read_text(encoding="utf-8").replace("Ann", PLANTED)
    problems = loaded(tmp_path, text.replace(where, where + damage, 1)).problems
    assert PLANTED not in str(problems)
    assert "650 000" not in str(problems)


LINES = (GOLDEN / "spring-promo.yaml").read_text(encoding="utf-8").splitlines()
EDITS = st.lists(
    st.tuples(
        st.integers(0, len(LINES) - 1),
        st.integers(0, 60),
        st.sampled_from(["", " ", "\n", ":", "[", "}", "- ", "~", "1", "'", "&a", "*a"]),
    ),
    min_size=1,
    max_size=4,
)


@given(EDITS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_damaged_anywhere_is_loaded_or_refused_and_never_crashes(
    tmp_path: Path, edits: list[tuple[int, int, str]]
) -> None:
    damaged = list(LINES)
    for line, column, text in edits:
        damaged[line] = damaged[line][:column] + text + damaged[line][column + 1 :]
    path = tmp_path / "m.yaml"
    path.write_text("\n".join(damaged), encoding="utf-8")
    result = load([path])
    assert result.problems or result.campaigns
    assert "650 000" not in str(result.problems)


WORDS = """
    apiVersion kind metadata name spec host token env file state policy $ref allowedTime mon maxAttempts column
    phoneLists phones phone payload source key suppress guards value type
"""
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 100)
    | st.sampled_from(["campaign/v1", "Campaign", "CallPolicy", "a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(VALUES, VALUES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_document_is_loaded_or_refused_and_never_crashes(tmp_path: Path, metadata: Any, spec: Any) -> None:
    documents = [
        {"apiVersion": "campaign/v1", "kind": kind, "metadata": metadata, "spec": spec}
        for kind in ("Campaign", "CallPolicy")
    ]
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump_all([*documents, spec]), encoding="utf-8")
    assert load([path]).problems
