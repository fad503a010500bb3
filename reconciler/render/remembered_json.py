"""Locks as one JSON document, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from reconciler.render.remembered import CallView, LockView


def locks_json(views: Sequence[LockView], calls: Sequence[CallView] = ()) -> bytes:
    """The document: every lock, and the calls that were asked for."""
    document: dict[str, Any] = {"format": "campaign-state/v1", "locks": list(map(_lock, views))}
    if calls:
        document["calls"] = list(map(_call, calls))
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _lock(view: LockView) -> dict[str, Any]:
    known: dict[str, Any] = {"campaign": view.campaign, "file": view.file, "hasManifest": view.has_manifest}
    if view.problem:
        known["problem"] = view.problem
    if view.header is None:
        return known | {"exists": bool(view.problem)}
    return known | {
        "exists": True,
        "serial": view.header.serial,
        "lineage": view.header.lineage,
        "format": view.header.format,
        "host": view.header.host,
        "protection": "salt" if not view.header.secret_check else "secret",
        "isRekeyed": bool(view.header.rekeyed),
        "bytes": view.bytes,
        "openRequests": view.open_requests,
        "calls": view.calls,
        "live": view.live,
        "statuses": {status.name.lower(): n for status, n in sorted(view.counts.items())},
    }


def _call(view: CallView) -> dict[str, Any]:
    call = view.call
    return {
        "id": view.shown_id,
        "mask": call.mask,
        "wave": call.wave,
        "status": call.status.name.lower(),
        "job": call.job_id or None,
        "formerJobs": [job.job_id for job in call.former],
    }
