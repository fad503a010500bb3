"""All calls of a campaign held against its profiles, while they stream by to whoever reads them.

Millions of calls share a handful of policies and some hundred origins. So calls are only counted, by policy and origin
and on whole columns; the rules are asked once for each pair. Where a list's policy does not come from its columns, its
requests are not even looked at, but for one of each chunk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from reconciler.calls.masks import mask
from reconciler.errors import ManifestError, Place, Problem
from reconciler.manifest.model import Campaign
from reconciler.phones.model import CallSource, Chunk
from reconciler.phones.passing import Passing
from reconciler.profiles.breaches import Breach, Kind, Period, Terms, breaches, is_about, period_of, terms_of
from reconciler.profiles.findings import EXAMPLES, Example, Finding, finding
from reconciler.profiles.rules import rule_of
from reconciler.windows.numbers import Origins, key_of
from reconciler.windows.zones import minutes_of

KEPT: Final = 10_000  # policies and verdicts remembered; a list has some hundred, by mistake one has millions

_ABSENT: Final = Raw(b"")
_NONE: Final = -1  # the number of no profile

_Pair = tuple[int, int]  # numbers of a policy and of an origin
_Verdict = tuple[tuple[int, Breach], ...]  # each with the number of its profile


class _Written(msgspec.Struct, frozen=True, rename="camel"):
    """What a request says of time and attempts, as it is written."""

    allowed_days: Raw = _ABSENT
    allowed_time: Raw = _ABSENT
    gmt_zone: Raw = _ABSENT
    start_date_time: Raw = _ABSENT
    finish_date_time: Raw = _ABSENT
    max_attempts: Raw = _ABSENT
    retry_interval_in_minutes: Raw = _ABSENT


_FIELDS: Final = tuple(field.encode_name for field in msgspec.structs.fields(_Written))
_DECODER: Final = msgspec.json.Decoder(_Written)


class _Policy(NamedTuple):
    """What a verdict depends on: instead of the moments in the terms, of which there may be millions, the period."""

    terms: Terms
    period: Period


class _GroupKey(NamedTuple):
    source: str
    profile: int
    kind: Kind
    per: str  # of the cap, "" where it is not about one


class _Group:
    """Calls of one list with the same thing wrong."""

    def __init__(self, breach: Breach) -> None:
        self.breach, self.calls = breach, 0
        self.examples: list[Example] = []


class Inspection:
    """The calls of one reading; `now` is when they would be called from on."""

    def __init__(self, campaign: Campaign, suppressed: frozenset[str], now: datetime) -> None:
        self._campaign, self._suppressed, self._now = campaign, suppressed, minutes_of(now)
        self._rules = [rule_of(used.profile.spec) for used in campaign.profiles]
        self._origins = Origins()
        self._numbers: dict[tuple[bytes, ...], int] = {}  # of policies, by what is written
        self._policies: list[_Policy] = []
        self._verdicts: dict[tuple[_Policy, int], _Verdict] = {}
        self._groups: dict[_GroupKey, _Group] = {}

    def add(self, chunk: Chunk) -> None:
        """Counts the calls of a chunk by what is wrong with them."""
        if not self._suppressed.isdisjoint(chunk.phones):
            chunk = chunk.only([at for at, phone in enumerate(chunk.phones) if phone not in self._suppressed])
        origins = map(self._origins.__getitem__, map(key_of, chunk.phones))
        pairs = [*zip(self._policies_of(chunk), origins, strict=True)]
        for pair, count in Counter(pairs).items():
            for profile, breach in self._verdict(*pair):
                group = self._group(chunk.source, profile, breach)
                group.calls += count
                group.examples += islice(_examples(chunk, pairs, pair), EXAMPLES - len(group.examples))

    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong so far."""
        used = self._campaign.profiles
        return tuple(
            finding(
                self._campaign,
                used[key.profile] if key.profile != _NONE else None,
                group.breach,
                group.calls,
                tuple(group.examples),
            )
            for key, group in self._groups.items()
        )

    def _group(self, source: str, profile: int, breach: Breach) -> _Group:
        key = _GroupKey(source, profile, breach.kind, breach.cap.per if breach.cap else "")
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(breach)
        group.breach = group.breach.joined(breach)
        return group

    def _policies_of(self, chunk: Chunk) -> Sequence[int]:
        """The number of each call's policy."""
        if len(self._policies) > KEPT:
            self._numbers.clear()
            self._policies.clear()
        if chunk.has_one_policy and chunk.tails:
            return [self._number(chunk.head + chunk.tails[0])] * len(chunk.tails)
        return [*map(self._number, chunk.requests)]

    def _number(self, request: bytes) -> int:
        written = tuple(map(bytes, msgspec.structs.astuple(_DECODER.decode(request))))
        number = self._numbers.get(written)
        if number is None:
            number = self._numbers[written] = len(self._policies)
            self._policies.append(self._policy(written))
        return number

    def _policy(self, written: tuple[bytes, ...]) -> _Policy:
        fields = zip(_FIELDS, written, strict=True)
        terms = terms_of({name: msgspec.json.decode(value) for name, value in fields if value})
        timeless = msgspec.structs.replace(terms.window, start=None, finish=None)
        return _Policy(terms._replace(window=timeless), period_of(terms.window, self._now))

    def _verdict(self, policy: int, origin: int) -> _Verdict:
        key = (self._policies[policy], origin)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) == KEPT:
                self._verdicts.clear()
            verdict = self._verdicts[key] = tuple(self._judged(*key))
        return verdict

    def _judged(self, policy: _Policy, at: int) -> Iterator[tuple[int, Breach]]:
        """Everything wrong with calls of this policy to people of this origin."""
        origin, is_covered = self._origins.origin(at), False
        for profile, rule in enumerate(self._rules):
            if is_about(rule, origin):
                is_covered = True
                yield from ((profile, breach) for breach in breaches(rule, policy.terms, origin, policy.period))
        if not is_covered and policy.period.since < policy.period.until:
            yield _NONE, Breach(Kind.UNCOVERED, items=origin.countries)


def _examples(chunk: Chunk, pairs: Sequence[_Pair], wanted: _Pair) -> Iterator[Example]:
    """The calls of this pair, by place and mask."""
    for at, pair in enumerate(pairs):
        if pair == wanted:
            yield Example(Place(chunk.source, chunk.rows[at]), mask(chunk.phones[at]))


class Inspected(Passing):
    """Calls that are held against the campaign's profiles whenever they are read."""

    def __init__(self, campaign: Campaign, source: CallSource, now: datetime, warn: Callable[[Finding], None]) -> None:
        super().__init__(source)
        self._campaign, self._now, self._warn = campaign, now, warn
        self._warned: set[Finding] = set()  # lists may be read again

    def chunks(self) -> Iterator[Chunk]:
        """All wanted calls; after the last raises ManifestError with every breach that is an error."""
        inspection = Inspection(self._campaign, self.suppressed, self._now)
        yield from inspected(inspection, self._source.chunks())
        findings = inspection.findings()
        for each in findings:
            if each.severity == "warning" and each not in self._warned:
                self._warned.add(each)
                self._warn(each)
        errors, _ = by_severity(findings)
        if errors:
            raise ManifestError(errors)


def inspected(inspection: Inspection, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, each counted as it goes by."""
    for chunk in chunks:
        inspection.add(chunk)
        yield chunk


def by_severity(findings: Sequence[Finding]) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Errors and warnings, as problems."""
    errors = tuple(each.problem for each in findings if each.severity == "error")
    return errors, tuple(each.problem for each in findings if each.severity == "warning")
