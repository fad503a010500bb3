"""What must hold of a manifest beyond its form: addresses, tokens, policies, references, columns.

Rules look at the plain mapping that was written, not at structs, and pass over parts of the wrong form: those are
reported by `structure`, and everything else still is in the same run.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.manifest.addresses import wrong_with_host
from reconciler.manifest.document import Finding
from reconciler.manifest.model import ColumnRef
from reconciler.manifest.policy import check_policy, period_findings, policy_findings
from reconciler.manifest.refs import Policies, cycle_findings, ref_findings, resolved
from reconciler.manifest.rollout import rollout_findings
from reconciler.manifest.structure import convert
from reconciler.manifest.wording import KeyPath

__all__ = ["campaign_findings", "check_policy", "policy_document_findings", "suppression_document_findings"]

# Fields of a list's policy that a column may give, row by row.
COLUMN_FIELDS = frozenset(
    {"startDateTime", "finishDateTime", "retryIntervalInMinutes", "maxAttempts", "gmtZone", "dialerPriority"}
)
_PERIOD = ("startDateTime", "finishDateTime")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHERE_FIX = "write {env: NAME_OF_A_VARIABLE} or {file: PATH}"


def campaign_findings(document: Any, policies: Policies) -> Iterator[Finding]:
    """Everything wrong with a Campaign document but its form; `policies` are those of all files."""
    spec = _mapping(document).get("spec")
    if not isinstance(spec, dict):
        return iter(())
    found = [*_host(spec), *_token(spec), *_wave(spec)]
    found += _policy(("policy",), spec.get("policy"), {}, policies)
    base = resolved(_mapping(spec.get("policy")), policies)
    for index, phone_list in enumerate(_items(spec.get("phoneLists"))):
        if isinstance(phone_list, dict):
            own = (*_wave(phone_list), *_phone_list(phone_list, base, policies))
            found += (f.under(("phoneLists", index)) for f in own)
    found += _list_names(_items(spec.get("phoneLists")))
    for index, source in enumerate(_items(spec.get("suppress"))):
        found += (f.under(("suppress", index)) for f in _suppression(_mapping(source)))
    found += (f.under(("rollout",)) for f in rollout_findings(spec.get("rollout")))
    if "rollout" in spec:
        found += _lists_with_waves(spec)
    return (finding.under(("spec",)) for finding in found)


def policy_document_findings(document: Any, policies: Policies) -> Iterator[Finding]:
    """Everything wrong with a CallPolicy document but its form."""
    name = _mapping(_mapping(document).get("metadata")).get("name")
    fields = _mapping(document).get("spec")
    yield from _policy(("spec",), fields, {}, policies)
    if isinstance(name, str) and policies.get(name) is fields:
        yield from (finding.under(("spec",)) for finding in cycle_findings(name, policies))


def suppression_document_findings(document: Any) -> Iterator[Finding]:
    """Everything wrong with a Suppression document but its form."""
    files = _items(_mapping(_mapping(document).get("spec")).get("files"))
    for index, source in enumerate(files):
        yield from (f.under(("spec", "files", index)) for f in _suppression(_mapping(source)))


def _suppression(source: Mapping[str, Any]) -> Iterator[Finding]:
    """A suppression file that is named."""
    yield from _file(source)
    for name in ("reason", "expires"):
        if name in source and source.get("format") == "text":
            yield Finding((name,), "names a column, but text has one number a line", "write format: csv or jsonl")


def _mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _host(spec: Mapping[str, Any]) -> Iterator[Finding]:
    host = spec.get("host")
    wrong = wrong_with_host(host) if isinstance(host, str) else None
    if wrong:
        yield Finding(("host",), *wrong)


def _token(spec: Mapping[str, Any]) -> Iterator[Finding]:
    token = spec.get("token")
    if isinstance(token, str):
        what = "holds the token itself; whoever reads the manifest could control the campaign"
        yield Finding(("token",), what, f"{_WHERE_FIX}, and replace a token that was committed")
    elif not isinstance(token, dict) or len(token) != 1 or not token.keys() <= {"env", "file"}:
        yield Finding(("token",), "does not say where the token is", _WHERE_FIX)
    else:
        env = token.get("env")
        if isinstance(env, str) and not _VARIABLE.fullmatch(env):
            yield Finding(("token", "env"), "is no name of a variable", "write the variable's name, not the token")
        yield from (finding.under(("token",)) for finding in _file(token))


def _wave(spec: Mapping[str, Any]) -> Iterator[Finding]:
    wave = spec.get("wave")
    if isinstance(wave, str) and wave and (wave.strip() != wave or not wave.isprintable()):
        yield Finding(
            ("wave",), "has spaces around it, or characters that cannot be seen", 'write plain text such as "2"'
        )


def _policy(path: KeyPath, fields: Any, base: Mapping[str, Any], policies: Policies) -> Iterator[Finding]:
    """A policy at `path`, by itself and on top of the level below (`base`, resolved)."""
    own = _mapping(fields)
    found = [*policy_findings(own), *ref_findings(own, policies)]
    full = resolved(own, policies)
    # Only what this level newly brings together: each level by itself has been looked at.
    levels = (base, own, resolved({"$ref": own.get("$ref")}, policies))
    if _period({**base, **full}) not in [_period(level) for level in levels]:
        found += period_findings({**base, **full})
    return (finding.under(path) for finding in found)


def _lists_with_waves(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Lists with a wave of their own under a rollout, which counts the calls of one wave."""
    for index, phone_list in enumerate(_items(spec.get("phoneLists"))):
        if "wave" in _mapping(phone_list):
            what, fix = "does not go with a rollout", "raise spec.wave, or give the list a campaign of its own"
            yield Finding(("phoneLists", index, "wave"), what, fix)


def _period(fields: Mapping[str, Any]) -> list[Any]:
    return [fields.get(name) for name in _PERIOD]


def _phone_list(phone_list: Mapping[str, Any], base: Mapping[str, Any], policies: Policies) -> Iterator[Finding]:
    """One phone list; `base` is the campaign's policy, resolved."""
    is_file = "source" in phone_list
    if is_file == ("phones" in phone_list):
        what = "has both source and phones" if is_file else "has neither source nor phones"
        yield Finding((), what, "write one of them; two lists may follow each other")
    fields = _mapping(phone_list.get("policy"))
    columns = {name for name in COLUMN_FIELDS & fields.keys() if isinstance(fields[name], dict)}
    constants = {name: value for name, value in fields.items() if name not in columns}
    yield from _policy(("policy",), constants, base, policies)
    yield from _payload(_mapping(phone_list.get("payload")))
    if is_file:
        yield from (finding.under(("source",)) for finding in _file(_mapping(phone_list.get("source"))))
    else:
        yield from _columns_without_file(phone_list, columns)
    level = {**base, **resolved(constants, policies)}
    for index, phone in enumerate(_items(phone_list.get("phones"))):
        if "policy" in _mapping(phone):
            yield from _policy(("phones", index, "policy"), phone["policy"], level, policies)


def _payload(payload: Mapping[str, Any]) -> Iterator[Finding]:
    """A mapping with `column` in it is a column; to send such a mapping it is put under `value`."""
    for name, value in payload.items():
        if "column" in _mapping(value):
            yield from (finding.under(("payload", name)) for finding in convert(value, ColumnRef)[1])


def _columns_without_file(phone_list: Mapping[str, Any], policy_columns: set[str]) -> Iterator[Finding]:
    """Columns named by a list whose phones are written in the manifest."""
    payload = _mapping(phone_list.get("payload"))
    paths: list[KeyPath] = [("payload", name) for name in payload if "column" in _mapping(payload[name])]
    paths += [("policy", name) for name in sorted(policy_columns)]
    paths += [("phone", "column")] if "column" in _mapping(phone_list.get("phone")) else []
    paths += [("key",)] if "key" in phone_list else []
    for path in paths:
        yield Finding(path, "names a column, but the list has no source", "write the value, or give the list a source")


def _list_names(phone_lists: list[Any]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, name in enumerate(_mapping(phone_list).get("name") for phone_list in phone_lists):
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            what = f"is the name of phoneLists[{seen[name]}] too"
            yield Finding(("phoneLists", index, "name"), what, "give each list of a campaign its own name")


def _file(source: Mapping[str, Any]) -> Iterator[Finding]:
    """A file that is named, and how to read it."""
    path, encoding, delimiter = (source.get(name) for name in ("file", "encoding", "delimiter"))
    if isinstance(path, str) and not path.isprintable():
        yield Finding(("file",), "holds characters that cannot be seen", "write the file's path")
    if isinstance(encoding, str) and not _is_encoding(encoding):
        yield Finding(("encoding",), "is no encoding of text", "write one such as utf-8, utf-16, latin-1 or cp1251")
    if isinstance(delimiter, str) and delimiter in ("\n", "\r", '"'):
        yield Finding(("delimiter",), "cannot separate columns", 'write one such as ";"')


def _is_encoding(name: str) -> bool:
    """Whether Python can read text in it; some codecs turn bytes into bytes."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False
