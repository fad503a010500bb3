"""Runs `campaign` with one chosen effect on the world failing: `python failing.py EFFECT K HOW COUNT_FILE ARGUMENTS…`.

EFFECT is fsync, write, rename, connect, send or receive; the K-th of them (from 1) is replaced by HOW: KILL (the
process dies by SIGKILL just before it) or the name of an errno such as EIO. How many of them happened is written to
COUNT_FILE before each one, so that whoever started this knows when K is past the last.

With EFFECT `every` nothing fails: the names of all effects are written to COUNT_FILE in order, a line each, a send
with the part of the API it asks for.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

_write = os.write  # the real one, for keeping count

_EFFECTS: dict[str, list[tuple[Any, str]]] = {
    "fsync": [(os, "fsync")],
    "write": [(os, "write")],
    "rename": [(os, "replace")],
    "connect": [(socket.socket, "connect")],
    "send": [(socket.socket, "send"), (socket.socket, "sendall")],
    "receive": [(socket.socket, "recv"), (socket.socket, "recv_into")],
}


def failing(real: Callable[..., Any], fail_now: Callable[[], bool], how: str) -> Callable[..., Any]:
    """`real`, but failing the way `how` says whenever `fail_now` answers yes."""

    def effect(*arguments: Any, **named: Any) -> Any:
        if fail_now():
            if how == "KILL":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(getattr(errno, how), os.strerror(getattr(errno, how)))
        return real(*arguments, **named)

    return effect


def counted(k: int, count_file: str) -> Callable[[], bool]:
    """Answers yes the k-th time it is asked, and keeps the count in a file."""
    fd, count = os.open(count_file, os.O_WRONLY | os.O_CREAT), 0

    def is_kth() -> bool:
        nonlocal count
        count += 1
        os.lseek(fd, 0, os.SEEK_SET)
        _write(fd, b"%d" % count)
        return count == k

    return is_kth


def logged(real: Callable[..., Any], effect: str, log: int) -> Callable[..., Any]:
    """`real`, but with a line in the file `log` each time."""

    def noted(*arguments: Any, **named: Any) -> Any:
        asked = [part for part in _PARTS if effect == "send" and part in bytes(arguments[1]).partition(b"\r\n")[0]]
        _write(log, " ".join([effect, *(part.decode() for part in asked)]).encode() + b"\n")
        return real(*arguments, **named)

    return noted


_PARTS = (b"/addPhones", b"/cancel", b"/control")


def main() -> None:
    """Arms the effect and becomes `campaign`."""
    effect, k, how, count_file, *arguments = sys.argv[1:]
    if effect == "every":
        log = os.open(count_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for each, places in _EFFECTS.items():
            for owner, name in places:
                setattr(owner, name, logged(getattr(owner, name), each, log))
    else:
        fail_now = counted(int(k), count_file)
        for owner, name in _EFFECTS[effect]:
            setattr(owner, name, failing(getattr(owner, name), fail_now, how))
    from reconciler.cli.main import exit_code

    sys.exit(exit_code(arguments))


if __name__ == "__main__":
    main()
