"""What a store holds now, and whether a lock that is pushed may take its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.lock.model import Lock
    from reconciler.lock.stores.files import FileStore


class There:
    """The lockfile and the journal of a store. Raises LockError when the journal is damaged."""

    def __init__(self, store: FileStore, name: str) -> None:
        from reconciler.errors import LockError
        from reconciler.lock.journal import parse_journal
        from reconciler.lock.lockfile import decode_lock

        stored = store.read()
        self.data, self._journal, self._shown = stored.lock, stored.journal, store.shown
        self._entries = parse_journal(stored.journal, f"the journal of {store.shown}").entries
        self._lock: Lock | None = None
        self.said = f"{store.shown}, which is not there,"
        if stored.lock is None:
            return
        try:
            self._lock = decode_lock(stored.lock, campaign=name, shown=store.shown)
            self.said = f"{store.shown}, serial {self._lock.header.serial}, {len(self._lock.calls):,} calls,"
        except LockError as error:
            self.said = f"{store.shown}, which cannot be used ({error}),"

    def journal_of(self, new: Lock) -> bytes:
        """The journal that has to stay beside the new lock; empty when there is none.

        It alone knows of the requests that a run left open when it was cut off. Raises Refusal when it continues the
        lock that is there, or does not continue the new one: nothing could be done with it any more.
        """
        from reconciler.errors import Refusal

        if not self._entries:
            return b""
        cut_off = f"{self._shown} has a journal of a run that was cut off"
        if self._lock is not None and self._continues(self._lock):
            raise Refusal(f"{cut_off}; `campaign apply` settles it first")
        if not self._continues(new):
            # An import keeps in doubt whoever the journal is about; one that finds no lockfile needs no option.
            rebuild = "campaign import" if self.data is None else "campaign import --rebuild"
            raise Refusal(
                f"{cut_off}, which does not continue the new lock{self._begun()}: whom it was calling would be called "
                f"again. Push the lock of that run, from Git or a copy that was kept; if nobody has it: `{rebuild}`"
            )
        return self._journal

    def _continues(self, lock: Lock) -> bool:
        """Whether the journal belongs to this lock."""
        from reconciler.errors import LockError
        from reconciler.lock.journal import replay

        try:
            replay(lock, self._entries, self._shown)
        except LockError:
            return False
        return True

    def _begun(self) -> str:
        """Which lock the journal continues, as far as it says."""
        from reconciler.lock.journal import Begin

        first = self._entries[0].record
        return f" but serial {first.serial} of lineage {first.lineage[:8]}" if isinstance(first, Begin) else ""

    def refuse_to_forget(self, new: Lock, *, serial: int | None, lineage: str) -> None:
        """Raises Refusal when the new lock is not a later version of this one, and nobody said that it may be."""
        from reconciler.errors import Refusal

        if self._lock is None:
            return
        here, header = self._lock.header, new.header
        if here.lineage != header.lineage:
            if lineage and header.lineage.startswith(lineage):
                return
            raise Refusal(
                f"{self._shown} is another lock (lineage {here.lineage[:8]}) than the new one: the calls of one are "
                f"not those of the other. To put it there all the same: --lineage {header.lineage[:8]}"
            )
        if serial == header.serial:
            return
        if header.serial <= here.serial:
            raise Refusal(
                f"{self._shown} has serial {here.serial}, and the new one is not newer: calls made since would be made "
                f"again. To put it there all the same: --serial {header.serial}"
            )
        self._refuse_other_history(self._lock, new)

    def _refuse_other_history(self, here: Lock, new: Lock) -> None:
        """Raises Refusal when the new lock has a larger serial and went on from an earlier one than this."""
        from reconciler.errors import Refusal
        from reconciler.lock.lacking import lacking

        if missing := lacking(new, here):
            raise Refusal(
                f"{self._shown}, serial {here.header.serial}, remembers {missing}, and the new lock, serial "
                f"{new.header.serial}, does not: both went on from an earlier one, each for itself, and what is not "
                "remembered would be called again. To put it there all the same, and then take over with `campaign "
                f"import --merge` what it lacks: --serial {new.header.serial}"
            )
