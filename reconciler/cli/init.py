"""`campaign init`: a small repository that works, to change into one's own."""

from __future__ import annotations

from pathlib import Path

import click

NAMES = {
    "campaign.yaml": "campaign.yaml",
    "leads.csv": "leads.csv",
    "do-not-call.txt": "do-not-call.txt",
    "gitignore": ".gitignore",
}
"""Files of the example, and what they are called in the repository."""

NEXT = """\
Try it against the sandbox, where no phone rings:

  campaign sandbox --campaign spring-promo-token &
  export SPRING_PROMO_TOKEN=spring-promo-token
  campaign plan
  campaign apply
"""


@click.command("init", short_help="Write an example campaign to start from.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def command(folder: Path) -> int:
    """Write a runnable example campaign into FOLDER (default: the current one). Overwrites nothing."""
    from reconciler.errors import ReconcilerError, UsageError
    from reconciler.manifest import schema

    names = [*NAMES.values(), *(f"schemas/{name}" for name in schema.texts())]
    present = [name for name in names if (folder / name).exists()]
    if present:
        raise UsageError(f"{folder} already has {', '.join(present)}; give a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source, name in NAMES.items():
            from importlib.resources import files  # 6 ms

            content = files("reconciler.cli").joinpath("init_files", source).read_bytes()
            (folder / name).write_bytes(content)
            click.echo(f"wrote {folder / name}")
        schema.write(folder / "schemas")
    except OSError as failure:
        raise ReconcilerError(f"cannot write into {folder}: {failure.strerror}") from None
    click.echo(f"wrote {folder / 'schemas'}/\n\n{NEXT}", nl=False)
    return 0
