"""`campaign sandbox`: a Calls API on this machine, to rehearse campaigns on before a real phone rings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox.settings import Dialect

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("sandbox", short_help="Serve a Calls API to rehearse against.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback only.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free port.")
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="TOKEN[:KEY=VALUE…]",
    help="A campaign to serve, e.g. demo:state=inProgress:lines=5. Repeatable. Without one: sandbox-demo.",
)
@click.option(
    "--dialect",
    type=click.Choice(["legacy", "current"]),
    help="Dialect of campaigns that name none.  [default: current]",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    help="Virtual seconds per real second; 0: time moves only through POST /sandbox/clock.",
)
@click.option(
    "--starts-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="Virtual time (UTC) to start at.  [default: now]",
)
@click.option("--state-file", type=_FILE, help="Keep campaigns and jobs here across restarts.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="WHAT:ENDPOINT[:COUNT][:KEY=VALUE…]",
    help="Something that goes wrong, e.g. drop-response:addPhones:2. Repeatable.",
)
@click.option("--port-file", type=_FILE, help="Write the port here when ready.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed: same answers from the people called.")
def command(
    *,
    host: str,
    port: int,
    campaigns: tuple[str, ...],
    dialect: Dialect | None,
    speed: float,
    starts_at: datetime | None,
    state_file: Path | None,
    faults: tuple[str, ...],
    port_file: Path | None,
    seed: int,
) -> None:
    """Serve a Calls API on this machine.

    Both dialects over real HTTP, with jobs that are called, retried and finished on a clock that runs fast,
    and faults on demand. No real phone rings. Stop it with Ctrl-C.
    """
    try:
        from reconciler.sandbox import World, bind, run
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The sandbox needs {error.name}, which is not installed: pip install 'campaign-reconciler[sandbox]'"
        ) from None
    try:
        world = World(
            campaigns,
            speed=speed,
            seed=seed,
            dialect=dialect,
            faults=faults,
            start_ms=round(starts_at.replace(tzinfo=UTC).timestamp() * 1000) if starts_at else None,
            state_file=state_file,
        )
        listener = bind(host, port)
    except ValueError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise ReconcilerError(f"The sandbox cannot start: {error.strerror}") from None
    try:
        run(world, listener, lambda sandbox: _announce(sandbox, port_file))
    except OSError as error:
        raise ReconcilerError(f"The sandbox cannot write its files: {error.strerror}") from None


def _announce(sandbox: Sandbox, port_file: Path | None) -> None:
    click.echo(greeting(sandbox))
    if port_file is not None:
        temporary = port_file.with_name(f".{port_file.name}.tmp")
        temporary.write_text(f"{sandbox.port}\n")
        temporary.replace(port_file)


def greeting(sandbox: Sandbox) -> str:
    """What the command prints when it is ready: where, which campaigns, and that nobody is really called."""
    campaigns = [one.settings for one in sandbox.world.campaigns]
    width = max(len(one.token) for one in campaigns)
    speed = sandbox.world.clock.speed
    pace = f"One second here is {speed:g} seconds of the campaign." if speed else "Time stands still until told."
    return "\n".join(
        [
            f"Sandbox Calls API on {sandbox.url}",
            "No real phone rings: every call here is made up.",
            "",
            *(f"  token {one.token:{width}}  {one.dialect} dialect, {one.state}" for one in campaigns),
            "",
            f"{pace} What it was asked: {sandbox.url}/sandbox/requests",
            "Stop it with Ctrl-C.",
        ]
    )
