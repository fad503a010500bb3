"""YAML by the 1.2 core rules, with the place of every value, and with limits.

libyaml (through PyYAML) finds the structure; what its events mean is decided here, because PyYAML itself reads by
YAML 1.1, where `10:00` is 600, `no` is false and the phone `0650` is 424. Values are built with an explicit stack,
so that no nesting can exhaust Python's, and an alias is replayed node by node, so that expanding one costs as much
as writing it out would and counts against the same limit.

`parse` raises nothing: whatever the bytes are, the outcome is documents, problems, or both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import msgspec
import yaml

from reconciler.errors import Place, Problem
from reconciler.manifest.document import Document
from reconciler.manifest.scalars import core_value, is_null
from reconciler.manifest.wording import KeyPath, path_text, shown_name

MAX_BYTES = 5 * 1024 * 1024  # some 20,000 calls written out; longer lists belong in a CSV beside the manifest
MAX_DEPTH = 64  # the deepest manifest has about 10 levels; what is left is for payloads
MAX_NODES = 200_000  # keys and values of one file, aliases expanded: about a second of reading, and tens of MB

_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_TAG}null": (type(None),),
    f"{_TAG}bool": (bool,),
    f"{_TAG}int": (int,),
    f"{_TAG}float": (float, int),
}
_TEXT_TAGS = ("!", f"{_TAG}str")
_HINTS = {
    "found character that cannot start any token": "quote text that begins with @, ` or %; indent by spaces, not tabs",
    "mapping values are not allowed in this context": 'quote text that contains ": ", or check the indentation',
    "could not find expected ':'": "a field is written as its name, a colon and a space",
    "did not find expected key": "check the indentation here and above, and quotes that do not end",
}


class _Node(NamedTuple):
    """An event of libyaml, reduced to what building values needs. `kind` is scalar, list, map or end."""

    kind: str
    line: int
    column: int
    text: str = ""
    is_plain: bool = False
    tag: str | None = None


class _Frame(msgspec.Struct):
    """A list or mapping that is being filled."""

    value: Any
    path: KeyPath | None  # None: around the document itself
    key: str | None = None  # of a mapping: the name whose value comes next
    is_dropped: bool = False  # what comes next has no valid name: it is read and forgotten

    def next_path(self) -> KeyPath:
        """Where the value that comes next will be."""
        return () if self.path is None else (*self.path, len(self.value) if self.key is None else self.key)

    def add(self, value: Any) -> None:
        """Put the value that came where it belongs."""
        if self.key is None:
            self.value.append(value)
        elif not self.is_dropped:
            self.value[self.key] = value
        self.key, self.is_dropped = None, False


class _Stop(Exception):
    """Reading cannot go on."""


def parse(
    content: bytes, file: str, *, is_text: Callable[[KeyPath], bool] = lambda _: False
) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The documents of a YAML file that are not empty, and everything wrong with it as YAML.

    `file` is its name in messages. A plain scalar at a path that `is_text` accepts stays the text as written, unless
    it is a null. UTF-8, with or without a mark, and UTF-16 with one are read.
    """
    reading = _Reading(file, is_text)
    try:
        reading.run(content)
    except _Stop:
        pass
    except yaml.reader.ReaderError as error:
        line = content.count(b"\n", 0, max(error.position, 0)) + 1
        reading.report(line, 0, f"is not text in UTF-8 or UTF-16 ({error.reason})", "save the file as UTF-8")
    except yaml.MarkedYAMLError as error:
        reading.report_syntax(error)
    return tuple(reading.documents), tuple(reading.problems)


class _Reading:
    """One file on its way from events to documents."""

    def __init__(self, file: str, is_text: Callable[[KeyPath], bool]) -> None:
        self.file, self.is_text = file, is_text
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self.positions: dict[KeyPath, tuple[int, int]] = {}
        self.stack: list[_Frame] = []
        self.n_nodes = 0

    def report(self, line: int, column: int, what: str, fix: str = "", path: KeyPath = ()) -> None:
        """Record a problem and go on."""
        self.problems.append(Problem(Place(self.file, line, column), path_text(path), what, fix))

    def report_syntax(self, error: yaml.MarkedYAMLError) -> None:
        """Record where the file stops being YAML. libyaml's words are fixed texts; nothing of the file is in them."""
        words = error.problem or "cannot be understood"
        line, column = _position(error.problem_mark or error.context_mark)
        self.report(line, column, f"is not YAML: {words}", _HINTS.get(words, ""))

    def stop(self, line: int, column: int, what: str, fix: str) -> NoReturn:
        """Record a problem after which nothing more is read of this file."""
        self.report(line, column, what, fix)
        raise _Stop

    def run(self, content: bytes) -> None:
        """Read all documents. Raises _Stop at a limit and YAMLError where the file is no YAML."""
        if len(content) > MAX_BYTES:
            self.stop(0, 0, f"is larger than {MAX_BYTES // 1024 // 1024} MiB", "keep the phones in a file of their own")
        events = iter(yaml.parse(content, Loader=yaml.CLoader))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.positions = {}
                value = self.document(self.expanded(events))
                if value is not None:
                    self.documents.append(Document(self.file, value, self.positions))

    def expanded(self, events: Iterator[yaml.Event]) -> Iterator[_Node]:
        """The nodes of one document, each alias replaced by what its anchor holds."""
        record: list[_Node] = []
        anchors: dict[str, tuple[int, int]] = {}  # from, to in the record
        opened: list[tuple[str | None, int]] = []  # collections that have not ended: anchor, start in the record
        for event in events:
            start = len(record)
            if isinstance(event, yaml.DocumentEndEvent):
                return
            if isinstance(event, yaml.AliasEvent):
                yield from self.replayed(event, record, anchors, {name for name, _ in opened})
                continue
            node = _node(event)
            record.append(node)
            yield node
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event.anchor, start))
                continue
            anchor, start = opened.pop() if node.kind == "end" else (getattr(event, "anchor", None), start)
            if anchor is not None:
                anchors[anchor] = (start, len(record))

    def replayed(
        self, alias: yaml.AliasEvent, record: list[_Node], anchors: dict[str, tuple[int, int]], opened: set[str | None]
    ) -> Iterator[_Node]:
        """What an alias stands for, recorded again; its first node stands where the alias does."""
        line, column = _position(alias.start_mark)
        nodes: Iterator[_Node] = iter([_Node("scalar", line, column, is_plain=True)])
        if alias.anchor in opened:
            self.report(line, column, "is an alias inside its own anchor", "write the value out")
        elif alias.anchor not in anchors:
            self.report(line, column, "is an alias, but nothing above has its anchor", "write the value out")
        else:
            start, end = anchors[alias.anchor]
            nodes = iter([record[start]._replace(line=line, column=column), *record[start + 1 : end]])
        for node in nodes:
            record.append(node)
            yield node

    def document(self, nodes: Iterator[_Node]) -> Any:
        """The value of one document; None for an empty one. Its places are in `positions` then."""
        root = _Frame([], None)
        self.stack = [root]
        for node in nodes:
            self.count(node, len(self.stack) - 1)
            frame = self.stack[-1]
            if node.kind == "end":
                self.stack.pop()
                self.stack[-1].add(frame.value)
            elif isinstance(frame.value, dict) and frame.key is None:
                self.positions.setdefault(self.name(frame, node, nodes), (node.line, node.column))
            else:
                self.value(frame, node)
        return root.value[0]

    def count(self, node: _Node, depth: int) -> None:
        """Keep to the limits; `depth` lists and mappings are open around the node. Raises _Stop."""
        self.n_nodes += node.kind != "end"
        if self.n_nodes > MAX_NODES:
            what = f"holds more than {MAX_NODES:,} names and values, aliases written out"
            self.stop(node.line, node.column, what, "keep the phones in a file of their own")
        if node.kind in ("list", "map") and depth >= MAX_DEPTH:
            self.stop(node.line, node.column, f"is nested more than {MAX_DEPTH} levels deep", "flatten it")

    def value(self, frame: _Frame, node: _Node) -> None:
        """Read a value: a scalar at once, or the beginning of a list or mapping."""
        path = frame.next_path()
        self.positions.setdefault(path, (node.line, node.column))
        if node.kind == "scalar":
            frame.add(self.scalar(node, path))
            return
        if node.tag not in (None, "!", f"{_TAG}{'seq' if node.kind == 'list' else 'map'}"):
            self.report(node.line, node.column, "has a tag that is not known", "leave the tag out", path)
        self.stack.append(_Frame([] if node.kind == "list" else {}, path))

    def name(self, frame: _Frame, node: _Node, nodes: Iterator[_Node]) -> KeyPath:
        """Read a name of a mapping, and the path of what it names. One that cannot stand is reported and dropped."""
        what = fix = ""
        if node.kind != "scalar":
            what, fix = "has a list or mapping for a name", "a name is text"
            self.skip(nodes)
        elif node.is_plain and node.text == "<<":
            what, fix = (
                "has a merge key, which YAML 1.2 does not know",
                "write the fields out, or use $ref for a policy",
            )
        elif not _is_name(node):
            what, fix = "has a name that is not text", "put the name in quotes"
        elif node.text in frame.value:
            what, fix = f"has {shown_name(node.text)} twice", "keep one of the two"
        if what:
            self.report(node.line, node.column, what, fix, frame.path or ())
        frame.key, frame.is_dropped = node.text, bool(what)
        return frame.next_path()

    def skip(self, nodes: Iterator[_Node]) -> None:
        """Read to the end of a list or mapping that has begun, and forget it."""
        depth = 1
        while depth:
            node = next(nodes)
            self.count(node, len(self.stack) - 1 + depth)
            depth += {"end": -1, "scalar": 0}.get(node.kind, 1)

    def scalar(self, node: _Node, path: KeyPath) -> Any:
        """What a scalar means at this path; a problem and null where it means nothing."""
        if (not node.is_plain and node.tag is None) or node.tag in _TEXT_TAGS:
            return node.text
        if node.tag is None and self.is_text(path):
            return None if is_null(node.text) else node.text
        try:
            value = core_value(node.text)
        except ValueError as error:
            self.report(node.line, node.column, str(error), "put it in quotes to keep it as text", path)
            return None
        if node.tag is not None and not isinstance(value, _TYPES.get(node.tag, ())):
            self.report(node.line, node.column, "has a tag that is not known or does not fit", "leave it out", path)
            return None
        return value


def _position(mark: Any) -> tuple[int, int]:
    """Line and column of a mark, counted from 1; libyaml counts from 0."""
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _node(event: yaml.Event) -> _Node:
    """What matters of an event within a document."""
    line, column = _position(event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0] and event.tag is None
        return _Node("scalar", line, column, event.value, is_plain, event.tag)
    if isinstance(event, yaml.CollectionStartEvent):
        return _Node("list" if isinstance(event, yaml.SequenceStartEvent) else "map", line, column, tag=event.tag)
    return _Node("end", line, column)


def _is_name(node: _Node) -> bool:
    """Whether a scalar may name a field: text by the core rules."""
    if not node.is_plain:
        return node.tag is None or node.tag in _TEXT_TAGS
    try:
        return isinstance(core_value(node.text), str)
    except ValueError:
        return False
