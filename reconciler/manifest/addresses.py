"""Which addresses a manifest may name: the host of the Calls API, and the URL of an external check.

Both may carry credentials by accident or on purpose, so no message repeats one.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_HOSTNAME = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+")


def wrong_with_host(text: str) -> tuple[str, str] | None:
    """What is wrong with the address of the server, and what would be right; None if nothing."""
    parts = _split(text)
    if parts is None:
        return "is not an address", "write https:// and the server's name"
    if parts.username is not None or parts.query or parts.fragment or parts.path not in ("", "/"):
        return "has more than the server's name", "leave out path, user and query: the token is spec.token"
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        return "is not encrypted", "write https://; http:// is for loopback only"
    return None


def plain_host(text: str) -> str:
    """The address of a server, nothing wrong with it, in the one way of writing it: two ways would be two servers."""
    parts = urlsplit(text)
    default_port = ":443" if parts.scheme == "https" else ":80"
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default_port)}"


def wrong_with_url(text: str) -> tuple[str, str] | None:
    """What is wrong with the URL of an external check, and what would be right; None if nothing."""
    return None if _split(text) else ("is not an http or https URL", "write it in full, from https:// on")


def _split(text: str) -> SplitResult | None:
    """The parts of an http or https URL, or None if it is none."""
    # urlsplit silently drops line feeds and tabs, and servers read backslashes as they like.
    if not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        is_address = parts.port != 0 and _is_name(parts.hostname or "")
    except ValueError:
        return None
    return parts if is_address and parts.scheme in ("http", "https") else None


def _is_name(hostname: str) -> bool:
    """Whether a resolver can be asked for it: no label is empty or longer than 63 bytes. Raises UnicodeError too."""
    if not hostname.isascii():
        hostname = hostname.encode("idna").decode()
    labels = hostname.removesuffix(".").split(".")
    return bool(_HOSTNAME.fullmatch(hostname)) and all(0 < len(label) < 64 for label in labels)


def _is_loopback(hostname: str) -> bool:
    """Whether a request to this name stays on this machine."""
    try:
        return hostname == "localhost" or ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False
