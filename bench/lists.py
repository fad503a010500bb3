"""What reading a phone list costs, beside the least it could cost: `python bench/lists.py [rows]`, default 1,000,000.

The floor splits the same file with `csv.reader`, takes each phone through one regular expression and encodes a request
whose keys are sorted already; it checks no row, converts no number, finds no duplicate and numbers no line. Each side
runs in a process of its own, in turn. User CPU is shown too, since it minds a busy machine less than the wall clock.
Start-up (imports, the manifest) is left out of both sides' time and part of their memory.
"""

from __future__ import annotations

import csv
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

MANIFEST = """\
apiVersion: campaign/v1
kind: Campaign
metadata: {name: bench}
spec:
  host: https://calls.example
  token: {env: BENCH_TOKEN}
  state: running
  policy:
    allowedDays: [mon, tue, wed, thu, fri]
    allowedTime: {default: [{localTimeFrom: "10:00", localTimeTo: "18:00"}]}
    maxAttempts: 3
    retryIntervalInMinutes: 120
  payload: {brand: Acme}
  phoneLists:
    - name: leads
      source: {file: leads.csv}
      key: {column: customer_id}
      payload:
        first_name: {column: first_name}
        amount: {column: amount, type: number}
        promo: 20% off
"""
NAMES = ("Ann", "Bob", "Zoë", "Maria", "Li", "Jean-Luc")
RUNS = 5
FIRST_JOB = 5_665_000_000


def write_campaign(folder: Path, rows: int) -> None:
    """A manifest, and a list of this many people."""
    (folder / "campaign.yaml").write_text(MANIFEST, encoding="utf-8")
    dice = random.Random(7)
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("customer_id,phone,first_name,amount\n")
        for row in range(rows):
            amount = dice.randrange(100, 99_999) / 100
            file.write(f"c{row:08},1{2_000_000_000 + row * 7},{dice.choice(NAMES)},{amount:.2f}\n")


def write_lock(folder: Path) -> None:
    """A lockfile in step with the list."""
    import msgspec

    from reconciler.calls.masks import mask
    from reconciler.lock.keyed import Keyer
    from reconciler.lock.lockfile import encode_lock
    from reconciler.lock.model import FORMAT, CallStatus, Header, Lock, LockedCall
    from reconciler.lock.settings import remembered
    from reconciler.manifest.load import load
    from reconciler.phones.stream import stream

    [campaign] = load([folder]).campaigns
    keyer = Keyer(None, "5a" * 16)
    header = Header(FORMAT, campaign.name, "bench", 1, campaign.host, salt="5a" * 16, control="start")
    header = msgspec.structs.replace(header, **remembered(campaign.policy, campaign.payload, keyer))
    calls, job = {}, FIRST_JOB
    for chunk in stream(campaign):
        keys = keyer.texts(b"key", [key.encode() for key in chunk.keys])
        phones = keyer.texts(b"phone", [phone.encode() for phone in chunk.phones])
        requests = keyer.texts(b"request", chunk.requests)
        for key, phone, request, digits in zip(keys, phones, requests, chunk.phones, strict=True):
            calls[key, "1"] = LockedCall(key, "1", phone, request, str(job), CallStatus.PLANNED, mask(digits))
            job += 1
    (folder / "bench.lock.jsonl").write_bytes(encode_lock(Lock(header, calls)))


def change(folder: Path, share: int = 100) -> None:
    """Changes every hundredth row, or as `share` says."""
    path = folder / "leads.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    rows[::share] = [f"{row.rpartition(',')[0]},77.77\n" for row in rows[::share]]
    path.write_text("".join([head, *rows]), encoding="utf-8")


def floor(folder: Path) -> Callable[[], int]:
    """Counts the bytes of all requests, by the shortest way there is."""
    import msgspec

    return lambda: _floor(folder / "leads.csv", msgspec.json.Encoder().encode)


def _floor(path: Path, encode: Callable[[object], bytes]) -> int:
    phone_of = re.compile(r"\+?([1-9][0-9]{6,14})").fullmatch
    days, time_ = ["mon", "tue", "wed", "thu", "fri"], {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}
    size = 0
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for _, phone, name, amount in reader:
            found = phone_of(phone.strip())
            assert found
            request = {
                "allowedDays": days,
                "allowedTime": time_,
                "maxAttempts": 3,
                "payload": {"amount": amount, "brand": "Acme", "first_name": name, "promo": "20% off"},
                "phone": found[1],
                "retryIntervalInMinutes": 120,
            }
            size += len(encode(request))
    return size


def ours(folder: Path) -> Callable[[], int]:
    """Counts the bytes of all requests, as the program reads them."""
    from reconciler.manifest.load import load
    from reconciler.phones.stream import stream

    [campaign] = load([folder]).campaigns
    return lambda: sum(sum(map(len, chunk.requests)) for chunk in stream(campaign))


def measure(side: str, folder: Path) -> None:
    """Print user CPU seconds, wall seconds and peak MB of one side, all in this process."""
    read = {"floor": floor, "ours": ours}[side](folder)
    began, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert read()
    used, ended = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    print(used.ru_utime - cpu, ended - began, used.ru_maxrss / unit)


def run(side: str, folder: Path) -> list[float]:
    """The figures of one side, measured in a fresh process."""
    command = [sys.executable, __file__, side, str(folder)]
    return [*map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())]


def main(rows: int) -> None:
    """Measure both sides in turn and print the table: the median of each figure, and the spread of the ratios."""
    with tempfile.TemporaryDirectory() as name:
        write_campaign(Path(name), rows)
        runs = [(run("floor", Path(name)), run("ours", Path(name))) for _ in range(RUNS)]
    least, own = ([median(figures) for figures in zip(*side, strict=True)] for side in zip(*runs, strict=True))
    ratios = sorted(mine[0] / floors[0] for floors, mine in runs)
    print(f"reading a list of {rows:,} rows, median of {RUNS}\n")
    print(f"{'':8}{'user s':>8}{'wall s':>8}{'peak MB':>9}")
    for side, figures in ("floor", least), ("ours", own):
        print(f"{side:8}{figures[0]:8.2f}{figures[1]:8.2f}{figures[2]:9.0f}")
    print(f"{'ratio':8}{own[0] / least[0]:8.2f}{own[1] / least[1]:8.2f}   user CPU {ratios[0]:.2f} to {ratios[-1]:.2f}")


def make(folder: Path, rows: int, *, has_lock: bool, is_changed: bool) -> None:
    """Makes a campaign in a process of its own: the memory it takes would count as that of whoever is started next."""
    words = [name for name, is_wanted in (("lock", has_lock), ("changed", is_changed)) if is_wanted]
    subprocess.run([sys.executable, "-m", "bench.lists", "make", str(folder), str(rows), *words], check=True)


if __name__ == "__main__":
    if "make" in sys.argv:
        here = Path(sys.argv[2])
        write_campaign(here, int(sys.argv[3]))
        if "lock" in sys.argv:
            write_lock(here)
        if "changed" in sys.argv:
            change(here)
    elif len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
