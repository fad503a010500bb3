"""`campaign halt`: pause now. Needs a host and a token and nothing else: no lists, no lockfile, no plan."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import campaign_names, file_option, option, seconds_option, talk_options

if TYPE_CHECKING:
    from reconciler.calls.client import CallsClient
    from reconciler.cli.at_work import AtWork, Runs
    from reconciler.cli.terminal import Terminal
    from reconciler.errors import Problem

    Openers = Mapping[str, Callable[[], CallsClient]]
    Open = Callable[[str, Callable[[], str]], Callable[[], CallsClient]]

AT_ONCE = 256
"""Campaigns paused side by side. One that hangs keeps a thread for half a minute, so there are as many as there may be
campaigns: with 16, ten that hang among 200 make the others wait; a thread costs a quarter of a millisecond."""

NONE_KNOWN, LOCKED, SOME_FAILED = 1, 6, 7

TRIES = 3
"""How often a pause whose answer was lost is sent: pausing again does no harm."""

AGAIN_S = 0.3
"""Between two tries."""

LONGEST_WAIT_S = 5.0
"""For a server that asks to come back later."""

SIGN_OF_LIFE_S = 5.0
"""Without an answer from anybody, who is waited for is said."""

NAMES_SHOWN = 10


@click.command("halt")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=campaign_names)
@option("--all", "is_all", is_flag=True, help="Every campaign of the manifests, or of --tokens-file.")
@option("--host", help="Without manifests: the server, such as https://app.jaicp.com.")
@option("--token-env", metavar="VARIABLE", help="Without manifests: the variable that holds the campaign's token.")
@option(
    "--tokens-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Without manifests: many campaigns, a line each: NAME TOKEN [HOST]; - reads standard input.",
)
@file_option
# Not the option of the other commands: that one refuses what is no folder, and nothing may keep a halt from its work.
@option(
    "--lock-store",
    type=click.Path(path_type=Path),
    metavar="FOLDER|git:BRANCH",
    help="Where runs keep their locks: only to see whether one is at work. Default: beside each manifest.",
)
@seconds_option("--timeout", 10, "How long one request may take; it is sent up to three times.")
@talk_options
def command(
    names: tuple[str, ...],
    is_all: bool,
    host: str | None,
    token_env: str | None,
    tokens_file: Path | None,
    files: tuple[Path, ...],
    lock_store: Path | None,
    timeout_s: float,
    is_quiet: bool,
    verbosity: int,
    no_color: bool,
) -> int:
    """Pause campaigns at once. Calls in progress are finished, no new ones start.

    The manifests keep saying what they say: set `state: paused` there, or the next apply resumes them. An apply that
    is at work may do so too: it is named, and has to be ended. Exits with 6 then.
    """
    from reconciler.cli.at_work import Runs
    from reconciler.cli.terminal import Terminal

    # What Python needs to get here is nearly all computing, so this is when Enter was pressed.
    entered_s = time.monotonic() - time.process_time()
    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    opener = _opening(timeout_s)
    if token_env or (host and not tokens_file):
        if not (host and token_env) or names or is_all or tokens_file:
            raise click.UsageError("give --host and --token-env together, and neither names nor --all with them")
        if token_env not in os.environ:
            raise click.UsageError("the variable that --token-env names is not set")
        openers: Openers = {"the campaign": opener(host, lambda: os.environ[token_env])}
        return _Halt(openers, terminal, entered_s, Runs()).run(timeout_s)
    if bool(names) == is_all:
        raise click.UsageError("name the campaigns to pause, or give --all")
    if tokens_file:
        runs = Runs()
        openers, is_complete = _listed(names, tokens_file, host, opener, terminal)
    else:
        openers, is_complete, runs = _declared(names, files, lock_store, opener, terminal)
    code = _Halt(openers, terminal, entered_s, runs).run(timeout_s)
    return code if is_complete or code == NONE_KNOWN else SOME_FAILED


def _declared(
    names: tuple[str, ...], files: tuple[Path, ...], lock_store: Path | None, opener: Open, terminal: Terminal
) -> tuple[Openers, bool, Runs]:
    """How to reach each campaign that is meant, whether these are all, and the runs that may be at work on them.

    One in a broken manifest is none of them. Raises UsageError for a name that no manifest has.
    """
    from reconciler.cli.at_work import Runs
    from reconciler.manifest.load import load
    from reconciler.manifest.token import read_token

    loaded = load(files)
    openers = {c.name: opener(c.host, lambda c=c: read_token(c)) for c in loaded.campaigns}  # type: ignore[misc]
    hint = "campaigns with errors in their manifests are not paused by this command", "--host and --token-env"
    return *_meant(openers, names, loaded.problems, hint, terminal), Runs(loaded.campaigns, lock_store)


def _listed(
    names: tuple[str, ...], path: Path, host: str | None, opener: Open, terminal: Terminal
) -> tuple[Openers, bool]:
    """The same for the campaigns of a tokens file; one on a line with an error is none of them."""
    from reconciler.cli.tokens_file import read_tokens

    campaigns, problems = read_tokens(path, host)
    openers = {one.name: opener(one.host, lambda one=one: one.token) for one in campaigns}  # type: ignore[misc]
    hint = "campaigns on lines with errors are not paused by this command", "right lines, or --host and --token-env"
    return _meant(openers, names, problems, hint, terminal)


def _meant(
    openers: Openers,
    names: tuple[str, ...],
    problems: tuple[Problem, ...],
    hint: tuple[str, str],
    terminal: Terminal,
) -> tuple[Openers, bool]:
    """The campaigns of these names, all without any, and whether nobody who is meant may be missing."""
    from reconciler.errors import ManifestError, UsageError

    in_vain = [name for name in names if not any(fnmatchcase(known, name) for known in openers)]
    is_complete = not problems or (bool(names) and not in_vain)
    if not is_complete:
        terminal.error(ManifestError(problems))
        terminal.warn(hint[0], f"pause them with {hint[1]}")
    elif in_vain:
        known = ", ".join(openers) or "none"
        raise UsageError(f"{in_vain[0]}: no campaign of that name; there are: {known}")
    # Those that can be paused do not wait for the others.
    return {known: o for known, o in openers.items() if not names or any(fnmatchcase(known, n) for n in names)}, (
        is_complete
    )


def _opening(timeout_s: float) -> Open:
    """What makes ways to open clients that share their certificates."""
    from reconciler.calls.authorities import Authorities

    authorities = Authorities()

    def opener(host: str, token: Callable[[], str]) -> Callable[[], CallsClient]:
        def open_client() -> CallsClient:
            from reconciler.calls.client import CallsClient

            return CallsClient(host, token(), timeout_s=timeout_s, authorities=authorities)

        return open_client

    return opener


class _Halt:
    """Pauses many campaigns side by side, and says of each how it stands as soon as that is known."""

    def __init__(self, openers: Openers, terminal: Terminal, entered_s: float, runs: Runs) -> None:
        self._openers, self._terminal, self._entered_s, self._runs = openers, terminal, entered_s, runs
        self._failed: dict[str, Exception] = {}
        self._at_work: dict[str, AtWork] = {}  # runs that may start a campaign again
        self._last_pause_s = 0.0  # since Enter

    def run(self, timeout_s: float) -> int:
        """The exit code: 0 when nobody can be calling any more, 1 when that is known of none, 7 of some.

        6 when all are paused and runs are at work on all of them. `timeout_s` is how long the remote of locks in Git
        may take.
        """
        if not self._openers:
            self._terminal.warn("there is no campaign to pause")
            return NONE_KNOWN
        pool = ThreadPoolExecutor(min(AT_ONCE, len(self._openers)))
        waiting = {pool.submit(self._outcome, name): name for name in self._openers}
        try:
            self._collect(waiting)
        except KeyboardInterrupt:
            self._failed |= {name: InterruptedError("stopped before an answer came") for name in waiting.values()}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self._at_work |= self._runs.in_git(self._openers, timeout_s)
        self._sum_up()
        return self._code()

    def _outcome(self, name: str) -> tuple[str | Exception, AtWork | None]:
        """How the campaign stands after its pause, and the run that was at work on it even then."""
        return _outcome(self._openers[name]), self._runs.in_folder(name)

    def _collect(self, waiting: dict[Future[tuple[str | Exception, AtWork | None]], str]) -> None:
        while waiting:
            done, _ = wait(waiting, SIGN_OF_LIFE_S, FIRST_COMPLETED)
            if not done:
                self._terminal.say(f"still waiting for an answer about {_names([*waiting.values()])}")
            for future in sorted(done, key=waiting.__getitem__):
                self._note(waiting.pop(future), *future.result())

    def _note(self, name: str, outcome: str | Exception, at_work: AtWork | None) -> None:
        if at_work is not None:
            self._at_work[name] = at_work
        if isinstance(outcome, Exception):
            self._failed[name] = outcome
            return
        self._last_pause_s = time.monotonic() - self._entered_s
        self._terminal.show_text(f"{name}: {outcome}")

    def _code(self) -> int:
        codes = {self._code_of(name) for name in self._openers}
        return codes.pop() if len(codes) == 1 else SOME_FAILED

    def _code_of(self, name: str) -> int:
        return NONE_KNOWN if name in self._failed else LOCKED if name in self._at_work else 0

    def _sum_up(self) -> None:
        """Who may still be calling or call again comes last and by itself: nobody should have to look for it."""
        for name, error in sorted(self._failed.items()):
            self._terminal.warn(f"{name} is NOT known to be paused")
            self._terminal.error(error)
        for name, run in sorted(self._at_work.items()):
            self._terminal.warn(f"{name} may be started again: {run.what}", run.hint)
        total, known = len(self._openers), sum(not self._code_of(name) for name in self._openers)
        if known:
            self._terminal.say(f"{known} of {total} known to call nobody, {self._last_pause_s:.1f} s after Enter")
        if total > 1:
            self._warn_of(self._at_work, "MAY BE STARTED AGAIN")
            self._warn_of(self._failed, "NOT known to be paused")

    def _warn_of(self, names: Collection[str], what: str) -> None:
        if names:
            self._terminal.warn(f"{len(names)} of {len(self._openers)} {what}: {', '.join(sorted(names))}")


def _names(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(sorted(names)[:NAMES_SHOWN]) + more


def _outcome(open_client: Callable[[], CallsClient]) -> str | Exception:
    try:
        with open_client() as client:
            return _pause(client)
    except Exception as error:  # noqa: BLE001 - the other campaigns must be paused whatever happens to this one
        return error


def _pause(client: CallsClient, tries: int = TRIES) -> str:
    """Pauses one campaign and says how it stands. Raises CallsError when it may still be calling."""
    from uuid import uuid4

    from reconciler.calls.model import CampaignState, Control
    from reconciler.errors import Ambiguous, NotSent, Refused, TryLater

    try:
        client.control(Control.PAUSE, str(uuid4()))
    except (Ambiguous, NotSent, TryLater) as error:
        if tries == 1:
            raise
        time.sleep(min(error.retry_after_s, LONGEST_WAIT_S) if isinstance(error, TryLater) else AGAIN_S)
        return _pause(client, tries - 1)
    except Refused as error:
        state = None if error.type == "invalid.token" else client.state()
        if state not in (CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.NEW):
            raise
        return f"not calling already ({state})"
    return "paused"
