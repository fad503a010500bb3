"""A page of the docs as the checker sees it: its blocks of code, its inline code, its links and headings.

A block is a fenced block of code together with the HTML comment right above it, its directive. What the directives
mean is told in checker.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

DIRECTIVE = re.compile(r"<!--\s*(file|help|not run|run|setup)\b:?\s*(.*?)\s*-->\s*", re.DOTALL)
INDENTED = "(indented)"


class Block(msgspec.Struct, frozen=True):
    """One block of code; `line` counts from 1 and is that of the opening fence, `language` may be empty."""

    line: int
    language: str
    text: str
    directive: str = ""
    argument: str = ""


class Page(msgspec.Struct, frozen=True):
    """One Markdown file, parsed."""

    path: Path
    blocks: tuple[Block, ...]
    spans: tuple[tuple[int, str], ...]
    links: tuple[tuple[int, str], ...]
    anchors: frozenset[str]


def read_page(path: Path) -> Page:
    """The page in this file."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    return Page(
        path=path,
        blocks=tuple(_blocks(tokens)),
        spans=tuple((line, token.content) for line, token in _inline(tokens) if token.type == "code_inline"),
        links=tuple((line, target) for line, token in _inline(tokens) if (target := _target(token))),
        anchors=frozenset(_anchors(tokens)),
    )


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    above = ("", "")
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        if token.type in ("fence", "code_block"):
            language = token.info.split()[0] if token.info.split() else ""
            yield Block(line, INDENTED if token.type == "code_block" else language, token.content, *above)
        above = ("", "")
        if token.type == "html_block" and (match := DIRECTIVE.fullmatch(token.content)):
            above = (match[1], match[2])
            if match[1] == "setup":
                yield Block(line, "", "", *above)


def _inline(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        yield from ((line, child) for child in token.children or ())


def _target(token: Token) -> str:
    return str(token.attrGet("href") or token.attrGet("src") or "")


def _anchors(tokens: list[Token]) -> Iterator[str]:
    """The fragments that lead to this page's headings, spelled as code hosts spell them."""
    seen: dict[str, int] = {}
    for opening, heading in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(child.content for child in heading.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            yield f"{slug}-{seen[slug]}" if slug in seen else slug
            seen[slug] = seen.get(slug, 0) + 1
