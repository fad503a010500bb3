"""A lock under another secret: every digest in it digested once more, and sorted anew. Nobody's number is needed.

A long lock is changed in columns, as it is read: the digests of a hundred thousand lines at a time, in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from reconciler.lock.erasure import proof
from reconciler.lock.journal import OpenIntent
from reconciler.lock.keyed import PURPOSES, Keyer, cut
from reconciler.lock.model import FORMAT, Decision, Erased, FormerJob, Header, Lock, LockedCall
from reconciler.lock.settings import redigested

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    from reconciler.lock.columns import Columns, Letters, Positions
    from reconciler.lock.ledger import Ledger

_AT_ONCE: Final = 100_000  # lines


class Rekey:
    """Puts what is remembered under the last secret of `keyer`, which is the one after the secret it is under now.

    Everything raises ValueError for what should be a digest and is none.
    """

    def __init__(self, keyer: Keyer) -> None:
        self._keyer = keyer

    def lock(self, lock: Lock) -> Lock:
        """The lock, header and calls; it needs no salt any more."""
        if lock.ledger is not None:
            return Lock(self._header(lock.header), self._ledger(lock.ledger))
        calls = self.calls([*lock.calls.values()])
        return Lock(self._header(lock.header), {call.call_id: call for call in calls})

    def opened(self, opened: Iterable[OpenIntent]) -> tuple[OpenIntent, ...]:
        """The open requests; what they send stays as it is."""
        replace = msgspec.structs.replace
        return tuple(replace(entry, intent=entry.intent.about(self.calls(entry.intent.calls))) for entry in opened)

    def calls(self, calls: Sequence[LockedCall]) -> list[LockedCall]:
        """The calls, in the same order."""
        keys = self._texts(b"key", [call.key for call in calls])
        phones = self._texts(b"phone", [call.phone for call in calls])
        requests = self._texts(b"request", [call.request for call in calls])
        replace = msgspec.structs.replace
        return [
            replace(call, key=key, phone=phone, request=request, former=self._former(call.former))
            for call, key, phone, request in zip(calls, keys, phones, requests, strict=True)
        ]

    def _former(self, former: Sequence[FormerJob]) -> tuple[FormerJob, ...]:
        phones = self._texts(b"phone", [job.phone for job in former])
        return tuple(FormerJob(job.job_id, phone) for job, phone in zip(former, phones, strict=True))

    def _texts(self, purpose: bytes, digests: Sequence[str]) -> list[str]:
        size = PURPOSES[purpose] * 4 // 3
        if any(len(digest) != size for digest in digests):
            raise ValueError("not a digest")
        again = self._keyer.again(purpose, "".join(digests).encode()).decode()
        return cut(again, size)

    # ---------------------------------------------------------------------------------------------------- the header

    def _header(self, header: Header) -> Header:
        return msgspec.structs.replace(
            header,
            format=FORMAT,
            salt="",
            secret_check=self._keyer.check(),
            rekeyed=self._keyer.wrapped(),
            token=self._fingerprint(header.token),
            remote=self._fingerprint(header.remote),
            policy=redigested(header.policy, self._fingerprint),
            payload=redigested(header.payload, self._fingerprint),
            decisions=tuple(map(self._decision, header.decisions)),
            lists=self._sizes(header.lists),
            suppressions=self._sizes(header.suppressions),
            erased=self._erased(header.erased),
        )

    def _fingerprint(self, digest: str) -> str:
        return self._texts(b"fingerprint", [digest])[0] if digest else ""

    def _sizes(self, sizes: dict[str, int]) -> dict[str, int]:
        return dict(sorted((self._fingerprint(digest), size) for digest, size in sizes.items()))

    def _erased(self, erased: Erased | None) -> Erased | None:
        if erased is None:
            return None
        phones = sorted(self._texts(b"phone", erased.phones))
        keys = sorted(self._texts(b"key", erased.keys))
        return Erased(proof(self._keyer), tuple(phones), tuple(keys), erased.jobs)

    def _decision(self, decision: Decision) -> Decision:
        keys = self._texts(b"key", [key for key, _ in decision.calls])
        waves = [wave for _, wave in decision.calls]
        return msgspec.structs.replace(decision, calls=tuple(sorted(zip(keys, waves, strict=True))))

    # --------------------------------------------------------------------------------------------------- a long lock

    def _ledger(self, ledger: Ledger) -> Ledger:
        import numpy as np

        from reconciler.lock.columns import read_columns
        from reconciler.lock.ledger import Ledger

        held = np.flatnonzero(ledger.holds)
        has_former = ledger.columns.has_former[held]
        plain, others = held[~has_former], held[has_former]
        rekeyed = Ledger(read_columns(self._sorted_lines(ledger, plain)))
        rest = self.calls([*ledger.calls(others), *ledger.later()])
        rekeyed.update({call.call_id: call for call in rest})
        return rekeyed

    def _sorted_lines(self, ledger: Ledger, lines: Positions) -> bytes:
        """These lines with other digests and the statuses known now, in their new order."""
        import numpy as np

        from reconciler.lock.columns import as_numbers

        columns = ledger.columns
        letters = np.frombuffer(columns.body, np.uint8).copy()
        letters[columns.statuses_at(lines)] = ledger.statuses[lines]
        keys = b"".join(
            self._put(letters, columns, lines[start : start + _AT_ONCE]) for start in range(0, len(lines), _AT_ONCE)
        )
        starts, rest = as_numbers(keys)
        ranks = np.argsort(np.argsort(np.array([*columns.wave_names, ""], object)))
        order = lines[np.lexsort((ranks[columns.waves[lines]], rest, starts))]
        return _joined(letters, columns, order)

    def _put(self, letters: Letters, columns: Columns, lines: Positions) -> bytes:
        """Puts the digests of these lines into `letters`; returns those of the keys."""
        import numpy as np

        made = {}
        for purpose, at in columns.digests_at(lines).items():
            size = PURPOSES[purpose] * 4 // 3
            windows = np.lib.stride_tricks.sliding_window_view(letters, size, writeable=True)
            made[purpose] = self._keyer.again(purpose, windows[at].tobytes())
            windows[at] = np.frombuffer(made[purpose], np.uint8).reshape(-1, size)
        return made[b"key"]


def _joined(letters: Letters, columns: Columns, order: Positions) -> bytes:
    body = letters.data
    pieces = []
    for start in range(0, len(order), _AT_ONCE):
        spans = columns.spans(order[start : start + _AT_ONCE])
        pieces.append(b"".join([body[begin:end] for begin, end in spans]))
    return b"".join(pieces)
