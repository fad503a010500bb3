"""`campaign schema`: the JSON Schemas of the manifests, for editors and CI."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import option


@click.command("schema", short_help="Print the JSON Schema of manifests or plans.")
@click.argument("of", type=click.Choice(["manifest", "plan"]), default="manifest", metavar="[manifest|plan]")
@option(
    "--write",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the schema files into this folder instead of printing them.",
)
def command(of: str, folder: Path | None) -> int:
    """Print the JSON Schema of manifests, or of plans as JSON; or write both to a folder.

    An editor completes and checks manifests that begin with a line such as
    `# yaml-language-server: $schema=../schemas/campaign.v1.json`.
    """
    from reconciler.errors import ReconcilerError
    from reconciler.manifest import schema
    from reconciler.render import schema as plan_schema

    if folder is not None:
        try:
            schema.write(folder)
            plan_schema.write(folder)
        except OSError as failure:
            raise ReconcilerError(f"cannot write into {folder}: {failure.strerror}") from None
        return 0
    documents = [plan_schema.document()] if of == "plan" else schema.documents().values()
    for document in documents:
        import json

        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    return 0
