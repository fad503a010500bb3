"""`campaign erase`: one person, out of every lock of the repository; nobody calls them again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Common, file_option, lock_store_option, option, talk_options, timeout_option

if TYPE_CHECKING:
    from reconciler.apply.book import Book
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.erasure import Person
    from reconciler.lock.stores import Store
    from reconciler.read.remembered import Remembered


@click.command("erase")
@click.argument("phone", required=False)
@click.option("--key", default="", metavar="KEY", help="Whoever has this key in the lists, instead of a phone.")
@click.option("--cancel", "is_cancelling", is_flag=True, help="Take back first what is still queued for them.")
@option("--auto-approve", is_flag=True, help="Do not ask.")
@file_option
@lock_store_option
@timeout_option
@talk_options
def command(
    phone: str | None,
    key: str,
    is_cancelling: bool,
    auto_approve: bool,
    files: tuple[Path, ...],
    lock_store: Path | None,
    timeout_s: float,
    is_quiet: bool,
    verbosity: int,
    no_color: bool,
) -> int:
    """Erase one person from lockfiles and journals. Nobody calls them again.

    PHONE is in international form. Of the person nothing stays but keyed digests, by which they are recognised in
    every list, in any wave. Lists are not changed, and no backup is kept. Old versions in Git are out of reach.
    """
    from reconciler.cli.shared import Shared
    from reconciler.cli.terminal import Terminal, can_ask

    if bool(phone) == bool(key):
        raise click.UsageError("give a phone, or --key")
    if not auto_approve and not can_ask():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve to erase without asking")
    terminal = Terminal(is_quiet=is_quiet, verbosity=verbosity, no_color=no_color)
    common = Common(files, (), lock_store, timeout_s, is_quiet, verbosity, no_color, 1, None, Shared.at(None))
    erasing = _Erasing(_digits(phone) if phone else "", key, common, terminal, is_cancelling=is_cancelling)
    if not erasing.show():
        return 1
    if not auto_approve and not click.confirm("Erase?", err=True):
        terminal.say("nothing was erased")
        return 1
    return erasing.run()


def _digits(phone: str) -> str:
    from reconciler.phones.normalise import Numbering
    from reconciler.phones.problems import Wrong

    try:
        return Numbering("", must_be_valid=False).digits(phone)
    except Wrong as wrong:
        raise click.UsageError(f"PHONE {wrong.what}; {wrong.fix}") from None  # it is not repeated


class _Erasing:
    """One person and every lock they may be in."""

    def __init__(self, phone: str, key: str, common: Common, terminal: Terminal, *, is_cancelling: bool) -> None:
        from reconciler.cli.capped import stores_of
        from reconciler.cli.manifests import read_campaigns
        from reconciler.cli.stores import lock_secret

        self._phone, self._key, self._common, self._terminal = phone, key, common, terminal
        self._is_cancelling, self._secret = is_cancelling, lock_secret()
        self._campaigns = {campaign.name: campaign for campaign in read_campaigns(common)}
        like = next(iter(self._campaigns.values()))
        places = sorted((campaign.folder, campaign.name) for campaign in self._campaigns.values())
        self._stores = dict(sorted(stores_of(places, like, common).items()))
        self._like = like

    def show(self) -> bool:
        """Says what is there of the person; whether there is any lock at all."""
        from reconciler.calls.masks import mask
        from reconciler.errors import calls_text
        from reconciler.lock.erasure import traces
        from reconciler.render.words import count

        who = mask(self._phone) if self._phone else "whoever has that key"
        self._terminal.show_text(f"{who}, by {count(len(self._stores), 'campaign')}:")
        is_any = False
        for name, store in self._stores.items():
            remembered = self._remembered(name, store)
            if remembered is None:
                self._terminal.show_text(f"  {name}: has no lockfile")
                continue
            is_any = True
            calls = traces(remembered.lock, self._person(remembered))
            found = calls_text(len(calls)) if calls else "nothing; will know that they are not to be called"
            self._terminal.show_text(f"  {name}: {found}")
        if not is_any:
            self._terminal.warn("there is no lockfile to erase from", "put the number on a suppression list")
        return is_any

    def run(self) -> int:
        """Erases, in each lock by itself; the exit code."""
        from reconciler.cli.each import combined
        from reconciler.errors import ReconcilerError

        codes: list[int] = []
        for name, store in self._stores.items():
            try:
                codes += self._one(name, store)
            except ReconcilerError as error:
                self._terminal.warn(f"{name}: NOT erased")
                self._terminal.error(error)
                codes.append(error.exit_code)
        if not any(codes):
            self._terminal.show_text("Erased. No backup was kept; old versions of lockfiles in Git are out of reach.")
        return combined(codes)

    def _one(self, name: str, store: Store) -> Iterator[int]:
        from reconciler.apply.book import Book
        from reconciler.apply.erasing import erase, may_ring, refuse_unsettled
        from reconciler.lock.erasure import traces

        if store.read().lock is None:
            return
        with store.hold("campaign erase"):
            remembered = self._remembered(name, store)
            if remembered is None:
                return
            book, person = Book(store, remembered), self._person(remembered)
            refuse_unsettled(book)
            if any(may_ring(call) for call in traces(book.lock, person)):
                self._settle(name, book, person, remembered)
            erase(book, person, remembered.keyer, lambda said: self._terminal.show_text(f"{name}: {said}"))
            store.drop_torn()  # half a record may be about them
        yield 0

    def _settle(self, name: str, book: Book, person: Person, remembered: Remembered) -> None:
        """Learns what became of calls that were queued when the lock was written, and takes back what is if asked."""
        from reconciler.apply.clock import StopRequest, SystemClock
        from reconciler.apply.erasing import refresh_traces, take_back
        from reconciler.apply.run import Options, Run, Tally
        from reconciler.cli.desk import Desk
        from reconciler.errors import Refusal
        from reconciler.manifest.token import read_token
        from reconciler.read.observed import Server

        campaign = self._campaigns.get(name)
        if campaign is None:
            raise Refusal(f"a call may be queued, and {name} has no manifest here to ask its server by")
        desk, token, stop = Desk.of(campaign, self._common), read_token(campaign), StopRequest()
        with desk.client(token) as client:
            Server(client, campaign, remembered.keyer, token).refuse_other_campaign(remembered.lock)
            refresh_traces(book, person, client)
            if self._is_cancelling:
                options = Options(timeout_s=desk.timeout_s, settle_s=10)
                run = Run(client, book, remembered.keyer, SystemClock(stop), stop, options, Tally(), self._terminal.say)
                try:
                    take_back(run, person)
                finally:
                    book.save()

    def _remembered(self, name: str, store: Store) -> Remembered | None:
        """The lock; None where there is none."""
        from msgspec.structs import replace

        from reconciler.read.remembered import read_remembered

        remembered = read_remembered(store, replace(self._like, name=name), self._secret, None)
        return None if remembered.lock.is_new else remembered

    def _person(self, remembered: Remembered) -> Person:
        from reconciler.lock.erasure import Person

        return Person.of(remembered.keyer, self._phone, self._key)
