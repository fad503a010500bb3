"""A Calls API that does as little as it can: it parses what it is sent, remembers jobs, and reports them as planned.

`python -m bench.server PORTFILE [LATENCY_MS]` serves the current dialect on a free port of loopback until it is ended.
Latency is added to every answer, without keeping others waiting. The sandbox is the server to test against; this one is
only to measure clients, so that what is measured is not the server.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec


class Number(msgspec.Struct):
    """A number to call."""

    phone: str


class Question(msgspec.Struct):
    """A report that is asked for."""

    ids: list[str] = []


class Job(msgspec.Struct, rename="camel"):
    """A job as it is reported."""

    call_job_id: str
    phone: str
    job_status: str = "planned"
    attempts_count: int = 0
    call_duration: int = 0
    created_at: int = 1691006924166
    finished_at: int | None = None
    redial_number: str | None = None
    report_data: str | None = None
    tag_name: str | None = None
    tag_payload: str | None = None


_numbers = msgspec.json.Decoder(list[Number]).decode
_question = msgspec.json.Decoder(Question).decode
_encode = msgspec.json.Encoder().encode


class Campaign:
    """The jobs of the one campaign there is, whatever the token."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    def answer(self, path: str, body: bytes) -> bytes:
        """What the endpoint at the end of this path answers."""
        match path.rpartition("/")[2]:
            case "status":
                return b'"inProgress"'
            case "addPhones":
                first = 5_665_000_000 + len(self.jobs)
                added = [Job(str(first + n), number.phone) for n, number in enumerate(_numbers(body))]
                self.jobs.update({job.call_job_id: job for job in added})
                return _encode([job.call_job_id for job in added])
            case "getReport":
                return _encode([self.jobs[job_id] for job_id in _question(body).ids])
            case "start" | "pause" | "resume" | "stop":
                return b""
            case _:
                count = {"totalNumbers": len(self.jobs), "processedNumbers": 0}
                return _encode({"id": 1, "status": "inProgress", "name": "bench", "shortReport": count})


class Connection(asyncio.Protocol):
    """One connection: requests in, answers out, in turn."""

    def __init__(self, campaign: Campaign, latency_s: float) -> None:
        self._campaign, self._latency_s = campaign, latency_s
        self._parts: list[bytes] = []
        self._size = 0
        self._wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where to answer to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers once a request is whole."""
        self._parts.append(data)
        self._size += len(data)
        if self._size < self._wanted:
            return
        whole = b"".join(self._parts)
        head, mark, body = whole.partition(b"\r\n\r\n")
        if not mark:
            return
        length = next((int(v) for n, _, v in _headers(head) if n.lower() == b"content-length"), 0)
        self._wanted = len(head) + 4 + length
        if len(body) < length:
            self._parts = [whole]
            return
        self._parts, self._size, self._wanted = [], 0, 0
        path = head.split(b" ", 2)[1].decode()
        answer = self._campaign.answer(path, body)
        text = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
            len(answer),
            answer,
        )
        asyncio.get_running_loop().call_later(self._latency_s, self._transport.write, text)


def _headers(head: bytes) -> list[tuple[bytes, bytes, bytes]]:
    return [line.partition(b":") for line in head.split(b"\r\n")[1:]]


async def serve(port_file: Path, latency_s: float) -> None:
    """Serves until the process is ended."""
    campaign = Campaign()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(campaign, latency_s), "127.0.0.1", 0)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.replace(port_file)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0))
