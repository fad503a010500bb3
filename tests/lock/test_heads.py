"""First lines of lockfiles: read once, and again when a file was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.lock.stores.files import FileStore
from reconciler.lock.stores.heads import Heads


def test_a_first_line_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "a.lock.jsonl"
    file.write_bytes(b"first\nsecond\n")
    heads = Heads()
    first = heads.first_line(str(file))
    assert first == b"first\n"
    assert heads.first_line(str(file)) is first


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    heads, store = Heads(), FileStore(tmp_path, "other")
    store.replace(b"old\n")
    mine = FileStore(tmp_path, "mine", heads)
    assert [*mine.neighbours()] == [("other.lock.jsonl", b"old\n")]
    store.replace(b"new\n")
    assert [*mine.neighbours()] == [("other.lock.jsonl", b"new\n")]


def test_a_file_that_is_gone_is_an_error_also_when_it_was_known(tmp_path: Path) -> None:
    file = tmp_path / "a.lock.jsonl"
    file.write_bytes(b"first\n")
    heads = Heads()
    heads.first_line(str(file))
    file.unlink()
    with pytest.raises(FileNotFoundError):
        heads.first_line(str(file))


def test_a_folder_that_is_gone_has_no_neighbours(tmp_path: Path) -> None:
    assert [*FileStore(tmp_path / "gone", "mine").neighbours()] == []


def test_a_content_in_git_is_read_once_whoever_asks() -> None:
    heads, read = Heads(), list[str]()

    def reading(blob: str) -> bytes:
        read.append(blob)
        return blob.encode()

    assert [heads.of_blob(blob, reading) for blob in ("a", "b", "a")] == [b"a", b"b", b"a"]
    assert read == ["a", "b"]
