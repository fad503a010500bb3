"""Problems of manifests and phone lists. `REGOLD=1 pytest tests/render` writes the golden files anew."""

from __future__ import annotations

from io import StringIO

from reconciler.errors import Place, Problem
from reconciler.render.problems import problems_text, total_of_problems, write_problems
from tests.render.golden import assert_golden
from tests.render.plans import on_terminal, printed

STATE = Problem(
    Place("campaign.yaml", 8, 10), "spec.state", "'runing' is not a state", "one of running, paused, stopped"
)
EMPTY = Problem(Place("leads.csv"), "", "the file is empty")


def row(n: int) -> Problem:
    """The same mistake in another row."""
    return Problem(Place("leads.csv", n, 7), "phone", f'"x{n}" has {n % 9} digits', "E.164 has 7 to 15")


def test_a_few_problems_are_shown_one_a_line_as_they_say_themselves() -> None:
    problems = [STATE, EMPTY, row(2)]
    assert printed(problems_text(problems)) == "".join(f"{problem}\n" for problem in problems)


def test_ten_thousand_problems_are_a_screen_and_a_summary() -> None:
    problems = [row(n) for n in range(2, 10_000)] + [STATE, EMPTY]
    assert_golden("problems-many", printed(problems_text(problems, limit=5)))


def test_problems_nobody_kept_are_counted_too() -> None:
    assert printed(problems_text([STATE], omitted=1234)).endswith("… and 1,234 more:\n  1,234 ×  not listed\n")


def test_kinds_beyond_the_most_frequent_ones_are_counted_together() -> None:
    rare = [Problem(Place("leads.csv", n), "", f"no {'abcdefghijklmnopqrst'[n]}") for n in range(15)]
    assert "  6 ×  other kinds\n" in printed(problems_text([row(1), row(2), *rare], limit=1))


def test_a_problem_is_never_broken_so_that_its_place_can_be_clicked() -> None:
    assert on_terminal(problems_text([STATE]), 40) == f"{STATE}\n"


def test_the_errors_file_has_every_problem_on_a_line_of_its_own() -> None:
    file = StringIO()
    write_problems([row(n) for n in range(200)] + [Problem(Place("a\nb.csv"), "", "odd\x1b name")], file)
    lines = file.getvalue().splitlines()
    assert len(lines) == 201
    assert lines[0] == str(row(0))
    assert lines[-1] == "a b.csv: odd\\u001b name"


def test_the_total_names_problems_and_files() -> None:
    assert total_of_problems([STATE]) == "1 problem in 1 file"
    assert total_of_problems([STATE, row(1), row(2)], omitted=1000) == "1,003 problems in 2 files"
