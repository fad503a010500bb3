"""A bare repository and clones of it, as a team and its pipelines have them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from reconciler.lock.stores.git import GitStore
from reconciler.lock.stores.repository import Repository

CLEAN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
"""Nothing of the developer's own settings."""

PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Dev"), ("EMAIL", "dev@team.example"))
}


def git(folder: Path, *arguments: str, **extra: str) -> str:
    """What a git command prints; it has to succeed."""
    environment = {**os.environ, **CLEAN, **PERSON, **extra}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Team:
    """The remote, and machines that clone it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.remote = folder, folder / "remote.git"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self.office = self.clone("office")
        self.commit({"README.md": "campaigns\n"}, "First")

    def clone(self, name: str, *options: str, address: str = "") -> Path:
        """A machine's clone."""
        git(self.folder, "clone", "--quiet", *options, address or f"file://{self.remote}", name)
        return self.folder / name

    def commit(self, files: dict[str, str], message: str, branch: str = "main") -> str:
        """Somebody at the office commits and pushes; the commit."""
        if git(self.folder, "ls-remote", str(self.remote), "refs/heads/main"):
            git(self.office, "fetch", "--quiet")
            git(self.office, "checkout", "--quiet", "-B", branch, f"origin/{branch}")
        else:
            git(self.office, "checkout", "--quiet", "-B", branch)
        for name, text in files.items():
            (self.office / name).parent.mkdir(parents=True, exist_ok=True)
            (self.office / name).write_text(text)
        git(self.office, "add", "--all")
        git(self.office, "commit", "--quiet", "--message", message)
        git(self.office, "push", "--quiet", "origin", branch)
        return git(self.office, "rev-parse", "HEAD")

    def store(
        self, clone: Path, name: str = "promo", *, inner: str = "", branch: str = "main", who: str = "", **extra: str
    ) -> GitStore:
        """The store of a campaign on a machine, which waits for nothing; `who` is the machine if nobody else."""
        folder = clone / inner
        folder.mkdir(parents=True, exist_ok=True)
        repository = Repository(folder, environ={**os.environ, **CLEAN, **extra})
        return GitStore(repository, branch, name, who=who or clone.name, sleep=lambda _: None)

    def file(self, path: str, branch: str = "main") -> str:
        """A file's content in a branch of the remote; the branch has to have it."""
        return git(self.remote, "show", f"{branch}:{path}") + "\n"

    def log(self, branch: str = "main") -> list[str]:
        """The subjects of the branch's commits, newest first."""
        return git(self.remote, "log", "--format=%s", branch).splitlines()

    def refs(self) -> list[str]:
        """Every ref of the remote."""
        return git(self.remote, "for-each-ref", "--format=%(refname)").splitlines()
