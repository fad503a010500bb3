"""`campaign halt --all` when it matters: two hundred campaigns, some slow, some failing, some with wrong tokens."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.tokens_file import Listed
from reconciler.sandbox import Sandbox, serve
from tests.cli.conftest import Campaign

SLOW, HUNG, BROKEN, LOST, WRONG = (range(n, n + 8) for n in (10, 30, 50, 70, 90))


def name(number: int) -> str:
    """A campaign's."""
    return f"c-{number:03}"


FAULTS = [
    *(f"latency:*:ms=700:campaign={name(n)}" for n in SLOW),
    *(f"hang:control:forever:s=30:campaign={name(n)}" for n in HUNG),
    *(f"500-before:control:forever:campaign={name(n)}" for n in BROKEN),
    *(f"drop-response:control:1:campaign={name(n)}" for n in LOST),
]


def running(count: int, dialect: str = "current") -> list[str]:
    """So many campaigns that are calling."""
    return [f"token-{n:03}:name={name(n)}:state=inProgress:dialect={dialect}" for n in range(count)]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A few running campaigns with which all is well."""
    with serve(running(4), speed=0) as served:
        yield served


@pytest.fixture(params=["legacy", "current"])
def many(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Two hundred running campaigns."""
    with serve(running(200, request.param), speed=0, faults=FAULTS) as served:
        yield served


@pytest.fixture
def tokens(many: Sandbox, folder: Path) -> Path:
    """Their tokens, some of them wrong."""
    wrong = {name(n) for n in WRONG}
    lines = [f"{name(n)} {'gone' if name(n) in wrong else 'token'}-{n:03} {many.url}" for n in range(200)]
    path = folder / "tokens.txt"
    path.write_text("\n".join(["# name token host", "", *lines]))
    return path


def test_every_campaign_that_can_be_paused_is_and_the_others_are_named_last(
    campaign: Campaign, many: Sandbox, tokens: Path
) -> None:
    ran = campaign("halt", "--all", "--tokens-file", str(tokens), "--timeout", "2")
    # A legacy server refuses the pause that is sent again, and cannot be asked whether that is because of the first.
    lost = LOST if many.world.campaigns[0].settings.dialect == "legacy" else ()
    expected = {name(n) for n in (*HUNG, *BROKEN, *WRONG, *lost)}
    assert ran.code == 7
    said = set(re.findall(r"^(c-\d+): (?:paused|not calling already \(paused\))$", ran.out, re.MULTILINE))
    assert said == {name(n) for n in range(200)} - expected
    states = {one.settings.name: one.state for one in many.world.campaigns}
    assert all(states[each] == "paused" for each in said)
    last = " ".join(ran.err[ran.err.rindex(f"{len(expected)} of 200 NOT known to be paused") :].split())
    assert set(re.findall(r"c-\d+", last)) == expected
    assert re.search(rf"{200 - len(expected)} of 200 known to call nobody, \d+\.\d s after Enter", ran.err)
    assert "token-" not in ran.text
    assert "gone-" not in ran.text


def test_tokens_come_from_standard_input_and_one_host_for_all(
    campaign: Campaign, sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("spring token-001\nsummer token-002\n"))
    ran = campaign("halt", "s*g", "--tokens-file", "-", "--host", sandbox.url)
    assert (ran.code, len(ran.out.splitlines())) == (0, 1)
    assert ran.out.startswith("spring: ")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("winter", "is not a name, a token and perhaps a host"),
        ("winter token-003", "names no host"),
        ("c-001 token-003 http://127.0.0.1:1", "has the name of a line before it"),
    ],
)
def test_a_line_with_an_error_is_named_and_the_others_are_paused_all_the_same(
    campaign: Campaign, sandbox: Sandbox, folder: Path, line: str, complaint: str
) -> None:
    (folder / "tokens.txt").write_text(f"c-001 token-001 {sandbox.url}\n{line}\n")
    ran = campaign("halt", "--all", "--tokens-file", "tokens.txt")
    assert ran.code == 7
    assert ran.out.startswith("c-001: ")
    assert f"tokens.txt:2: {complaint}" in " ".join(ran.err.split())
    assert "campaigns on lines with errors are not paused by this command" in " ".join(ran.err.split())
    assert "token-003" not in ran.text


def test_a_name_that_is_on_no_line_pauses_nobody(campaign: Campaign, sandbox: Sandbox, folder: Path) -> None:
    (folder / "tokens.txt").write_text(f"c-001 token-001 {sandbox.url}\n")
    assert campaign("halt", "winter", "--tokens-file", "tokens.txt").code == 64


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_tokens_file_that_cannot_be_read_is_wrong_usage(
    campaign: Campaign, folder: Path, content: bytes | None
) -> None:
    if content:
        (folder / "tokens.txt").write_bytes(content)
    ran = campaign("halt", "--all", "--tokens-file", "tokens.txt")
    assert ran.code == 64


def test_a_token_in_a_variable_and_a_file_of_tokens_are_not_given_together(campaign: Campaign, folder: Path) -> None:
    ran = campaign("halt", "--all", "--tokens-file", "t", "--host", "http://127.0.0.1:1", "--token-env", "T")
    assert ran.code == 64


def test_neither_tokens_nor_names_are_shown_where_a_line_is() -> None:
    assert repr(Listed("spring", "https://calls.example", "token-001")) == "Listed(spring)"


@pytest.mark.parametrize(
    "arguments", [["--host", "http://127.0.0.1:1"], ["--host", "http://127.0.0.1:1", "--token-env", "T"]]
)
def test_a_host_without_a_token_is_wrong_usage(campaign: Campaign, folder: Path, arguments: list[str]) -> None:
    assert campaign("halt", *arguments).code == 64
