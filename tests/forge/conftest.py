"""A forge of each kind, and the client that talks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.forge.github import GitHub, github_headers
from reconciler.forge.gitlab import GitLab, gitlab_headers
from reconciler.forge.http import ForgeHttp
from reconciler.forge.model import Forge
from tests.forge.forges import TOKEN, FakeForge

NOW_S = 1_900_000_000.0


@pytest.fixture(params=["github", "gitlab"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeForge]:
    """A forge of each kind in turn."""
    with FakeForge(request.param).serving() as running:
        yield running


@pytest.fixture
def github() -> Iterator[FakeForge]:
    """A GitHub, for what only it does or where the kind makes no difference."""
    with FakeForge("github").serving() as running:
        yield running


class Talk:
    """A client of a forge. `waits_s` are the waits it asked for, none of which is spent."""

    def __init__(self, fake: FakeForge, token: str = TOKEN) -> None:
        self.waits_s: list[float] = []
        is_github = fake.kind == "github"
        headers = github_headers(token) if is_github else gitlab_headers(token)
        self.http = ForgeHttp(fake.url, headers, token=token, sleep=self.waits_s.append, now=lambda: NOW_S)
        self.forge: Forge = GitHub(self.http, "o/r") if is_github else GitLab(self.http, "42")


@pytest.fixture
def talk(fake: FakeForge) -> Iterator[Talk]:
    """A client of the forge of each kind."""
    talking = Talk(fake)
    with talking.http:
        yield talking
