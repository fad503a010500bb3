"""The least a plan can cost: each step of it by the shortest way there is, in one thread, with nothing checked.

`python -m bench.floor FOLDER` reads the list and the lockfile of a campaign that `bench.lists` made: lockfile lines
to structs, CSV records, phones by one regular expression, requests as JSON with keys sorted beforehand, a keyed digest
of each, and a join on arrays. No row is checked, no duplicate found, no change shown.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np

PIECE = 1 << 20
_DAYS = ["mon", "tue", "wed", "thu", "fri"]
_TIME = {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}


class Line(msgspec.Struct, array_like=True):
    """A call in the lockfile."""

    key: str
    wave: str
    phone: str
    request: str
    job_id: str
    status: str
    mask: str


def lines(path: Path) -> Iterator[Line]:
    """The calls of a lockfile, streamed."""
    decoder = msgspec.json.Decoder(Line)
    with path.open("rb") as file:
        file.readline()
        while piece := file.read(PIECE) + file.readline():
            yield from decoder.decode_lines(piece)


def requests(path: Path) -> Iterator[bytes]:
    """The canonical request of each row."""
    phone_of = re.compile(r"\+?([1-9][0-9]{6,14})").fullmatch
    encode = msgspec.json.Encoder().encode
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for _, phone, name, amount in reader:
            found = phone_of(phone.strip())
            assert found
            yield encode(
                {
                    "allowedDays": _DAYS,
                    "allowedTime": _TIME,
                    "maxAttempts": 3,
                    "payload": {"amount": amount, "brand": "Acme", "first_name": name, "promo": "20% off"},
                    "phone": found[1],
                    "retryIntervalInMinutes": 120,
                }
            )


def main(folder: Path) -> None:
    """Takes every step once and prints how many digests were compared."""
    key = b"k" * 32
    known = np.fromiter((int(line.job_id) for line in lines(folder / "bench.lock.jsonl")), np.uint64)
    digests = b"".join([blake2b(each, digest_size=16, key=key).digest() for each in requests(folder / "leads.csv")])
    wanted = np.frombuffer(digests, np.uint64)[::2]
    order = np.argsort(known)
    at = np.searchsorted(known, wanted, sorter=order)
    print(len(wanted), int((known[order[np.minimum(at, len(known) - 1)]] == wanted).sum()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
