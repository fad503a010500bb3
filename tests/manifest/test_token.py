"""The token comes from the environment or a file, and no message repeats it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reconciler.errors import ManifestError
from reconciler.manifest.model import Campaign
from reconciler.manifest.token import MAX_BYTES, read_token
from tests.manifest.manifests import campaign, loaded


def declared(folder: Path, source: str) -> Campaign:
    (made,) = loaded(folder, campaign(source=source)).campaigns
    return made


def complaint(made: Campaign, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ManifestError) as caught:
        read_token(made, environ or {})
    return str(caught.value)


def test_a_token_is_read_from_the_environment(tmp_path: Path) -> None:
    assert read_token(declared(tmp_path, "{env: DEMO_TOKEN}"), {"DEMO_TOKEN": "abc-1"}) == "abc-1"


def test_the_environment_is_the_process_own_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_TOKEN", "abc-2")
    assert read_token(declared(tmp_path, "{env: DEMO_TOKEN}")) == "abc-2"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_token_is_read_from_a_file_beside_the_manifest(tmp_path: Path, ending: str) -> None:
    (tmp_path / "token").write_bytes(b"abc-3" + ending.encode())
    assert read_token(declared(tmp_path, "{file: token}"), {}) == "abc-3"


def test_a_token_file_may_be_anywhere(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "token").write_text("abc-4")
    assert read_token(declared(tmp_path / "sub", f"{{file: {tmp_path}/token}}"), {}) == "abc-4"


def test_a_variable_that_is_not_set_is_named_with_its_place(tmp_path: Path) -> None:
    assert complaint(declared(tmp_path, "{env: DEMO_TOKEN}"), {"OTHER": "x"}) == (
        f"{tmp_path}/m.yaml:6:3: spec.token.env: the variable DEMO_TOKEN is not set;"
        " export it with the campaign's token as its value"
    )


@pytest.mark.parametrize("name", ["a1b2c3d4e5f6", "A1B2C3D4", "secret", "_x"])
def test_a_variable_whose_name_may_be_the_token_itself_is_not_repeated(tmp_path: Path, name: str) -> None:
    said = complaint(declared(tmp_path, f"{{env: {name}}}"))
    assert "the variable named here is not set" in said
    assert name not in said


def test_the_campaigns_place_is_named_when_the_tokens_is_unknown(tmp_path: Path) -> None:
    made = msgspec.structs.replace(declared(tmp_path, "{env: DEMO_TOKEN}"), token_place=None)
    assert complaint(made).startswith(f"{tmp_path}/m.yaml:1:1: spec.token.env: ")


@pytest.mark.parametrize("value", ["", "\n"])
def test_an_empty_token_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "token").write_text(value)
    assert "spec.token.file: is empty" in complaint(declared(tmp_path, "{file: token}"))


def test_an_empty_variable_is_refused(tmp_path: Path) -> None:
    assert "spec.token.env: is empty" in complaint(declared(tmp_path, "{env: DEMO_TOKEN}"), {"DEMO_TOKEN": ""})


@pytest.mark.parametrize(
    "value", ["two words", "https://h/api/calls/campaign/planted", '"planted"', "a\n\n", "a/../b", "é", "a\0"]
)
def test_what_cannot_be_a_token_is_refused_and_not_repeated(tmp_path: Path, value: str) -> None:
    said = complaint(declared(tmp_path, "{env: DEMO_TOKEN}"), {"DEMO_TOKEN": value})
    assert "holds what cannot be a token" in said
    assert value not in said
    assert "planted" not in said


def test_a_token_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfea")
    assert "holds what cannot be a token" in complaint(declared(tmp_path, "{file: token}"))


def test_a_large_token_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a" * (MAX_BYTES + 1))
    assert f"the file is larger than {MAX_BYTES} bytes" in complaint(declared(tmp_path, "{file: token}"))


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_a_token_file_that_cannot_be_read_is_a_problem(tmp_path: Path, name: str, reason: str) -> None:
    assert f"spec.token.file: the file cannot be read ({reason})" in complaint(declared(tmp_path, f"{{file: {name}}}"))
