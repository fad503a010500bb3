"""What a pipeline says, and where: the summary, the remarks, the outputs, and the comment."""

from __future__ import annotations

import json

import pytest

from tests.ci.pipelines import Pipelines
from tests.forge.forges import Fault
from tests.resolve.place import mask, phone


def test_a_plan_is_said_on_the_request_and_in_the_summary(either: Pipelines) -> None:
    either.merge([1, 2, 3])
    built = either.build("plan", request=True)
    assert built.code == 0, built.ran.text
    (comment,) = either.forge.bodies()
    for text in (comment, built.summary):
        assert "### campaign plan" in text
        assert "**3 phones will ring and 1 campaign to start.**" in text
        assert f"`{mask(1)}` | `leads.csv:2`" in text
    assert comment.startswith("<!-- campaign-ci:campaigns run:501.1 -->\n" if either.forge.kind == "github" else "<!--")


def test_the_next_plan_and_the_apply_say_so_in_the_same_comment(either: Pipelines) -> None:
    either.merge([1, 2, 3])
    either.build("plan", request=True)
    either.merge([1, 2])
    either.build("plan", request=True)
    assert "2 phones will ring" in either.forge.bodies()[0]
    built = either.build("apply")
    assert built.code == 0, built.ran.text
    (comment,) = either.forge.bodies()
    assert "### campaign apply" in comment
    assert "Done: 2 added and the campaign started" in comment
    assert "<summary>Plan of spring</summary>" in comment


def test_outputs_are_for_later_steps(hub: Pipelines) -> None:
    hub.merge([1, 2, 3])
    outputs = hub.build("plan", request=True).outputs
    plan_id = outputs["plan-id"]
    assert outputs == {
        "exit-code": "0",
        "has-changes": "true",
        "held-back": "false",
        "campaigns": "1",
        "new-calls": "3",
        "replaced-calls": "0",
        "cancelled-calls": "0",
        "plan-id": plan_id,
        "plan-ids": json.dumps({"spring": plan_id}, separators=(",", ":")),
        "lock-commit": "",
    }


def test_gitlab_gets_them_as_variables_that_are_no_options_of_this_program(open_pipelines: object) -> None:
    team = open_pipelines("current", "gitlab")  # type: ignore[operator]
    team.merge([1])
    outputs = team.build("plan", request=True).outputs
    assert outputs["CAMPAIGN_CI_NEW_CALLS"] == "1"
    assert all(name.startswith("CAMPAIGN_CI_") for name in outputs)
    assert len(outputs) <= 20  # more are refused by GitLab


def test_each_problem_of_a_list_is_at_its_line_and_the_request_says_that_nothing_was_sent(either: Pipelines) -> None:
    either.merge([1], **{"leads.csv": "id,phone,word\nkey-1,12,x\nkey-2,+1 650 731,x\n"})
    built = either.build("plan", request=True)
    assert built.code == 1
    if either.forge.kind == "github":
        assert [line.split("::")[1].split(",title")[0] for line in built.annotations()] == [
            "error file=leads.csv,line=2",
            "error file=leads.csv,line=3",
        ]
    else:
        entries = json.loads((built.clone / "campaign-codequality.json").read_text())
        assert [entry["location"] for entry in entries] == [
            {"path": "leads.csv", "lines": {"begin": 2}},
            {"path": "leads.csv", "lines": {"begin": 3}},
        ]
    assert "1 campaign of 1 needs a look" in either.forge.bodies()[0]


def test_a_manifest_that_cannot_be_read_is_said_on_the_request(hub: Pipelines) -> None:
    hub.merge([1], **{"campaign.yaml": "apiVersion: campaign/v1\nkind: Campaign\nmetadata: {name: Spring}\n"})
    built = hub.build("plan", request=True)
    assert built.code == 1
    assert any(line.startswith("::error file=campaign.yaml,line=3") for line in built.annotations())
    assert "It went no further than this" in hub.forge.bodies()[0]
    assert built.outputs["exit-code"] == "1"


def test_a_plan_that_a_guard_holds_back_ends_with_3_and_says_what_to_allow(hub: Pipelines) -> None:
    files = hub.files([1, 2, 3])
    files["campaign.yaml"] = files["campaign.yaml"].replace("newCalls: 100000", "newCalls: 2")
    hub.team.commit(files, "Too many")
    built = hub.build("plan", request=True)
    assert built.code == 3
    assert built.annotations() == ["::warning file=campaign.yaml,line=1,col=1,title=spring::held back by a guard"]
    assert "--allow new-calls=3" in hub.forge.bodies()[0]
    assert hub.build("plan", "--allow", "new-calls=3", request=True).code == 0


def test_nothing_that_is_printed_can_be_a_command_to_github(hub: Pipelines) -> None:
    hub.merge([1])
    lines = hub.build("plan", request=True).ran.out.splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    assert len(word) == 32
    assert lines.index(f"::{word}::") > lines.index("spring")


def test_a_forks_token_that_may_only_read_is_no_failure_and_the_summary_has_it_all(either: Pipelines) -> None:
    either.merge([1, 2, 3])
    either.forge.may_write = False
    built = either.build("plan", request=True)
    assert built.code == 0
    assert "no comment on the request: the token may not write comments (403" in built.ran.err
    assert "the summary has it all" in built.ran.err
    assert "3 phones will ring" in built.summary


@pytest.mark.parametrize("token", ["", "quokkaforge-old"])
def test_without_a_token_that_counts_there_is_no_comment_and_no_failure(either: Pipelines, token: str) -> None:
    either.merge([1])
    built = either.build("plan", request=True, token=token)
    assert built.code == 0
    assert "no comment on" in built.ran.err
    assert either.forge.notes == []


def test_a_forge_that_takes_less_than_is_known_of_gets_a_short_text(hub: Pipelines) -> None:
    plain = hub.files(range(1, 20))
    thirty = {f"c{n}.yaml": plain["campaign.yaml"].replace("name: spring", f"name: c{n}") for n in range(30)}
    hub.team.commit(plain | thirty, "Thirty more")
    hub.forge.longest = 4_200
    built = hub.build("plan", "--no-refresh", request=True)
    assert built.code == 0, built.ran.text
    (comment,) = hub.forge.bodies()
    assert len(comment) < 4_200
    assert "details left out here: too long" in comment
    assert "left out" not in built.summary


def test_a_text_that_is_too_long_in_every_form_is_no_failure(hub: Pipelines) -> None:
    hub.merge([1])
    hub.forge.longest = 100
    built = hub.build("plan", request=True)
    assert built.code == 0
    assert "no comment on the request: 422: Validation Failed Body is too long" in built.ran.err


def test_a_forge_that_is_down_does_not_fail_a_run(hub: Pipelines) -> None:
    hub.merge([1])
    hub.forge.fail("*", Fault(500), times=1)
    hub.forge.fail("POST", Fault(500))
    built = hub.build("apply")
    assert built.code == 0
    assert hub.calls_of(1) == 1


def test_a_commit_that_came_by_no_request_has_no_comment(hub: Pipelines) -> None:
    hub.merge([1])
    hub.forge.knows_request = False
    built = hub.build("apply")
    assert built.code == 0
    assert "this commit came by no request" in built.ran.err


def test_an_open_request_is_never_applied(either: Pipelines) -> None:
    either.merge([1])
    built = either.build("apply", request=True)
    assert built.code == 64
    assert "nobody has merged it yet" in built.ran.err
    assert either.calls_of(1) == 0


def test_several_jobs_of_one_request_have_comments_of_their_own(hub: Pipelines) -> None:
    hub.merge([1])
    hub.build("plan", "--comment-key", "eu", request=True)
    hub.build("plan", "--comment-key", "us", request=True)
    assert len(hub.forge.notes) == 2


def test_a_missing_campaign_token_is_said_where_the_manifest_names_it(
    hub: Pipelines, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.merge([1])
    monkeypatch.delenv("SPRING_TOKEN")
    built = hub.build("plan", request=True)
    assert built.code == 1
    assert "SPRING_TOKEN is not set" in built.annotations()[0]
    assert hub.build("plan", "--no-refresh", request=True).code == 0


def test_a_tag_needs_to_be_told_which_branch_holds_the_lock(hub: Pipelines) -> None:
    hub.merge([1])
    hub.more["GITHUB_REF_TYPE"] = "tag"
    built = hub.build("apply")
    assert built.code == 64
    assert "--lock-store git:main" in built.ran.err
    assert hub.build("apply", "--lock-store", "git:main").code == 0


def test_a_lock_in_a_folder_is_used_as_everywhere(hub: Pipelines) -> None:
    hub.merge([1])
    built = hub.build("apply", "--lock-store", str(hub.folder))
    assert built.code == 0
    assert (hub.folder / "spring.lock.jsonl").exists()
    assert hub.team.log()[0] == "Merged"


@pytest.mark.parametrize("branch", ["", "-x", "a b"])
def test_what_cannot_be_a_branch_is_refused(hub: Pipelines, branch: str) -> None:
    hub.merge([1])
    assert "name a branch" in hub.build("plan", "--lock-store", f"git:{branch}", request=True).ran.err


def test_outputs_that_cannot_be_written_are_a_warning(hub: Pipelines) -> None:
    hub.merge([1])
    (hub.folder / f"files-{hub.run + 1}" / "out").mkdir(parents=True)
    built = hub.build("plan", request=True)
    assert built.code == 0
    assert "out could not be written: Is a directory" in built.ran.err


def test_phones_in_a_report_are_masked(hub: Pipelines) -> None:
    hub.merge([1])
    built = hub.build("apply")
    assert mask(1) in built.summary
    assert phone(1) not in built.summary
