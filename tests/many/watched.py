"""The real command, which ends at once where a thread makes a struct type ready to be read.

msgspec does that when a type is first read, without a lock: a second thread that reads it meanwhile sees half of it
and the process dies of SIGSEGV, once in some thousand runs. So types are to be ready when their module is imported.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

CODE = 70


def _is_importing(frame: FrameType | None) -> bool:
    """Whether this is done while a module is imported, for which others wait."""
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False


def _watch() -> None:
    """Puts a watch on what msgspec asks of a type when it makes it ready, before msgspec is there to take it."""
    folder = next(Path(path) / "msgspec" for path in sys.path if (Path(path) / "msgspec" / "_utils.py").is_file())
    spec = importlib.util.spec_from_file_location("msgspec._utils", folder / "_utils.py")
    assert spec is not None
    assert spec.loader is not None
    utils: Any = importlib.util.module_from_spec(spec)
    sys.modules["msgspec._utils"] = utils
    spec.loader.exec_module(utils)
    annotations = utils.get_class_annotations

    def watched(kind: type) -> Any:
        is_alone = threading.current_thread() is threading.main_thread()
        if not (is_alone or _is_importing(sys._getframe())):
            os.write(2, f"made ready in a thread: {kind.__module__}.{kind.__qualname__}\n".encode())
            os._exit(CODE)
        return annotations(kind)

    utils.get_class_annotations = watched


if __name__ == "__main__":
    del sys.path[0]  # this folder
    _watch()
    from reconciler.cli.main import run

    run()
