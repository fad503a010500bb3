"""The hooks of .pre-commit-hooks.yaml as those who use them have them: installed and run by pre-commit itself.

pre-commit clones the repository that is named, makes an environment and installs it there with pip. What it depends
on is not to be downloaded in a test: PYTHONPATH shows pip and the hooks what is installed here already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.docs.repository import ROOT

BIN = Path(sys.executable).parent
SHIPPED = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml")
MANIFEST = """\
apiVersion:   campaign/v1
kind: Campaign
metadata: {name: spring}
spec:
    host: https://calls.example
    token: {env: SPRING_TOKEN}
    state: running   # a comment
    phoneLists:
    - name: leads
      source: {file: leads.csv}
"""
OTHER = "{{ template }}:   [\n"

pytestmark = [
    pytest.mark.skipif(not shutil.which("git") or not (BIN / "pre-commit").exists(), reason="needs git and pre-commit"),
    pytest.mark.xdist_group("pre-commit"),  # so that the hooks are installed only once
]


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command offline in a folder of the test's own, with nothing of the user's settings."""
    home = folder.parent
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{
            f"GIT_{who}_{what}": "somebody@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        },
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say: without
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "VIRTUALENV_NO_PERIODIC_UPDATE": "1",  # it would look for newer pips by itself
        "NO_COLOR": "1",
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def commit(folder: Path) -> str:
    """Commits everything in a folder; the commit."""
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        done = run(folder, "git", *command)
        assert done.returncode == 0, done.stderr
    return run(folder, "git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with what is in this checkout now, committed or not, and its commit."""
    folder = tmp_path_factory.mktemp("hooks") / "campaign"
    shutil.copytree(ROOT / "reconciler", folder / "reconciler", ignore=shutil.ignore_patterns("__pycache__"))
    for name in SHIPPED:
        shutil.copy(ROOT / name, folder / name)
    return folder, commit(folder)


@pytest.fixture(scope="module")
def repository(hooks: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's repository that uses both hooks."""
    folder = tmp_path_factory.mktemp("team") / "repository"
    folder.mkdir()
    where, rev = hooks
    used = f"- repo: {where}\n  rev: {rev}\n  hooks: [{{id: campaign-fmt}}, {{id: campaign-validate}}]\n"
    (folder / ".pre-commit-config.yaml").write_text(f"repos:\n{used}")
    commit(folder)
    return folder


def test_hooks_format_and_validate_what_is_committed(repository: Path) -> None:
    (repository / "campaign.yaml").write_text(MANIFEST)
    (repository / "template.yaml").write_text(OTHER)
    (repository / "leads.csv").write_text("phone\n+1 650 000 0001\n12\n")
    run(repository, "git", "add", "--all")

    first = run(repository, "pre-commit", "run", "--all-files")
    assert first.returncode == 1, first.stderr
    assert "files were modified by this hook" in first.stdout
    assert "formatted campaign.yaml" in first.stdout
    assert "leads.csv:3: phone: has only 2 digits" in first.stdout
    assert "    - name: leads\n      source:" in (repository / "campaign.yaml").read_text()
    assert (repository / "template.yaml").read_text() == OTHER

    (repository / "leads.csv").write_text("phone\n+1 650 000 0001\n")
    run(repository, "git", "add", "--all")
    second = run(repository, "pre-commit", "run", "--all-files")
    assert second.returncode == 0, second.stdout
    assert second.stdout.count("Passed") == 2


def test_hooks_are_skipped_when_nothing_they_look_at_changes(repository: Path) -> None:
    (repository / "notes.md").write_text("a note\n")
    ran = run(repository, "pre-commit", "run", "--files", "notes.md")
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count("Skipped") == 2


@pytest.mark.parametrize("name", ["leads.csv", "leads.csv.gz", "leads.jsonl", "do-not-call.txt", "a.yml"])
def test_a_changed_list_is_validated_too(repository: Path, name: str) -> None:
    (repository / name).touch()
    ran = run(repository, "pre-commit", "run", "campaign-validate", "--files", name)
    assert "Skipped" not in ran.stdout, ran.stdout
