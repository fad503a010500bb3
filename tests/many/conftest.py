"""Repositories of many campaigns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.many.repository import Repository, repository

Open = Callable[..., Repository]


@pytest.fixture
def open_repository(tmp_path: Path) -> Iterator[Open]:
    """Opens a repository of so many campaigns; `faults` are the sandbox's."""
    with ExitStack() as stack:

        def opened(count: int, *faults: str) -> Repository:
            return stack.enter_context(repository(tmp_path, count, faults))

        yield opened
