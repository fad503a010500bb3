"""Profiles in manifests: those that come with the program by name, and one's own as documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.load import load
from tests.manifest.manifests import campaign, lines, loaded

GOOD = {
    "purpose": "Nobody is called at lunch",
    "source": "our own promise",
    "seen": '"2030-01-01"',
    "allowedTime": '{default: [{localTimeFrom: "09:00", localTimeTo: "12:00"}]}',
}


def profile(name: str = "lunch", **fields: str) -> str:
    """A Profile document; fields are YAML, "" leaves one out."""
    spec = ", ".join(f"{key}: {value}" for key, value in (GOOD | fields).items() if value)
    return f"---\napiVersion: campaign/v1\nkind: Profile\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


def test_a_campaign_names_profiles_and_what_a_breach_is(tmp_path: Path) -> None:
    spec = "profiles: [us-fl, {name: lunch, severity: warning}, {name: us-wa}]"
    found = loaded(tmp_path, campaign(spec) + profile())
    assert found.problems == ()
    (made,) = found.campaigns
    assert [(used.profile.name, used.severity) for used in made.profiles] == [
        ("us-fl", "error"),
        ("lunch", "warning"),
        ("us-wa", "error"),
    ]
    own = made.profiles[1].profile
    assert (own.place, made.profiles[0].profile.place) == (found.profiles[0].place, None)
    assert own.spec.purpose == "Nobody is called at lunch"
    assert made.profiles[1].place.line == 8


def test_profiles_may_be_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(profile().removeprefix("---\n"))
    (tmp_path / "m.yaml").write_text(campaign("profiles: [lunch]"))
    found = load([tmp_path])
    assert found.problems == ()
    assert [used.profile.name for used in found.campaigns[0].profiles] == ["lunch"]


def test_a_file_with_nothing_but_profiles_has_no_campaign(tmp_path: Path) -> None:
    found = loaded(tmp_path, profile())
    assert [problem.what for problem in found.problems] == ["no campaign found"]
    assert [each.name for each in found.profiles] == ["lunch"]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("profiles: [us-florida]", "m.yaml:8:12: spec.profiles[0]: names no profile; did you mean us-fl?"),
        ("profiles: [zzz]", "m.yaml:8:12: spec.profiles[0]: names no profile; `campaign profiles` lists them"),
        ("profiles: [us-fl, {name: us-fl}]", "m.yaml:8:20: spec.profiles[1].name: is there twice; keep one of them"),
        (
            "profiles: [us-fl, [us-wa]]",
            "m.yaml:8:19: spec.profiles[1]: is no profile; write its name, or {name: …, severity: warning}",
        ),
        (
            "profiles: [{name: us-fl, severity: fatal}]",
            'm.yaml:8:26: spec.profiles[0].severity: "fatal" is not known; write error or warning',
        ),
        ("profiles: us-fl", "m.yaml:8:1: spec.profiles: is text; write a list"),
        (
            "profiles: [{severity: error}]",
            "m.yaml:8:12: spec.profiles[0].name: is missing; of a profile; `campaign profiles` lists them",
        ),
    ],
)
def test_what_is_wrong_with_the_use_of_a_profile_is_told_at_its_place(
    tmp_path: Path, spec: str, complaint: str
) -> None:
    found = loaded(tmp_path, campaign(spec))
    said = lines(found.problems, tmp_path)
    assert len(said) == 1
    assert said[0].split(": ", 1)[1] == complaint.split(": ", 1)[1]
    assert found.campaigns == ()


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"seen": '"2030-13-01"'}, "spec.seen: is no date; write YYYY-MM-DD"),
        ({"seen": "yesterday"}, "spec.seen: is no date; write YYYY-MM-DD"),
        ({"seen": "20300101"}, 'spec.seen: "••••••••" does not have the right form'),
        ({"source": ""}, "spec.source: is missing; where the rule is written"),
        ({"caps": "[{per: 7d}]"}, "spec.caps[0]: does not say what is counted"),
        ({"caps": "[{per: 7d, calls: 1, conversations: 1}]"}, "spec.caps[0]: does not say what is counted"),
        ({"caps": "[{per: week, calls: 1}]"}, 'spec.caps[0].per: "week" does not have the right form'),
        ({"caps": "[{per: 7d, calls: 0}]"}, "spec.caps[0].calls: 0 is too small; at least 1"),
        ({"allowedDays": "[mon, mon]"}, "spec.allowedDays[1]: mon is there twice"),
        (
            {"allowedTime": '{default: [{localTimeFrom: "12:00", localTimeTo: "09:00"}]}'},
            "spec.allowedTime.default[0].localTimeTo: is not after localTimeFrom",
        ),
        ({"countries": "[Germany]"}, "spec.countries[0]: does not have the right form"),
        ({"holidays": "{country: XX}"}, "spec.holidays.country: is no country whose holidays are known"),
        (
            {"holidays": "{country: AU, subdivision: NWS}"},
            "spec.holidays.subdivision: is no part of the country whose holidays are known; did you mean NSW?",
        ),
        (
            {"holidays": "{country: AU, subdivision: 1}"},
            "spec.holidays.subdivision: is no part of the country whose holidays are known; known: ACT, NSW, ",
        ),
        (
            {"holidays": "{country: MC, subdivision: X}"},
            "spec.holidays.subdivision: is no part of the country whose holidays are known; leave it out",
        ),
        (
            {"holidays": '{country: AU, allowedTime: [{localTimeFrom: "12:00", localTimeTo: "11:00"}]}'},
            "spec.holidays.allowedTime[0].localTimeTo: is not after localTimeFrom",
        ),
        ({"holidays": "{subdivision: NSW}"}, "spec.holidays.country: is missing"),
        ({"holidays": "none"}, "spec.holidays: is text; write a mapping"),
        ({"hours": "8-21"}, "spec.hours: is not a known field"),
    ],
)
def test_what_is_wrong_with_a_profile_of_ones_own_is_told_and_nobody_uses_it(
    tmp_path: Path, fields: dict[str, str], complaint: str
) -> None:
    found = loaded(tmp_path, campaign("profiles: [lunch]") + profile(**fields))
    said = [line.split(": ", 1)[1] for line in lines(found.problems, tmp_path)]
    assert len(said) == 1
    assert said[0].startswith(complaint)
    assert found.campaigns == ()
    assert found.profiles == ()


@pytest.mark.parametrize("name", ["us-fl", "ru-debt"])
def test_nobody_takes_a_profile_of_ones_own_for_one_that_comes_with_the_program(tmp_path: Path, name: str) -> None:
    found = loaded(tmp_path, campaign(f"profiles: [{name}]") + profile(name))
    (said,) = lines(found.problems, tmp_path)
    assert "metadata.name: is the name of a profile that comes with the program; give it another name" in said
    assert found.campaigns == ()


def test_two_profiles_have_two_names(tmp_path: Path) -> None:
    found = loaded(tmp_path, campaign("profiles: [lunch]") + profile() + profile())
    (said,) = lines(found.problems, tmp_path)
    assert "metadata.name: is the name of the Profile at m.yaml:" in said
    assert found.campaigns == ()


@pytest.mark.parametrize("document", ["spec: 1", "spec: {profiles: 1}", "metadata: 1\nspec: []"])
def test_a_document_of_the_wrong_form_is_no_crash(tmp_path: Path, document: str) -> None:
    for kind in ("Campaign", "Profile"):
        assert loaded(tmp_path, f"apiVersion: campaign/v1\nkind: {kind}\n{document}\n").problems
