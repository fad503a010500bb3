"""Shards: every campaign in exactly one, by its name alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.shard import Shard
from tests.cli.conftest import Campaign

NAMES = st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True)


@given(NAMES, st.integers(1, 200))
def test_a_campaign_is_in_exactly_one_shard(name: str, count: int) -> None:
    assert sum(Shard(index, count).has(name) for index in range(1, count + 1)) == 1


def test_which_shard_a_name_is_in_never_changes() -> None:
    names = ["spring-promo", "autumn", "debt-2", "a"]
    assert [[Shard(i, 4).has(name) for i in range(1, 5)].index(True) + 1 for name in names] == [1, 4, 3, 4]


def test_shards_are_of_about_the_same_size() -> None:
    names = [f"campaign-{number}" for number in range(1000)]
    sizes = [sum(map(Shard(index, 4).has, names)) for index in range(1, 5)]
    assert min(sizes) > 200


@pytest.mark.parametrize("written", ["", "0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "-1/3", "01/3"])
def test_what_is_no_shard_is_refused_with_what_would_be(campaign: Campaign, written: str) -> None:
    ran = campaign("plan", "--shard", written)
    assert ran.code == 64
    assert "1/4 up to 4/4" in ran.err
