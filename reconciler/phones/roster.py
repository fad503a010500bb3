"""All calls of a campaign so far, none of them twice."""

from __future__ import annotations

import msgspec

from reconciler.errors import Problem
from reconciler.manifest.model import PhoneList
from reconciler.phones.build import phone_column
from reconciler.phones.model import Call
from reconciler.phones.problems import Problems


class Roster:
    """Calls in the order they were added. What stands in the way of one goes to `problems`.

    Two calls of one key are one call declared twice; one phone under two keys would ring twice. Both are problems,
    unless the later one's list says that the first wins, or that a phone may be called under several keys.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._calls: list[Call] = []
        self._by_phone: dict[str, Call] = {}
        self._by_key: dict[str, Call] = {}
        self._shared: set[str] = set()  # phones that are called under several keys

    def add(self, call: Call, phone_list: PhoneList) -> None:
        """Add a call that this list declares, unless another has its key or its phone."""
        first = self._by_key.setdefault(call.key, call)
        if first is not call:
            self._twice(call, first, phone_list)
            return
        first = self._by_phone.setdefault(call.phone, call)
        if first is call or self._may_share(call, first, phone_list):
            self._calls.append(call)
        else:
            del self._by_key[call.key]  # what was not added stands in nobody's way

    def calls(self) -> tuple[Call, ...]:
        """All of them; those that share a phone say so."""
        if not self._shared:
            return tuple(self._calls)
        return tuple(
            msgspec.structs.replace(call, is_same_phone_allowed=True) if call.phone in self._shared else call
            for call in self._calls
        )

    def _twice(self, call: Call, first: Call, phone_list: PhoneList) -> None:
        if phone_list.spec.duplicates == "first":
            return
        key = phone_list.spec.key
        what = f"the same {'key' if key else 'phone'} as {first.place}"
        fix = "remove one, or write `duplicates: first` in this list"
        self._problems.add(Problem(call.place, key.column if key else phone_column(phone_list).column, what, fix))

    def _may_share(self, call: Call, first: Call, phone_list: PhoneList) -> bool:
        if phone_list.spec.same_phone == "allow":
            self._shared.add(call.phone)
            return True
        if phone_list.spec.duplicates == "error":
            what = f"the same phone as {first.place}, under another key"
            fix = "remove one, or write `samePhone: allow` in this list to call it for both"
            self._problems.add(Problem(call.place, phone_column(phone_list).column, what, fix))
        return False
