"""What every refusal has in common: it says where and what, sends nothing, and leaves every file as it was."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.workshop import Ran, Workshop


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, but for the mutex, which is only ever held."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".mutex")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def refused(work: Workshop, *arguments: str, says: str, codes: tuple[int, ...] = (1,), **extra: str) -> Ran:
    """Runs a command that must fail, say this, send nothing and leave every file as it was."""
    before = contents(work.folder)
    ran = work.run(*arguments, **extra)
    assert ran.code in codes, ran.text
    assert says in ran.err, ran.err
    assert "Traceback" not in ran.text
    assert "defect of the program" not in ran.text
    assert not work.server.mutations
    assert contents(work.folder) == before
    return ran
