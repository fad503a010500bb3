"""Running the sandbox: in a thread for tests (`serve`), or in the foreground for the command (`run`).

It listens on loopback only: it plays a server that controls real phones, asks for no password on its admin
endpoints, and has no business on a network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from reconciler.sandbox.app import make_app
from reconciler.sandbox.settings import Described, Dialect
from reconciler.sandbox.wire import TransportProtocol
from reconciler.sandbox.world import World

_LOOK_EVERY_S = 0.02
_PATIENCE_S = 5
"""How long answers on their way may take when the sandbox stops."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Sandbox:
    """A running sandbox: `url` is what a manifest's `host` says, `world` all it knows."""

    def __init__(self, world: World, url: str, port: int) -> None:
        self.world = world
        self.url = url
        self.port = port

    def __repr__(self) -> str:
        return f"Sandbox({self.url!r})"


class _Server(uvicorn.Server):
    """Uvicorn that stops within moments when asked to, with a plain return after a signal."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()  # only now do signals stop it cleanly

    async def main_loop(self) -> None:
        while not (self.should_exit or self._stopping.is_set()):
            await asyncio.sleep(_LOOK_EVERY_S)
        self._stopping.set()  # requests that wait give up, or shutting down would wait for them

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn's own takes a tenth of a second even when nothing is going on, and tests stop a sandbox each.
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _PATIENCE_S
        while (self.server_state.connections or self.server_state.tasks) and loop.time() < end_s:
            await asyncio.sleep(_LOOK_EVERY_S / 10)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Uvicorn's own raises the signal again at the end; being stopped is how a sandbox is meant to end.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address; ValueError for any other address, OSError when the port is taken."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError("the sandbox listens on loopback only: 127.0.0.1, ::1 or localhost")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


def _sandbox(world: World, listener: socket.socket) -> Sandbox:
    address, port = listener.getsockname()[:2]
    return Sandbox(world, f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}", port)


def _server(world: World, stopping: threading.Event, on_ready: Callable[[], None] = lambda: None) -> _Server:
    config = uvicorn.Config(
        make_app(world, stopping),
        http=TransportProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,  # its lines hold the URL, and the URL holds the token
        date_header=False,  # the sandbox dates its answers by its own clock
        server_header=False,
    )
    return _Server(config, stopping, on_ready)


def run(world: World, listener: socket.socket, on_ready: Callable[[Sandbox], None]) -> None:
    """Serve in this thread until SIGINT or SIGTERM, or until `on_ready` raises; stores the state at the end."""
    sandbox = _sandbox(world, listener)
    with listener:
        _server(world, threading.Event(), lambda: on_ready(sandbox)).run(sockets=[listener])
    world.store()


@contextmanager
def serve(
    campaigns: Iterable[Described] = (),
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 0,
    seed: int = 0,
    dialect: Dialect | None = None,
    faults: Iterable[str] = (),
    start_ms: int | None = None,
    state_file: Path | None = None,
) -> Iterator[Sandbox]:
    """A sandbox served from a thread while the block runs; see `World` for the options.

    `port` 0 is any free one. ValueError, OSError as `World` and `bind` raise them.
    """
    world = World(
        campaigns,
        speed=speed,
        seed=seed,
        dialect=dialect,
        faults=faults,
        start_ms=start_ms,
        state_file=state_file,
    )
    stopping = threading.Event()
    with bind(host, port) as listener:
        server = _server(world, stopping)
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox")
        thread.start()
        try:
            yield _sandbox(world, listener)
        finally:
            stopping.set()
            thread.join()
    world.store()
