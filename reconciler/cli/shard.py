"""`--shard 2/8`: one of several runs that share the campaigns among themselves, such as the jobs of a CI matrix."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

import click
import msgspec

_WRITTEN = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


class Shard(msgspec.Struct, frozen=True):
    """Part `index` of `count`, from 1."""

    index: int
    count: int

    def has(self, name: str) -> bool:
        """Whether the campaign of this name is in this part.

        By its name alone: every campaign is in exactly one part, and one more campaign moves no other.
        """
        digest = blake2b(name.encode(), digest_size=8).digest()
        return int.from_bytes(digest) % self.count == self.index - 1


class ShardType(click.ParamType[Shard]):
    """`2/8` as a shard."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """The shard; fails with what would be right."""
        found = _WRITTEN.fullmatch(str(value))
        if not found or int(found[1]) > int(found[2]):
            self.fail("write which part and of how many, such as 1/4 up to 4/4", param, ctx)
        return Shard(int(found[1]), int(found[2]))
