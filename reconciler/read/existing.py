"""Every job a campaign has on its server, as far as the server can tell: what `campaign import` starts from.

A server of the current dialect lists them. A legacy one answers for phones it is asked about, so it is asked about
those in the lists; each phone it does not know costs requests of its own, because a report fails when any is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

import msgspec

from reconciler.calls.client import CallsClient
from reconciler.calls.lookup import BATCH, find_jobs
from reconciler.calls.model import Dialect, Job
from reconciler.calls.parallel import in_order
from reconciler.errors import ManifestError, Problem, Unreadable
from reconciler.manifest.model import Campaign
from reconciler.phones.model import CallSource, Chunk
from reconciler.phones.watch import Watch
from reconciler.read.observed import Server


class Existing(msgspec.Struct, frozen=True):
    """The jobs there are. `asked` are the phones that were asked about; None where the server lists all jobs."""

    jobs: tuple[Job, ...]
    asked: frozenset[str] | None = None


def existing_jobs(
    client: CallsClient, server: Server, source: CallSource, watch: Watch, more: Iterable[str] = ()
) -> Existing:
    """The jobs; where the server has to be asked by phone, those of the lists and of the phones in `more`.

    Raises Unreadable when the server lists fewer than it says there are.
    """
    if client.dialect() is Dialect.LEGACY:
        return _by_phone(client, source, watch, more)
    total = server.details.total_numbers if server.details else 0
    watch.start("listing the jobs", total or None)
    jobs = tuple(_watched(client.jobs_by_date(None, None), watch))
    if len(jobs) < total:
        raise Unreadable(
            "getReportByDate",
            f"the server says it has {total:,} numbers and lists {len(jobs):,} jobs",
            "a lock built from that would forget the others; try again later",
        )
    return Existing(jobs)


def checked(campaign: Campaign, source: CallSource, asked: Collection[str] | None) -> Iterator[Chunk]:
    """The chunks of the lists. Raises ManifestError when one holds a phone that was not asked about."""
    for chunk in source.chunks():
        if asked is not None and any(phone not in asked for phone in chunk.phones):
            what, fix = "its phone lists changed while they were read", "run this again when nobody writes to them"
            raise ManifestError([Problem(campaign.place, "", what, fix)])
        yield chunk


def _watched(jobs: Iterator[Job], watch: Watch) -> Iterator[Job]:
    for job in jobs:
        watch.advance()
        yield job


def _by_phone(client: CallsClient, source: CallSource, watch: Watch, more: Iterable[str]) -> Existing:
    phones = [*dict.fromkeys([*more, *(phone for chunk in source.chunks() for phone in chunk.phones)])]
    watch.start("asking for the jobs of the lists' phones", len(phones))
    jobs: dict[str, Job] = {}
    for found in in_order(lambda part: find_jobs(client, phones=part), _parts(phones), client.parallelism):
        jobs.update({job.job_id: job for job in found.jobs})
        watch.advance(len({job.phone for job in found.jobs}) + len(found.missing))
    return Existing(tuple(jobs.values()), frozenset(phones))


def _parts(phones: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(phones)
    while part := list(islice(rest, BATCH)):
        yield part
