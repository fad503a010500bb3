"""Which level a field comes from. What is plain is in the golden files."""

from __future__ import annotations

from reconciler.errors import Place
from reconciler.explain.model import Row
from tests.explain.scene import LEADS, SPRING, Spring


def row(spring: Spring, who: str) -> Row:
    """The only call of `who`."""
    [found] = spring.explained(who).rows
    return found


def levels(found: Row) -> dict[str, str]:
    """The level of each field."""
    return {field.name: field.level for field in found.fields}


def test_an_empty_cell_of_a_policys_column_leaves_the_field_to_the_campaign(spring: Spring) -> None:
    assert levels(row(spring, "c-1"))["maxAttempts"] == "campaign"
    assert levels(row(spring, "c-2"))["maxAttempts"] == "column tries"
    (spring.folder / "leads.csv").write_text(LEADS.replace("quokkaann,20,,", "quokkaann,20,,3"))
    assert levels(row(spring, "c-1"))["maxAttempts"] == "column tries"


def test_a_policy_that_a_policy_refers_to_is_named_where_it_says_the_field(spring: Spring) -> None:
    found = {field.name: field for field in row(spring, "boss").fields}
    assert found["allowedDays"].level == "CallPolicy office-hours"
    assert (found["allowedTime"].level, found["allowedTime"].place) == (
        "CallPolicy at-night",
        Place("spring.yaml", 39, 3),
    )


def test_the_list_wins_over_the_campaign(spring: Spring) -> None:
    manifest = SPRING.replace("promo: quokkapromo", "brand: quokkalist").replace(
        "dialerPriority: 2", "allowedDays: [sat]"
    )
    (spring.folder / "spring.yaml").write_text(manifest)
    found = levels(row(spring, "c-1"))
    assert (found["payload.brand"], found["allowedDays"]) == ("list leads", "list leads")


def test_of_two_lists_that_read_one_file_the_one_that_made_the_call_is_named(spring: Spring) -> None:
    more = (
        "    - {name: again, source: {file: leads.csv}, phone: {region: US}, key: {column: phone}, samePhone: allow}\n"
    )
    manifest = SPRING.replace("    - name: vip\n", f"{more}    - name: vip\n").replace(
        "      key: {column: id}\n", "      key: {column: id}\n      samePhone: allow\n"
    )
    (spring.folder / "spring.yaml").write_text(manifest)
    assert [each.list for each in spring.explained("650-731-3371").rows] == ["leads", "again"]


def test_phones_on_one_line_of_a_manifest_are_told_apart(spring: Spring) -> None:
    phones = '[{phone: "+16507320001", policy: {maxAttempts: 7}}, {phone: "+16507320002", policy: {maxAttempts: 8}}]'
    (spring.folder / "spring.yaml").write_text(
        SPRING.replace("    - name: vip\n", f"    - {{name: two, phones: {phones}}}\n    - name: vip\n")
    )
    for phone, attempts in (("+16507320001", 7), ("+16507320002", 8)):
        found = row(spring, phone)
        assert found.key_from == "the phone itself"
        assert next(field.value for field in found.fields if field.name == "maxAttempts") == attempts


def test_values_of_a_payload_are_told_by_their_kind_alone(spring: Spring) -> None:
    payload = "{a: quokka, b: 1, c: 1.5, d: true, e: [quokka], f: {g: quokka}, h: null}"
    (spring.folder / "spring.yaml").write_text(SPRING.replace("{brand: quokkabrand}", payload))
    found = {field.name: (field.kind, field.value) for field in row(spring, "c-1").fields}
    kinds = {"a": "text", "b": "number", "c": "number", "d": "truth", "e": "list", "f": "object", "h": "null"}
    assert {name: found[f"payload.{name}"] for name in kinds} == {name: (kind, None) for name, kind in kinds.items()}
