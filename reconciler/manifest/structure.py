"""Whether a value has the form of a struct, and if not, everything that is wrong with its form.

msgspec converts a good value in microseconds but stops at the first error. So jsonschema is asked only then: it finds
all of them. The words are ours, because jsonschema's repeat the value, and a value may be a phone or a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from reconciler.manifest.document import Finding
from reconciler.manifest.schema import definitions
from reconciler.manifest.wording import KeyPath, did_you_mean, kind_of, listed, quoted, shown_name

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

# A jsonschema.ValidationError. Its published types allow for errors without keyword or schema, which do not occur.
_Violation = Any

T = TypeVar("T", bound=msgspec.Struct)

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}
# Fields whose values identify nobody and open nothing: they may be repeated in a message.
_HARMLESS = frozenset(
    {
        "apiVersion",
        "kind",
        "state",
        "dialect",
        "allowedDays",
        "localTimeFrom",
        "localTimeTo",
        "retryIntervalInMinutes",
        "maxAttempts",
        "dialerPriority",
        "newCalls",
        "newCallsPercent",
        "cancelPercent",
        "replacePercent",
        "counts",
        "listShrinkPercent",
        "listGrowthPercent",
        "releases",
        "cancels",
        "replaces",
        "severity",
        "per",
        "seen",
        "calls",
        "share",
        "wait",
        "minFinished",
        "onAbort",
        "technicalError",
        "nonexistentNumber",
        "noAnswer",
        "rejected",
        "cancelledByOthers",
    }
)
_SECRETIVE = frozenset({"token", "externalCheck"})  # a misplaced secret may even be a field's name here

# Text by the schema, so that it stays as written: a phone keeps its zero and its plus, a wave may be called 1.
_TEXT = frozenset(
    {
        "$ref",
        "apiVersion",
        "column",
        "countries",
        "country",
        "delimiter",
        "encoding",
        "env",
        "externalCheckUrl",
        "file",
        "finishDateTime",
        "gmtZone",
        "host",
        "key",
        "kind",
        "localTimeFrom",
        "localTimeTo",
        "name",
        "notes",
        "per",
        "phone",
        "profiles",
        "purpose",
        "region",
        "seen",
        "source",
        "startDateTime",
        "subdivision",
        "wave",
        "cancelledByOthers",
        "minFinished",
        "noAnswer",
        "nonexistentNumber",
        "rejected",
        "resume",
        "share",
        "technicalError",
        "wait",
    }
)
_LISTS_OF_TEXT = frozenset({"countries", "notes", "profiles"})


def is_text(path: KeyPath) -> bool:
    """Whether the manifest's field at `path` is text, whatever its value looks like. A payload's never are."""
    if path[:-1] == ("metadata", "labels"):
        return True
    if not path or "payload" in path:
        return False
    return path[-1] in _TEXT or (isinstance(path[-1], int) and not _LISTS_OF_TEXT.isdisjoint(path[-2:-1]))


def convert(value: Any, struct: type[T]) -> tuple[T | None, tuple[Finding, ...]]:
    """`value` as the struct, or None and every violation of its form."""
    try:
        return msgspec.convert(value, struct), ()
    except msgspec.ValidationError:
        found = tuple(dict.fromkeys(_violations(value, struct.__name__)))
        return None, found or (Finding((), "does not have the right form"),)


def _violations(value: Any, definition: str) -> Iterator[Finding]:
    for error in _validator(definition).iter_errors(value):
        yield from _findings(error)


@cache
def _validator(definition: str) -> Validator:
    """Checks values against one definition; made once, which takes longer than most checks."""
    from jsonschema import Draft202012Validator, validators

    # msgspec does not take 3.0 for an integer; plain JSON Schema would.
    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: Any = validators.extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]
    made: Validator = strict({"$ref": f"#/$defs/{definition}", "$defs": definitions()})
    return made


def _findings(error: _Violation) -> Iterator[Finding]:
    """One violation, or several that jsonschema reports as one, in our words."""
    path: KeyPath = tuple(error.absolute_path)
    keyword = str(error.validator)
    if keyword == "required":
        fields = error.schema["properties"]
        missing = (name for name in error.validator_value if name not in error.instance)
        yield from (Finding((*path, name), "is missing", fields[name].get("description", "")) for name in missing)
    elif keyword == "additionalProperties":
        known = error.schema["properties"]
        yield from (_unknown(path, name, known) for name in error.instance if name not in known)
    elif keyword == "anyOf":
        yield from _any_of(path, error)
    else:
        what, fix = _WORDS[keyword](_subject(path, error.instance), error)
        yield Finding(path, what, fix)


def _unknown(path: KeyPath, name: str, known: dict[str, Any]) -> Finding:
    """A field that does not exist. Where its name may be a misplaced secret, it stays out of the message."""
    fix = did_you_mean(name, known) or f"known here: {', '.join(known)}"
    if shown_name(name) == "…" or not _SECRETIVE.isdisjoint(path):
        return Finding(path, "has a field that is not known", fix)
    return Finding((*path, name), "is not a known field", fix)


def _any_of(path: KeyPath, error: _Violation) -> Iterator[Finding]:
    """What is wrong by the alternative that was meant, judged by the value's type; else what types there may be."""
    branches: dict[Any, list[_Violation]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    wrong_types = [e for errors in branches.values() for e in errors if e.validator == "type" and not e.relative_path]
    meant = [errors for errors in branches.values() if not any(e in wrong_types for e in errors)]
    if meant:
        for inner in meant[0]:
            yield from _findings(inner)
        return
    kinds = [("{column: name}" if e.validator_value == "object" else _KINDS[e.validator_value]) for e in wrong_types]
    yield Finding(path, f"is {kind_of(error.instance)}", f"write {listed(kinds)}")


def _subject(path: KeyPath, value: Any) -> str:
    """What a message may call the value: itself if the field is harmless, else nothing."""
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    is_harmless = field in _HARMLESS or path == ("metadata", "name")
    return f"{quoted(value)} " if is_harmless and isinstance(value, str | int | float) else ""


def _of_type(subject: str, error: _Violation) -> tuple[str, str]:
    # Text where a number belongs may be anything; a number is masked if it could be a phone.
    shown = f" ({subject.strip()})" if subject and not isinstance(error.instance, str) else ""
    return f"is {kind_of(error.instance)}{shown}", f"write {_KINDS[error.validator_value]}"


def _of_enum(subject: str, error: _Violation) -> tuple[str, str]:
    words = [str(word) for word in error.validator_value]
    meant = did_you_mean(error.instance, words) if isinstance(error.instance, str) else ""
    fix = f"write {listed(words)}"
    return f"{subject}is not known", f"{meant} {fix}".strip()


def _of_pattern(subject: str, error: _Violation) -> tuple[str, str]:
    return f"{subject}does not have the right form", f"write {error.schema['description']}"


def _limit(what: str, fix: str = "") -> Callable[[str, _Violation], tuple[str, str]]:
    """Words for a limit; `{}` in them becomes the limit."""

    def words(subject: str, error: _Violation) -> tuple[str, str]:
        limit = f"{error.validator_value:g}"
        return subject + what.format(limit), fix.format(limit)

    return words


_WORDS: dict[str, Callable[[str, _Violation], tuple[str, str]]] = {
    "type": _of_type,
    "enum": _of_enum,
    "pattern": _of_pattern,
    "minimum": _limit("is too small", "at least {}"),
    "maximum": _limit("is too large", "at most {}"),
    "minLength": _limit("is empty"),  # no text and no list of the schema asks for more than one of anything
    "minItems": _limit("is empty"),
    "maxLength": _limit("is too long", "characters allowed: {}"),
    "maxItems": _limit("is too long", "items allowed: {}"),
}
