"""Serving and stopping, in a thread and as the command."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from reconciler.cli.sandbox import command
from reconciler.errors import ReconcilerError, UsageError
from reconciler.sandbox import bind, serve
from tests.sandbox.api import PHONES, Api, numbers

COMMAND = (sys.executable, "-W", "error", "-c", "from reconciler.cli.sandbox import command; command()")


def test_a_sandbox_that_was_left_leaves_no_thread_and_no_listener() -> None:
    before = threading.active_count()
    with serve(["demo"]) as sandbox:
        assert httpx.get(f"{sandbox.url}/sandbox/campaigns").status_code == 200
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{sandbox.url}/sandbox/campaigns")


def test_a_sandbox_stops_while_clients_are_connected() -> None:
    with serve(["demo"]) as sandbox:
        api = Api(sandbox)
        assert api.get("status").status_code == 200
    with pytest.raises(httpx.TransportError):
        api.get("status")
    api.client.close()


def test_a_sandbox_is_shown_by_its_address() -> None:
    with serve() as sandbox:
        assert repr(sandbox) == f"Sandbox('http://127.0.0.1:{sandbox.port}')"


def test_it_listens_on_ipv6_loopback_too() -> None:
    with serve(["demo"], host="::1") as sandbox:
        assert sandbox.url.startswith("http://[::1]:")
        assert httpx.get(f"{sandbox.url}/sandbox/clock").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])  # noqa: S104
def test_it_refuses_to_listen_anywhere_but_on_loopback(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        bind(host, 0)


def test_localhost_is_loopback() -> None:
    with bind("localhost", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_nothing_logged_holds_a_token_or_a_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").disabled = True
    with serve(["s3cret-token"], faults=["drop-response:addPhones"]) as sandbox:
        api = Api(sandbox, "s3cret-token")
        with pytest.raises(httpx.RemoteProtocolError):
            api.post("addPhones", numbers(1))
        api.client.close()
    logging.getLogger("httpx").disabled = False
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert not [text for text in ours if "s3cret" in text or PHONES[0] in text]


# ------------------------------------------------------------------------------------------------------- the command


def wait_for(path: Path, process: subprocess.Popen[str]) -> int:
    """The port, once the command has written it."""
    while not path.exists():
        assert process.poll() is None, "the command ended before it was ready"
        time.sleep(0.02)
    return int(path.read_text())


@contextmanager
def running(tmp_path: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port_file = tmp_path / "port"
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--port-file", str(port_file), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process, f"http://127.0.0.1:{wait_for(port_file, process)}"
        finally:
            process.kill()
    port_file.unlink()


def test_the_command_is_ready_to_be_stopped_as_soon_as_it_has_said_where_it_is() -> None:
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Sandbox Calls API on http://127.0.0.1:")
        process.terminate()
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped_and_then_ends_well(tmp_path: Path, stop: signal.Signals) -> None:
    with running(tmp_path, "--campaign", "demo:state=paused", "--dialect", "legacy") as (process, url):
        assert httpx.post(f"{url}/api/calls/campaign/demo/control/resume").status_code == 200
        process.send_signal(stop)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert url in out
    assert "token demo  legacy dialect, paused" in out
    assert "No real phone rings" in out
    assert "Ctrl-C" in out


def test_the_command_keeps_its_state_across_restarts(tmp_path: Path) -> None:
    state = ("--state-file", str(tmp_path / "state"), "--campaign", "demo")
    with running(tmp_path, *state) as (process, url):
        api = f"{url}/api/calls/campaign/demo"
        ids = httpx.post(f"{api}/addPhones", json=numbers(1)).json()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    with running(tmp_path, *state) as (_, url):
        report = httpx.post(f"{url}/api/calls/campaign/demo/callJob/getReport", json={"ids": ids})
        assert [job["phone"] for job in report.json()] == [PHONES[0]]


def test_the_command_starts_at_the_time_told_with_the_faults_told(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    seen: dict[str, httpx.Response] = {}

    def visit() -> None:
        while not port_file.exists():
            time.sleep(0.02)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}/api/calls/campaign/sandbox-demo/status"
        seen.update(first=httpx.get(url), second=httpx.get(url))
        os.kill(os.getpid(), signal.SIGTERM)

    visitor = threading.Thread(target=visit)
    visitor.start()
    options = ["--port", "0", "--port-file", str(port_file), "--speed", "0", "--starts-at", "2024-01-01T10:00"]
    result = CliRunner().invoke(command, [*options, "--fault", "500-before:status"], catch_exceptions=False)
    visitor.join()
    assert result.exit_code == 0
    assert "Time stands still" in result.output
    assert (seen["first"].status_code, seen["second"].json()) == (500, "new")
    assert seen["second"].headers["date"] == "Mon, 01 Jan 2024 10:00:00 GMT"


@pytest.mark.parametrize(
    "options",
    [
        ["--host", "0.0.0.0"],  # noqa: S104
        ["--campaign", "demo:state=asleep"],
        ["--campaign", "demo", "--campaign", "demo"],
        ["--fault", "explode:*"],
        ["--speed", "inf"],
    ],
    ids=["host", "state", "twice", "fault", "speed"],
)
def test_options_that_make_no_sense_are_wrong_usage(options: list[str]) -> None:
    with pytest.raises(UsageError):
        command.main([*options, "--port", "0"], standalone_mode=False)


def test_a_state_file_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a state")
    with pytest.raises(UsageError, match="state file"):
        command.main(["--state-file", str(tmp_path / "state")], standalone_mode=False)


def test_files_that_cannot_be_written_are_said_in_words(tmp_path: Path) -> None:
    options = ["--port", "0", "--port-file", str(tmp_path / "missing" / "port")]
    with pytest.raises(ReconcilerError, match="cannot write its files: No such file"):
        command.main(options, standalone_mode=False)


def test_without_its_extra_the_command_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['starlette'] = None\n"
        "from reconciler.cli.sandbox import command\n"
        "try: command.main([], standalone_mode=False)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("UsageError The sandbox needs starlette")
    assert "campaign-reconciler[sandbox]" in done.stdout


def test_a_port_that_is_taken_is_said_in_words() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ReconcilerError, match="cannot start: Address already in use"):
            command.main(["--port", str(port)], standalone_mode=False)
