"""What the variables of a pipeline say, and how remarks are written for each forge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.errors import Place, UsageError
from reconciler.forge.annotations import Annotation, code_quality, placed, workflow_commands
from reconciler.forge.pipeline import pipeline_of

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "500",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_OUTPUT": "out",
    "GITHUB_REF_NAME": "main",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_SHA": "abc",
    "GITHUB_TOKEN": "quokka",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_PROJECT_ID": "42",
    "CI_PIPELINE_ID": "500",
    "CI_JOB_ID": "7000",
    "CI_COMMIT_SHA": "abc",
    "CI_COMMIT_BRANCH": "main",
    "CI_PROJECT_DIR": "there",
}


def event(folder: Path, head: str = "o/r") -> str:
    """A file as GitHub writes it for a pull request."""
    repositories = {"head": {"sha": "head-of-it", "repo": {"full_name": head}}, "base": {"repo": {"full_name": "o/r"}}}
    path = folder / "event.json"
    path.write_text(json.dumps({"pull_request": {"number": 12, **repositories}}))
    return str(path)


def test_a_push_is_about_its_branch_and_no_request() -> None:
    pipeline = pipeline_of(GITHUB)
    assert (pipeline.branch, pipeline.is_request, pipeline.request) == ("main", False, None)
    assert (pipeline.run, pipeline.attempt, pipeline.who) == (500, 2, "GitHub run 500")
    assert pipeline.link == "https://github.com/o/r/actions/runs/500"
    assert pipeline.api == "https://api.github.com"


def test_a_pull_request_is_about_the_branch_it_wants_to_go_to_and_its_own_head(tmp_path: Path) -> None:
    more = {"GITHUB_BASE_REF": "main", "GITHUB_REF_NAME": "12/merge", "GITHUB_EVENT_PATH": event(tmp_path)}
    pipeline = pipeline_of(GITHUB | more)
    assert (pipeline.branch, pipeline.is_request, pipeline.request) == ("main", True, 12)
    assert pipeline.commit == "head-of-it"
    assert not pipeline.is_fork


def test_a_pull_request_of_another_repository_is_a_forks(tmp_path: Path) -> None:
    assert pipeline_of(GITHUB | {"GITHUB_EVENT_PATH": event(tmp_path, "mallory/r")}).is_fork


def test_an_enterprise_host_is_where_its_variables_say() -> None:
    more = {"GITHUB_API_URL": "https://git.example/api/v3", "GITHUB_SERVER_URL": "https://git.example"}
    pipeline = pipeline_of(GITHUB | more)
    assert pipeline.api == "https://git.example/api/v3"
    assert pipeline.link.startswith("https://git.example/o/r/")


def test_a_tag_is_no_branch() -> None:
    assert pipeline_of(GITHUB | {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}).branch == ""


@pytest.mark.parametrize("content", ["}{", "[]"])
def test_an_event_that_cannot_be_read_is_no_request(tmp_path: Path, content: str) -> None:
    (tmp_path / "event.json").write_text(content)
    assert not pipeline_of(GITHUB | {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}).is_request


def test_a_gitlab_branch_pipeline_is_about_its_branch() -> None:
    pipeline = pipeline_of(GITLAB)
    assert (pipeline.branch, pipeline.is_request, pipeline.who) == ("main", False, "GitLab pipeline 500")
    assert pipeline.outputs == Path("there/campaign.env")


def test_a_merge_request_pipeline_is_about_the_target_branch() -> None:
    more = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_IID": "12", "CI_COMMIT_BRANCH": ""}
    ids = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "43", "CI_MERGE_REQUEST_PROJECT_ID": "42"}
    pipeline = pipeline_of(GITLAB | more | ids)
    assert (pipeline.branch, pipeline.is_request, pipeline.request, pipeline.is_fork) == ("main", True, 12, True)


def test_outside_of_a_pipeline_the_usual_commands_are_named() -> None:
    with pytest.raises(UsageError, match="use `campaign plan`"):
        pipeline_of({})


def test_a_runner_that_says_too_little_is_named() -> None:
    with pytest.raises(UsageError, match="GITHUB_OUTPUT is not set"):
        pipeline_of(GITHUB | {"GITHUB_OUTPUT": ""})


def test_the_token_is_not_in_what_is_printed_of_a_pipeline() -> None:
    assert "quokka" not in repr(pipeline_of(GITHUB))


def test_a_remark_is_a_workflow_command_with_its_place() -> None:
    remark = Annotation("error", "spec.wave", "must be text", Place("spring.yaml", 3, 7))
    assert [*workflow_commands([remark])] == ["::error file=spring.yaml,line=3,col=7,title=spec.wave::must be text"]


def test_a_remark_cannot_start_a_command_of_its_own() -> None:
    remark = Annotation("warning", "a,b:c", "50%\r\n::set-output name=x::y")
    assert [*workflow_commands([remark])] == [
        "::warning title=a%2Cb%3Ac::50%25%0D%0A::set-output name=x::y",
    ]


def test_gitlab_gets_the_same_as_a_code_quality_report() -> None:
    remarks = [
        Annotation("error", "phone", "is no number", Place("leads.csv", 3)),
        Annotation("error", "run", "failed"),
    ]
    (entry,) = json.loads(code_quality(remarks))
    assert entry["location"] == {"path": "leads.csv", "lines": {"begin": 3}}
    assert entry["severity"] == "major"
    assert entry["description"] == "phone: is no number"
    assert len(entry["fingerprint"]) == 32


def test_places_count_from_the_root_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spring").mkdir()
    monkeypatch.chdir(tmp_path / "spring")
    assert placed(Place("leads.csv", 3), tmp_path) == Place("spring/leads.csv", 3)
    assert placed(Place("../../elsewhere.csv", 3), tmp_path) == Place("../../elsewhere.csv", 3)
    assert placed(Place(""), tmp_path) == Place("")
