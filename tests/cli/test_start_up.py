"""What starting imports: nothing slow before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import unmeasured

_NAMES = """
asyncio deepdiff email http.client httpcore httpx importlib.resources jsonschema numpy phonenumbers pyarrow rich
socket ssl stamina starlette tempfile unittest uvicorn yaml zoneinfo
"""
HEAVY = frozenset(_NAMES.split())
"""What takes more than a few milliseconds to import, of the libraries used here and of Python's own."""

OURS_FOR_HELP = {"reconciler", "reconciler.cli", "reconciler.errors"}
"""Of our own packages only the command line itself, and the errors that decide its exit code."""

MANIFEST = """\
apiVersion: campaign/v1
kind: Campaign
metadata: {name: small}
spec:
  host: https://app.jaicp.com
  token: {env: SMALL_TOKEN}
  state: running
  phoneLists: [{name: leads, phones: [{phone: "+1 650 000 0000"}]}]
"""


def imported_by(*words: str) -> set[str]:
    """The modules that one run of the command has imported at its end."""
    program = (
        "import sys\nfrom reconciler.cli.main import exit_code\n"
        f"exit_code({list(words)!r})\nsys.stderr.write('\\n'.join(sys.modules))"
    )
    command = [sys.executable, "-c", program]
    # Measuring imports much by itself, in every process that is started under it.
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=unmeasured.environment())
    return set(done.stderr.split("\n"))


def test_help_imports_nothing_heavy() -> None:
    found = imported_by("--help")
    assert "click" in found
    assert not found & HEAVY


def test_help_imports_of_our_own_only_the_command_line() -> None:
    ours = {name for name in imported_by("--help") if name.startswith("reconciler")}
    assert {name for name in ours if not name.startswith("reconciler.cli.")} == OURS_FOR_HELP


@pytest.mark.parametrize("command", ["plan", "apply", "explain", "status", "validate", "fmt", "ci"])
def test_the_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    assert not imported_by(command, "--help") & HEAVY


def test_validating_a_small_manifest_imports_only_what_it_uses(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(MANIFEST)
    found = imported_by("validate", "-f", str(tmp_path))
    used = {"yaml", "phonenumbers", "rich", "zoneinfo", "tempfile", "importlib.resources"}
    assert found & HEAVY <= used
    assert "rich.progress" not in found
    assert not {name for name in found if name.startswith(("reconciler.calls.client", "reconciler.apply"))}


def test_a_plan_that_asks_no_server_imports_no_http(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(MANIFEST)
    found = imported_by("plan", "--no-refresh", "-f", str(tmp_path))
    assert "reconciler.plan.build" in found
    assert not found & {"httpx", "httpcore", "ssl", "stamina", "numpy", "deepdiff"}
