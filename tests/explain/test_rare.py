"""What is rare: people's decisions, requests in doubt, numbers nobody can place, cells that are no text."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec

from reconciler.explain.asked import Spotted, asked
from reconciler.explain.build import Known
from reconciler.explain.levels import read_written
from reconciler.explain.model import Explanation
from reconciler.explain.origins import Sources, listing_of
from reconciler.lock.journal import Intent, OpenIntent
from reconciler.lock.model import CallStatus, Decision, FormerJob
from reconciler.phones.desired import ListedCalls
from reconciler.plan.model import Adopt
from reconciler.render.explain import explanation_text
from reconciler.render.explain_json import explain_json
from tests.acceptance.planted import PHONES, sightings
from tests.explain.scene import KEYER, LEADS, SPRING, Spring, job
from tests.render.plans import on_terminal, printed


def test_what_a_person_decided_is_shown_with_the_jobs_a_call_had_before(spring: Spring) -> None:
    made = spring.remembers({"c-1": CallStatus.VOUCHED})
    had = msgspec.structs.replace(made["c-1"], former=(FormerJob("job-old", made["c-1"].phone),))
    decided = Decision("2030-03-01T10:00:00Z", "ann@desk", "seen in the report", "sent", (had.call_id,))
    other = Decision("2030-03-02T10:00:00Z", "bob@desk", "of others", "not-sent", (("another", "1"),))
    header = msgspec.structs.replace(spring.lock.header, decisions=(decided, other))
    spring.lock = msgspec.structs.replace(spring.lock, header=header, calls={had.call_id: had})
    text = spring.text("c-1")
    assert "2030-03-01T10:00:00Z ann@desk: sent: seen in the report" in text
    assert "before: job-old" in text
    assert "of others" not in text


def test_since_when_a_request_is_in_doubt_is_shown(spring: Spring) -> None:
    made = spring.remembers({"c-1": CallStatus.IN_DOUBT})
    at = datetime(2030, 3, 7, 18, tzinfo=UTC)
    intent = Intent("addPhones", "key", int(at.timestamp() * 1000), 0, (made["c-1"],))
    spring.opened = (OpenIntent(1, intent),)
    text = spring.text("c-1")
    assert "in doubt  job job-c-1  sent 2030-03-07 18:00 UTC" in text
    assert "Blocked:" in text


def test_a_call_under_a_new_key_is_told_of_by_either_key(spring: Spring) -> None:
    spring.remembers({"c-1": CallStatus.PLANNED})
    (spring.folder / "leads.csv").write_text(LEADS.replace("c-1,", "c-11,"))
    for who in ("c-1", "c-11"):
        told = spring.explained(who)
        assert told.planned is not None
        assert {type(each) for each in told.planned.about.values()} == {Adopt}
    assert "It is remembered under its new key" in spring.text("c-11")


def test_a_number_of_no_known_place_has_no_hours_that_are_known(spring: Spring) -> None:
    lists = '    - {name: far, phones: [{phone: "+800 1234 5678"}]}\n    - name: vip\n'
    (spring.folder / "spring.yaml").write_text(SPRING.replace("    - name: vip\n", lists))
    told = spring.explained("+800 1234 5678")
    text = printed(explanation_text(told))
    assert "No time zone is known for this number" in text
    assert "The policies say Mon–Fri 10:00–18:00, by a clock that is not known." in text
    assert window_of(told)["zone_from"] is None


def window_of(told: Explanation) -> dict[str, object]:
    """The window of its only call, as JSON."""
    [one] = json.loads(explain_json([told], []))["campaigns"]
    found: dict[str, object] = one["wanted"][0]["window"]
    return found


def test_hours_by_several_clocks_are_shown_by_the_first_and_the_last(spring: Spring) -> None:
    manifest = SPRING.replace('"20:00"', '"06:00"').replace('"23:00"', '"22:00"')
    (spring.folder / "spring.yaml").write_text(manifest)
    told = spring.explained("boss")
    assert "by the last clock" in printed(explanation_text(told))
    assert window_of(told)["last_clock"] == "Asia/Kamchatka"


def test_start_and_finish_and_open_days_are_said(spring: Spring) -> None:
    period = "  startDateTime: '2030-03-01T00:00:00Z'\n  finishDateTime: '2030-03-20T00:00:00Z'\n"
    days = "  retryIntervalInMinutes: 90\n"
    manifest = SPRING.replace("  allowedDays: [mon, tue, wed, thu, fri]\n", period + days).replace(
        '  allowedTime: {default: [{localTimeFrom: "10:00", localTimeTo: "18:00"}]}\n',
        '  allowedTime: {mon: [{localTimeFrom: "14:00", localTimeTo: "18:00"}, '
        '{localTimeFrom: "09:00", localTimeTo: "12:00"}]}\n',
    )
    (spring.folder / "spring.yaml").write_text(manifest)
    text = spring.text("c-1")
    assert "Mon 09:00–12:00 and 14:00–18:00" in text
    assert "90 min" in text
    assert "Tue 2030-03-12  no policy says" in text
    assert "on days that no policy speaks of, the campaign's own settings on the server decide" in text
    assert "no call before: 2030-03-01T00:00:00Z" in text
    assert "no call from then on: 2030-03-20T00:00:00Z" in text


def test_a_request_that_leaves_nothing_to_the_campaign_says_nothing_of_it(spring: Spring) -> None:
    everything = (
        "startDateTime: '2030-03-01T00:00:00Z', finishDateTime: '2030-03-20T00:00:00Z', gmtZone: Z, dialerPriority: 1, "
        "retryIntervalInMinutes: 90, externalCheck"
    )
    (spring.folder / "spring.yaml").write_text(SPRING.replace("externalCheck: {", f"{everything}: {{"))
    text = spring.text("boss")
    assert "left to the campaign's own settings" not in text
    assert sightings(text, "text") == []


def test_a_cell_of_a_policys_column_that_is_no_text_is_not_empty(spring: Spring) -> None:
    rows = [{"id": "c-1", "phone": "+16507313371", "name": "x", "due": 1, "tz": "Z", "tries": None}]
    (spring.folder / "leads.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (spring.folder / "spring.yaml").write_text(SPRING.replace("leads.csv", "leads.jsonl"))
    campaign, call = spring.campaign, spring.calls()["c-1"]
    (spring.folder / "leads.jsonl").write_text(json.dumps(rows[0] | {"tries": [3]}) + "\n")  # since it was read
    sources = Sources(campaign, call, listing_of(campaign, call), read_written([spring.folder]))
    assert sources.policy("maxAttempts").name == "column tries"
    assert sources.policy("gmtZone").name == "column tz"


def test_lists_that_are_watched_are_asked_again_who_is_suppressed(spring: Spring) -> None:
    source = Spotted(ListedCalls(spring.campaign), asked("c-1", spring.campaign), is_known=False)
    assert source.suppressed_now() == source.suppressed == {"447700900123"}
    assert source.calls == 0
    assert sum(len(chunk.keys) for chunk in source.chunks()) == source.calls == 5
    assert source.sizes.lists == {"leads": 4, "vip": 1}


def test_a_guard_a_suppression_and_a_profile_are_in_the_json_too(spring: Spring) -> None:
    manifest = SPRING.replace("  state: running\n", "  state: running\n  profiles: [us-fl]\n")
    (spring.folder / "spring.yaml").write_text(manifest)
    told = [spring.explained(who, job("theirs", "16507324482")) for who in ("c-2", "c-4")]
    adding, suppressed = json.loads(explain_json(told, []))["campaigns"]
    assert adding["plan"]["guards"] == [{"option": "new-calls", "allow": 4}]
    assert adding["wanted"][0]["profiles"][0]["name"] == "us-fl"
    assert adding["jobs"][0]["is_owned"] is False
    assert suppressed["wanted"][0]["suppressed"] == [{"by": "do-not-call.csv", "reason": "complaint"}]
    assert suppressed["wanted"][0]["verdict"] == "suppressed"


def test_on_a_narrow_terminal_lines_are_wrapped_under_their_own_words(spring: Spring) -> None:
    told = explanation_text(spring.explained("c-1"))
    narrow = on_terminal(told, 60)
    assert max(map(len, narrow.splitlines())) <= 60
    assert narrow.split() == spring.text("c-1").split()


def test_who_is_not_asked_about_on_a_server_is_said(spring: Spring) -> None:
    told = msgspec.structs.replace(spring.explained("c-1"), jobs=None, problem="was not asked: --no-refresh")
    assert "  was not asked: --no-refresh\n" in printed(explanation_text(told))


def test_a_profile_that_a_call_keeps_is_said_to_be_kept(spring: Spring) -> None:
    manifest = SPRING.replace("  state: running\n", "  state: running\n  profiles: [us-telemarketing]\n")
    (spring.folder / "spring.yaml").write_text(manifest)
    assert "    us-telemarketing: kept\n" in spring.text("c-1")


def test_what_is_known_of_a_person_is_not_in_a_traceback(spring: Spring) -> None:
    found = Known(
        spring.campaign, "", spring.lock.header, (), KEYER, (*spring.calls().values(),), (), frozenset(PHONES)
    )
    assert sightings(repr(found), "repr") == []


def test_documents_of_other_kinds_say_nothing_of_a_request(spring: Spring) -> None:
    other = "apiVersion: campaign/v1\nkind: Guards\nmetadata: {name: all}\nspec: {cancels: 5}\n"
    (spring.folder / "guards.yaml").write_text(other)
    assert "Request" in spring.text("c-1")


def test_only_the_files_that_have_the_number_are_named(spring: Spring) -> None:
    (spring.folder / "others.txt").write_text("+1 650 734 6604\n")
    manifest = SPRING.replace("  suppress:\n", "  suppress:\n    - {file: others.txt}\n")
    (spring.folder / "spring.yaml").write_text(manifest)
    [row] = spring.explained("c-4").rows
    assert [(each.file, each.place.line) for each in row.suppressed] == [("do-not-call.csv", 26)]
