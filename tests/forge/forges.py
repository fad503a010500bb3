"""GitHub and GitLab on loopback, as their public API documentation describes them, as far as comments go.

Both page at most a hundred entries, know who a token belongs to, refuse what it may not do, and refuse a text that is
too long in their own words. A test may make the next requests fail, and hold them until another run got as far.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

TOKEN = "quokkaforge-9d2c71"
ME, STRANGER = 7, 8
COMMIT = "5f3c" * 10


@dataclass
class Note:
    """A comment as the forge keeps it."""

    id: int
    body: str
    author: int = ME
    is_system: bool = False  # GitLab's own, such as "changed the title"


@dataclass(frozen=True)
class Fault:
    """What is answered instead. `after`: the request is carried out first, and then the connection is closed."""

    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    body: Any


class FakeForge:
    """A forge with one request, number 12. `may_write` and `knows_me` are about the token."""

    longest = 65_536

    def __init__(self, kind: Literal["github", "gitlab"]) -> None:
        self.kind: Literal["github", "gitlab"] = kind
        self.notes: list[Note] = []
        self.log: list[Asked] = []
        self.faults: deque[tuple[str, Fault]] = deque()
        self.may_write = self.knows_request = True
        self.is_bot = kind == "github"  # the token of a workflow, which may not ask who it is
        self.barrier: threading.Barrier | None = None  # creations wait here for each other
        self.next_id = 100
        self.lock = threading.RLock()
        self.http = _Http(("127.0.0.1", 0), _bound_to(self))

    @property
    def url(self) -> str:
        """What the pipeline calls its API."""
        port = self.http.server_address[1]
        return f"http://127.0.0.1:{port}" + ("/api/v4" if self.kind == "gitlab" else "")

    @contextmanager
    def serving(self) -> Iterator[FakeForge]:
        """Answers inside the block."""
        thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.http.shutdown()
            self.http.server_close()
            thread.join()

    def add(self, body: str, author: int = ME) -> Note:
        """A comment that is there already."""
        with self.lock:
            self.next_id += 1
            self.notes.append(Note(self.next_id, body, author))
            return self.notes[-1]

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """Answers the next requests of a method in another way."""
        self.faults.extend([(method, fault)] * times)

    def asked(self, *methods: str) -> list[str]:
        """The methods of the requests so far, those that change something unless others are named."""
        wanted = methods or ("POST", "PUT", "PATCH", "DELETE")
        return [each.method for each in self.log if each.method in wanted]

    def bodies(self) -> list[str]:
        """The texts of all comments."""
        return [note.body for note in self.notes]

    # -- what both do

    def answer(self, method: str, url: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """Status and JSON."""
        parts = urlsplit(url)
        token = headers.get("private-token") or headers.get("authorization", "").removeprefix("Bearer ")
        if token != TOKEN:
            return 401, {"message": "Bad credentials"}
        path = parts.path.removeprefix("/api/v4")
        if path == "/user":
            return self._me()
        if path.endswith(("/pulls", "/merge_requests")) and COMMIT in path:
            return 200, self._requests()
        return self._comments(method, path, parse_qs(parts.query), body)

    def _comments(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        listing, one = (
            (r"/repos/o/r/issues/12/comments", r"/repos/o/r/issues/comments/(\d+)")
            if self.kind == "github"
            else (r"/projects/42/merge_requests/12/notes", r"/projects/42/merge_requests/12/notes/(\d+)")
        )
        if not self.knows_request:
            return 404, {"message": "Not Found"}
        if method != "GET" and not self.may_write:
            return 403, {"message": "Resource not accessible by integration"}
        if body and len(body["body"]) > self.longest:
            return self._too_long()
        if re.fullmatch(listing, path):
            return self._listed(query) if method == "GET" else self._created(body["body"])
        found = re.fullmatch(one, path)
        note = next((each for each in self.notes if found and each.id == int(found[1])), None)
        return self._changed(method, note, body) if note else (404, {"message": "Not Found"})

    def _listed(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        size, page = int(query.get("per_page", ["20"])[0]), int(query.get("page", ["1"])[0])
        assert size <= 100
        return 200, [self._shown(note) for note in self.notes[size * (page - 1) : size * page]]

    def _created(self, body: str) -> tuple[int, Any]:
        return 201, self._shown(self.add(body))

    def _changed(self, method: str, note: Note, body: Any) -> tuple[int, Any]:
        if method == "DELETE":
            self.notes.remove(note)
            return 204, None
        assert method == ("PATCH" if self.kind == "github" else "PUT")
        note.body = body["body"]
        return 200, self._shown(note)

    # -- what each does

    def _me(self) -> tuple[int, Any]:
        if self.is_bot:
            return 403, {"message": "Resource not accessible by integration"}
        return 200, {"id": ME, "login": "team-bot", "username": "team-bot"}

    def _shown(self, note: Note) -> Any:
        if self.kind == "gitlab":
            return {"id": note.id, "body": note.body, "author": {"id": note.author}, "system": note.is_system}
        mine = {"login": "github-actions[bot]", "type": "Bot"} if self.is_bot else {"login": "team-bot", "type": "User"}
        user = mine if note.author == ME else {"login": "mallory", "type": "User"}
        return {"id": note.id, "body": note.body, "user": user}

    def _requests(self) -> Any:
        if not self.knows_request:
            return []
        if self.kind == "gitlab":
            return [{"iid": 9, "state": "closed"}, {"iid": 12, "state": "merged"}]
        return [{"number": 9, "merged_at": None}, {"number": 12, "merged_at": "2030-01-07T10:00:00Z"}]

    def _too_long(self) -> tuple[int, Any]:
        if self.kind == "gitlab":
            return 400, {"message": f"400 Bad request - Note is too long (maximum is {self.longest} characters)"}
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
        words = f"Body is too long (maximum is {self.longest} characters)"
        return 422, {"message": "Validation Failed", "errors": [{**error, "message": words}]}


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: connections that are closed are part of the tests."""


def _bound_to(forge: FakeForge) -> type[BaseHTTPRequestHandler]:
    class Bound(_Conversation):
        fake = forge

    return Bound


class _Conversation(BaseHTTPRequestHandler):
    fake: FakeForge
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """The log of requests is the forge's own."""

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        with self.fake.lock:
            self.fake.log.append(Asked(self.command, self.path, body))
            fault = self._fault()
        if self.command == "POST" and self.fake.barrier is not None:
            self.fake.barrier.wait(30)
        status, answer, headers = 0, None, {}
        if fault is None or fault.after:
            with self.fake.lock:
                lowered = {name.lower(): value for name, value in self.headers.items()}
                status, answer = self.fake.answer(self.command, self.path, body, lowered)
        if fault is not None:
            status, answer, headers = fault.status, fault.body, fault.headers
        if not status:
            self.close_connection = True
            return
        self._send(status, answer, headers)

    def _fault(self) -> Fault | None:
        if self.fake.faults and self.fake.faults[0][0] in (self.command, "*"):
            return self.fake.faults.popleft()[1]
        return None

    def _send(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        content = answer.encode() if isinstance(answer, str) else b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
