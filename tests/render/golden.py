"""Golden files: what people read, kept as they read it.

`REGOLD=1 pytest tests/render` writes the files anew; look at the difference before you keep it.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str, folder: Path = FOLDER) -> None:
    """`text` is exactly what <name>.txt in the folder holds."""
    path = folder / f"{name}.txt"
    if os.environ.get("REGOLD"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"golden/{name}.txt differs; REGOLD=1 writes it anew"
