"""`campaign completion`: tab completion for the shells."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of a shell.

    \b
    bash: campaign completion bash > ~/.local/share/bash-completion/completions/campaign
    zsh:  campaign completion zsh > "${fpath[1]}/_campaign"
    fish: campaign completion fish > ~/.config/fish/completions/campaign.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:  # pragma: no cover - click has all three
        raise click.ClickException(f"no completion for {shell}")
    root = click.get_current_context().find_root()
    click.echo(found(root.command, {}, "campaign", "_CAMPAIGN_COMPLETE").source())
    return 0
