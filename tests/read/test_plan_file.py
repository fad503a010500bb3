"""The file of saved plans: compact, read as a stream, and believed only when it is whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from reconciler.errors import SavedPlanError
from reconciler.plan.model import Counts
from reconciler.plan.saved import Basis, SavedPlan
from reconciler.read.plan_file import PlanFileWriter, open_plan_file

BASIS = Basis("lineage", 7, "", "check", "host", "token", "remote", "desired")
LINES = [f'["AbCdEfGhIjKlMn{n:02}","1","~","QwErTyUiOpAs","5665{n:06}"]\n'.encode() for n in range(3)]


def saved(campaign: str, n: int) -> SavedPlan:
    """A plan that replaces so many calls and pauses the campaign."""
    return SavedPlan(campaign, "0123456789abcdef", BASIS, ("pause",), Counts(replace=n, move=1), {}, ())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two plans, of three and of no calls."""
    path = tmp_path / "saved.plan"
    with path.open("wb") as file:
        writer = PlanFileWriter(file, tool="1.2.3", created="2026-01-02T03:04:05+00:00")
        writer.add(saved("spring", 3), LINES)
        writer.add(saved("summer", 0), [])
        writer.end()
    return path


def opened(path: Path) -> None:
    """Opens and closes it."""
    with open_plan_file(path):
        pass


def test_it_gives_back_what_was_written(path: Path) -> None:
    with open_plan_file(path) as file:
        assert file.campaigns == ("spring", "summer")
        assert (file.opening.tool, file.opening.created) == ("1.2.3", "2026-01-02T03:04:05+00:00")
        summer, none = file.plan("summer")
        spring, lines = file.plan("spring")
        assert (spring, summer) == (saved("spring", 3), saved("summer", 0))
        assert ([*lines()], [*none()], [*lines()]) == (LINES, [], LINES)


def test_two_plans_can_be_read_at_once(tmp_path: Path) -> None:
    with (tmp_path / "saved.plan").open("wb") as file:
        writer = PlanFileWriter(file, tool="1", created="now")
        writer.add(saved("spring", 3), LINES)
        writer.add(saved("summer", 3), LINES[::-1])
        writer.end()
    with open_plan_file(tmp_path / "saved.plan") as plans:
        (_, spring), (_, summer) = plans.plan("spring"), plans.plan("summer")
        assert [*zip(spring(), summer(), strict=True)] == [*zip(LINES, LINES[::-1], strict=True)]


def without(n: int) -> Callable[[bytes], bytes]:
    """Takes a line out."""
    return lambda data: b"".join(line for at, line in enumerate(data.splitlines(keepends=True)) if at != n)


@pytest.mark.parametrize("n", range(7))
def test_a_file_without_one_of_its_lines_is_refused(path: Path, n: int) -> None:
    path.write_bytes(without(n)(path.read_bytes()))
    with pytest.raises(SavedPlanError, match="nothing was done"):
        opened(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"5665000001", b"5665000007"),
        lambda data: data.replace(b'"moves":["pause"]', b'"moves":["start"]'),
        lambda data: data.replace(b"2026-01", b"2027-01"),
        lambda data: data.replace(b'"replace":3', b'"replace":2', 1),
        lambda data: data.replace(b'"replace":3', b'"replace":999999999', 1),
        lambda data: data.replace(b'"replace":3', b'"replace":-3', 1),
        lambda data: data + b"\n",
        lambda data: data + data,
        lambda data: data[:-1],
        lambda data: data[:-40],
        lambda data: data[:200],
        lambda data: data.replace(b"spring", b"summer"),
    ],
)
def test_an_edited_or_cut_file_is_refused(path: Path, change: Callable[[bytes], bytes]) -> None:
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before
    with pytest.raises(SavedPlanError, match="damaged"):
        opened(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 4000,
        b"{}\n",
        b"[1]\n",
        b'{"lock":{"format":1}}\n',
        b"\xff\xfe",
        b"[" * 100_000,
        b"x" * (3 << 20),
    ],
    ids=["empty", "zeros", "object", "array", "lockfile", "bytes", "deep", "long"],
)
def test_another_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SavedPlanError, match=r"saved\.plan is not a saved plan, or is damaged; make it with"):
        opened(path)


def test_a_file_of_a_newer_format_is_refused_as_such(path: Path) -> None:
    path.write_bytes(b'{"saved_plan":2,"made_by":"somebody"}\n')
    with pytest.raises(SavedPlanError, match=r"it has format 2, and this version reads up to 1: use a newer version"):
        opened(path)


@pytest.mark.parametrize("name", ["nowhere.plan", "."])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SavedPlanError, match=r"cannot be read: (No such file|Is a directory)"):
        opened(tmp_path / name)


def test_no_message_holds_what_the_file_holds(path: Path) -> None:
    path.write_bytes(b'{"saved_plan":"16507313371"}\n')
    with pytest.raises(SavedPlanError) as caught:
        opened(path)
    assert "16507313371" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_plan_of_many_calls_takes_at_most_sixty_bytes_a_call_and_is_not_held_in_memory(tmp_path: Path) -> None:
    n, path = 50_000, tmp_path / "large.plan"
    with path.open("wb") as file:
        writer = PlanFileWriter(file, tool="1", created="now")
        writer.add(
            saved("spring", n),
            (msgspec.json.encode((f"k{at:015}", "1", "~", "QwErTyUiOpAs", f"5{at:09}")) + b"\n" for at in range(n)),
        )
        writer.end()
    assert path.stat().st_size < 60 * n
    tracemalloc.start()
    with open_plan_file(path) as large:
        _, lines = large.plan("spring")
        assert sum(1 for _ in lines()) == n
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300_000
