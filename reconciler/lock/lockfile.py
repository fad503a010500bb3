"""The lockfile's bytes: a header line, then one line per call, sorted; same content, same bytes.

The first line says how many calls follow, and the CRC-32 of header and calls, so that a file that was cut or edited
is noticed: one wrong letter in the salt would make every call look new. What cannot be trusted is refused with a
reason and left as it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from reconciler.errors import LockError
from reconciler.lock.model import FORMAT, CallId, Header, Lock, LockedCall, call_decoder

if TYPE_CHECKING:
    from reconciler.lock.ledger import Ledger

_RESTORE = "restore it from Git, or rebuild it with `campaign import --rebuild`; nothing was changed"
_T = TypeVar("_T")

_encode, _encode_lines = msgspec.json.Encoder().encode, msgspec.json.Encoder().encode_lines


class _HeaderLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line: the header, and what proves that it and the rest of the file are whole."""

    lock: msgspec.Raw  # a Header, its bytes as the checksum was made of them
    calls: int
    crc32: str


class _AnyHeader(msgspec.Struct, frozen=True):
    """As much of a header as every format has."""

    lock: dict[str, object]


_any_header = msgspec.json.Decoder(_AnyHeader).decode
_header_line = msgspec.json.Decoder(_HeaderLine).decode
_header = msgspec.json.Decoder(Header).decode

MANY = 5_000
"""From so many calls on a lockfile is read as columns: below, importing numpy takes longer than making the calls."""


def encode_lock(lock: Lock) -> bytes:
    """The whole lockfile."""
    body = encode_calls(lock)
    return first_line(lock.header, len(lock.calls), body) + body


def encode_calls(lock: Lock) -> bytes:
    """The lines of its calls, in order."""
    if lock.ledger is not None:
        return lock.ledger.body()
    return encode_lines([lock.calls[call_id] for call_id in sorted(lock.calls)])


def first_line(header: Header, count: int, body: bytes) -> bytes:
    """The first line of the lockfile whose so many other lines are `body`."""
    head = _encode(header)
    return _encode(_HeaderLine(msgspec.Raw(head), count, _crc(head, body))) + b"\n"


def encode_lines(calls: Sequence[LockedCall]) -> bytes:
    """A line for each call, in this order, newline included; about 95 bytes."""
    # Within a text a line end is escaped, so what is taken out here can only be a list of former jobs that is empty.
    return _encode_lines(calls).replace(b",[]]\n", b"]\n")


def decode_lock(data: bytes, *, campaign: str, shown: str, many: int = MANY) -> Lock:
    """The lock in `data`, the content of file `shown`. Raises LockError when it is not this campaign's whole lock.

    From `many` calls on they are a `Ledger`.
    """
    if b"\n<<<<<<< " in data or data.startswith(b"<<<<<<< "):
        raise LockError(f"{shown} holds the marks of a Git merge conflict; {_RESTORE}")
    start = data.find(b"\n") + 1 or len(data)
    line, header = _decode_first(data[:start].removesuffix(b"\n"), shown)
    if _crc(line.lock, memoryview(data)[start:]) != line.crc32:
        raise LockError(f"{shown} is damaged or cut: its content does not match its checksum; {_RESTORE}")
    if header.campaign != campaign:
        raise LockError(
            f"{shown} is the lock of campaign {header.campaign!r}, not of {campaign!r}; "
            "a renamed or copied lock would make every call look new"
        )
    decode = _decode_calls if line.calls < many else _open_ledger
    return Lock(header, decode(data, start, line.calls, shown))


def decode_header(first: bytes, shown: str) -> Header:
    """The header in the first line of a lockfile, unchecked. Raises LockError when it cannot be read."""
    return _decode_first(first, shown)[1]


def _decode_first(first: bytes, shown: str) -> tuple[_HeaderLine, Header]:
    any_header = _attempt(lambda: _any_header(first), shown)
    found = any_header.lock.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise LockError(f"{shown} has format {found}; this version reads up to {FORMAT}: use a newer version")
    line = _attempt(lambda: _header_line(first), shown)
    return line, _attempt(lambda: _header(line.lock), shown)


def _decode_calls(data: bytes, start: int, count: int, shown: str) -> dict[CallId, LockedCall]:
    decoded = _attempt(lambda: [call_decoder.decode(line) for line in data[start:].splitlines()], shown)
    calls = {call.call_id: call for call in decoded}
    _check_count(count, len(decoded), len(calls), shown)
    return calls


def open_calls(data: bytes, start: int = 0) -> Ledger:
    """The calls of the lines from byte `start` on, as columns. Raises what msgspec raises for one that is none."""
    from reconciler.lock.columns import read_columns
    from reconciler.lock.ledger import Ledger

    return Ledger(read_columns(data, start))


def _open_ledger(data: bytes, start: int, count: int, shown: str) -> Ledger:
    ledger = _attempt(lambda: open_calls(data, start), shown)
    _check_count(count, ledger.columns.size, len(ledger), shown)
    return ledger


def _check_count(declared: int, lines: int, calls: int, shown: str) -> None:
    if not declared == lines == calls:
        raise LockError(f"{shown} is damaged: it should hold {declared} calls and holds {calls}; {_RESTORE}")


def _attempt(read: Callable[[], _T], shown: str) -> _T:
    try:
        return read()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not chained: the decoder's message may quote the file.
        raise LockError(f"{shown} is not a readable lockfile; {_RESTORE}") from None


def _crc(header: bytes | msgspec.Raw, body: bytes | memoryview) -> str:
    return f"{zlib.crc32(body, zlib.crc32(header)):08x}"
