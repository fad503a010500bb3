"""A bare httpx client that sends what an apply sends: adds, and the reports that confirm them; nothing is checked.

`python -m bench.bare FOLDER PORT BATCH CONCURRENCY [report]` reads the requests of a campaign that `bench.lists` made,
sends them with so many threads, and prints the seconds of the sending alone. With `report` it only asks for the jobs.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec


def main(folder: Path, port: int, batch: int, concurrency: int, *, is_report: bool = False) -> None:
    """Sends all requests and prints how long that took."""
    from bench.floor import requests
    from bench.lists import FIRST_JOB

    calls = list(requests(folder / "leads.csv"))
    jobs = [str(FIRST_JOB + n) for n in range(len(calls))]
    bodies = [b"[" + b",".join(calls[start : start + batch]) + b"]" for start in range(0, len(calls), batch)]
    base = f"http://127.0.0.1:{port}/api/calls/campaign/bench"
    limits = httpx.Limits(max_connections=2 * concurrency, max_keepalive_connections=2 * concurrency)
    with httpx.Client(limits=limits, timeout=60, trust_env=False) as client, ThreadPoolExecutor(concurrency) as pool:

        def send(body: bytes) -> int:
            ids = msgspec.json.decode(client.post(f"{base}/addPhones", content=body).content)
            report = client.post(f"{base}/callJob/getReport", content=msgspec.json.encode({"ids": ids}))
            return len(msgspec.json.decode(report.content))

        def ask(ids: list[str]) -> int:
            report = client.post(f"{base}/callJob/getReport", content=msgspec.json.encode({"ids": ids}))
            return len(msgspec.json.decode(report.content))

        began = time.perf_counter()
        if is_report:
            sent = sum(pool.map(ask, (jobs[start : start + batch] for start in range(0, len(jobs), batch))))
        else:
            sent = sum(pool.map(send, bodies))
        print(f"{time.perf_counter() - began:.3f} {sent}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]), is_report="report" in sys.argv)
