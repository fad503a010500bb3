"""Authorities are loaded once for all clients, from where the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.calls.authorities import Authorities
from reconciler.calls.client import CallsClient
from reconciler.errors import UsageError
from tests.calls.fakes import CERTIFICATE, HOST, TOKEN


def test_they_are_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    authorities = Authorities()
    first = authorities.context()
    assert len(first.get_ca_certs()) == 1
    assert authorities.context() is first


def test_a_file_of_them_that_cannot_be_read_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        CallsClient(HOST, TOKEN, authorities=Authorities())
