"""The repository itself: it works anywhere, installs only what is pinned, and CI runs what a contributor runs."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.mutants import MUTANTS

ROOT = Path(__file__).resolve().parent.parent
PINNED = sorted((ROOT / "requirements").glob("*.txt"))

REGISTRIES = (r"/simple/", r"(?<!--no-emit-)(index-url|find-links)")
MACHINE_PATHS = tuple(rf"(?<![\w.~$}}-])/{folder}/" for folder in ("home", "root", "work", "opt", "Users"))

in_git = pytest.mark.skipif(
    not (ROOT / ".git").exists() or not shutil.which("git"), reason="only a Git clone can be asked what is in it"
)


def git_files() -> list[Path]:
    """Every file in Git, and those not yet added that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def lines_with(pattern: str) -> list[str]:
    """Where it occurs, as `file:line`, but for this file, which has to name what it looks for."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in git_files()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if re.search(pattern, line)
    ]


def make_prints(target: str) -> list[str]:
    """The commands `make` would run for this target."""
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@in_git
@pytest.mark.parametrize("registry", REGISTRIES)
def test_no_file_names_a_package_registry(registry: str) -> None:
    assert lines_with(registry) == []


@in_git
@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_no_file_names_a_path_of_somebodys_machine(path: str) -> None:
    assert lines_with(path) == []


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_a_hash(path: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = text.replace("\\\n", " ").splitlines()
    assert [
        entry for entry in entries if not re.fullmatch(r"[\w.-]+==\S+( +--hash=sha256:[0-9a-f]{64})+ *", entry)
    ] == []


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_no_requirements_file_has_an_option(path: Path) -> None:
    assert re.findall(r"^-.*|@ .*|://.*", path.read_text(encoding="utf-8"), re.MULTILINE) == []


def test_the_two_requirements_files_pin_the_same_versions() -> None:
    runtime, development = (
        set(re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements" / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("runtime.txt", "dev.txt")
    )
    assert runtime
    assert runtime <= development


def test_ci_runs_make_check() -> None:
    assert re.search(r"^exec make check\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)


def test_make_check_runs_exactly_the_tests_that_make_test_runs() -> None:
    tests = [line for line in make_prints("test") if "pytest" in line]
    assert len(tests) == 1
    assert [line for line in make_prints("check") if "pytest" in line] == tests


@in_git
@pytest.mark.parametrize(
    ("name", "is_ignored"), [("a.journal.jsonl", True), ("a.lock.mutex", True), ("a.lock.jsonl", False)]
)
def test_only_what_belongs_into_git_is_offered_to_it(name: str, is_ignored: bool) -> None:
    done = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", name], cwd=ROOT, check=False)
    assert (done.returncode == 0) == is_ignored


def test_tests_cannot_reach_another_machine() -> None:
    with socket.socket() as there, pytest.raises(RuntimeError, match="loopback only"):
        there.connect(("192.0.2.1", 9))


def test_tests_cannot_look_up_another_machine() -> None:
    with pytest.raises(RuntimeError, match="loopback only"):
        socket.getaddrinfo("example.invalid", 443)


def test_every_safeguard_that_a_mutant_takes_out_is_still_there() -> None:
    gone = [mutant.name for mutant in MUTANTS if (ROOT / mutant.file).read_text().count(mutant.old) != 1]
    assert not gone
