"""Whatever is laid out anew says what it said, and is laid out the same the next time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import event, example, given, settings

from reconciler.errors import Problem
from reconciler.manifest.layout.proof import Formatted, comments, formatted
from reconciler.manifest.structure import is_text
from reconciler.manifest.yaml12 import parse
from tests.layout.manifests import files, soups


def meaning(content: bytes) -> tuple[str, list[str], list[str]]:
    """The values of a file in both readings, and its comments; by JSON, where 1, 1.0, "1" and true all differ."""
    as_manifest, as_yaml = (
        json.dumps([document.value for document in parse(content, "f.yaml", is_text=which)[0]])
        for which in (is_text, lambda _: False)
    )
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return as_manifest + as_yaml, [*comments(text)], [problem.what for problem in parse(content, "f.yaml")[1]]


def checked(text: str) -> Any:
    """The file laid out anew, once it is certain that it says the same; its problems if it is not YAML."""
    form = formatted(text.encode(), "f.yaml")
    event(type(form).__name__)
    if isinstance(form, Formatted):
        assert meaning(form.content) == meaning(text.encode())
        again = formatted(form.content, "f.yaml")
        assert isinstance(again, Formatted)
        assert again.content == form.content
    return form


def is_defect(problem: Problem) -> bool:
    """Whether it speaks of this program instead of the file."""
    return "defect" in problem.fix


@given(files())
@example("a: |+\n  t\n\n\n")
@example("a: |\n  no line break at the end")
@example("phones:\n- 0650\n# - 0651\n- +1650\nb: no\n")
@example("a: [b, # c\n  {d: 'e', f: }, *x , !t ]\n")
@pytest.mark.no_cover  # measuring takes it twice as long, and others cover the same
def test_a_manifest_in_any_layout_says_the_same_afterwards_and_is_stable(text: str) -> None:
    form = checked(text)
    assert isinstance(form, Formatted) or not any(map(is_defect, form))


@settings(max_examples=300)
@given(soups())
@example(" ---\nno\n")
@example("# d\n  ...\n")
@example("")
@example("\n  \ufeff")
@example("\ufeff# only a comment")
def test_whatever_is_yaml_is_laid_out_or_left_alone_and_nothing_is_raised(text: str) -> None:
    form = checked(text)
    assert isinstance(form, Formatted) or not any(map(is_defect, form))


@settings(max_examples=30)
@given(files())
def test_no_line_of_a_layout_ends_in_a_space_outside_of_texts(text: str) -> None:
    form = formatted(text.encode(), "f.yaml")
    if isinstance(form, Formatted) and "\\" not in text and "|" not in text and ">" not in text:
        assert [line for line in form.new.split("\n") if line != line.rstrip()] == []
