"""A Git server over HTTP, with a password."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

GIT_TOKEN = "quokkagit"


@pytest.fixture
def serve_git() -> Iterator[Callable[[Path], str]]:
    """Serves a bare repository to whoever has the token; its address."""
    with ExitStack() as stack:

        def serve(bare: Path) -> str:
            class Bound(_Backend):
                root = bare.parent

            subprocess.run(["git", "-C", str(bare), "config", "http.receivepack", "true"], check=True)
            server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}/{bare.name}"

        yield serve


class _Backend(BaseHTTPRequestHandler):
    """Hands requests to `git http-backend`, as web servers do (CGI)."""

    root: Path

    def do_GET(self) -> None:
        login = base64.b64encode(f"oauth2:{GIT_TOKEN}".encode()).decode()
        if self.headers.get_all("Authorization") != [f"Basic {login}"]:
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        parts = urlsplit(self.path)
        given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=given,
            capture_output=True,
            check=True,
            env={
                **os.environ,
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(given)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "oauth2",
            },
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - a name that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
