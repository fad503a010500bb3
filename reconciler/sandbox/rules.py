"""What addPhones and the report bodies must look like, and the 400s they get when they do not.

The documented `type`s come from the API's help pages. Where the pages name a rule but no type for it (ranges,
JSON types, dates the wrong way round) the sandbox says `request.invalid`. One bad number refuses the whole
request.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, TypeVar

import msgspec

from reconciler.sandbox.answers import RefusedError, malformed, refused
from reconciler.sandbox.clock import parse_iso
from reconciler.sandbox.policies import PolicyBook, with_phone
from reconciler.sandbox.windows import FOREVER_MS

_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
"""E.164 without the plus: at most 15 digits, no country code begins with 0. Shorter than 7 is no subscriber's
number.
"""

_ELEVEN = ("1", "7")
"""Country codes whose numbers have eleven digits (North America; Russia and Kazakhstan)."""

T = TypeVar("T")


class Wanted(msgspec.Struct, frozen=True):
    """One number of an addPhones request that passed every rule."""

    phone: str
    payload: dict[str, Any] | None
    policy: dict[str, Any] | None

    def __repr__(self) -> str:
        """Without phone and payload."""
        return "Wanted(…)"


def wanted(body: object, policies: PolicyBook, rejected: Collection[str] = ()) -> tuple[Wanted, ...]:
    """The numbers of an addPhones body; raises RefusedError naming the first rule broken. `rejected`: bad numbers."""
    if not isinstance(body, list):
        raise malformed("Expected an array of numbers")
    numbers = tuple(_wanted(item, policies, rejected) for item in body)
    _refuse_duplicates(numbers)
    return numbers


def _wanted(item: object, policies: PolicyBook, rejected: Collection[str]) -> Wanted:
    if not isinstance(item, dict):
        raise malformed("Each number is an object")
    phone = _phone(item.get("phone"), rejected)
    payload = item.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise malformed("payload must be an object")
    policy = {k: v for k, v in item.items() if k not in ("phone", "payload") and v is not None}
    try:
        policies.terms(policy)
    except RefusedError as error:
        raise with_phone(error, phone) from None
    return Wanted(phone, payload, policy or None)


def _phone(value: object, rejected: Collection[str]) -> str:
    if not isinstance(value, str):
        raise malformed("phone is required and must be a string")
    bad_length = value.startswith(_ELEVEN) and len(value) != 11
    if not _DIGITS.fullmatch(value) or bad_length or value in rejected:
        raise refused("phone.bad.format", "The phone number is not in the right format", phone=value)
    return value


def _refuse_duplicates(numbers: tuple[Wanted, ...]) -> None:
    seen: set[str] = set()
    twice = {n.phone: None for n in numbers if n.phone in seen or seen.add(n.phone)}  # type: ignore[func-returns-value]
    if twice:
        repeated = list(twice)
        raise refused(
            "phone.duplicated",
            "Phone numbers repeat in the request",
            phone=repeated[0],
            phonesDuplicates=repeated,
        )


# ----------------------------------------------------------------------------------------------------------- reports


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of getReport and cancel: jobs by id, by phone, or both."""

    phones: tuple[str, ...] | None = None
    ids: tuple[str | int, ...] | None = None


class Page(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """At most 200 pages of at most 200: a filter reaches 40,000 jobs."""

    page: Annotated[int, msgspec.Meta(ge=0, le=199)] = 0
    page_size: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20

    def cut(self, items: list[T]) -> list[T]:
        """The items of this page."""
        return items[self.page * self.page_size : (self.page + 1) * self.page_size]


class DateFilter(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """ISO 8601 date-times, both ends included; a filter on `finishedAt` leaves unfinished jobs out."""

    created_at_from: str | None = None
    created_at_to: str | None = None
    finished_at_from: str | None = None
    finished_at_to: str | None = None


class DateQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of getReportByDate."""

    filter: DateFilter = DateFilter()
    pagination: Page = Page()


class Range(msgspec.Struct, frozen=True):
    """Milliseconds since 1970, both ends included."""

    from_ms: int = 0
    to_ms: int = FOREVER_MS

    @property
    def is_open(self) -> bool:
        """Whether it restricts nothing."""
        return self.from_ms == 0 and self.to_ms == FOREVER_MS

    def holds(self, at_ms: int | None) -> bool:
        """Whether the time is in the range; None (never) is only in the open range."""
        return self.is_open if at_ms is None else self.from_ms <= at_ms <= self.to_ms


def named(body: object) -> Named:
    """What a getReport or cancel names; raises RefusedError when it names nothing at all."""
    request = _as(body, Named)
    if request.phones is None and request.ids is None:
        raise malformed("Give phones, ids, or both")
    return request


def page(body: object) -> Page:
    """The body of getUnfinished; raises RefusedError when out of range."""
    return _as(body if body is not None else {}, Page)


def date_query(body: object) -> tuple[Range, Range, Page]:
    """Ranges of creation and of finishing, and the page; raises RefusedError."""
    query = _as(body if body is not None else {}, DateQuery)
    dates = query.filter
    try:
        created = _range(dates.created_at_from, dates.created_at_to)
        finished = _range(dates.finished_at_from, dates.finished_at_to)
    except ValueError:
        raise malformed("The filter takes ISO 8601 date-times") from None
    return created, finished, query.pagination


def _range(first: str | None, last: str | None) -> Range:
    return Range(
        from_ms=0 if first is None else parse_iso(first),
        to_ms=FOREVER_MS if last is None else parse_iso(last),
    )


def _as(body: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise malformed(str(error)) from None
