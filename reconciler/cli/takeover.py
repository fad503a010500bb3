"""`campaign import`: a lockfile from what the server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from reconciler.cli.options import Common, common_options, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.calls.client import CallsClient
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Turn
    from reconciler.cli.terminal import Terminal
    from reconciler.lock.model import Header
    from reconciler.manifest.model import Campaign
    from reconciler.plan.takeover import Taken
    from reconciler.read.observed import Server
    from reconciler.read.remembered import Remembered
    from reconciler.render.progress import Progress


@click.command("import")
@common_options
@option("--wave", default="", metavar="WAVE", help="The wave the jobs are of. Default: the manifest's.")
@option("--merge", is_flag=True, help="There is a lockfile: take over only jobs that it does not own.")
@option("--rebuild", is_flag=True, help="The lockfile cannot be read: put it aside and build a new one.")
@option("--as-changed", is_flag=True, help="Mark every call as changed: what is queued is replaced by the next apply.")
@option("--unlisted", is_flag=True, help="Take over jobs of phones in no list, too: the next apply cancels them.")
@option("--dry-run", is_flag=True, help="Show what would be taken over, and write nothing.")
@option("--auto-approve", is_flag=True, help="Do not ask.")
def command(
    common: Common,
    wave: str,
    merge: bool,
    rebuild: bool,
    as_changed: bool,
    unlisted: bool,
    dry_run: bool,
    auto_approve: bool,
) -> int:
    """Build a lockfile from the jobs the server has. Calls nobody.

    For a campaign whose lockfile is lost, or that was filled by other means. Jobs are matched to the calls of the
    lists by phone. Shows what it found, and asks before it writes the lockfile.
    """
    from reconciler.cli.asking import require_terminal
    from reconciler.cli.desk import Desk
    from reconciler.cli.each import Ended, Way, for_each
    from reconciler.cli.manifests import read_campaigns, refuse_shared_tokens
    from reconciler.cli.terminal import Terminal
    from reconciler.manifest.token import read_token
    from reconciler.render.results import SummaryRow

    if not dry_run:
        require_terminal(is_approved=auto_approve)
    asked = _Asked(wave, merge, rebuild, as_changed, unlisted, dry_run, auto_approve)
    terminal = Terminal(is_quiet=common.is_quiet, verbosity=common.verbosity, no_color=common.no_color)
    campaigns = read_campaigns(common)
    tokens = {campaign.name: read_token(campaign) for campaign in campaigns}
    refuse_shared_tokens(campaigns, tokens)

    def work(campaign: Campaign, turn: Turn) -> Ended:
        code, outcome = _One(asked, Desk.of(campaign, common), turn.terminal, tokens[campaign.name]).take_over()
        return Ended(code, SummaryRow(campaign.name, outcome))

    return for_each(campaigns, terminal, work, Way(heads=None, doing="importing"))


class _Asked(msgspec.Struct, frozen=True):
    """What was asked for on the command line."""

    wave: str
    is_merging: bool
    is_rebuilding: bool
    is_changed: bool
    takes_unlisted: bool
    is_dry: bool
    is_approved: bool


class _Start(msgspec.Struct, frozen=True):
    """What there is before the import: a lock to merge with or an empty one, and phones an open request was about."""

    remembered: Remembered
    doubted: frozenset[str] = frozenset()
    note: str = ""


class _Erased:
    """Those who were erased, here or from a lock beside this one; asked by E.164 digits."""

    def __init__(self, remembered: Remembered) -> None:
        erased = remembered.lock.header.erased
        self._phones = frozenset(erased.phones if erased else ())
        self._keyer, self._graves = remembered.keyer, remembered.graves

    def among(self, phones: Sequence[str]) -> frozenset[str]:
        """Those of these phones whose owners were erased."""
        if not (self._phones or self._graves.others):
            return frozenset()
        elsewhere = self._graves.of(phones)
        digests = self._keyer.texts(b"phone", [phone.encode() for phone in phones])
        return frozenset(
            phone
            for phone, digest, is_elsewhere in zip(phones, digests, elsewhere, strict=True)
            if is_elsewhere or digest in self._phones
        )


class _One:
    """One campaign of this run."""

    def __init__(self, asked: _Asked, desk: Desk, terminal: Terminal, token: str) -> None:
        self._asked, self._desk, self._terminal, self._token = asked, desk, terminal, token

    def take_over(self) -> tuple[int, str]:
        """Shows what the server has and writes the lockfile if that is wanted; exit code and outcome."""
        from reconciler.lock.erasure import with_jobs
        from reconciler.read.observed import Server

        desk = self._desk
        with desk.store.hold("campaign import"):
            start = self._start()
            if start.note:
                self._terminal.warn(start.note)
            with desk.client(self._token) as client, self._terminal.progress() as progress:
                server = Server(client, desk.campaign, start.remembered.keyer, self._token)
                server.refuse_shared_campaign(desk.store, desk.secret, desk.common.shared.destinations)
                server.refuse_other_campaign(start.remembered.lock)
                taken = self._found(start, client, server, progress)
                header = server.header(start.remembered.lock.header)
            if taken.erased:
                header = with_jobs(header, start.remembered.keyer, taken.erased)
            return self._conclude(start, taken, header)

    # ------------------------------------------------------------------------------------------- what there is already

    def _start(self) -> _Start:
        from reconciler.errors import LockError
        from reconciler.lock.journal import parse_journal, sent_phones
        from reconciler.read.remembered import read_remembered, start_over

        desk, stored = self._desk, self._desk.store.read()
        blank = start_over(desk.store, desk.campaign, desk.secret, self._token)
        entries = parse_journal(stored.journal, f"the journal of {desk.store.shown}").entries
        if stored.lock is None:
            note = "the journal of the lost lockfile is put aside with all it says" if entries else ""
            return _Start(blank, sent_phones(entries), note)
        try:
            remembered = read_remembered(desk.store, desk.campaign, desk.secret, self._token)
        except LockError as error:
            if not self._asked.is_rebuilding:
                raise
            return _Start(blank, sent_phones(entries), f"put aside, and built anew: {error}")
        self._refuse_existing(remembered)
        return _Start(remembered)

    def _refuse_existing(self, remembered: Remembered) -> None:
        """Raises Refusal when there is a lock that speaks for calls, unless only what it lacks is to be added."""
        from reconciler.errors import Refusal, calls_text

        shown, calls = self._desk.store.shown, len(remembered.lock.calls)
        if remembered.opened:
            raise Refusal(f"{shown} has requests of an earlier run that are still open; `campaign apply` settles them")
        if calls and not self._asked.is_merging:
            raise Refusal(
                f"{shown} is there and remembers {calls_text(calls)}: nothing is to be rebuilt; --merge takes over "
                "jobs that it does not own"
            )

    # --------------------------------------------------------------------------------------------- what the server has

    def _found(self, start: _Start, client: CallsClient, server: Server, progress: Progress) -> Taken:
        from reconciler.lock.owned import OwnedJobs
        from reconciler.plan.takeover import Takeover, Terms
        from reconciler.read.existing import checked, existing_jobs
        from reconciler.render.takeover import TakeoverView, takeover_text

        asked, campaign, remembered = self._asked, self._desk.campaign, start.remembered
        source = self._desk.wanted(progress)
        existing = existing_jobs(client, server, source, progress, start.doubted)
        owned = OwnedJobs(remembered.lock)
        strangers = [job for job in existing.jobs if job.job_id not in owned]
        terms = Terms(asked.wave or campaign.wave, asked.is_changed, asked.takes_unlisted, bool(remembered.lock.calls))
        known_jobs = {job.job_id: job for job in existing.jobs} if terms.is_merging else {}
        takeover = Takeover(
            strangers,
            remembered.keyer,
            terms,
            known=remembered.lock.calls,
            known_jobs=known_jobs,
            doubted=start.doubted,
            suppressed=source.suppressed,
            erased=_Erased(remembered),
        )
        for chunk in checked(campaign, source, existing.asked):
            takeover.take(chunk)
        taken = takeover.finish()
        view = TakeoverView(
            campaign=campaign.name,
            taken=taken,
            jobs=len(existing.jobs),
            wave=terms.wave,
            asked=None if existing.asked is None else len(existing.asked),
            is_merging=terms.is_merging,
            is_changed=asked.is_changed,
            owned=len(existing.jobs) - len(strangers),
        )
        progress.finish()
        self._terminal.show(takeover_text(view))
        return taken

    # --------------------------------------------------------------------------------------------------------- writing

    def _conclude(self, start: _Start, taken: Taken, header: Header) -> tuple[int, str]:
        if not taken.calls:
            self._terminal.show_text("There is nothing to take over; nothing is written.")
            return 0, "nothing to do"
        if self._asked.is_dry:
            self._terminal.show_text("Nothing was written (--dry-run).")
            return 0, "shown"
        from reconciler.cli.asking import is_wanted

        what = f"Write {self._desk.store.shown} with these calls? Nobody is called."
        if not is_wanted(what, is_approved=self._asked.is_approved):
            self._terminal.say("nothing was written")
            return 1, "not imported"
        self._write(start.remembered, taken, header)
        return 0, "imported"

    def _write(self, remembered: Remembered, taken: Taken, header: Header) -> None:
        from reconciler.apply.book import Book
        from reconciler.cli.asking import say_kept
        from reconciler.lock.model import Lock
        from reconciler.lock.settings import remembered as settings_of

        desk = self._desk
        say_kept(self._terminal, desk.store.keep())
        book = Book(desk.store, remembered)
        if not (remembered.lock.calls or self._asked.is_changed):
            header = msgspec.structs.replace(
                header, **settings_of(desk.campaign.policy, desk.campaign.payload, remembered.keyer)
            )
        book.remember(taken.calls.values())
        book.put(Lock(header, book.lock.calls), ())
        book.save()
        self._terminal.show_text(
            f"Written: {desk.store.shown}, {len(book.lock.calls):,} calls. `campaign plan` is next."
        )
