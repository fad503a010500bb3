"""`make docs-update`: writes the current --help texts into the blocks of the docs that show them."""

from __future__ import annotations

from tests.docs.helptexts import with_current_help
from tests.docs.repository import PAGES, campaign_help


def run() -> None:
    """Rewrite the pages whose help blocks are not current, and name them."""
    root = campaign_help()
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = with_current_help(before, root)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"updated {page.name}")  # noqa: T201 -- a command of ours, not a part of the package


if __name__ == "__main__":
    run()
