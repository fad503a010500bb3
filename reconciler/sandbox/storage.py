"""The state file: a sandbox that goes on where it stopped.

Written whole to a temporary file and renamed after each change, so that a crash leaves the old state or the
new one. It holds tokens, numbers and payloads of the rehearsal: readable by its owner only.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from reconciler.sandbox.idempotence import Remembered
from reconciler.sandbox.jobs import Job
from reconciler.sandbox.settings import Settings, State


class StoredCampaign(msgspec.Struct, frozen=True):
    """A campaign as it was: settings, state, its times in ms since 1970, every job and every key seen."""

    settings: Settings
    state: State
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    jobs: tuple[Job, ...]
    keys: tuple[Remembered, ...]


class StoredWorld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole sandbox at the virtual time `now_ms`."""

    seed: int
    now_ms: int
    following_id: int
    campaigns: tuple[StoredCampaign, ...]
    format: int = 1


def load(path: Path) -> StoredWorld | None:
    """What the file holds, None when there is none; ValueError when it is no state file of this format, OSError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        stored = msgspec.json.decode(content, type=StoredWorld)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("the state file is not one the sandbox wrote; move it away to start afresh") from None
    if stored.format != 1:
        raise ValueError("the state file was written by another version; move it away to start afresh")
    return stored


def save(path: Path, stored: StoredWorld) -> None:
    """Replace the file at once; raises OSError and leaves the old one when that fails."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(stored))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
