"""What may be shown: text without control characters, hosts without credentials, settings without secrets or phones.

The last line of defence. Whoever raises an error or builds a plan has masked already; a campaign-level setting is
shown in full by design, so here whatever looks like a secret or a phone in it is hidden.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from reconciler.calls.masks import mask

if TYPE_CHECKING:  # messages are shown by commands that plan nothing
    from reconciler.plan.model import SettingChange

SECRET = "(secret)"  # noqa: S105 - the word shown instead of one
ABSENT = "(none)"
LONGEST_VALUE = 60
"""Characters of a setting's value that are shown; about what fits twice beside a path on a wide line."""

_SECRET_NAME = re.compile(
    r"url|token|secret|passw|credential|authori[sz]ation|api_?key|private_?key|digest|fingerprint", re.IGNORECASE
)
# A date is kept. Else seven digits and more are taken for a phone; hardly any number people dial is shorter.
_DATE_OR_PHONE = re.compile(
    r"(?P<date>(?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?![\d-]))"
    r"|(?P<phone>\d(?:[ ().\-/]{0,3}\d){6,})"
)


def plain(text: str) -> str:
    """`text` on one line without control characters, so that no file name can move the cursor or fake a line."""
    if text.isprintable():
        return text
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character in "\n\r\t":
        return " "
    # Cc control, Cf format (also the ones that reverse the writing direction), Cs lone surrogates, Zl and Zp line ends.
    is_hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return f"\\u{ord(character):04x}" if is_hidden else character


def host_name(host: str) -> str:
    """`host` as a header names it: no `https://`, no credentials, no path; a plain `http://` stays visible."""
    scheme, _, rest = host.rpartition("://")
    name = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return plain(name if scheme in ("", "https") else f"{scheme}://{name}")


def without_phones(text: str) -> str:
    """`text` with every run of digits that could be a phone masked."""
    return _DATE_OR_PHONE.sub(lambda found: found["date"] or mask(re.sub(r"\D", "", found["phone"])), text)


def setting(change: SettingChange) -> tuple[str, str, str]:
    """Path, old value and new value of a setting as they may be shown."""
    if _SECRET_NAME.search(change.path):
        old, new = (ABSENT if value is None else SECRET for value in (change.old, change.new))
    else:
        old, new = _short(change.old), _short(change.new)
    if old == new:  # what differs is hidden or cut off
        new = "(another secret)" if new == SECRET else f"{new} (differs further on)"
    return without_phones(plain(change.path)), old, new


def _short(value: Any) -> str:
    if value is None:
        return ABSENT
    redacted = _redacted(value)
    if redacted == SECRET:
        return SECRET
    text = plain(json.dumps(redacted, ensure_ascii=False, default=lambda _: "…"))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return SECRET if "://" in value else without_phones(value)
        case dict():
            return {without_phones(str(k)): _redacted_member(str(k), v) for k, v in value.items()}
        case list() | tuple():
            return [_redacted(item) for item in value]
        case int() | float() if without_phones(str(value)) != str(value):
            return without_phones(str(value))
        case _:
            return value


def _redacted_member(name: str, value: Any) -> Any:
    return SECRET if _SECRET_NAME.search(name) else _redacted(value)
