"""YAML texts in every layout people write, for tests that lay them out anew."""

from __future__ import annotations

from hypothesis import strategies as st

SCALARS = (
    *("a", "a b", "10:00", "no", "on", "0650", "+1650", "+1 650 000 0001", "~", "null", "1_000", "2024-01-01", "1e3"),
    *("1.50", "0x1F", "'x'", '"y"', "'it''s'", "'a: b'", "'say \"so\"'", r"'back\slash'", r'"tab\t"', "http://x#y"),
    *("é", "''", "!!str 1", "&v1 w", "!!int '12'", "<=", "=", "-1", "'no'", '"0650"', "true", "y", "."),
)
"""Text, times, phones, numbers, and what is one of them only in other versions of YAML."""

SPACES = st.sampled_from(["", "", " ", "  ", "\t"])
COMMENTS = st.sampled_from(["", "", "", " # c", "   #c", "\t# +1 650: 'x'", " # trailing  "])
OWN_LINES = st.sampled_from(["", "", "", "\n", "  \n\n", "# own\n", "      # own, indented\n", "\n# a\n\n  # b\n"])
BLOCK_TEXTS = st.sampled_from(["t", "t\n\n u", "t\n\tx # no comment", "0650\n\n\n", "# none either", "  more\nless"])


def scalars() -> st.SearchStrategy[str]:
    """A scalar on a line; rarely a quoted one on two."""
    return st.sampled_from(SCALARS) | st.sampled_from(["'m\n\n          n'", '"m \\\n          n"', "m\n          n"])


@st.composite
def flows(draw: st.DrawFn, depth: int = 0) -> str:
    """A scalar, or brackets around more of them, with line breaks and comments in between."""
    kind = draw(st.sampled_from(["scalar", "list", "map"] if depth < 2 else ["scalar"]))
    if kind == "scalar":
        return draw(scalars())
    items = draw(st.lists(flows(depth + 1), max_size=3))
    between = st.sampled_from(["", " ", "\n            ", "  # in brackets\n             ", "\n\n             "])
    names = [f"k{at}{draw(SPACES)}: " if kind == "map" else "" for at in range(len(items))]
    inner = ",".join(
        f"{draw(between)}{name}{item}{draw(SPACES)}" for name, item in zip(names, items, strict=True)
    ) + draw(between)
    return f"[{inner}]" if kind == "list" else f"{{{inner}}}"


@st.composite
def _line_ends(draw: st.DrawFn) -> str:
    return f"{draw(COMMENTS)}{draw(SPACES)}\n{draw(OWN_LINES)}"


@st.composite
def _values(draw: st.DrawFn, indent: int, depth: int) -> str:
    """What stands behind a name or a dash, to the end of the line or of the lines below it."""
    kind = draw(st.sampled_from(["flow", "flow", "text", "map", "list"] if depth < 3 else ["flow"]))
    if kind == "flow":
        return f" {draw(flows())}{draw(_line_ends())}"
    deeper = indent + draw(st.integers(1, 4))
    if kind == "text":
        header = draw(st.sampled_from(["|", ">", "|-", "|+", ">+", ">-"]))
        body = draw(BLOCK_TEXTS).lstrip(" ").split("\n")
        lines = [f"{' ' * deeper}{line}\n" if line else draw(SPACES).strip("\t") + "\n" for line in body]
        return f" {header}{draw(COMMENTS)}\n" + "".join(lines)
    anchor = draw(st.sampled_from(["", "", " &a"]))
    return f"{anchor}{draw(_line_ends())}{draw(blocks(deeper, depth + 1, kind=kind))}"


@st.composite
def blocks(draw: st.DrawFn, indent: int = 0, depth: int = 0, kind: str = "map") -> str:
    """A list or mapping over several lines, each by its own idea of indentation."""
    parts = []
    for at in range(draw(st.integers(1, 3))):
        if kind == "map":
            name = draw(st.sampled_from(["k{}", '"q{}"', "'s{}'", "on", "? c{}\n:"])).format(at)
            value = draw(_values(indent, depth))
            if depth < 3 and draw(st.booleans()):  # a list in the column of its name
                value = draw(_line_ends()) + draw(blocks(indent, depth + 1, kind="list"))
            parts.append(
                f"{' ' * indent}{name}{'' if name.startswith('?') else ':'}{value}".replace("\n:", f"\n{' ' * indent}:")
            )
        elif depth < 3 and draw(st.booleans()):  # a mapping or list that begins behind its dash
            gap = draw(st.integers(1, 3))
            inner = draw(blocks(indent + 1 + gap, depth + 1, kind=draw(st.sampled_from(["map", "list"]))))
            parts.append(f"{' ' * indent}-{' ' * gap}{inner.lstrip(' ')}")
        else:
            parts.append(f"{' ' * indent}-{draw(_values(indent, depth))}")
    return "".join(parts)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file of one or two documents."""
    head = draw(st.sampled_from(["", "# yaml-language-server: $schema=x.json\n", "\n\n", "---\n", "--- # first\n"]))
    separator = draw(st.sampled_from(["---\n", "...\n---\n", "\n---\n\n", "--- # next\n"]))
    text = head + separator.join(draw(st.lists(blocks(), min_size=1, max_size=2)))
    return draw(st.sampled_from([text, text.rstrip("\n"), text.replace("\n", "\r\n")]))


PIECES = (
    *("a", "b: ", "k: ", "- ", "? ", ": ", "\n", "\n  ", "\n    ", " ", "{", "}", "[", "]", ", ", ",", "# c", "# d\n"),
    *("'x'", '"y"', '"y \\\n z"', "|\n   t\n", "|2\n    t\n", ">-\n  f\n   g\n", "|+\n  t\n\n\n", "&n ", "*n"),
    *("!!str ", "! ", "---\n", "...\n", "10:00", "no", "0650", "+1650", "~", "\t", "\r\n", "é", "<<", "=", "\\"),
    *("%YAML 1.1\n---\n", "'a\n\n  b'", "x\n   y", "\u2028", "\x85", "\r", "'", "\ufeff"),
)


def soups() -> st.SearchStrategy[str]:
    """Pieces of YAML in any order: mostly no YAML at all, else what nobody would think of."""
    return st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
