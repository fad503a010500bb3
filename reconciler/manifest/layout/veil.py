"""A manifest's layout without what it says, for a diff that may be seen by anybody.

A diff of layouts is about spaces and quotes. A manifest may hold phones, payloads and addresses, and a CI log is read
by more people than the manifest. So names of fields are shown; every letter and digit of values and comments is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from reconciler.manifest.layout.walk import tokens_of
from reconciler.manifest.wording import shown_name

_T = yaml.tokens
_WORD = re.compile(r"\w")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*")


def veiled(text: str) -> str:
    """The text with a bullet for each letter and digit of its values and comments. Raises YAMLError."""
    return "".join(_parts(text))


def _parts(text: str) -> Iterator[str]:
    end, is_name = 0, False
    for token in tokens_of(text):
        start, raw = token.start_mark.index, text[token.start_mark.index : token.end_mark.index]
        yield _hidden(text[end:start])
        end = token.end_mark.index
        match token:
            case _T.ScalarToken():
                yield _scalar(raw, token, is_name=is_name)
            case _T.AnchorToken() | _T.AliasToken() | _T.TagToken():
                yield raw if _is_harmless(raw.lstrip("&*!")) else _hidden(raw)
            case _:
                yield raw
        # A name's anchor or tag stands between the two.
        is_name = isinstance(token, _T.KeyToken) or (is_name and isinstance(token, _T.AnchorToken | _T.TagToken))


def _scalar(raw: str, token: yaml.ScalarToken, *, is_name: bool) -> str:
    if is_name and _is_harmless(token.value):
        return raw
    header = _BLOCK_HEADER.match(raw) if token.style in ("|", ">") else None
    shown = header[0] if header else ""
    return shown + _hidden(raw[len(shown) :])


def _is_harmless(name: str) -> bool:
    return shown_name(name) == name


def _hidden(text: str) -> str:
    return _WORD.sub("•", text)
