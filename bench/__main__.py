"""`make bench`: our figures, the floor or the peer beside them, the ratio and the peak, in one table a subject.

Each figure is a fresh process, run in turn with what it is compared with. `BIG=1` adds ten million calls, and octoDNS
at a hundred thousand; `ONLY=plan,apply` picks subjects. What is printed is Markdown, for `bench/RESULTS.md`.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median

from bench import lists, peers
from bench.measure import Figure, Sandbox, Server, in_turn, middle, run

IS_BIG = bool(os.environ.get("BIG"))
BIN = Path(sys.executable).parent
CAMPAIGN = str(BIN / "campaign")
PYTHON = sys.executable
Row = tuple[str, ...]


def main() -> None:
    """Prints every table, each as soon as it is there."""
    chosen = os.environ.get("ONLY", "").split(",")
    print(f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.\n")
    for name, (title, heads, rows) in SUBJECTS.items():
        if chosen == [""] or name in chosen:
            print(f"## {title}\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
            for row in rows():
                print(f"| {' | '.join(row)} |", flush=True)
            print()


def _machine() -> str:
    parts = [f"{name} {version(name)}" for name in ("msgspec", "numpy", "httpx")]
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {', '.join(parts)}"


def campaign_of(folder: Path, rows: int, *, port: int = 0, has_lock: bool = True, is_changed: bool = False) -> Path:
    """A campaign of so many calls in a folder of its own, its server on that port of loopback."""
    here = folder / f"{rows}"
    here.mkdir(exist_ok=True)
    lists.make(here, rows, has_lock=has_lock, is_changed=is_changed)
    if port:
        manifest = here / "campaign.yaml"
        manifest.write_text(manifest.read_text().replace("https://calls.example", f"http://127.0.0.1:{port}"))
    return here


def plans() -> Iterator[Row]:
    """A plan that asks no server, list and lock in step but for every hundredth call."""
    for rows in (100_000, 1_000_000, *((10_000_000,) if IS_BIG else ())):
        with tempfile.TemporaryDirectory() as name:
            folder = campaign_of(Path(name), rows, is_changed=True)
            ours = [CAMPAIGN, "plan", "--no-refresh", "-f", str(folder)]
            runs = 5 if rows <= 1_000_000 else 1
            mine, floor, ratio = in_turn(ours, [PYTHON, "-m", "bench.floor", str(folder)], runs)
            yield _row(f"{rows:,}", mine, floor, ratio)


def first_plans() -> Iterator[Row]:
    """A plan of calls of which nothing is remembered: as they are, under a rollout, and under a cap."""
    rollout = "  rollout:\n    steps: [{share: 1%}, {share: 100%}]\n    gate: {wait: 1s}\n"
    cap = "---\napiVersion: campaign/v1\nkind: Cap\nmetadata: {name: week}\nspec: {calls: 1, per: 7d}\n"
    for rows, (what, more) in product((100_000, 1_000_000), (("as they are", ""), ("rollout", rollout), ("cap", cap))):
        with tempfile.TemporaryDirectory() as name:
            folder = campaign_of(Path(name), rows, has_lock=False)
            manifest = folder / "campaign.yaml"
            manifest.write_text(manifest.read_text() + more)
            command = [CAMPAIGN, "plan", "--no-refresh", *_allowing(rows), "-f", str(folder)]
            ours = middle([run(command) for _ in range(3)])
        yield f"{rows:,}", what, f"{ours.wall_s:.2f}", f"{ours.cpu_s:.2f}", f"{ours.peak_mb:.0f}"


def refreshes() -> Iterator[Row]:
    """A plan that asks for every job, beside a bare client that asks the same."""
    for rows in (100_000, *((1_000_000,) if IS_BIG else ())):
        with tempfile.TemporaryDirectory() as name, Server() as port:
            folder = campaign_of(Path(name), rows, port=port)
            run([PYTHON, "-m", "bench.bare", str(folder), str(port), "2000", "4"])  # so that the jobs are there
            ours = [CAMPAIGN, "plan", "-f", str(folder)]
            bare = [PYTHON, "-m", "bench.bare", str(folder), str(port), "2000", "4", "report"]
            yield _row(f"{rows:,}", *in_turn(ours, bare, 3, env={"BENCH_TOKEN": "bench"}))


def applies() -> Iterator[Row]:
    """A first apply, beside a bare client that sends the same requests: both whole processes."""
    servers: tuple[tuple[str, Callable[[], Server]], ...] = (
        ("0 ms", Server),
        ("50 ms", lambda: Server(50)),
        ("sandbox", Sandbox),
    )
    sizes = (100_000, *((1_000_000,) if IS_BIG else ()))
    for rows, (what, serve) in product(sizes, servers):
        with tempfile.TemporaryDirectory() as name:
            pairs = [_apply(Path(name), rows, serve) for _ in range(3 if rows <= 100_000 else 1)]
        ours, bare = (middle(side) for side in zip(*pairs, strict=True))
        yield _row(f"{rows:,}, {what}", ours, bare, median(mine.wall_s / other.wall_s for mine, other in pairs))


def _apply(folder: Path, rows: int, serve: Callable[[], Server]) -> tuple[Figure, Figure]:
    with serve() as port:
        here = campaign_of(folder, rows, port=port, has_lock=False)
        bare = run([PYTHON, "-m", "bench.bare", str(here), str(port), "2000", "4"])
    with serve() as port:
        here = campaign_of(folder, rows, port=port, has_lock=False)
        command = [CAMPAIGN, "apply", "--auto-approve", *_allowing(rows), "-f", str(here)]
        ours = run(command, env={"BENCH_TOKEN": "bench"})
    shutil.rmtree(here)
    return ours, bare


def _allowing(rows: int) -> list[str]:
    return ["--allow", f"new-calls={rows}", "--allow", f"run-new-calls={rows}"]


def batches() -> Iterator[Row]:
    """The same apply with other sizes of batches."""
    for latency_ms in (0, 50):
        for batch in (200, 500, 1000, 2000, 5000, 10_000):
            with tempfile.TemporaryDirectory() as name, Server(latency_ms) as port:
                here = campaign_of(Path(name), 50_000, port=port, has_lock=False)
                command = [CAMPAIGN, "apply", "--auto-approve", "--allow", "new-calls=50000", "--batch", str(batch)]
                ours = run([*command, "-f", str(here)], env={"BENCH_TOKEN": "bench"})
            yield f"{batch:,}", f"{latency_ms} ms", f"{ours.wall_s:.2f}", f"{ours.cpu_s:.2f}"


def starts() -> Iterator[Row]:
    """What starting costs over an interpreter that does nothing."""
    bare = [PYTHON, "-c", "pass"]
    with tempfile.TemporaryDirectory() as name:
        folder = campaign_of(Path(name), 3, has_lock=False)
        for words in (["--help"], ["validate", "-f", str(folder)]):
            ours, least, _ = in_turn([CAMPAIGN, *words], bare, 11)
            over = f"{ours.wall_s - least.wall_s:.3f}"
            yield f"campaign {words[0]}", f"{ours.wall_s:.3f}", f"{least.wall_s:.3f}", over, f"{ours.peak_mb:.0f}"


def against_peers() -> Iterator[Row]:
    """A plan beside octoDNS and beside the naive script, on the same number of records."""
    has_octodns = peers.install() is not None
    sizes = (1_000, 10_000, *((100_000,) if IS_BIG else ()))
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = campaign_of(Path(name), rows, is_changed=True)
            mine = middle([run([CAMPAIGN, "plan", "--no-refresh", "-f", str(folder)]) for _ in range(3)])
            yield _peer("campaign plan", rows, mine, mine)
            if has_octodns:
                yield _peer("octoDNS", rows, run(peers.write_octodns(Path(name), rows)), mine)
            yield _peer("PyYAML + jsonschema + DeepDiff", rows, run(peers.write_naive(Path(name), rows)), mine)


def _peer(who: str, rows: int, theirs: Figure, mine: Figure) -> Row:
    return who, f"{rows:,}", f"{theirs.wall_s:.2f}", f"{theirs.peak_mb:.0f}", f"{theirs.wall_s / mine.wall_s:.1f} ×"


def _row(what: str, ours: Figure, floor: Figure, ratio: float) -> Row:
    figures = (f"{ours.wall_s:.2f}", f"{floor.wall_s:.2f}", f"{ratio:.2f}", f"{ours.cpu_s:.2f}", f"{floor.cpu_s:.2f}")
    return what, *figures, f"{ours.peak_mb:.0f}", f"{1e6 * ours.peak_mb / _calls(what):.0f}"


def _calls(what: str) -> int:
    return int(what.partition(" ")[0].replace(",", ""))


_SIDES = ("calls", "ours, s", "floor, s", "ratio", "ours, CPU s", "floor, CPU s", "peak MB", "bytes a call")
SUBJECTS: dict[str, tuple[str, tuple[str, ...], Callable[[], Iterator[Row]]]] = {
    "plan": ("Plan without asking the server, 1% changed", _SIDES, plans),
    "first": ("First plan, under a rollout and under a cap", ("calls", "how", "s", "CPU s", "peak MB"), first_plans),
    "refresh": ("Plan that asks for every job, beside a bare client that asks the same", _SIDES, refreshes),
    "apply": ("First apply, beside a bare client that sends the same requests", _SIDES, applies),
    "batches": ("First apply of 50,000 calls, by size of batch", ("batch", "latency", "s", "CPU s"), batches),
    "start": ("Start-up", ("command", "s", "bare, s", "over bare, s", "peak MB"), starts),
    "peers": ("The same plan by others", ("who", "records", "s", "peak MB", "of ours"), against_peers),
}


if __name__ == "__main__":
    main()
