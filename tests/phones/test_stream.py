"""The calls of a campaign stream by in chunks: all of them, nobody twice, and an error at the end if any is wrong."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ManifestError
from reconciler.manifest.model import Campaign, ColumnRef, InlinePhone, PhoneList, PolicyColumn
from reconciler.phones.build import request_bytes
from reconciler.phones.desired import read_suppressed
from reconciler.phones.model import Chunk
from reconciler.phones.problems import Problems
from reconciler.phones.rows import BLOCK
from reconciler.phones.stream import stream
from reconciler.phones.tally import FEW
from tests.phones.sample import calls, campaign, file_list, inline_list, problems, read_desired, suppression, write

MANY = 2 * BLOCK + 7


def row(number: int) -> str:
    return f"1650{number:07},c{number}"


@pytest.fixture
def leads(tmp_path: Path) -> Any:
    """Makes a list of a CSV file with phone and id."""

    def make(name: str, *rows: str, **options: Any) -> PhoneList:
        return file_list(write(tmp_path / name, "\n".join(["phone,id", *rows])), key="id", **options)

    return make


def sizes(chunks: list[Chunk]) -> list[int]:
    return [len(chunk.keys) for chunk in chunks]


# ---------------------------------------------------------------------------------------------------------- chunks


def test_a_long_list_comes_in_chunks_and_each_call_knows_its_row(leads: Any) -> None:
    chunks = [*stream(campaign(leads("a.csv", *map(row, range(MANY))), wave="2"))]
    assert sizes(chunks) == [BLOCK, BLOCK, 7]
    call = chunks[2].call(3)
    number = 2 * BLOCK + 3
    assert (call.key, call.phone, call.row, call.wave) == (f"c{number}", f"1650{number:07}", number + 2, "2")
    assert call.request == b'{"phone":"%b"}' % call.phone.encode()


def test_a_chunk_holds_calls_of_one_source_only(leads: Any) -> None:
    lists = leads("a.csv", row(1)), leads("b.csv", row(2)), inline_list(InlinePhone("16500000043"))
    assert [chunk.source for chunk in stream(campaign(*lists))] == ["a.csv", "b.csv", "campaign.yaml"]


def test_the_stream_holds_the_calls_that_are_read_all_at_once(leads: Any) -> None:
    wanted = campaign(leads("a.csv", *map(row, range(MANY))), inline_list(InlinePhone("16590000043")))
    assert tuple(call for chunk in stream(wanted) for call in chunk.calls()) == read_desired(wanted).calls


def test_nothing_comes_of_lists_of_nobody(leads: Any) -> None:
    assert [*stream(campaign(leads("a.csv"), inline_list()))] == []


def test_a_stream_that_is_left_early_raises_nothing(leads: Any) -> None:
    for chunk in stream(campaign(leads("a.csv", *map(row, range(MANY)), "x,1"))):
        assert len(chunk.keys) == BLOCK
        break


def test_memory_grows_by_the_bytes_that_tell_who_was_met_and_no_more(leads: Any) -> None:
    peaks = [peak(campaign(leads("a.csv", *map(row, range(rows))))) for rows in (FEW + 1, 2 * FEW)]
    assert peaks[1] - peaks[0] < 24 * FEW


def peak(wanted: Campaign) -> int:
    """The most bytes that Python's objects take while the campaign streams by."""
    tracemalloc.start()
    try:
        for chunk in stream(wanted):
            assert chunk.keys
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


CELLS = st.text(st.characters(codec="utf-8", exclude_characters='\0\r\n",'), max_size=4)
JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.sampled_from(["20% off", "%b", "\0", "Zoë"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab%", max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(
    rows=st.lists(st.tuples(CELLS, st.integers(0, 999), st.booleans()), min_size=1, max_size=4),
    constants=st.dictionaries(st.sampled_from(["a", "m", "z", "%", "\0"]), JSON, max_size=3),
    names=st.permutations(["amount", "first_name", "ünit"]),
    policy=st.dictionaries(st.sampled_from(["gmtZone", "maxAttempts", "startDateTime"]), JSON, max_size=2),
)
def test_a_request_is_what_the_canonical_encoder_makes_of_it(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int, bool]],
    constants: dict[str, Any],
    names: list[str],
    policy: dict[str, Any],
) -> None:
    lines = [f"1650{at:07},{text},{cents / 10 if has else ''}" for at, (text, cents, has) in enumerate(rows)]
    path = write(tmp_path_factory.getbasetemp() / "leads.csv", "\n".join(["phone,text,number", *lines]))
    columns = dict(zip(names, [ColumnRef("text"), ColumnRef("number", "number"), ColumnRef("phone")], strict=True))
    made = calls(file_list(path, payload={**columns, **constants}, policy=policy))
    for at, (text, cents, has) in enumerate(rows):
        number = {names[1]: cents // 10 if cents % 10 == 0 else cents / 10} if has else {}
        payload = {names[0]: text, **number, names[2]: made[at].phone, **constants}
        assert made[at].request == request_bytes(made[at].phone, payload, policy)


# -------------------------------------------------------------------------------------------------------- problems


def test_an_error_comes_after_the_last_chunk_with_all_that_is_wrong(leads: Any) -> None:
    chunks = stream(campaign(leads("a.csv", "x,1", *map(row, range(BLOCK)), "y,2"), leads("b.csv", "z,3")))
    assert sizes([next(chunks), next(chunks)]) == [BLOCK - 1, 1]
    with pytest.raises(ManifestError) as caught:
        next(chunks)
    places = [str(problem.place) for problem in caught.value.problems]
    assert places == ["a.csv:2", f"a.csv:{BLOCK + 3}", "b.csv:2"]


def test_problems_found_elsewhere_are_told_with_those_of_the_lists(leads: Any, tmp_path: Path) -> None:
    wanted = campaign(leads("a.csv", "x,1"), suppress=(suppression(write(tmp_path / "never.txt", "y")),))
    with pytest.raises(ManifestError) as before:
        read_suppressed(wanted)
    found = Problems()
    found.extend(before.value.problems)
    with pytest.raises(ManifestError) as caught:
        [*stream(wanted, problems=found)]
    assert [str(problem.place) for problem in caught.value.problems] == ["a.csv:2", "never.txt:1"]


def test_numbers_of_a_campaign_that_are_never_called_can_be_read_alone(tmp_path: Path) -> None:
    never = suppression(write(tmp_path / "never.txt", "+1 650 000 0042"))
    assert read_suppressed(campaign(suppress=(never,))) == {"16500000042"}


def test_a_wrong_row_and_one_that_is_there_twice_are_told_at_once(leads: Any) -> None:
    told = problems(leads("a.csv", row(1), "x,2", row(1)))
    assert [problem.partition(": ")[0] for problem in told] == ["a.csv:3", "a.csv:4"]


def test_a_row_that_is_wrong_stands_in_nobodys_way(leads: Any) -> None:
    told = problems(leads("a.csv", "16500000042,", "16500000042,1"))
    assert [problem.partition(";")[0] for problem in told] == ["a.csv:2: id: is empty, but it is the key"]


def test_a_call_declared_twice_far_apart_is_told_with_both_places(leads: Any) -> None:
    [problem] = problems(leads("a.csv", *map(row, range(MANY)), row(7)))
    assert problem.startswith(f"a.csv:{MANY + 2}: id: the same key as a.csv:9;")


# ------------------------------------------------------------------------------------- lists that allow repetitions


def test_the_first_of_a_key_is_kept_from_chunks_far_apart(leads: Any) -> None:
    made = [*stream(campaign(leads("a.csv", *map(row, range(MANY)), row(7), row(MANY), duplicates="first")))]
    assert sum(sizes(made)) == MANY + 1
    assert made[-1].call(7).key == f"c{MANY}"


def test_a_phone_that_is_shared_much_later_is_marked_from_the_first(leads: Any) -> None:
    shared = leads("a.csv", *map(row, range(MANY)), "16500000001,again", same_phone="allow")
    made = [*stream(campaign(shared))]
    assert [len(chunk.keys) for chunk in made if chunk.is_same_phone_allowed] == [1, 1]
    assert [call.key for chunk in made for call in chunk.calls()] == [*(f"c{n}" for n in range(MANY)), "again"]


def test_lists_that_would_allow_repetitions_and_have_none_are_as_any_other(leads: Any) -> None:
    one, other = (leads("a.csv", *map(row, range(3)), duplicates=d, same_phone="allow") for d in ("first", "error"))
    assert calls(one) == calls(other) == calls(leads("a.csv", *map(row, range(3))))


def test_nothing_streams_from_lists_that_allow_repetitions_while_anything_is_wrong(leads: Any) -> None:
    with pytest.raises(ManifestError):
        next(stream(campaign(leads("a.csv", row(1), "x,2", duplicates="first"))))


@pytest.mark.parametrize("duplicates", ["error", "first"])
def test_two_lists_of_one_file_are_told_apart(leads: Any, duplicates: str) -> None:
    rows = [row(1), row(2)]
    made = leads("a.csv", *rows), leads("a.csv", *rows, duplicates=duplicates)
    assert len(problems(*made)) == (2 if duplicates == "error" else 0)


# ----------------------------------------------------------------------------- lists that change while they are read


def rewritten(path: Path, *rows: str) -> Callable[[int], None]:
    """Progress that writes the file anew as soon as it was read once."""

    def rewrite(_: int) -> None:
        write(path, "\n".join(["phone,id", *rows]))

    return rewrite


def test_a_repetition_that_is_gone_at_the_second_reading_is_not_forgotten(leads: Any, tmp_path: Path) -> None:
    wanted = campaign(leads("a.csv", row(1), row(1)))
    with pytest.raises(ManifestError, match="changed while they were read"):
        [*stream(wanted, progress=rewritten(tmp_path / "a.csv", row(1)))]


def test_a_repetition_that_comes_after_the_first_reading_is_refused(leads: Any, tmp_path: Path) -> None:
    wanted = campaign(leads("a.csv", row(1), row(2), duplicates="first"))
    with pytest.raises(ManifestError, match="changed while they were read"):
        [*stream(wanted, progress=rewritten(tmp_path / "a.csv", row(1), row(1)))]


def test_policies_of_rows_and_of_their_list_make_requests_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", "phone,n\n16500000041,3\n16500000042,\n")
    made = calls(file_list(path, policy={"maxAttempts": PolicyColumn("n"), "gmtZone": "Z"}))
    assert [call.request for call in made] == [
        b'{"gmtZone":"Z","maxAttempts":3,"phone":"16500000041"}',
        b'{"gmtZone":"Z","phone":"16500000042"}',
    ]
