"""Who is suppressed right now, and not when the plan was made: suppression files, read again whenever they changed.

Between a plan and the last of its batches hours may pass, and somebody may ask not to be called. So the files are
looked at before every batch. Looking costs one `stat` a file; a file is read again when that differs. Whoever was
suppressed once in a run stays so for the run: a file that loses numbers meanwhile is not believed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil

from reconciler.errors import GuardTripped
from reconciler.manifest.model import SuppressionList
from reconciler.phones.problems import Problems
from reconciler.phones.shelf import Shelf
from reconciler.phones.suppression import Listed, read_listed, together

SHRINK_PCT = 50.0
"""Percent of its entries that a suppression file may lose before somebody has to say so: half a file is a failed
download more often than half of all people who asked not to be called have changed their minds."""

_FRESH_NS = 2_000_000_000
"""A file that changed so shortly before it was read may change once more without its time telling (file systems
count in up to two seconds), so it is read again."""

Signature = tuple[int, ...]


def shrunk_pct(before: int, now: int) -> float:
    """How many percent of `before` entries are gone; 0 when there are more."""
    return 100 * max(0, before - now) / before if before else 0.0


class CurrentSuppression:
    """The suppression files of a campaign, as they are whenever somebody asks.

    `now_s` tells Unix time; `allowed_pct` is how much a file may shrink while a run goes on. At first
    files that several campaigns use are taken from `shelf`.
    """

    def __init__(
        self,
        lists: Sequence[SuppressionList],
        problems: Problems,
        shelf: Shelf | None = None,
        *,
        now_s: Callable[[], float] = time.time,
        allowed_pct: float = SHRINK_PCT,
    ) -> None:
        self._lists, self._now_s, self._allowed_pct = tuple(lists), now_s, max(allowed_pct, SHRINK_PCT)
        self._seen: list[Signature | None] = []
        self._files: list[Listed] = []
        for each in self._lists:
            signature = self._signature(each)  # before reading: what is written meanwhile is read again
            # What another campaign read of a file that changed just now may be older than its time tells.
            self._files.append(read_listed(each, problems, now_s(), shelf if signature else None))
            self._seen.append(signature)
        self._digits = together(file.digits for file in self._files)
        self._most = [file.rows for file in self._files]

    @property
    def digits(self) -> frozenset[str]:
        """E.164 digits of those who were suppressed when the files were read last."""
        return self._digits

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why, by digits, where a file says so."""
        return {digits: reason for file in self._files for digits, reason in file.reasons.items()}

    def rows(self, folder: os.PathLike[str]) -> dict[str, int]:
        """Entries by file, which is named as it is seen from `folder`: the same in every checkout."""
        found: dict[str, int] = {}
        for each, file in zip(self._lists, self._files, strict=True):
            name = os.path.relpath(each.path, folder)
            found[name] = found.get(name, 0) + file.rows
        return found

    def now(self) -> frozenset[str]:
        """E.164 digits of those who are suppressed now, read again where a file changed.

        Raises ManifestError for a file that cannot be read, GuardTripped for one that lost too many of its entries.
        """
        changed = [at for at, each in enumerate(self._lists) if self._has_changed(at, each)]
        for at in changed:
            self._read_again(at)
        if changed:
            self._digits = together([self._digits, *(self._files[at].digits - self._digits for at in changed)])
        return self._digits

    def _has_changed(self, at: int, each: SuppressionList) -> bool:
        signature = self._signature(each)
        return signature is None or signature != self._seen[at]

    def _read_again(self, at: int) -> None:
        each = self._lists[at]
        problems, signature = Problems(), self._signature(each)
        file = read_listed(each, problems, self._now_s())
        problems.raise_if_any()
        lost = shrunk_pct(self._most[at], file.rows)
        if lost > self._allowed_pct:
            raise GuardTripped(
                f"{each.shown} lost {lost:.1f}% of its {self._most[at]:,} entries while this ran: was it cut off? "
                "nothing more is sent; make it whole and apply again, or if that is meant: "
                f"--allow suppression-shrink-percent={ceil(lost)}"
            )
        self._most[at] = max(self._most[at], file.rows)
        self._files[at], self._seen[at] = file, signature

    def _signature(self, each: SuppressionList) -> Signature | None:
        """What tells one content of the file from another; None when nothing can be told."""
        try:
            now = each.path.stat()
        except OSError:
            return None  # reading it says why
        is_fresh = abs(time.time_ns() - now.st_mtime_ns) < _FRESH_NS
        return None if is_fresh else (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
