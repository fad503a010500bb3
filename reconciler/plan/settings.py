"""What changed in the campaign-level call policy and payload since the lock was written."""

from __future__ import annotations

from typing import Any

from reconciler.lock.model import Lock
from reconciler.plan.model import SettingChange


def setting_changes(lock: Lock, now: dict[str, dict[str, Any]]) -> tuple[SettingChange, ...]:
    """The settings that differ, by path; none for a lock that never held any. `now` is as the lock would hold it."""
    before = {"policy": lock.header.policy, "payload": lock.header.payload}
    if lock.is_new or before == now:
        return ()
    from deepdiff import DeepDiff  # 80 ms to import, and most plans change no setting

    changes = DeepDiff(before, now, view="tree", verbose_level=2)
    found = (_change(item) for group in changes.values() for item in group)
    return tuple(sorted(found, key=lambda change: change.path))


def _change(item: Any) -> SettingChange:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item.path(output_format="list"))
    return SettingChange(path.removeprefix("."), _present(item.t1), _present(item.t2))


def _present(value: Any) -> Any:
    from deepdiff.helper import NotPresent

    return None if isinstance(value, NotPresent) or value is NotPresent else value
