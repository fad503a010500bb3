"""What waits in a spool comes back as it was, and stays in memory only while it is little."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.read import spool as spools
from reconciler.read.spool import Spool


@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans())), st.integers(1, 60))
def test_texts_come_back_in_any_order_wherever_they_were_kept(texts: list[tuple[bytes, bool]], in_memory: int) -> None:
    with patch.object(spools, "IN_MEMORY", in_memory):
        spool, kept = Spool(), []
    for text, is_read_between in texts:
        kept.append(spool.keep(text))
        if is_read_between:
            assert kept[0].read() == texts[0][0]
    assert [each.read() for each in reversed(kept)] == [text for text, _ in reversed(texts)]


def open_files() -> set[str]:
    """What this process has open, as the system names it."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # what listed the folder was open too
            found.add(str(each.readlink()))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files; what does not fit into ten bytes goes there."""
    monkeypatch.setattr(spools, "IN_MEMORY", 10)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux says which files a process has open")
def test_what_does_not_fit_into_memory_is_in_a_file_without_a_name(folder: Path) -> None:
    spool = Spool()
    few = spool.keep(b"ten bytes.")
    assert not any(str(folder) in name for name in open_files())
    more = spool.keep(b"secret")
    assert [name for name in open_files() if str(folder) in name]
    assert [*folder.iterdir()] == []
    assert (few.read(), more.read()) == (b"ten bytes.", b"secret")
    assert "secret" not in f"{few} {more}"
    assert "ten" not in f"{few} {more}"
    del spool, few, more
    assert not any(str(folder) in name for name in open_files())


def test_a_folder_that_is_not_there_is_not_replaced_by_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder / "nowhere"))
    with pytest.raises(ReconcilerError) as raised:
        Spool().keep(b"more than ten bytes")
    assert str(raised.value) == (
        "cannot write a temporary file: No such file or directory; it needs a folder with room, which TMPDIR can name; "
        "nothing was sent"
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (b"more than ten", "a temporary file does not hold what was written to it"),
        (bytes(19), "a temporary file does not hold what was written to it"),
        (OSError(5, "a path"), "cannot read a temporary file: Input/output error"),
    ],
    ids=["cut", "zeros", "unreadable"],
)
def test_what_comes_back_is_what_was_written_or_an_error(returned: bytes | OSError, says: str) -> None:
    kept = Spool().keep(b"more than ten bytes")
    with patch("os.pread", side_effect=[returned]), pytest.raises(ReconcilerError, match=says) as raised:
        kept.read()
    assert "a path" not in str(raised.value)
    assert kept.read() == b"more than ten bytes"


@pytest.mark.usefixtures("folder")
def test_a_text_that_is_written_by_halves_is_whole() -> None:
    write, spool = os.pwrite, Spool()
    with patch("os.pwrite", side_effect=lambda file, text, at: write(file, text[:5], at)):
        kept = [spool.keep(b"more than ten bytes"), spool.keep(b"and some more")]
    assert [each.read() for each in kept] == [b"more than ten bytes", b"and some more"]
