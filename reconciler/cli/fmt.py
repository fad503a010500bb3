"""`campaign fmt`: manifests in one layout, so that a diff shows what somebody meant to change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import file_option, option, talk_options

if TYPE_CHECKING:
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import Problem
    from reconciler.manifest.layout.proof import Formatted

STDIN = Path("-")


@click.command("fmt", short_help="Lay out manifests; values and comments stay.")
@click.argument("arguments", metavar="[FILES]...", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@file_option
@option("--check", "is_check", is_flag=True, help="Write nothing; exit 1 if a file would change, and list it.")
@option("--diff", "is_diff", is_flag=True, help="Write nothing; show what would change, values hidden.")
@talk_options
def command(
    arguments: tuple[Path, ...],
    files: tuple[Path, ...],
    is_check: bool,
    is_diff: bool,
    is_quiet: bool,
    verbosity: int,
    no_color: bool,
) -> int:
    """Lay out manifests: indentation, spaces, blank lines and quotes. Values, comments and order stay.

    FILES are files and folders, instead of --file; - formats what comes in on stdin. YAML that is no manifest is
    left alone. The files that were changed are listed.
    """
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import ManifestError, UsageError

    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    paths = arguments or files
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("- stands for stdin, and cannot be given together with files")
        return _stdin(terminal, is_check=is_check, is_diff=is_diff)
    changed, problems = _changed(paths)
    for path, form in changed.items():
        if is_diff:
            _show_diff(terminal, path, form)
        else:
            problem = None if is_check else _rewritten(path, form.content)
            problems += [problem] if problem else []
            terminal.show_text(f"{'would change' if is_check else 'not written' if problem else 'formatted'} {path}")
    if problems:
        raise ManifestError(problems)
    return 1 if is_check and changed else 0


def _changed(paths: tuple[Path, ...]) -> tuple[dict[Path, Formatted], list[Problem]]:
    """The manifests below these paths whose layout changes, and what is wrong with others."""
    from reconciler.manifest.files import manifest_files, read_bounded
    from reconciler.manifest.layout.proof import formatted

    contents: dict[Path, bytes] = {}
    changed: dict[Path, Formatted] = {}
    problems: list[Problem] = []

    def read(path: Path) -> bytes:
        contents[path] = read_bounded(path)
        return contents[path]

    for file in manifest_files(paths, read, skip_others=True):
        problems += file.problems
        content = contents.pop(file.path, None) if file.path else None
        if file.path is None or content is None or file.problems:
            continue
        form = formatted(content, str(file.path))
        if isinstance(form, tuple):
            problems += form
        elif form.content != content:
            changed[file.path] = form
    return changed, problems


def _stdin(terminal: Terminal, *, is_check: bool, is_diff: bool) -> int:
    """Formats what comes in on stdin, whatever it says it is."""
    from reconciler.errors import ManifestError
    from reconciler.manifest.layout.proof import formatted

    content = sys.stdin.buffer.read()
    form = formatted(content, "stdin")
    if isinstance(form, tuple):
        raise ManifestError(form)
    if is_diff:
        _show_diff(terminal, Path("stdin"), form)
    elif not is_check:
        sys.stdout.buffer.write(form.content)
        sys.stdout.buffer.flush()
    elif form.content != content:
        terminal.show_text("would change stdin")
    return 1 if is_check and form.content != content else 0


def _show_diff(terminal: Terminal, path: Path, form: Formatted) -> None:
    from reconciler.manifest.layout.veil import veiled
    from reconciler.render.diff import diff_text

    terminal.show(diff_text(str(path), veiled(form.old), veiled(form.new)))


def _rewritten(path: Path, content: bytes) -> Problem | None:
    """Puts the content into the file, all of it or nothing; what is wrong if that fails."""
    from reconciler.cli.rewrite import rewrite
    from reconciler.errors import Place, Problem

    try:
        rewrite(path, content)
    except OSError as failure:
        return Problem(Place(str(path)), "", f"cannot be written ({failure.strerror})", "it is as it was")
    return None
