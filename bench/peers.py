"""Others on the same shape: as many records as calls, one in a hundred changed, from files to a plan.

octoDNS compares YAML with YAML: a zone with a TXT record for each call. It is not for phones; it is the best-known plan
and apply of records in Python. It is installed for this only, by `requirements/bench.txt` into `.venv-bench`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-bench"
_CONFIG = """\
providers:
  desired: {class: octodns.provider.yaml.YamlProvider, directory: DESIRED, default_ttl: 300, enforce_order: false}
  known: {class: octodns.provider.yaml.YamlProvider, directory: KNOWN, default_ttl: 300, enforce_order: false}
zones:
  bench.example.: {sources: [desired], targets: [known]}
"""


def install() -> Path | None:
    """The folder of the peers' commands; None when they cannot be installed."""
    command = PEERS / "bin" / "octodns-sync"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        pinned = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements" / "bench.txt")]
        done = subprocess.run([str(PEERS / "bin" / "pip"), "install", "-qq", *pinned], check=False)
        if done.returncode:
            return None
    return PEERS / "bin"


def write_octodns(folder: Path, rows: int) -> list[str]:
    """A zone of so many records on either side, one in a hundred changed; returns the command that plans it."""
    for side in ("known", "desired"):
        (folder / side).mkdir(exist_ok=True)
        with (folder / side / "bench.example.yaml").open("w", encoding="utf-8") as file:
            for row in range(rows):
                amount = 7777 if side == "desired" and row % 100 == 0 else row % 1000
                phone = f"1{2_000_000_000 + row * 7}"
                file.write(f"c{row:08}:\n  type: TXT\n  value: {phone} amount {amount}\n")
    config = folder / "config.yaml"
    config.write_text(_CONFIG.replace("DESIRED", str(folder / "desired")).replace("KNOWN", str(folder / "known")))
    return [str(PEERS / "bin" / "octodns-sync"), "--config-file", str(config)]


def write_naive(folder: Path, rows: int) -> list[str]:
    """The same for the script one would write first."""
    for side in ("known", "desired"):
        with (folder / f"{side}.yaml").open("w", encoding="utf-8") as file:
            for row in range(rows):
                amount = 7777 if side == "desired" and row % 100 == 0 else row % 1000
                phone = f"1{2_000_000_000 + row * 7}"
                file.write(f'c{row:08}: {{phone: "{phone}", payload: {{amount: {amount}}}}}\n')
    return [sys.executable, "-m", "bench.naive", str(folder)]
