"""The action, the template and the examples: valid by the forges' own schemas, and the action's script really run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.pipelines import Pipelines
from tests.lock.team import git
from tests.resolve.place import TOKEN

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / "examples" / "github").glob("*.yml"))
PIPELINES = [ROOT / "templates" / "campaign.gitlab-ci.yml", ROOT / "examples" / "gitlab" / ".gitlab-ci.yml"]
ACTION = ROOT / "action.yml"
APPLIES = ("campaign-apply.yml", "campaign-apply-saved-plan.yml")


def check(schema: str, *paths: Path, transform: str = "") -> str:
    """What the schema checker says of the files; it has to find them valid."""
    options = ["--data-transform", transform] if transform else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *options]
    done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def document(path: Path) -> dict[str, Any]:
    """A file's YAML; GitHub's `on` is read by YAML 1.1 as true."""
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_the_workflows_are_workflows() -> None:
    check("github-workflows", *WORKFLOWS)


def test_the_action_is_an_action() -> None:
    check("github-actions", ACTION)


def test_the_template_and_its_example_are_pipelines() -> None:
    check("gitlab-ci", *PIPELINES, transform="gitlab-ci")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_data_of_a_workflow_is_put_into_a_script(path: Path) -> None:
    scripts = [step.get("run", "") for job in document(path)["jobs"].values() for step in job["steps"]]
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_no_more_rights_than_it_says(path: Path) -> None:
    workflow = document(path)
    assert workflow["permissions"]["contents"] == ("write" if path.name == "campaign-apply.yml" else "read")
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", APPLIES)
def test_applies_run_one_at_a_time_and_are_not_ended_half_way(name: str) -> None:
    concurrency = document(ROOT / "examples" / "github" / name)["concurrency"]
    assert concurrency == {"group": "campaign-apply", "cancel-in-progress": False}


def test_gitlab_applies_run_one_at_a_time_and_are_not_interrupted() -> None:
    template, example = map(document, PIPELINES)
    assert template["campaign:apply"]["resource_group"] == example["campaign:apply-saved"]["resource_group"]
    assert template[".campaign"]["interruptible"] is False


def test_the_actions_outputs_are_those_of_the_command(hub: Pipelines) -> None:
    hub.merge([1])
    action = document(ACTION)
    assert set(action["outputs"]) == set(hub.build("plan", request=True).outputs)
    values = [each["value"] for each in action["outputs"].values()]
    assert values == [f"${{{{ steps.run.outputs.{name} }}}}" for name in action["outputs"]]


def test_no_input_of_the_action_is_put_into_its_scripts() -> None:
    assert [step["name"] for step in document(ACTION)["runs"]["steps"] if "${{" in step["run"]] == []


def test_every_input_of_the_action_is_used() -> None:
    text = ACTION.read_text()
    unused = [name for name in document(ACTION)["inputs"] if not re.search(rf"inputs\.{name}\b", text)]
    assert unused == []


class Action:
    """The action's second step, run as a runner does: `bash -eo pipefail`, with the inputs as variables."""

    def __init__(self, team: Pipelines) -> None:
        self.team = team
        self.clone = team.team.clone("action", "--depth=1")
        self.files = team.folder / "action-files"
        self.files.mkdir()
        (self.step,) = [each for each in document(ACTION)["runs"]["steps"] if each.get("id") == "run"]

    def run(self, command: str, files: str = "", arguments: str = "") -> subprocess.CompletedProcess[str]:
        """Runs it; `campaign` is the one under test."""
        given = {
            "${{ inputs.command }}": command,
            "${{ inputs.files }}": files,
            "${{ inputs.arguments }}": arguments,
            "${{ inputs.github-token }}": "",
        }
        variables = {name: given[value] for name, value in self.step["env"].items()}
        github = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_RUN_ID": "900",
            "GITHUB_OUTPUT": str(self.files / "out"),
            "GITHUB_STEP_SUMMARY": str(self.files / "summary.md"),
            "GITHUB_REF_NAME": "main",
            "SPRING_TOKEN": TOKEN,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        script = self.files / "step.sh"
        script.write_text(self.step["run"])
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.clone,
            env={**os.environ, **github, **variables},
            capture_output=True,
            text=True,
            check=False,
        )


def test_the_action_plans_applies_and_pushes_the_lock(hub: Pipelines) -> None:
    hub.merge([1, 2])
    action = Action(hub)
    planned = action.run("plan")
    assert planned.returncode == 0, planned.stderr
    applied = action.run("apply", files="campaign.yaml\n", arguments="--allow=new-calls=5\n--first\n")
    assert applied.returncode == 0, applied.stderr
    assert [hub.calls_of(n) for n in (1, 2)] == [1, 1]
    assert "lock-commit=" + git(hub.team.remote, "rev-parse", "main") in (action.files / "out").read_text()


def test_the_action_ends_as_the_command_ends(hub: Pipelines) -> None:
    hub.merge([1, 2], **{"leads.csv": "id,phone,word\nkey-1,1,x\n"})
    action = Action(hub)
    assert action.run("plan").returncode == 1
    assert "exit-code=1" in (action.files / "out").read_text()


def test_an_input_of_the_action_is_never_a_command(hub: Pipelines) -> None:
    hub.merge([1])
    action = Action(hub)
    done = action.run("plan; touch pwned", files='$(touch pwned)\n"; touch pwned; "')
    assert done.returncode == 64
    done = action.run("plan", files='$(touch pwned)\n"; touch pwned; "')
    assert done.returncode == 1
    assert not (action.clone / "pwned").exists()
