"""Documents that hold for every campaign of a run: who is never called, and how much all of them may do together."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import Place
from reconciler.manifest.load import Loaded, load
from reconciler.manifest.model import RunGuards

CAMPAIGN = """apiVersion: campaign/v1
kind: Campaign
metadata: {name: NAME}
spec:
  host: https://calls.example
  token: {env: TOKEN}
  state: running
  suppress: [{file: own.txt}]
"""


def of_run(kind: str, spec: str, name: str = "everywhere") -> str:
    return f"apiVersion: campaign/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def loaded(folder: Path, **files: str) -> Loaded:
    for name, content in files.items():
        path = folder / f"{name.replace('_', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return load([folder])


def campaign(name: str) -> str:
    return CAMPAIGN.replace("NAME", name)


def told(folder: Path, document: str) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in loaded(folder, m=document, c=campaign("a")).problems]


def test_suppression_files_of_the_run_come_after_those_of_each_campaign(tmp_path: Path) -> None:
    spec = "{files: [{file: never.csv, column: no, region: US}]}"
    found = loaded(tmp_path, a_one=campaign("one"), b=campaign("two"), c_all=of_run("Suppression", spec))
    assert not found.problems
    assert {each.name: [one.path for one in each.suppress] for each in found.campaigns} == {
        "one": [tmp_path / "a/own.txt", tmp_path / "c/never.csv"],
        "two": [tmp_path / "own.txt", tmp_path / "c/never.csv"],
    }
    assert found.campaigns[0].suppress[1].place == Place(str(tmp_path / "c/all.yaml"), 4, 16)


def test_every_document_of_limits_holds_for_every_campaign(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        a=campaign("one"),
        b=of_run("Guards", "{newCalls: 5}"),
        c=of_run("Guards", "{releases: 7}", "more"),
    )
    assert not found.problems
    assert found.campaigns[0].run_guards == (RunGuards(new_calls=5), RunGuards(releases=7))


def test_a_run_without_such_documents_has_neither(tmp_path: Path) -> None:
    [made] = loaded(tmp_path, a=campaign("one")).campaigns
    assert (len(made.suppress), made.run_guards) == (1, ())


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (of_run("Suppression", "{files: []}"), "m.yaml:4:8: spec.files: is empty"),
        (of_run("Suppression", "{}"), "m.yaml:4:1: spec.files: is missing"),
        (of_run("Suppression", "{files: [{file: a.txt, reasons: x}]}"), "m.yaml:4:30: spec.files[0].reasons: is not a"),
        (
            of_run("Suppression", "{files: [{file: a, format: text, expires: {column: x}}]}"),
            "m.yaml:4:40: spec.files[0].expires: names a column, but text has one number a line; write format: csv",
        ),
        (of_run("Guards", "{newCalls: -1}"), "m.yaml:4:8: spec.newCalls: -1 is too small"),
        (of_run("Guards", "{cancelPercent: 1}"), "m.yaml:4:8: spec.cancelPercent: is not a known field"),
    ],
)
def test_what_is_wrong_with_one_is_told_at_its_place(tmp_path: Path, document: str, says: str) -> None:
    [problem] = told(tmp_path, document)
    assert problem.startswith(says), problem


def test_two_of_one_kind_need_names_of_their_own(tmp_path: Path) -> None:
    both = of_run("Guards", "{newCalls: 1}") + "---\n" + of_run("Guards", "{newCalls: 2}")
    [problem] = told(tmp_path, both)
    assert "is the name of the Guards at" in problem


def test_a_campaign_may_have_a_column_of_reasons_and_one_of_days(tmp_path: Path) -> None:
    source = "{file: own.csv, reason: {column: why}, expires: {column: until}}"
    [made] = loaded(tmp_path, a=campaign("one").replace("{file: own.txt}", source)).campaigns
    spec = made.suppress[0].spec
    assert [each.column for each in (spec.reason, spec.expires) if each] == ["why", "until"]
