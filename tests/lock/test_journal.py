"""The journal's bytes: what was appended whole is read back, what was torn off is dropped, and all else is refused."""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import LockError
from reconciler.lock.journal import (
    Answered,
    Begin,
    Closed,
    Doubtful,
    Entry,
    Intent,
    encode_entry,
    parse_journal,
)
from tests.lock.samples import CALLS, JOURNAL, TEXTS, entries, intent, journal_bytes, locked

NUMBERS = st.integers(0, 2**53)
CALL_TUPLES = st.lists(CALLS, max_size=3).map(tuple)
RECORDS = st.one_of(
    st.builds(Begin, TEXTS, NUMBERS),
    st.builds(
        Intent,
        st.sampled_from(["addPhones", "cancel", "control"]),
        TEXTS,
        NUMBERS,
        NUMBERS,
        CALL_TUPLES,
        TEXTS,
        TEXTS,
        NUMBERS,
        st.integers(-(2**53), 2**53),
    ),
    st.builds(Answered, NUMBERS, st.lists(TEXTS).map(tuple)),
    st.builds(Doubtful, NUMBERS, NUMBERS, TEXTS),
    st.builds(Closed, NUMBERS, CALL_TUPLES, TEXTS, TEXTS),
)
RECORDED = (
    intent("addPhones", locked("ann"), body='[{"phone":"16507770042"}]'),
    Answered(2, ("17",)),
    Closed(2, (locked("ann", job="17"),)),
)
WHOLE = journal_bytes(*RECORDED)
LINES = WHOLE.splitlines(keepends=True)


@given(st.lists(RECORDS))
def test_a_journal_reads_back_as_it_was_written(records: list[Begin | Intent | Answered | Doubtful | Closed]) -> None:
    written = tuple(Entry(seq, record) for seq, record in enumerate(records, 1))
    data = b"".join(map(encode_entry, written))
    parsed = parse_journal(data, JOURNAL)
    assert (parsed.entries, parsed.whole_bytes) == (written, len(data))


def test_an_intent_of_a_version_that_did_not_write_down_the_servers_clock_is_read_as_of_one_that_agreed() -> None:
    record = b'{"type":"intent","operation":"control","idempotence_key":"a","created_ms":1,"deadline_ms":2}'
    text = b'{"seq":1,"record":%b}' % record
    (entry,) = parse_journal(b"%08x %b\n" % (zlib.crc32(text), text), JOURNAL).entries
    assert entry.record == Intent("control", "a", 1, 2, skew_ms=0)
    assert b"skew" not in encode_entry(entry)


def test_an_empty_journal_has_no_entries() -> None:
    assert parse_journal(b"", JOURNAL).entries == ()


def test_a_record_is_one_line_with_its_checksum() -> None:
    for line in LINES:
        crc, text = line.rstrip(b"\n").split(b" ", 1)
        assert int(crc, 16) == zlib.crc32(text)


def test_a_journal_that_was_cut_anywhere_keeps_every_whole_record() -> None:
    for size in range(len(WHOLE)):
        parsed = parse_journal(WHOLE[:size], JOURNAL)
        whole = WHOLE[:size].count(b"\n")
        assert parsed.entries == entries(*RECORDED)[:whole]
        assert parsed.whole_bytes == len(b"".join(LINES[:whole]))


def test_a_journal_with_any_bit_flipped_before_its_last_line_end_is_refused() -> None:
    for at in range(8 * (len(WHOLE) - 1)):
        damaged = bytearray(WHOLE)
        damaged[at // 8] ^= 1 << at % 8
        with pytest.raises(LockError, match=re.escape(JOURNAL)):
            parse_journal(bytes(damaged), JOURNAL)


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize(
    "bad",
    [b"\n", b"x\n", b"00000000 {}\n", b"%08x []\n" % zlib.crc32(b"[]"), b"\xff\xff\n", bytes(40) + b"\n"],
    ids=["empty", "no record", "wrong checksum", "another shape", "no text", "zeros"],
)
def test_a_bad_line_is_refused_and_named_wherever_it_stands(number: int, bad: bytes) -> None:
    lines = [*LINES[: number - 1], bad, *LINES[number:]]
    with pytest.raises(LockError, match=rf"^{re.escape(JOURNAL)}:{number} is damaged; nothing was changed"):
        parse_journal(b"".join(lines), JOURNAL)


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ([LINES[0], LINES[2], LINES[3]], 2),
        (LINES[1:], 1),
        ([LINES[0], LINES[1], LINES[1]], 3),
        ([LINES[0], LINES[2], LINES[1], LINES[3]], 2),
    ],
    ids=["one missing", "the first missing", "one twice", "two swapped"],
)
def test_numbers_that_do_not_follow_each_other_are_refused(lines: list[bytes], number: int) -> None:
    with pytest.raises(LockError, match=f"{JOURNAL}:{number} is damaged"):
        parse_journal(b"".join(lines), JOURNAL)


def test_a_message_never_quotes_the_journal() -> None:
    with pytest.raises(LockError) as caught:
        parse_journal(WHOLE.replace(b"0042", b"0043"), JOURNAL)
    assert "1650" not in str(caught.value)
