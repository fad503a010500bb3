"""What waits in a spool comes back as it was, and stays in memory only while it is little."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.read.spool import Spool


@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans())), st.integers(1, 60))
def test_texts_come_back_in_any_order_wherever_they_were_kept(texts: list[tuple[bytes, bool]], in_memory: int) -> None:
    spool, kept = Spool(in_memory), []
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


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux says which files a process has open")
def test_what_does_not_fit_into_memory_is_in_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spool = Spool(in_memory=10)
    few = spool.keep(b"ten bytes.")
    assert not any(str(tmp_path) in name for name in open_files())
    more = spool.keep(b"secret")
    assert [name for name in open_files() if str(tmp_path) in name]
    assert [*tmp_path.iterdir()] == []
    assert (few.read(), more.read()) == (b"ten bytes.", b"secret")
    del spool, few, more
    assert not any(str(tmp_path) in name for name in open_files())


def test_without_room_it_says_where_room_is_needed_and_that_nothing_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(ReconcilerError, match=r"cannot write to the folder for temporary files: .*TMPDIR.*nothing was"):
        Spool(in_memory=1).keep(b"secret")
