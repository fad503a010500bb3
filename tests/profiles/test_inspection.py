"""All calls of a campaign held against its profiles: what is found is grouped, counted, masked and told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from reconciler.errors import ManifestError, Place
from reconciler.manifest.load import load
from reconciler.manifest.model import Campaign
from reconciler.phones.desired import ListedCalls
from reconciler.profiles.breaches import Kind
from reconciler.profiles.findings import Finding
from reconciler.profiles.inspection import KEPT, Inspected, Inspection, by_severity, inspected
from tests.acceptance.planted import PHONES, sightings
from tests.manifest.manifests import campaign
from tests.phones.sample import read_desired
from tests.profiles.cases import AU_MOBILE, JUNE, LONDON, NEW_YORK, PHOENIX, RU_MOBILE, TOLL_FREE, TORONTO

NINE_TO_TEN = 'allowedTime: {default: [{localTimeFrom: "09:00", localTimeTo: "22:00"}]}'
TEN_TO_SIX = 'allowedTime: {default: [{localTimeFrom: "10:00", localTimeTo: "18:00"}]}'
LEADS = "phoneLists: [{name: leads, source: {file: leads.csv}}]"


def declared(folder: Path, spec: str, *rows: str, header: str = "phone", state: str = "running") -> Campaign:
    """The campaign of this spec, with these rows in its list."""
    (folder / "m.yaml").write_text(campaign(spec, state=state))
    (folder / "leads.csv").write_text("\n".join([header, *rows, ""]))
    loaded = load([folder / "m.yaml"])
    assert loaded.problems == ()
    (made,) = loaded.campaigns
    return made


def findings(made: Campaign, now: datetime = JUNE) -> tuple[Finding, ...]:
    """Everything that is wrong with its calls."""
    listed = ListedCalls(made)
    inspection = Inspection(made, listed.suppressed, now)
    assert sum(len(chunk.keys) for chunk in inspected(inspection, listed.chunks())) >= 0
    return inspection.findings()


def found(made: Campaign, now: datetime = JUNE) -> list[tuple[str, Kind, int]]:
    """Profile, kind and number of calls of each."""
    return [(each.profile, each.kind, each.calls) for each in findings(made, now)]


def test_a_thousand_rows_with_one_mistake_are_one_finding_with_three_examples(tmp_path: Path) -> None:
    rows = [f"1212555{n:04}" for n in range(1200)]
    made = declared(tmp_path, f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing]\n{LEADS}", *rows)
    (only,) = findings(made)
    assert (only.kind, only.calls, len(only.examples)) == (Kind.HOURS, 1200, 3)
    place = Place(str(tmp_path / "leads.csv"), 2)
    assert only.examples[0].place == place
    assert str(only.problem).replace(f"{tmp_path}/", "") == (
        "leads.csv:2: demo.profiles.us-telemarketing: calls may begin at Mon–Sun 21:00–22:00 local time; allowed is "
        "Mon–Sun 8:00–21:00 [47 CFR 64.1200(c)(1); 16 CFR 310.4(c)]; 1,200 calls: such as 1212•••0000 (leads.csv:2), "
        "1212•••0001 (leads.csv:3), 1212•••0002 (leads.csv:4); narrow allowedDays and allowedTime to what is allowed"
    )


def test_each_profile_looks_at_the_numbers_it_is_about_and_the_others_are_told(tmp_path: Path) -> None:
    spec = f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing, ca-telemarketing]\n{LEADS}"
    made = declared(tmp_path, spec, NEW_YORK, TORONTO, LONDON, AU_MOBILE)
    assert sorted(found(made)) == [
        ("", Kind.UNCOVERED, 2),
        ("ca-telemarketing", Kind.HOURS, 1),
        ("us-telemarketing", Kind.HOURS, 1),
    ]
    (uncovered,) = (each for each in findings(made) if each.kind is Kind.UNCOVERED)
    assert uncovered.severity == "warning"
    assert "calls go to AU, GB, which none" in str(uncovered.problem)


def test_calls_of_several_zones_are_a_finding_of_their_own(tmp_path: Path) -> None:
    made = declared(
        tmp_path, f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing]\n{LEADS}", NEW_YORK, TOLL_FREE, PHOENIX
    )
    assert found(made) == [("us-telemarketing", Kind.HOURS, 3), ("us-telemarketing", Kind.ZONES, 1)]


def test_a_column_of_zones_gives_each_row_its_own_clock(tmp_path: Path) -> None:
    lists = "phoneLists: [{name: leads, source: {file: leads.csv}, policy: {gmtZone: {column: tz}}}]"
    spec = f"policy: {{{TEN_TO_SIX}}}\nprofiles: [ru-debt, us-telemarketing]\n{lists}"
    rows = (f"{RU_MOBILE},Asia/Kamchatka", f"{RU_MOBILE[:-1]}8,", f"{NEW_YORK},Europe/Moscow")
    made = declared(tmp_path, spec, *rows, header="phone,tz")
    assert found(made, JUNE + timedelta(days=10)) == [
        ("ru-debt", Kind.ZONES, 1),
        ("us-telemarketing", Kind.ABROAD, 1),
    ]


def test_an_inline_phone_has_its_own_policy_and_its_own_line(tmp_path: Path) -> None:
    spec = f"""\
policy: {{{TEN_TO_SIX}}}
profiles: [us-telemarketing]
phoneLists:
  - name: vip
    phones:
      - {{phone: "+{NEW_YORK}"}}
      - {{phone: "+{PHOENIX}", policy: {{{NINE_TO_TEN}}}}}
"""
    (only,) = findings(declared(tmp_path, spec))
    assert (only.kind, only.calls, only.examples[0].place.line) == (Kind.HOURS, 1, 14)


def test_a_whole_plan_of_held_calls_is_found_the_same_as_a_stream(tmp_path: Path) -> None:
    made = declared(
        tmp_path, f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-fl]\n{LEADS}", NEW_YORK, TOLL_FREE, LONDON, PHOENIX
    )
    inspection = Inspection(made, frozenset(), JUNE)
    assert list(inspected(inspection, read_desired(made).chunks()))
    assert inspection.findings() == findings(made)


def test_suppressed_numbers_are_not_called_and_not_found(tmp_path: Path) -> None:
    (tmp_path / "dnc.txt").write_text(f"{NEW_YORK}\n")
    spec = f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing]\nsuppress: [{{file: dnc.txt}}]\n{LEADS}"
    assert found(declared(tmp_path, spec, NEW_YORK, PHOENIX)) == [("us-telemarketing", Kind.HOURS, 1)]
    assert found(declared(tmp_path, spec, NEW_YORK)) == []


def test_an_error_or_a_warning_is_what_the_manifest_says(tmp_path: Path) -> None:
    spec = f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing, {{name: us-wa, severity: warning}}]\n{LEADS}"
    errors, warnings = by_severity(findings(declared(tmp_path, spec, NEW_YORK)))
    assert [problem.path for problem in errors] == ["demo.profiles.us-telemarketing"]
    assert [problem.path for problem in warnings] == ["demo.profiles.us-wa"]


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_a_campaign_that_is_not_to_run_is_only_warned_so_that_it_can_always_be_paused(
    tmp_path: Path, state: str
) -> None:
    made = declared(tmp_path, f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-wa]\n{LEADS}", NEW_YORK, state=state)
    assert by_severity(findings(made))[0] == ()
    assert len(by_severity(findings(made))[1]) == 1


def test_a_campaign_that_has_ended_breaks_nothing_any_more(tmp_path: Path) -> None:
    spec = f'policy: {{{NINE_TO_TEN}, finishDateTime: "2030-06-02T00:00:00Z"}}\nprofiles: [us-wa]\n{LEADS}'
    assert found(declared(tmp_path, spec, NEW_YORK, LONDON)) == []


def test_reading_to_the_end_tells_warnings_once_and_raises_errors(tmp_path: Path) -> None:
    spec = f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing, {{name: us-wa, severity: warning}}]\n{LEADS}"
    made = declared(tmp_path, spec, NEW_YORK)
    told: list[Finding] = []
    source = Inspected(made, ListedCalls(made), JUNE, told.append)
    for _ in range(2):  # a list may be read again, and is judged anew
        with pytest.raises(ManifestError, match="us-telemarketing") as caught:
            list(source.chunks())
        assert "1 call: 1212•••0100" in str(caught.value)
    assert len(told) == 1
    assert source.suppressed == frozenset()


def test_what_keeps_its_profiles_passes_through_as_it_is(tmp_path: Path) -> None:
    made = declared(tmp_path, f"policy: {{{TEN_TO_SIX}}}\nprofiles: [us-telemarketing]\n{LEADS}", NEW_YORK, PHOENIX)
    told: list[Finding] = []
    assert list(Inspected(made, ListedCalls(made), JUNE, told.append).chunks()) == list(ListedCalls(made).chunks())
    assert told == []


def test_no_number_is_in_what_is_found(tmp_path: Path) -> None:
    made = declared(tmp_path, f"profiles: [us-fl, fr-telemarketing]\n{LEADS}", *PHONES)
    texts = [f"{each}\n{each.problem}" for each in findings(made)]
    assert texts
    assert [sighting for text in texts for sighting in sightings(text, "finding")] == []


def test_rows_with_moments_of_their_own_are_as_many_policies_and_still_counted(tmp_path: Path) -> None:
    lists = "phoneLists: [{name: leads, source: {file: leads.csv}, policy: {startDateTime: {column: at}}}]"
    start = datetime(2030, 6, 4, tzinfo=UTC)
    rows = [f"1212{200_0000 + n:07},{start + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(KEPT + 1500)]
    spec = f"policy: {{{NINE_TO_TEN}}}\nprofiles: [us-telemarketing]\n{lists}"
    made = declared(tmp_path, spec, *rows, header="phone,at")
    assert found(made) == [("us-telemarketing", Kind.HOURS, KEPT + 1500)]


def test_verdicts_on_more_pairs_than_are_kept_are_made_anew(tmp_path: Path) -> None:
    lists = "phoneLists: [{name: leads, source: {file: leads.csv}, policy: {startDateTime: {column: at}}}]"
    start = datetime(2030, 6, 4, tzinfo=UTC)
    rows = [f"1212{200_0000 + n:07},{start + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(KEPT + 600)]
    made = declared(tmp_path, f"policy: {{{TEN_TO_SIX}}}\nprofiles: [us-wa]\n{lists}", *rows, header="phone,at")
    assert found(made) == []


def test_a_profile_of_ones_own_is_asked_like_any_other(tmp_path: Path) -> None:
    spec = f"policy: {{{TEN_TO_SIX}}}\nprofiles: [lunch]\n{LEADS}"
    (tmp_path / "leads.csv").write_text(f"phone\n{LONDON}\n")
    own = """\
---
apiVersion: campaign/v1
kind: Profile
metadata: {name: lunch}
spec:
  purpose: Nobody is called at lunch
  source: our own promise
  seen: 2030-01-01
  allowedTime:
    default: [{localTimeFrom: "09:00", localTimeTo: "12:00"}, {localTimeFrom: "13:00", localTimeTo: "18:00"}]
"""
    (tmp_path / "m.yaml").write_text(campaign(spec) + own)
    loaded = load([tmp_path / "m.yaml"])
    assert loaded.problems == ()
    (only,) = findings(loaded.campaigns[0])
    assert only.what.startswith("calls may begin at Mon–Sun 12:00–13:00 local time")
    assert only.source == "our own promise"


def test_chunks_that_share_their_beginning_share_their_policy(tmp_path: Path) -> None:
    """What lets a chunk be judged by one of its requests."""
    lists = "phoneLists: [{name: leads, source: {file: leads.csv}, policy: {maxAttempts: {column: n}}}]"
    for policy, is_one in ((LEADS, True), (lists, False)):
        made = declared(
            tmp_path, f"policy: {{{TEN_TO_SIX}}}\n{policy}", f"{NEW_YORK},1", f"{PHOENIX},2", header="phone,n"
        )
        (chunk,) = ListedCalls(made).chunks()
        requests = [msgspec.json.decode(request) for request in chunk.requests]
        assert chunk.has_one_policy is is_one
        assert (requests[0].get("maxAttempts") == requests[1].get("maxAttempts")) is is_one
