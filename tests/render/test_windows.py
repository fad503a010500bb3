"""When calls may begin, by the call policies of a manifest; what they leave open is never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.render.charts import week_words
from reconciler.render.windows import BY_ROW, Hours, Week, weeks
from tests.manifest.manifests import campaign, loaded

LATE = '{default: [{localTimeFrom: "16:00", localTimeTo: "20:00"}, {localTimeFrom: "09:00", localTimeTo: "12:00"}]}'
LISTS = """
phoneLists:
  - name: leads
    source: {file: leads.csv}
  - name: vip
    phones: [{phone: "+16507770000"}]
"""


def found(tmp_path: Path, spec: str) -> tuple[Week, ...]:
    """The weeks of a campaign with this in its spec."""
    (tmp_path / "leads.csv").write_text("phone,zone\n")
    read = loaded(tmp_path, campaign(spec))
    assert read.problems == ()
    return weeks(read.campaigns[0])


def shown(week: Week) -> list[tuple[bool | None, str | None]]:
    """Its days: whether they are open, and their hours."""
    return [(day.is_open, None if day.hours is None else " ".join(map(str, day.hours))) for day in week.days]


def test_days_that_are_not_allowed_are_closed_and_hours_are_in_order(tmp_path: Path) -> None:
    [week] = found(tmp_path, f"policy: {{allowedDays: [mon, sat], allowedTime: {LATE}}}" + LISTS)
    opened, closed = (True, "09:00–12:00 16:00–20:00"), (False, "")
    assert shown(week) == [opened, closed, closed, closed, closed, opened, closed]
    assert week.lists == ("leads", "vip")


def test_without_days_the_server_decides_about_days_and_without_hours_about_hours(tmp_path: Path) -> None:
    [week] = found(tmp_path, f"policy: {{allowedTime: {LATE.replace('default', 'tue')}}}")
    assert shown(week)[:2] == [(None, None), (None, "09:00–12:00 16:00–20:00")]
    [week] = found(tmp_path, "policy: {allowedDays: [mon]}")
    assert shown(week)[:2] == [(True, None), (False, "")]


def test_a_campaign_without_a_policy_leaves_everything_to_the_server(tmp_path: Path) -> None:
    [week] = found(tmp_path, "")
    assert shown(week) == [(None, None)] * 7
    assert week.lists == ()
    assert week_words(week) == "All calls: local time of each number."


def test_hours_of_a_day_are_its_own_before_the_default(tmp_path: Path) -> None:
    default, friday = (f'[{{localTimeFrom: "10:00", localTimeTo: "{end}"}}]' for end in ("18:00", "15:00"))
    times = f"{{default: {default}, fri: {friday}}}"
    [week] = found(tmp_path, f"policy: {{allowedDays: [thu, fri], allowedTime: {times}}}")
    assert shown(week)[3:5] == [(True, "10:00–18:00"), (True, "10:00–15:00")]


def test_lists_with_windows_of_their_own_are_weeks_of_their_own(tmp_path: Path) -> None:
    lists = LISTS.replace("source: {file: leads.csv}", "source: {file: leads.csv}\n    policy: {allowedDays: [sun]}")
    one, other = found(tmp_path, "policy: {allowedDays: [mon]}" + lists)
    assert (one.lists, other.lists) == (("leads",), ("vip",))
    assert (one.days[6].is_open, other.days[6].is_open) == (True, False)


def test_values_of_columns_differ_by_row(tmp_path: Path) -> None:
    lists = LISTS.replace("{file: leads.csv}", "{file: leads.csv}\n    policy: {gmtZone: {column: zone}}")
    one, _ = found(tmp_path, 'policy: {startDateTime: "2030-01-07T08:00:00Z"}' + lists)
    assert one.zone == BY_ROW
    assert week_words(one) == "List leads: in the time zone each row names, from 2030-01-07T08:00:00Z."


def test_a_call_with_windows_of_its_own_is_said(tmp_path: Path) -> None:
    lists = LISTS.replace('"+16507770000"', '"+16507770000", policy: {allowedDays: [sun]}')
    one, other = found(tmp_path, lists)
    assert (one.may_differ, other.may_differ) == (False, True)
    assert week_words(other).endswith(", some calls have windows of their own.")


@pytest.mark.parametrize(
    ("hours", "minutes"), [(Hours("00:00", "23:59"), (0, 1439)), (Hours("09:30", "18:05"), (570, 1085))]
)
def test_hours_in_minutes(hours: Hours, minutes: tuple[int, int]) -> None:
    assert hours.minutes == minutes
