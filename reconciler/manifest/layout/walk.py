"""A YAML text laid out anew: line breaks stay where they are, what stands on each line is set by rule.

- Lists and mappings are indented by two, lists within a mapping too.
- Within brackets, lines stand below the first item; where that is on a line of its own, four from the field.
- One space after `-`, `:` and `,`, none inside of brackets, none at the end of a line.
- A comment of its own line is indented like what it is about: what follows, or the list or mapping it ends.

libyaml's tokens are written one after the other, and comments are what stands between two tokens. So nothing can be
lost that a library would have to remember, and nothing is joined or split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
import yaml

from reconciler.manifest.layout.lines import Lines
from reconciler.manifest.layout.scalars import block_scalar, flow_scalar

STEP = 2  # columns a list or mapping is indented by

_T = yaml.tokens
_FLOW_STARTS = (_T.FlowMappingStartToken, _T.FlowSequenceStartToken)
_FLOW_ENDS = (_T.FlowMappingEndToken, _T.FlowSequenceEndToken)
_BLOCK_STARTS = (_T.BlockMappingStartToken, _T.BlockSequenceStartToken)
_MARGINAL = (_T.DocumentStartToken, _T.DocumentEndToken, _T.DirectiveToken, _T.StreamEndToken)
_PROPERTIES = (_T.AnchorToken, _T.TagToken)
_OPENS_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?\n")


class _Block(msgspec.Struct, frozen=True):
    """A list or mapping without brackets: the columns it stood and stands in.

    An inferred one is a list in the column of the mapping it is in, for which libyaml has no token.
    """

    old: int
    new: int
    is_mapping: bool
    is_inferred: bool = False


class _Flow(msgspec.Struct, frozen=True):
    """Brackets: the columns of lines within them, and of the line that closes them."""

    content: int
    closing: int


def tokens_of(text: str) -> Iterable[yaml.Token]:
    """libyaml's tokens. Raises YAMLError."""
    return yaml.scan(text, Loader=yaml.CLoader)


def laid_out(text: str) -> str:
    """The text laid out anew; its line breaks are line feeds. Raises YAMLError."""
    walk = _Walk(text)
    for token in tokens_of(text):
        walk.take(token)
    return str(walk.lines)


class _Walk:
    """From one token to the next."""

    def __init__(self, text: str) -> None:
        self.text, self.lines = text, Lines()
        self.blocks: list[_Block] = []
        self.blocks_before: tuple[_Block, ...] = ()  # those that were open at the last token that was written
        self.flows: list[_Flow] = []
        self.opening: list[type[yaml.Token]] = []  # blocks that begin with the next token that is written
        self.is_key_next = False
        self.last: yaml.Token | None = None
        self.end = 0  # of what has been written
        self.is_line_done = True

    def take(self, token: yaml.Token) -> None:
        """Note a token that has no text; write any other."""
        match token:
            case _T.BlockMappingStartToken() | _T.BlockSequenceStartToken():
                self.opening.append(type(token))
            case _T.BlockEndToken():
                self.leave_inferred()
                self.blocks.pop()
            case _T.KeyToken() if _width(token) == 0:
                self.leave_inferred()
                self.is_key_next = True
            case _T.StreamStartToken():
                pass
            case _:
                self.write(token)

    def leave_inferred(self) -> None:
        """End an inferred list, which a name of the mapping around it ends."""
        if self.blocks and self.blocks[-1].is_inferred and not self.opening and not self.flows:
            self.blocks.pop()

    def write(self, token: yaml.Token) -> None:
        """Write what stands before a token, and the token."""
        if isinstance(token, _T.KeyToken | _T.ValueToken):
            self.leave_inferred()
        if isinstance(token, _T.BlockEntryToken) and not self.opening and self.blocks and self.blocks[-1].is_mapping:
            self.opening.append(_T.BlockEntryToken)
        indent = self.indent(token)
        if self.between(token, indent):
            if isinstance(token, _T.StreamEndToken):
                return
            self.lines.begin(indent)
        elif not isinstance(token, _T.StreamEndToken) and _is_spaced(self.last, token):
            self.lines.put(" ")
        self.open(token)
        self.token(token)
        self.last, self.is_key_next, self.blocks_before = token, False, tuple(self.blocks)

    def indent(self, token: yaml.Token) -> int:
        """The column of a token if a line begins with it."""
        if isinstance(token, _MARGINAL):
            return 0
        if self.flows:
            return self.flows[-1].closing if isinstance(token, _FLOW_ENDS) else self.flows[-1].content
        if not self.blocks:
            # Text that would be the end of a document, or a directive, in the first column.
            return STEP if self.text.startswith(("---", "...", "%"), token.start_mark.index) else 0
        is_at_block = self.is_key_next or isinstance(token, _T.BlockEntryToken | _T.KeyToken | _T.ValueToken)
        return self.blocks[-1].new + (STEP if self.opening or not is_at_block else 0)

    def between(self, token: yaml.Token, indent: int) -> bool:
        """Write comments and blank lines before a token; whether it begins a line."""
        behind, *others = self.text[self.end : token.start_mark.index].split("\n")
        if self.is_line_done:
            others = [behind, *others]
        elif "#" in behind:
            self.lines.comment(behind.strip(), _column(self.text, self.end) + behind.index("#"))
        old = -1 if isinstance(token, _MARGINAL) else _column(self.text, token.start_mark.index)
        for line in others[:-1] if not isinstance(token, _T.StreamEndToken) else others:
            if "#" in line:
                self.lines.begin(self.indent_of_comment(line.index("#"), old, indent), line.strip())
            else:
                self.lines.blank()
        return bool(others)

    def indent_of_comment(self, column: int, next_old: int, next_new: int) -> int:
        """The new column of a comment before a token that goes from `next_old` to `next_new`."""
        if self.flows:
            return self.flows[-1].content
        around = [block.new for block in self.blocks_before if next_old < block.old <= column]
        return around[-1] if around else next_new

    def open(self, token: yaml.Token) -> None:
        """Enter the blocks that begin with this token, where it now stands."""
        for start in self.opening:
            is_inferred = start is _T.BlockEntryToken
            old = self.blocks[-1].old if is_inferred else _column(self.text, token.start_mark.index)
            self.blocks.append(_Block(old, self.lines.column, start is _T.BlockMappingStartToken, is_inferred))
        self.opening = []

    def token(self, token: yaml.Token) -> None:
        """Write the token itself."""
        raw = self.text[token.start_mark.index : token.end_mark.index]
        self.end, self.is_line_done = token.end_mark.index, False
        match token:
            case _T.ScalarToken() if token.style in ("|", ">"):
                self.block_scalar(raw)
            case _T.ScalarToken():
                first, *others = flow_scalar(raw, is_plain=token.plain)
                self.lines.put(first)
                self.lines.add(f"{' ' * self.continued()}{line}" if line else "" for line in others)
            case _:
                self.brackets(token)
                self.lines.put(raw.rstrip())

    def continued(self) -> int:
        """The column in which a scalar goes on in further lines."""
        if self.flows:
            return self.flows[-1].content
        return self.blocks[-1].new + STEP if self.blocks else STEP

    def block_scalar(self, raw: str) -> None:
        """Write a literal or folded text."""
        old, new = (self.blocks[-1].old, self.blocks[-1].new) if self.blocks else (-1, -1)
        header, comment, lines, is_blank_next = block_scalar(raw, old_parent=old, new_parent=new)
        self.lines.put(header)
        if comment:
            self.lines.comment(comment, _column(self.text, self.end - len(raw)) + raw.index("#"))
        self.lines.add(lines)
        if is_blank_next:
            self.lines.blank()
        self.is_line_done = raw.endswith("\n")

    def brackets(self, token: yaml.Token) -> None:
        """Enter or leave brackets that are about to be written."""
        if isinstance(token, _FLOW_ENDS):
            self.flows.pop()
        elif isinstance(token, _FLOW_STARTS):
            column = self.lines.column
            base = self.flows[-1].content if self.flows else self.blocks[-1].new + STEP if self.blocks else 0
            is_broken = _OPENS_LINE.match(self.text, token.end_mark.index)
            self.flows.append(_Flow(base + STEP, base) if is_broken else _Flow(column + 1, column))


def _width(token: yaml.Token) -> int:
    width: int = token.end_mark.index - token.start_mark.index
    return width


def _column(text: str, index: int) -> int:
    return index - (text.rfind("\n", 0, index) + 1)


def _is_spaced(last: yaml.Token | None, token: yaml.Token) -> bool:
    """Whether a space stands between two tokens of a line."""
    if last is None or isinstance(last, _FLOW_STARTS):
        return False
    if isinstance(token, (*_FLOW_ENDS, _T.FlowEntryToken)):
        # An empty value, or a tag, whose name could go on with the bracket.
        return isinstance(last, (_T.ValueToken, _T.KeyToken, *_PROPERTIES))
    if isinstance(token, _T.ValueToken):
        return not isinstance(last, (_T.ScalarToken, *_FLOW_ENDS))
    return True
