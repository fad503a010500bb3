"""Values that must never be seen again, and the search for them in everything a run printed and left behind."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.workshop import Ran, Row

PHONES = ("16507313371", "16507324482", "16507335593", "447700900123", "16507346604")
"""Invented; every one is six further digits that occur nowhere else."""

PAYLOAD = "quokkarow"
LIST_PAYLOAD = "quokkalist"
TOKEN = "quokkatoken-5f1e7b"
CREDENTIAL = "quokkacred"
CHECK_URL = f"https://checks.example/q/{CREDENTIAL}?call=1"
SECRETS = (PAYLOAD, LIST_PAYLOAD, TOKEN, CREDENTIAL, "checks.example", "/api/calls/", "quokka")

ROWS: list[Row] = [(f"c-{n}", phone, f"{PAYLOAD}{n}") for n, phone in enumerate(PHONES)]


def sightings(text: str, where: str) -> list[str]:
    """Each planted value found in a text, with a little of what stands around it."""
    found = [f"{where}: {secret}" for secret in SECRETS if secret in text.lower()]
    for number, line in enumerate(text.splitlines(), start=1):
        # Without what groups digits, for "+1 (650) 731-3371". The national number, without the country: 650731...
        digits = re.sub(r"[ ()\-./]", "", line)
        found += [f"{where}:{number}: {phone}" for phone in PHONES if phone[-9:] in digits]
    return found


def seen_in_output(*runs: Ran) -> list[str]:
    """Planted values in what was printed."""
    return [sighting for run in runs for sighting in [*sightings(run.out, "stdout"), *sightings(run.err, "stderr")]]


def seen_in_files(folder: Path, *allowed: str) -> list[str]:
    """Planted values in the files of a folder; `allowed` are names of files that may hold them."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in allowed]
    return [
        sighting for path in files for sighting in sightings(path.read_bytes().decode("utf-8", "replace"), path.name)
    ]
