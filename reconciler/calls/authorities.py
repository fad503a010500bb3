"""The certificate authorities that servers are trusted by, loaded once for all clients of a run.

Loading them takes 40 to 90 ms of processor time, and by default each client does so: half a minute for 500 campaigns.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


class Authorities:
    """Those of the environment (SSL_CERT_FILE, SSL_CERT_DIR), else of certifi. May be used from several threads."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None
        self._loading = threading.Lock()

    def context(self) -> ssl.SSLContext:
        """The context to connect with. Raises OSError for files that cannot be loaded."""
        import httpx

        with self._loading:
            if self._context is None:
                self._context = httpx.create_ssl_context()
            return self._context
