"""Keyed digests: unrelated for each purpose, campaign and secret, and of the lengths the lockfile counts on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.lock.keyed import Keyer

SALT, OTHER_SALT = "5a" * 16, "5b" * 16


def all_of(keyer: Keyer, value: str) -> dict[str, str]:
    """Every digest of one value, by purpose."""
    return {
        "key": keyer.key(value),
        "phone": keyer.phone(value),
        "request": keyer.request(value.encode()),
        "fingerprint": keyer.fingerprint(value),
    }


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_same_value_has_an_unrelated_digest_for_every_purpose(value: str) -> None:
    digests = all_of(Keyer("secret"), value).values()
    assert not any(one.startswith(two[:6]) for one, two in itertools.permutations(digests, 2))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_digests_are_short_text_of_fixed_length(value: str) -> None:
    lengths = {purpose: len(digest) for purpose, digest in all_of(Keyer("secret"), value).items()}
    assert lengths == {"key": 16, "phone": 12, "request": 12, "fingerprint": 16}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_digests_are_equal_where_values_are(one: str, two: str) -> None:
    assert (all_of(Keyer("secret"), one) == all_of(Keyer("secret"), two)) is (one == two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Keyer("secret"), Keyer("Secret")),
        (Keyer(None, SALT), Keyer(None, OTHER_SALT)),
        (Keyer("secret"), Keyer(None, SALT)),
        (Keyer("secret", SALT), Keyer(None, SALT)),
    ],
    ids=["another secret", "another salt", "secret or salt", "a secret beside a salt"],
)
def test_another_secret_or_salt_has_other_digests(one: Keyer, two: Keyer) -> None:
    assert not set(all_of(one, "16507770042").values()) & set(all_of(two, "16507770042").values())
    assert one.check() != two.check()


def test_the_secret_counts_more_than_the_salt() -> None:
    assert (
        all_of(Keyer("secret", SALT), "x") == all_of(Keyer("secret", OTHER_SALT), "x") == all_of(Keyer("secret"), "x")
    )


def test_an_empty_secret_is_no_secret() -> None:
    assert all_of(Keyer("", SALT), "x") == all_of(Keyer(None, SALT), "x")


def test_the_check_value_tells_whether_a_secret_is_the_same() -> None:
    assert Keyer("secret").check() == Keyer("secret").check() != Keyer("other").check()
    assert len(Keyer("secret").check()) == 12


def test_a_digest_made_once_does_not_change_the_next() -> None:
    keyer = Keyer("secret")
    assert [keyer.phone("1"), keyer.phone("2"), keyer.phone("1")] == [Keyer("secret").phone(p) for p in ("1", "2", "1")]


def test_digests_stay_what_existing_lockfiles_hold() -> None:
    assert all_of(Keyer("secret"), "16507770042") == {
        "key": "crtR-_X_nfKdKpNM",
        "phone": "PepQdMzW25ct",
        "request": "0xkAm9YN0CAc",
        "fingerprint": "vuEGIpkyQAvmXSix",
    }
