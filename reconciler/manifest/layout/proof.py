"""A manifest laid out anew, and the proof that it says what it said: the same values in both readings, the same
comments, anchors, tags and documents in the same order, and nothing left to do for a second run.

The proof is made for every file, before anything is written. A layout that cannot be proven is a defect of this
program; the file then stays as it is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator

import msgspec
import yaml

from reconciler.errors import Place, Problem
from reconciler.manifest.layout.walk import laid_out, tokens_of
from reconciler.manifest.structure import is_text
from reconciler.manifest.wording import KeyPath
from reconciler.manifest.yaml12 import parse

# Further line breaks, which libyaml alone takes for such, and byte order marks, which it passes over.
_UNCLEAR = re.compile("[\x85\u2028\u2029\ufeff]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ATTEMPTS = 3  # a comment may find its column only once the lines around it have found theirs


class Formatted(msgspec.Struct, frozen=True):
    """A manifest's content as it is to be: UTF-8, each line ended as its first one was. Both texts have line feeds."""

    content: bytes
    old: str
    new: str


def formatted(content: bytes, file: str) -> Formatted | tuple[Problem, ...]:
    """The content laid out anew, or what is wrong with the file; `file` is its name in messages. Raises nothing."""
    problems = parse(content, file, is_text=is_text)[1]
    if problems:
        return problems
    text = decoded(content)
    old = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _UNCLEAR.search(old):
        before = old[: found.start()].split("\n")
        what = "holds an odd line break (U+0085, U+2028, U+2029) or a byte order mark"
        return (
            Problem(Place(file, len(before), len(before[-1]) + 1), "", what, "write it as an escape in double quotes"),
        )
    new = _proven(old)
    if new is None:
        what = "cannot be laid out anew without changing what it says, and is left as it is"
        return (Problem(Place(file), "", what, "please report this: it is a defect of the program"),)
    first_line, _, _ = text.partition("\n")
    ending = "\r\n" if first_line.endswith("\r") and "\n" in text else "\n"
    return Formatted(new.replace("\n", ending).encode(), old, new)


def decoded(content: bytes) -> str:
    """The text of a YAML file, without its mark. Raises UnicodeDecodeError."""
    return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")


def _proven(old: str) -> str | None:
    """The text laid out anew; None if that changes anything but the layout, or is not the end of it."""
    texts = [old, laid_out(old)]
    try:
        while texts[-1] != texts[-2] and len(texts) <= _ATTEMPTS:
            texts.append(laid_out(texts[-1]))
        is_stable = texts[-1] == texts[-2]
        is_proven = is_stable and says_the_same(old, texts[-1])
    except (yaml.YAMLError, IndexError):  # what was made is no YAML: brackets that close too often, for one
        is_proven = False
    return texts[-1] if is_proven else None


def says_the_same(old: str, new: str) -> bool:
    """Whether two texts differ in their layout at most. Raises YAMLError."""
    return old == new or _meaning(old) == _meaning(new)


def _meaning(text: str) -> tuple[object, ...]:
    """Everything a text says."""
    return [*_events(text)], [*comments(text)], _reading(text, is_text), _reading(text, lambda _: False)


def _reading(text: str, is_text: Callable[[KeyPath], bool]) -> tuple[bytes, list[str]]:
    """The values of all documents, told apart by type, names in order; and what is wrong with them."""
    documents, problems = parse(text.encode(), "", is_text=is_text)
    return msgspec.json.encode([document.value for document in documents]), [problem.what for problem in problems]


def _events(text: str) -> Iterator[tuple[object, ...]]:
    """The structure: documents, lists, mappings, scalars with their anchors and tags."""
    names = ("value", "anchor", "tag", "version", "tags", "explicit")
    for event in yaml.parse(text, Loader=yaml.CLoader):
        yield (type(event), *(getattr(event, name, None) for name in names))


def comments(text: str) -> Iterator[str]:
    """The comments, in order, without the spaces behind them. Raises YAMLError."""
    end = 0
    for token in tokens_of(text):
        yield from _comments_between(text[end : token.start_mark.index])
        end = token.end_mark.index
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            yield from _comments_between(text[token.start_mark.index : end].partition("\n")[0])


def _comments_between(gap: str) -> Iterator[str]:
    for line in gap.split("\n"):
        _, sign, words = line.partition("#")
        if sign:
            yield sign + words.rstrip()
