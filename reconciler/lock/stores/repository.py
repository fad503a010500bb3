"""A Git repository as far as a store of locks needs it: one branch of its remote, read and written without a checkout.

Work tree, index and local branches are never touched: commits are put together from objects. The `git` command is run
with fixed argument lists; a token goes through the environment, never through an argument, and what git says on
stderr is shown masked, for it may name a URL with a token in it.
"""

from __future__ import annotations

import base64
import fcntl
import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import msgspec

from reconciler.calls.hygiene import masked
from reconciler.errors import LockError

TOKEN_VARIABLE = "CAMPAIGN_GIT_TOKEN"  # noqa: S105 - the name of a variable
_PATIENCE_S = 300.0  # a fetch of a large branch over a slow line; git has no time limit of its own
_ZERO = ""  # as the expected value of a ref: it must not be there yet
_BLOB = "100644"


class Push(msgspec.Struct, frozen=True):
    """What became of a push. `is_final`: the server said no and would say it again; `why` is fit to be printed."""

    is_done: bool
    is_final: bool = False
    why: str = ""


class Repository:
    """The repository that `folder` is in. Every method raises LockError, masked, when git cannot do it.

    `patience_s` is how long one git command may take.
    """

    def __init__(
        self,
        folder: Path,
        *,
        remote: str = "origin",
        environ: Mapping[str, str] = os.environ,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._folder, self._remote, self._environ, self._patience_s = folder, remote, environ, patience_s
        self._variables: dict[str, str] | None = None

    def top(self) -> Path:
        """The folder of the checkout."""
        return Path(self._text(["rev-parse", "--show-toplevel"])).resolve()

    def inner_path(self) -> PurePosixPath:
        """The folder, from the top of the repository."""
        return PurePosixPath(self._folder.resolve().relative_to(self.top()).as_posix())

    def own_folder(self) -> Path:
        """Git's own folder, which no `git clean` empties and no commit takes in; one for all work trees."""
        return (self._folder / self._text(["rev-parse", "--git-common-dir"])).resolve()

    def tip(self, ref: str) -> str:
        """The commit that `ref` is at on the remote, fetched; '' when the remote has no such ref."""
        # A pattern also finds refs that end like it, such as those of a backup within the repository.
        lines = (line.split("\t") for line in self._text(["ls-remote", self._remote, ref]).splitlines())
        listed = [commit for commit, name in lines if name == ref]
        if not listed:
            return ""
        if self._has(listed[0]):
            return listed[0]
        with self.alone("fetch"):
            return listed[0] if self._has(listed[0]) else self._fetched(ref)

    def refs(self, pattern: str) -> frozenset[str]:
        """The refs on the remote whose names match; `*` stands for anything, slashes too. Nothing is fetched."""
        return frozenset(self._text(["ls-remote", self._remote, pattern]).split()[1::2])

    @contextmanager
    def alone(self, doing: str) -> Iterator[None]:
        """For what is done once at a time in this clone: whoever wants to do the same here waits."""
        try:
            fd = os.open(self._mutexes() / f"{doing}.mutex", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LockError(f"cannot write to git's own folder: {error.strerror}") from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _mutexes(self) -> Path:
        folder = self.own_folder() / "campaign" / ".git"  # no branch and no folder in a repository has that name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _fetched(self, ref: str) -> str:
        """The commit that `ref` is at on the remote, which is not here yet."""
        # Under a name of its own, and no other ref moves: so runs side by side in one clone do not meet. Without
        # `--depth` a clone that has its whole history would lose it, and one that has not would fetch all of it.
        mine = f"refs/campaign/fetched/{uuid.uuid4().hex}"
        depth = ["--depth=1"] if self._text(["rev-parse", "--is-shallow-repository"]) == "true" else []
        quietly = ["--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", *depth]
        self._text(["fetch", *quietly, self._remote, f"+{ref}:{mine}"])
        try:
            return self._text(["rev-parse", "--verify", mine])
        finally:
            self._text(["update-ref", "-d", mine])

    def blob(self, commit: str, path: PurePosixPath) -> str:
        """The id of a file's content in a commit; '' when it is not there."""
        listed = self._text(["ls-tree", "-z", "--full-tree", commit, "--", str(path)])
        return listed.split("\t")[0].split(" ")[2] if listed else ""

    def files(self, commit: str, folder: PurePosixPath) -> dict[str, str]:
        """The files right in a folder of a commit: ids of their contents, by name."""
        at = ["--", f"{folder}/"] if folder.parts else []
        found: dict[str, str] = {}
        for entry in filter(None, self._text(["ls-tree", "-z", "--full-tree", commit, *at]).split("\0")):
            about, _, path = entry.partition("\t")
            if about.split(" ")[1] == "blob":
                found[PurePosixPath(path).name] = about.split(" ")[2]
        return found

    def content(self, blob: str) -> bytes:
        """The content of a file."""
        return self._run(["cat-file", "blob", blob])

    def first_line(self, blob: str) -> bytes:
        """The first line of a file's content; the rest, which may be large, is not read."""
        command = ["git", "-C", str(self._folder), "cat-file", "blob", blob]
        with subprocess.Popen(  # noqa: S603 - a fixed command
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._variables_now()
        ) as process:
            assert process.stdout is not None  # noqa: S101 - for mypy: there is a pipe
            line = process.stdout.readline()
            process.kill()
        return line

    def store(self, data: bytes) -> str:
        """The id of a content, which is kept."""
        return self._run(["hash-object", "-w", "--stdin"], given=data).decode().strip()

    def message(self, commit: str) -> str:
        """The first paragraph of a commit's message, in one line."""
        return self._text(["log", "-1", "--format=%s", commit])

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """The paths in which two commits differ, from the top of the repository."""
        listed = self._text(["diff", "--name-only", "--no-renames", "--no-relative", "-z", before, after])
        return tuple(filter(None, listed.split("\0")))

    def mentions(self, commits: Sequence[str], path: str, text: bytes) -> bool:
        """Whether a file has this text in any of the commits."""
        blobs = filter(None, (self.blob(commit, PurePosixPath(path)) for commit in commits))
        return any(text in self.content(blob) for blob in blobs)

    def head(self) -> str:
        """The commit that is checked out."""
        return self._text(["rev-parse", "--verify", "HEAD"])

    def commit(self, parent: str, path: PurePosixPath, blob: str, message: str) -> str:
        """A new commit on `parent` that differs from it in one file."""
        with tempfile.TemporaryDirectory(prefix="campaign-") as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            self._text(["read-tree", parent], extra=index)
            self._text(["update-index", "--add", "--cacheinfo", f"{_BLOB},{blob},{path}"], extra=index)
            tree = self._text(["write-tree", "--missing-ok"], extra=index)
        return self._committed(tree, ["-p", parent], message)

    def note(self, message: str) -> str:
        """A new commit without files and parents; no other one is it, not even one of the same message and second."""
        own = f"{message}\n\n{uuid.uuid4().hex}\n"
        return self._committed(self._run(["mktree"], given=b"").decode().strip(), [], own)

    def push(self, commit: str, ref: str, expected: str = _ZERO) -> Push:
        """Moves `ref` on the remote from `expected` to `commit`, or does nothing. '' is no commit: deletes, or new."""
        lease = f"--force-with-lease={ref}:{expected}"
        command = ["push", "--porcelain", "--no-verify", lease, self._remote, f"{commit}:{ref}"]
        done = self._done(command)
        if not done.returncode:
            return Push(is_done=True)
        said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
        is_final = "[remote rejected]" in said and "cannot lock ref" not in said and "incorrect old value" not in said
        return Push(is_done=False, is_final=is_final, why=_reason(said))

    def _committed(self, tree: str, parents: Sequence[str], message: str) -> str:
        extra = {} if self._has_identity() else _IDENTITY
        made = self._run(["commit-tree", tree, *parents], given=message.encode(), extra=extra)
        return made.decode().strip()

    def _has_identity(self) -> bool:
        return bool(self._environ.get("GIT_AUTHOR_EMAIL")) or not self._done(["config", "user.email"]).returncode

    def _has(self, commit: str) -> bool:
        return not self._done(["cat-file", "-e", f"{commit}^{{commit}}"]).returncode

    def _text(self, arguments: Sequence[str], *, extra: Mapping[str, str] | None = None) -> str:
        return self._run(arguments, extra=extra).decode("utf-8", "surrogateescape").strip()

    def _run(self, arguments: Sequence[str], *, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        done = self._done(arguments, given=given, extra=extra)
        if done.returncode:
            raise LockError(f"git {arguments[0]} failed: {_reason(done.stderr.decode('utf-8', 'replace'))}")
        return done.stdout

    def _done(
        self, arguments: Sequence[str], *, given: bytes = b"", extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 - fixed commands; nothing is put together by a shell
                ["git", "-C", str(self._folder), *arguments],  # noqa: S607 - whichever git the user has
                input=given,
                capture_output=True,
                check=False,
                env={**self._variables_now(), **(extra or {})},
                timeout=self._patience_s,
                start_new_session=True,  # Ctrl-C stops the run, not the push that remembers it
            )
        except FileNotFoundError:
            reason = "the git command is not installed"
        except subprocess.TimeoutExpired:
            reason = f"git {arguments[0]} took longer than {self._patience_s:.0f} s"
        raise LockError(reason)

    def _variables_now(self) -> dict[str, str]:
        if self._variables is None:
            self._variables = {**self._environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
            self._variables.update(self._credentials())
        return self._variables

    def _credentials(self) -> dict[str, str]:
        """Git settings, as variables, that send the token to the remote's server and to no other."""
        token = self._environ.get(TOKEN_VARIABLE)
        if not token:
            return {}
        address = urlsplit(self._text(["remote", "get-url", self._remote]))
        if address.scheme not in ("http", "https"):
            return {}
        port = f":{address.port}" if address.port else ""
        login = base64.b64encode(f"oauth2:{token}".encode()).decode()
        # One that is there already, such as that of a checkout action, would be sent as a second header.
        key = f"http.{address.scheme}://{address.hostname}{port}/.extraHeader"
        return _as_variables([(key, ""), (key, f"Authorization: Basic {login}")], self._environ)


_IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "campaign"), ("EMAIL", "campaign@localhost"))
}


def _as_variables(settings: Sequence[tuple[str, str]], environ: Mapping[str, str]) -> dict[str, str]:
    """Settings the way git reads them from the environment, after those that are there already."""
    first = int(environ.get("GIT_CONFIG_COUNT") or 0)
    found = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for at, (key, value) in enumerate(settings, start=first):
        found |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return found


def _reason(said: str) -> str:
    """The line of git's output that says why, masked."""
    return masked(next(_telling(said), "git gave no reason"))


def _telling(said: str) -> Iterator[str]:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for begins in ("remote: error:", "remote: fatal:", "!", "fatal:", "error:"):
        yield from (line for line in lines if line.startswith(begins))
    yield from lines
