"""The campaign's token, from the environment or a file. It is the only credential: it is never shown.

Not even the name of its variable or file is, when that does not look like one: it may be the token, misplaced.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from reconciler.errors import ManifestError, Problem
from reconciler.manifest.model import Campaign

MAX_BYTES = 4096  # the token is part of a URL; servers and proxies accept some 8 KiB of one

_CONVENTIONAL = re.compile(r"[A-Z_]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]*)+")
_TOKEN = re.compile(r"[A-Za-z0-9._~:@!$&'()*+,;=-]+")  # what may stand in one segment of a path (RFC 3986)


def read_token(campaign: Campaign, environ: Mapping[str, str] = os.environ) -> str:
    """The token. Raises ManifestError, at the place of `spec.token`, if there is none or it can be none."""
    token, path = _from_env(campaign, environ) if isinstance(campaign.token.env, str) else _from_file(campaign)
    if not token:
        raise _error(campaign, path, "is empty", "put the campaign's token there")
    if not _TOKEN.fullmatch(token):
        raise _error(
            campaign, path, "holds what cannot be a token", "it is one word; look for spaces, quotes or a whole URL"
        )
    return token


def _from_env(campaign: Campaign, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable's value, and where in the manifest it is named."""
    name = str(campaign.token.env)
    path = "spec.token.env"
    if name not in environ:
        shown = f"the variable {name}" if _CONVENTIONAL.fullmatch(name) else "the variable named here"
        raise _error(campaign, path, f"{shown} is not set", "export it with the campaign's token as its value")
    return environ[name], path


def _from_file(campaign: Campaign) -> tuple[str, str]:
    """The file's text without its last line feed, and where in the manifest the file is named."""
    path = "spec.token.file"
    try:
        with (campaign.folder / str(campaign.token.file)).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise _error(campaign, path, what, "its path is relative to the manifest") from None
    if len(content) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES} bytes"
        raise _error(campaign, path, what, "it holds the token and nothing else")
    # What is no UTF-8 becomes a character that no token has.
    return content.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r"), path


def _error(campaign: Campaign, path: str, what: str, fix: str) -> ManifestError:
    return ManifestError([Problem(campaign.token_place or campaign.place, path, what, fix)])
