"""Files that are named must be manifests; in folders, manifests are found among other people's YAML."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.manifest import yaml12
from reconciler.manifest.load import Loaded, load
from tests.manifest.manifests import call_policy, campaign, lines


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(files: dict[str, str | bytes]) -> None:
    """Write files below the current folder."""
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def names(result: Loaded) -> list[str]:
    return [each.name for each in result.campaigns]


def complaints(result: Loaded) -> list[str]:
    return lines(result.problems, Path("/"))


def test_a_folder_is_searched_for_yaml_files_in_order(here: Path) -> None:
    write({name: campaign(name=name[-6]) for name in ["b/2.yaml", "a/z/3.yaml", "4.yaml", "a/b/1.yaml"]})
    write({"a/5.yml": campaign(name="5"), "a/6.txt": campaign(name="6")})
    result = load([Path()])
    assert [Path(each.place.file).as_posix() for each in result.campaigns] == [
        "4.yaml",
        "a/5.yml",
        "a/b/1.yaml",
        "a/z/3.yaml",
        "b/2.yaml",
    ]


def test_what_is_hidden_is_not_searched(here: Path) -> None:
    write({".x.yaml": campaign(name="a"), ".git/x.yaml": campaign(name="b"), "x.yaml": campaign(name="c")})
    assert names(load([Path()])) == ["c"]


def test_what_is_hidden_can_be_named(here: Path) -> None:
    write({".x.yaml": campaign(name="a"), ".git/x.yaml": campaign(name="b")})
    assert names(load([Path(".x.yaml"), Path(".git")])) == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        "on: push\njobs: {}\n",
        "services:\n  a: {image: campaign/v1}\n",
        "",
        "a: [\n",
        "a: !Ref b\n",
        b"\xff\xfe\xff",
        "apiVersion: v1\nkind: Campaign\nmetadata: {name: x}\n",
        b"x" * (yaml12.MAX_BYTES + 1),
        "{{ template }}: campaign/\n---\n",
    ],
    ids=["workflow", "mentions", "empty", "no YAML", "tags", "no text", "other API", "large", "template"],
)
def test_other_peoples_yaml_in_a_folder_is_passed_over(here: Path, content: str | bytes) -> None:
    write({"other.yaml": content, "x.yaml": campaign(name="ours")})
    result = load([Path()])
    assert (names(result), result.problems) == (["ours"], ())


@pytest.mark.parametrize(
    "content", ["on: push\n", "", "a: [\n", b"\xff\xfe\xff"], ids=["other", "empty", "broken", "no text"]
)
def test_a_file_that_is_named_must_be_ours(here: Path, content: str | bytes) -> None:
    write({"other.yaml": content})
    for paths in ([Path("other.yaml")], [Path(), Path("other.yaml")]):
        assert [problem.place.file for problem in load(paths).problems] == ["other.yaml"]


@pytest.mark.parametrize(
    "content",
    [
        campaign() + "a: [\n",
        campaign() + "---\nforeign: 1\n",
        campaign(state="on"),
        campaign().replace("campaign/v1", "campaign/v9"),
        campaign().replace("kind: Campaign", "kind: Campaing"),
        campaign().encode("utf-16") + b"\xff",
        campaign().encode() + b" " * yaml12.MAX_BYTES,
    ],
    ids=["no YAML", "foreign document", "wrong", "newer", "misspelt", "cut UTF-16", "large"],
)
def test_a_broken_manifest_in_a_folder_is_not_passed_over(here: Path, content: str | bytes) -> None:
    write({"broken.yaml": content, "x.yaml": campaign(name="ours")})
    result = load([Path()])
    assert {problem.place.file for problem in result.problems} == {"broken.yaml"}
    assert "ours" in names(result)


def test_a_manifest_in_utf_16_is_found_in_a_folder(here: Path) -> None:
    write({"x.yaml": campaign(name="ours").encode("utf-16")})
    assert names(load([Path()])) == ["ours"]


def test_a_file_reached_twice_counts_once(here: Path) -> None:
    write({"a/x.yaml": campaign(name="x")})
    Path("b.yaml").symlink_to("a/x.yaml")
    result = load([Path(), Path("a"), Path("a/x.yaml"), here / "a" / "x.yaml"])
    assert (names(result), result.problems) == (["x"], ())


def test_folders_behind_symbolic_links_are_not_searched(here: Path) -> None:
    write({"a/x.yaml": campaign(name="x")})
    Path("a/loop").symlink_to(here)
    assert names(load([Path()])) == ["x"]


def test_files_are_named_as_the_user_would(here: Path) -> None:
    write({"a/x.yaml": campaign("phoneLists: [{name: l, source: {file: ../l.csv}}]\nsuppress: [{file: no.txt}]")})
    (made,) = load([Path("a")]).campaigns
    assert (made.place.file, made.folder) == ("a/x.yaml", here / "a")
    assert (made.lists[0].shown, made.suppress[0].shown) == ("a/../l.csv", "a/no.txt")


def test_a_missing_path_is_a_problem(here: Path) -> None:
    assert complaints(load([Path("none.yaml")])) == [
        "none.yaml: cannot be read (No such file or directory); name an existing file or folder"
    ]


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_path_that_cannot_be_is_a_problem(here: Path, name: str) -> None:
    (complaint,) = complaints(load([Path(name)]))
    assert "cannot be read" in complaint


def test_a_path_that_is_neither_file_nor_folder_is_a_problem(here: Path) -> None:
    os.mkfifo("x.yaml")
    assert complaints(load([Path("x.yaml")])) == ["x.yaml: is neither a file nor a folder"]


def test_a_folder_may_hold_what_is_no_file(here: Path) -> None:
    os.mkfifo("x.yaml")
    Path("folder.yaml").mkdir()
    Path("nowhere.yaml").symlink_to("gone")
    write({"y.yaml": campaign(name="y")})
    result = load([Path()])
    assert (names(result), result.problems) == (["y"], ())


def test_a_file_that_cannot_be_read_is_a_problem_named_or_found(here: Path) -> None:
    write({"a.yaml": campaign(name="a"), "b.yaml": campaign(name="b")})

    def read(path: Path) -> bytes:
        if path.name == "a.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return path.read_bytes()

    for paths in ([Path()], [Path("a.yaml"), Path("b.yaml")]):
        result = load(paths, read=read)
        assert (names(result), complaints(result)) == (["b"], ["a.yaml: cannot be read (Permission denied)"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_a_problem(here: Path) -> None:
    write({"closed/a.yaml": campaign(name="a"), "b.yaml": campaign(name="b"), "listed/c.yaml": campaign(name="c")})
    Path("closed").chmod(0)
    Path("listed").chmod(0o444)
    try:
        result = load([Path()])
    finally:
        Path("closed").chmod(0o700)
        Path("listed").chmod(0o700)
    assert names(result) == ["b"]
    assert complaints(result) == [
        "closed: cannot be read (Permission denied)",
        "listed/c.yaml: cannot be read (Permission denied)",
    ]


@pytest.mark.parametrize("paths", [["."], ["sub", "policies.yaml"], []])
def test_no_campaign_at_all_is_a_problem(here: Path, paths: list[str]) -> None:
    write({"policies.yaml": call_policy("a", "{}"), "sub/x.txt": campaign()})
    (complaint,) = complaints(load([Path(path) for path in paths]))
    assert complaint.startswith(f"{paths[0] if paths else '.'}: no campaign found; write a document with")


def test_a_file_that_cannot_even_be_looked_at_is_a_problem(here: Path) -> None:
    Path("loop.yaml").symlink_to("loop.yaml")
    (complaint,) = complaints(load([Path()]))
    assert complaint.startswith("loop.yaml: cannot be read (Too many levels of symbolic links)")
