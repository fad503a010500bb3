"""Errors, warnings and hints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import StringIO

import pytest

from reconciler.errors import GuardTripped, LockHeld, ManifestError, NotSent, Place, Problem, ReconcilerError
from reconciler.render.messages import code_place, error_text, hint_text, warning_text
from reconciler.render.page import columns
from reconciler.render.problems import write_problems
from tests.render.plans import printed


def fail(error: Exception) -> None:
    """Raise `error` here."""
    raise error


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        pytest.param(GuardTripped("too many"), "error: too many\n", id="one line"),
        pytest.param(LockHeld("held\nby pid 7"), "error: held\n  by pid 7\n", id="several lines"),
        pytest.param(ReconcilerError(), "error: ReconcilerError\n", id="without a text"),
        pytest.param(NotSent("addPhones", "refused"), "error: addPhones: refused\n", id="the API"),
        pytest.param(
            NotSent("addPhones", "refused", "check the host"),
            "error: addPhones: refused\nhint: check the host\n",
            id="the API with a next step",
        ),
        pytest.param(
            ManifestError([Problem(Place("a.yaml", 3), "spec", "missing"), Problem(Place("b.yaml"), "", "empty")]),
            "error: 2 problems in 2 files\na.yaml:3: spec: missing\nb.yaml: empty\n",
            id="manifest",
        ),
    ],
)
def test_our_own_errors_say_what_they_say(error: ReconcilerError, shown: str) -> None:
    assert printed(error_text(error)) == shown


def test_of_any_other_exception_only_type_and_place_are_shown() -> None:
    with pytest.raises(KeyError) as caught:
        fail(KeyError("16507770042"))
    shown = printed(error_text(caught.value))
    assert re.match(r"error: unexpected KeyError at render/test_messages\.py:\d+ in fail\nhint: ", shown)
    assert "1650" not in shown


def test_an_exception_from_outside_also_says_where_we_called_it() -> None:
    class FullDisk(StringIO):
        def writelines(self, lines: Iterable[object], /) -> None:
            raise BufferError

    with pytest.raises(BufferError) as caught:
        write_problems([], FullDisk())
    place = code_place(caught.value)
    assert place.startswith("render/test_messages.py:")
    assert re.search(r", called from reconciler/render/problems\.py:\d+ in write_problems$", place)


def test_an_exception_from_our_own_code_has_one_place() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer") as caught:
        list(columns([["a"], ["b", "c"]]))
    assert re.fullmatch(r"reconciler/render/page\.py:\d+ in \S+", code_place(caught.value))


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert code_place(KeyError("x")) == "an unknown place"


def test_a_warning_may_have_a_hint() -> None:
    assert printed(warning_text("no secret")) == "warning: no secret\n"
    assert printed(warning_text("no secret", "set one")) == "warning: no secret\nhint: set one\n"


def test_no_hint_is_no_line() -> None:
    assert list(hint_text("")) == []
