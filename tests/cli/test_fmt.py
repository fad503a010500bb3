"""`campaign fmt`: which files it writes, what it prints, and how it ends."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.rewrite import rewrite
from tests.acceptance.planted import seen_in_output
from tests.cli.conftest import Campaign

MESSY = "apiVersion:   campaign/v1\nkind: 'Campaign'   # c\n"
NEAT = 'apiVersion: campaign/v1\nkind: "Campaign"  # c\n'


@pytest.fixture
def manifest(folder: Path) -> Path:
    """A manifest that wants laying out."""
    path = folder / "campaign.yaml"
    path.write_text(MESSY)
    return path


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the command something to read."""

    def give(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_the_manifests_of_the_folder_are_written_and_listed(campaign: Campaign, manifest: Path, folder: Path) -> None:
    (folder / "done.yaml").write_text(NEAT)
    ran = campaign("fmt")
    assert (ran.code, ran.out, ran.err) == (0, "formatted campaign.yaml\n", "")
    assert manifest.read_text() == NEAT


def test_a_second_run_writes_nothing(campaign: Campaign, manifest: Path) -> None:
    campaign("fmt")
    before = manifest.stat()
    ran = campaign("fmt")
    assert (ran.code, ran.out) == (0, "")
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "arguments", [["campaign.yaml"], ["-f", "campaign.yaml"], ["."], ["campaign.yaml", "."]], ids=" ".join
)
def test_files_are_named_as_arguments_or_by_an_option(campaign: Campaign, manifest: Path, arguments: list[str]) -> None:
    assert campaign("fmt", *arguments).out == "formatted campaign.yaml\n"


def test_arguments_count_instead_of_the_option_and_its_variable(
    campaign: Campaign, manifest: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other.yaml").write_text(MESSY)
    monkeypatch.setenv("CAMPAIGN_FILE", "other.yaml")
    assert campaign("fmt", "campaign.yaml").out == "formatted campaign.yaml\n"
    assert campaign("fmt").out == "formatted other.yaml\n"


def test_yaml_that_is_no_manifest_is_left_alone_even_when_it_is_named(campaign: Campaign, folder: Path) -> None:
    other, broken = folder / "compose.yaml", folder / "template.yaml"
    other.write_text("a:   1\n")
    broken.write_text("{{ template }}: [\n")
    ran = campaign("fmt", "compose.yaml", "template.yaml")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert other.read_text() == "a:   1\n"


def test_check_writes_nothing_lists_what_would_change_and_ends_with_1(
    campaign: Campaign, manifest: Path, folder: Path
) -> None:
    (folder / "done.yaml").write_text(NEAT)
    ran = campaign("fmt", "--check")
    assert (ran.code, ran.out) == (1, "would change campaign.yaml\n")
    assert manifest.read_text() == MESSY
    campaign("fmt")
    ran = campaign("fmt", "--check")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_diff_is_shown_and_nothing_is_written(campaign: Campaign, manifest: Path) -> None:
    ran = campaign("fmt", "--diff")
    assert ran.code == 0
    assert ran.out == (
        "--- campaign.yaml\n+++ campaign.yaml\n@@ -1,2 +1,2 @@\n-apiVersion:   ••••••••/••\n-kind: '••••••••'   # •\n"
        '+apiVersion: ••••••••/••\n+kind: "••••••••"  # •\n'
    )
    assert manifest.read_text() == MESSY


def test_a_diff_with_check_ends_with_1(campaign: Campaign, manifest: Path) -> None:
    assert campaign("fmt", "--diff", "--check").code == 1
    assert manifest.read_text() == MESSY


def test_spaces_at_the_end_and_line_ends_can_be_seen_in_a_diff(campaign: Campaign, manifest: Path) -> None:
    manifest.write_bytes(b"apiVersion: campaign/v1  \nkind: Campaign\n")
    assert "-apiVersion: ••••••••/••··\n" in campaign("fmt", "--diff").out
    manifest.write_bytes(b"apiVersion: campaign/v1\nkind: Campaign\r\n")
    assert campaign("fmt", "--diff").out.splitlines()[2:] == ["(only how lines end, or the encoding)"]


def test_nothing_private_is_printed_whatever_a_manifest_holds(campaign: Campaign, manifest: Path) -> None:
    manifest.write_text(
        MESSY
        + "spec:\n    token:   quokkatoken-5f1e7b # 16507313371\n    host: 'https://quokkacred@checks.example'\n"
        + "    payload:  {first_name: 'quokkarow', '+16507324482': x}\n    phones: [16507335593,+44 7700 900123]\n"
        + "    text: |\n      quokkalist\n"
    )
    runs = [campaign("fmt", *options) for options in (["--diff"], ["--check"], [])]
    manifest.write_text(MESSY + "quokkarow: [\n")
    runs += [campaign("fmt"), campaign("fmt", "--diff")]
    assert [ran.code for ran in runs] == [0, 1, 0, 1, 1]
    assert seen_in_output(*runs) == []


def test_mode_and_links_stay_and_nothing_is_left_beside_the_file(
    campaign: Campaign, manifest: Path, folder: Path
) -> None:
    manifest.chmod(0o640)
    (folder / "sub").mkdir()
    (folder / "sub" / "link.yaml").symlink_to("../campaign.yaml")
    campaign("fmt", "sub/link.yaml")
    assert (folder / "sub" / "link.yaml").is_symlink()
    assert manifest.read_text() == NEAT
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o640
    assert sorted(path.name for path in folder.rglob("*")) == ["campaign.yaml", "link.yaml", "sub"]


def test_a_file_that_cannot_be_written_is_as_it_was_and_the_others_are_written(
    campaign: Campaign, manifest: Path, folder: Path
) -> None:
    # A name so long that the temporary file beside it has no room for a longer one; root may write anywhere else.
    long = folder / f"{'a' * (os.pathconf(folder, 'PC_NAME_MAX') - 5)}.yaml"
    long.write_text(MESSY)
    ran = campaign("fmt")
    assert ran.code == 1
    assert "cannot be written (File name too long); it is as it was" in ran.err
    assert f"not written {long.name}\n" in ran.out
    assert long.read_text() == MESSY
    assert manifest.read_text() == NEAT


def test_nothing_is_left_behind_when_the_last_step_of_writing_fails(folder: Path) -> None:
    (folder / "sub").mkdir()
    with pytest.raises(OSError, match="directory"):
        rewrite(folder / "sub", b"a folder cannot be replaced by a file")
    assert [path.name for path in folder.iterdir()] == ["sub"]


def test_a_file_that_is_not_yaml_is_reported_with_its_place_and_the_others_are_written(
    campaign: Campaign, manifest: Path, folder: Path
) -> None:
    (folder / "bad.yaml").write_text("apiVersion: campaign/v1\nkind: [\n")
    ran = campaign("fmt")
    assert (ran.code, ran.out) == (1, "formatted campaign.yaml\n")
    assert "bad.yaml:3:1: is not YAML" in ran.err


def test_a_file_that_cannot_be_laid_out_is_reported_and_left(campaign: Campaign, folder: Path) -> None:
    (folder / "odd.yaml").write_text("apiVersion: campaign/v1\na: 'x\u2028y'\n", encoding="utf-8")
    ran = campaign("fmt", "--check")
    assert (ran.code, ran.out) == (1, "")
    assert "odd.yaml:2:6: holds an odd line break" in ran.err


def test_a_file_that_is_not_there_is_an_error(campaign: Campaign, folder: Path) -> None:
    ran = campaign("fmt", "nowhere.yaml")
    assert ran.code == 1
    assert "nowhere.yaml: cannot be read (No such file or directory)" in ran.err


def test_a_dash_formats_stdin_to_stdout(campaign: Campaign, folder: Path, stdin: Any) -> None:
    stdin(MESSY.encode())
    ran = campaign("fmt", "-")
    assert (ran.code, ran.out, ran.err) == (0, NEAT, "")


def test_a_dash_with_check_says_whether_it_would_change(campaign: Campaign, folder: Path, stdin: Any) -> None:
    stdin(MESSY.encode())
    ran = campaign("fmt", "--check", "-")
    assert (ran.code, ran.out) == (1, "would change stdin\n")
    stdin(NEAT.encode())
    ran = campaign("fmt", "--check", "-")
    assert (ran.code, ran.out) == (0, "")


def test_a_dash_with_diff_shows_the_diff(campaign: Campaign, folder: Path, stdin: Any) -> None:
    stdin(MESSY.encode())
    ran = campaign("fmt", "--diff", "-")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "--- stdin")


def test_stdin_that_is_not_yaml_is_reported_and_nothing_is_printed(
    campaign: Campaign, folder: Path, stdin: Any
) -> None:
    stdin(b"a: [\n")
    ran = campaign("fmt", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "stdin:2:1: is not YAML" in ran.err


def test_a_dash_beside_files_is_wrong_usage(campaign: Campaign, manifest: Path) -> None:
    ran = campaign("fmt", "-", "campaign.yaml")
    assert ran.code == 64
    assert "- stands for stdin" in ran.err
