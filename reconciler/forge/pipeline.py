"""The pipeline a run is part of, as GitHub Actions and GitLab CI tell it in variables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from reconciler.errors import UsageError


class Pipeline(msgspec.Struct, frozen=True):
    """Where a run is at work. Files are None where the forge has none of the kind."""

    forge: Literal["github", "gitlab"]
    root: Path  # of the checkout: paths in annotations count from here
    commit: str
    branch: str  # whose lock counts: where a request wants to go, else the one that is built; '' for a tag
    is_request: bool  # of an open pull or merge request
    request: int | None  # its number
    is_fork: bool  # of another repository: then there are no secrets, and a token that may only read
    run: int
    attempt: int
    link: str  # to the run, for people
    api: str
    repository: str  # as its API names it
    token: str
    summary: Path | None
    outputs: Path
    quality: Path | None = None

    def __repr__(self) -> str:
        return f"Pipeline({self.forge}, run {self.run})"  # the token stays out of tracebacks

    @property
    def who(self) -> str:
        """The run as others see it who find the lock held."""
        return f"{'GitHub run' if self.forge == 'github' else 'GitLab pipeline'} {self.run}"


def pipeline_of(environ: Mapping[str, str]) -> Pipeline:
    """The pipeline these variables speak of. Raises UsageError outside of both, and when they say too little."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ)
    if environ.get("GITLAB_CI") == "true":
        return _gitlab(environ)
    raise UsageError(
        "`campaign ci` is for GitHub Actions and GitLab CI, and this is neither (no GITHUB_ACTIONS, no GITLAB_CI); "
        "use `campaign plan` and `campaign apply`"
    )


def _github(environ: Mapping[str, str]) -> Pipeline:
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    request = _at(event, "pull_request")
    is_branch = environ.get("GITHUB_REF_TYPE", "branch") == "branch"
    repository, run = _needed(environ, "GITHUB_REPOSITORY"), _needed(environ, "GITHUB_RUN_ID")
    site = environ.get("GITHUB_SERVER_URL", "https://github.com")
    summary = environ.get("GITHUB_STEP_SUMMARY")
    return Pipeline(
        forge="github",
        root=Path(environ.get("GITHUB_WORKSPACE") or "."),
        # What is checked out for a pull request is a merge made for the test; people know its head.
        commit=str(_at(request, "head", "sha") or environ.get("GITHUB_SHA", "")),
        branch=environ.get("GITHUB_BASE_REF") or (environ.get("GITHUB_REF_NAME", "") if is_branch else ""),
        is_request=bool(request),
        request=_number(_at(request, "number")),
        is_fork=_at(request, "head", "repo", "full_name") != _at(request, "base", "repo", "full_name"),
        run=_number(run) or 0,
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT")) or 1,
        link=f"{site}/{repository}/actions/runs/{run}",
        api=environ.get("GITHUB_API_URL", "https://api.github.com"),
        repository=repository,
        token=environ.get("GITHUB_TOKEN", ""),
        summary=Path(summary) if summary else None,
        outputs=Path(_needed(environ, "GITHUB_OUTPUT")),
    )


def _gitlab(environ: Mapping[str, str]) -> Pipeline:
    root = Path(environ.get("CI_PROJECT_DIR") or ".")
    target = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
    return Pipeline(
        forge="gitlab",
        root=root,
        commit=environ.get("CI_COMMIT_SHA", ""),
        branch=target or environ.get("CI_COMMIT_BRANCH", ""),
        is_request=bool(target),
        request=_number(environ.get("CI_MERGE_REQUEST_IID")),
        is_fork=environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != environ.get("CI_MERGE_REQUEST_PROJECT_ID"),
        run=_number(environ.get("CI_PIPELINE_ID")) or 0,
        attempt=_number(environ.get("CI_JOB_ID")) or 1,
        link=environ.get("CI_JOB_URL", ""),
        api=_needed(environ, "CI_API_V4_URL"),
        repository=_needed(environ, "CI_PROJECT_ID"),
        token=environ.get("GITLAB_TOKEN", ""),
        summary=root / "campaign-summary.md",
        outputs=root / "campaign.env",
        quality=root / "campaign-codequality.json",
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise UsageError(f"the variable {name} is not set, which the pipeline's runner sets")
    return environ[name]


def _event(path: str) -> Any:
    """What the workflow was started by; nothing when it cannot be read."""
    try:
        return msgspec.json.decode(Path(path).read_bytes()) if path else {}
    except (OSError, msgspec.DecodeError):
        return {}


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _number(text: object) -> int | None:
    return int(str(text)) if str(text).isdecimal() else None
