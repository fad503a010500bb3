"""What holds for every test: nothing leaves this machine, and nothing of the developer's own settings comes in."""

from __future__ import annotations

import ipaddress
import os
import sys

import hypothesis
import pytest


class BeyondLoopback(RuntimeError):
    """A test tried to reach another machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Set up each process that runs tests, xdist's workers included."""
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_")]:
        del os.environ[name]
    # Two shared cores make single examples slow now and then: that says nothing about the code.
    # CI repeats the same examples, so that a red run is about the change; everywhere else new ones are tried.
    is_ci = bool(os.environ.get("CI"))
    hypothesis.settings.register_profile("campaign", deadline=None, print_blob=not is_ci, derandomize=is_ci)
    hypothesis.settings.load_profile("campaign")
    # An audit hook, not a patched socket: it also sees connections made from C and from other threads.
    sys.addaudithook(refuse_other_machines)


def refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    """Raise BeyondLoopback when a name that is not loopback's is looked up or connected to."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name not in (None, "", "localhost") and not is_loopback(str(name)):
        raise BeyondLoopback("tests talk to loopback only")


def is_loopback(host: str) -> bool:
    """Whether it is a loopback address; names are not looked up, so any name is not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
