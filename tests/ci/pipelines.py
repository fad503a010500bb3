"""A team with a remote, a forge, a sandbox, and pipelines that run `campaign ci` in clones of their own.

Every phone, name and token is a planted value. Whatever a run leaves anywhere is searched for them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reconciler.cli.main import exit_code
from reconciler.sandbox import Sandbox
from tests.forge.forges import TOKEN as FORGE_TOKEN
from tests.forge.forges import FakeForge
from tests.lock.team import CLEAN, Team, git
from tests.resolve.place import MANIFEST, TOKEN, WORD, Ran, phone, sightings

LISTS = ("leads.csv", "do-not-call.txt")


class Built(msgspec.Struct, frozen=True):
    """What a pipeline left."""

    ran: Ran
    outputs: dict[str, str]
    summary: str
    clone: Path

    @property
    def code(self) -> int:
        """The exit code."""
        return self.ran.code

    def annotations(self) -> list[str]:
        """The workflow commands that are remarks."""
        return [line for line in self.ran.out.splitlines() if line.startswith(("::error", "::warning"))]


class Pipelines:
    """The team. Commits are made by `merge` or `propose`, and built by `build`."""

    def __init__(
        self,
        folder: Path,
        sandbox: Sandbox,
        forge: FakeForge,
        capture: pytest.CaptureFixture[str],
        patch: pytest.MonkeyPatch,
    ) -> None:
        self.folder, self.sandbox, self.forge, self._capture, self._patch = folder, sandbox, forge, capture, patch
        self.team = Team(folder)
        self.run = 500
        self.more: dict[str, str] = {}  # variables that a test sets otherwise
        for name, value in {**CLEAN, "SPRING_TOKEN": TOKEN}.items():
            patch.setenv(name, value)

    # -- commits

    def merge(self, rows: Iterable[int], message: str = "Merged", **files: str) -> str:
        """A commit on main that wants these rows called; the commit."""
        return self.team.commit(self.files(rows) | files, message)

    def files(self, rows: Iterable[int], word: str = WORD) -> dict[str, str]:
        """Manifest and list."""
        lines = [f"key-{n},{phone(n)},{word}{n}\n" for n in rows]
        manifest = MANIFEST.format(url=self.sandbox.url, wave="1").replace("state: paused", "state: running")
        return {"campaign.yaml": manifest, "leads.csv": "".join(["id,phone,word\n", *lines])}

    # -- runs

    def build(self, *arguments: str, commit: str = "", request: bool = False, token: str = FORGE_TOKEN) -> Built:
        """Runs `campaign ci` in a fresh shallow clone, as the pipeline of a commit does."""
        self.run += 1
        clone = self.team.clone(f"run-{self.run}", "--depth=1")
        if commit:
            git(clone, "fetch", "--quiet", "--depth=1", "origin", commit)
            git(clone, "checkout", "--quiet", commit)
        return self.build_in(clone, *arguments, request=request, token=token)

    def build_in(self, clone: Path, *arguments: str, request: bool = False, token: str = FORGE_TOKEN) -> Built:
        """The same in a clone that is there, as on a machine that is kept."""
        files = self.folder / f"files-{self.run}"
        files.mkdir(exist_ok=True)
        variables = self._github(clone, files, request, token)
        if self.forge.kind == "gitlab":
            variables = self._gitlab(clone, request, token)
        with self._patch.context() as patch:
            patch.chdir(clone)
            for name, value in {**variables, **self.more}.items():
                patch.setenv(name, value)
            self._capture.readouterr()
            code = exit_code(["ci", *arguments, *([] if arguments[0] == "plan" else ["--settle", "0.2"])])
            printed = self._capture.readouterr()
        ran = Ran(code, printed.out, printed.err)
        out, summary = (
            (files / "out", files / "summary.md")
            if self.forge.kind == "github"
            else (clone / "campaign.env", clone / "campaign-summary.md")
        )
        pairs = [line.split("=", 1) for line in _text(out).splitlines()]
        built = Built(ran, dict(pairs), _text(summary), clone)
        self.assert_clean(built)
        return built

    def _github(self, clone: Path, files: Path, request: bool, token: str) -> dict[str, str]:
        event: dict[str, Any] = {}
        if request:
            repository = {"repo": {"full_name": "o/r"}}
            event = {"pull_request": {"number": 12, "head": {"sha": "ab" * 20, **repository}, "base": repository}}
        (files / "event.json").write_text(json.dumps(event))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_RUN_ID": str(self.run),
            "GITHUB_WORKSPACE": str(clone),
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_OUTPUT": str(files / "out"),
            "GITHUB_STEP_SUMMARY": str(files / "summary.md"),
            "GITHUB_EVENT_PATH": str(files / "event.json"),
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REF_NAME": "12/merge" if request else "main",
            "GITHUB_BASE_REF": "main" if request else "",
            "GITHUB_SHA": "5f3c" * 10,
            "GITHUB_TOKEN": token,
        }

    def _gitlab(self, clone: Path, request: bool, token: str) -> dict[str, str]:
        more = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_IID": "12"} if request else {}
        return {
            "GITHUB_ACTIONS": "",  # of a pipeline that runs these tests
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.forge.url,
            "CI_PROJECT_ID": "42",
            "CI_PIPELINE_ID": str(self.run),
            "CI_JOB_ID": "7000",
            "CI_JOB_URL": "https://gitlab.example/o/r/-/jobs/7000",
            "CI_COMMIT_SHA": "5f3c" * 10,
            "CI_COMMIT_BRANCH": "" if request else "main",
            "CI_PROJECT_DIR": str(clone),
            "GITLAB_TOKEN": token,
            **more,
        }

    # -- what came of it

    def calls_of(self, n: int) -> int:
        """How many jobs of the n-th row ring or rang."""
        jobs = self.sandbox.world.campaign("sandbox").jobs
        return sum(job.phone == phone(n) and job.status not in ("canceled", "notDone") for job in jobs)

    def lock_lines(self) -> list[str]:
        """The lockfile on main."""
        return self.team.file("spring.lock.jsonl").splitlines()

    def fault(self, *texts: str) -> None:
        """Arms faults of the sandbox."""
        for text in texts:
            self.sandbox.world.fault(text)

    def lose(self, built: Built) -> None:
        """The machine of a pipeline is thrown away."""
        shutil.rmtree(built.clone)

    def assert_clean(self, built: Built) -> None:
        """No planted value is in what was printed, written, commented, pushed or left in the clone."""
        texts = {
            "output": built.ran.text,
            "outputs": str(built.outputs),
            "summary": built.summary,
            "comments": "\n".join(self.forge.bodies()),
            "pushed": git(self.team.remote, "log", "--all", "-p", "--", ".", *(f":!{name}" for name in LISTS)),
        }
        journals = (".journal.jsonl", ".journal.torn")
        for path in built.clone.rglob("*"):
            if path.is_file() and path.name not in LISTS and not path.name.endswith(journals):
                texts[path.name] = path.read_bytes().decode("utf-8", "replace")
        for where, text in texts.items():
            assert not [*sightings(text), *([FORGE_TOKEN] if FORGE_TOKEN in text else [])], where
        assert "Traceback" not in built.ran.text
        assert "unexpected" not in built.ran.text


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
