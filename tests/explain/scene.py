"""A folder with two campaigns, what a lock remembers of the first, and one person explained in it at a fixed time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reconciler.calls.model import CampaignState, Job, JobReport, JobStatus
from reconciler.errors import UnknownItems
from reconciler.explain.asked import Absent
from reconciler.explain.build import Known, explanation, reports_of
from reconciler.explain.levels import read_written
from reconciler.explain.model import Explanation
from reconciler.explain.search import Search
from reconciler.lock.journal import OpenIntent
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, Header, Lock, LockedCall
from reconciler.lock.settings import remembered
from reconciler.manifest.load import load
from reconciler.manifest.model import Campaign
from reconciler.phones.desired import ListedCalls
from reconciler.phones.model import Call
from reconciler.plan.build import make_plan
from reconciler.plan.diff import Observed, identify
from reconciler.read.sieve import sift
from reconciler.render.explain import explanation_text
from tests.acceptance.planted import CHECK_URL
from tests.render.plans import printed

NOW = datetime(2030, 3, 7, 19, 30, tzinfo=UTC)  # a Thursday; in San Francisco 11:30, and its clocks change on Sunday
KEYER = Keyer(None, "5a" * 16)

SPRING = f"""\
apiVersion: campaign/v1
kind: Campaign
metadata: {{name: spring}}
spec:
  host: https://calls.example
  token: {{env: SPRING_TOKEN}}
  state: running
  policy: {{$ref: office-hours, maxAttempts: 3}}
  payload: {{brand: quokkabrand}}
  guards: {{newCalls: 1, newCallsPercent: 1000}}
  phoneLists:
    - name: leads
      source: {{file: leads.csv}}
      phone: {{region: US}}
      key: {{column: id}}
      payload: {{first_name: {{column: name}}, due: {{column: due, type: number}}, promo: quokkapromo}}
      policy: {{dialerPriority: 2, gmtZone: {{column: tz}}, maxAttempts: {{column: tries}}}}
    - name: vip
      phones:
        - phone: +7 916 731 33 71
          key: boss
          payload: {{first_name: quokkazed}}
          policy: {{$ref: at-night, externalCheck: {{externalCheckUrl: "{CHECK_URL}"}}}}
  suppress:
    - {{file: do-not-call.csv, reason: {{column: why}}}}
---
apiVersion: campaign/v1
kind: CallPolicy
metadata: {{name: office-hours}}
spec:
  allowedDays: [mon, tue, wed, thu, fri]
  allowedTime: {{default: [{{localTimeFrom: "10:00", localTimeTo: "18:00"}}]}}
---
apiVersion: campaign/v1
kind: CallPolicy
metadata: {{name: at-night}}
spec:
  $ref: office-hours
  allowedTime: {{default: [{{localTimeFrom: "20:00", localTimeTo: "23:00"}}]}}
"""

LEADS = """\
id,phone,name,due,tz,tries
c-1,(650) 731-3371,quokkaann,20,,
c-2,+1 650 732 4482,quokkabob,,America/New_York,5
c-3,+1 650 733 5593,quokkacleo,3,+02:00,
c-4,+44 7700 900123,quokkadan,4,,
"""


class Spring:
    """The campaign `spring`. `lock` is what is remembered of it, nothing at first."""

    def __init__(self, folder: Path, manifest: str = SPRING, leads: str = LEADS) -> None:
        self.folder = folder
        (folder / "spring.yaml").write_text(manifest)
        (folder / "leads.csv").write_text(leads)
        (folder / "do-not-call.csv").write_text("phone,why\n+44 7700 900123,complaint\n")
        self.remembers({})
        self.opened: tuple[OpenIntent, ...] = ()
        self.state = CampaignState.RUNNING  # on the server

    @property
    def campaign(self) -> Campaign:
        """The campaign as its files declare it now."""
        loaded = load([Path()])
        assert loaded.problems == ()
        return next(each for each in loaded.campaigns if each.name == "spring")

    def calls(self) -> dict[str, Call]:
        """All wanted calls by key."""
        chunks = ListedCalls(self.campaign).chunks()
        return {call.key: call for chunk in chunks for call in chunk.calls()}

    def remembers(self, statuses: Mapping[str, CallStatus], *, wave: str = "1") -> dict[str, LockedCall]:
        """The lock remembers these calls as the lists want them now; what is wanted may change from here on."""
        calls = self.calls()
        chosen = identify([calls[key] for key in statuses], KEYER)
        made = {each.call.key: each.locked(f"job-{each.call.key}", statuses[each.call.key], None) for each in chosen}
        made = {key: msgspec.structs.replace(call, wave=wave) for key, call in made.items()}
        settings = remembered(self.campaign.policy, self.campaign.payload, KEYER)
        base = Header(1, "spring", "lineage", 7, "https://calls.example", salt="5a" * 16, control="start")
        header = msgspec.structs.replace(base, policy=settings["policy"], payload=settings["payload"])
        self.lock = Lock(header, {call.call_id: call for call in made.values()})
        return made

    def search(self, who: str) -> Search:
        """The campaign looked through, without a plan."""
        search = Search(who, self.campaign, self.lock, KEYER)
        with suppress(Absent):
            for _ in search.through(ListedCalls(self.campaign)).chunks():
                pass
        return search

    def explained(self, who: str, *jobs: Job, foreign: Iterable[Job] = ()) -> Explanation:
        """Everything that is said of `who`; `jobs` are what the server reports. Raises Absent."""
        campaign, search = self.campaign, Search(who, self.campaign, self.lock, KEYER)
        sifted = sift(campaign, search.through(ListedCalls(campaign)), self.lock, KEYER)
        observed = Observed(state=self.state, foreign=tuple(foreign), is_refreshed=True)
        desired, compared, aside = sifted.compared(self.lock, observed)
        plan = make_plan(campaign, desired, compared, observed, KEYER, aside=aside)
        known = Known(
            campaign=campaign,
            lockfile="spring.lock.jsonl",
            header=self.lock.header,
            opened=self.opened,
            keyer=KEYER,
            calls=search.calls,
            remembered=search.remembered,
            suppressed=search.suppressed,
            typed=search.typed,
        )
        reports = reports_of(Reports(*jobs), search.phones, search.remembered)
        return explanation(known, read_written([Path()]), NOW, plan=plan, reports=reports)

    def text(self, who: str, *jobs: Job, foreign: Iterable[Job] = ()) -> str:
        """The same as a person reads it."""
        return printed(explanation_text(self.explained(who, *jobs, foreign=foreign)))


class Reports:
    """A server that reports these jobs, and refuses whatever it does not know."""

    def __init__(self, *jobs: Job) -> None:
        self._jobs = jobs

    def reports(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[JobReport, ...]:
        """The jobs; raises UnknownItems when any item is unknown."""
        ids, numbers = [*job_ids], [*phones]
        found = [job for job in self._jobs if job.job_id in ids or job.phone in numbers]
        if {*ids, *numbers} - {job.job_id for job in found} - {job.phone for job in found}:
            raise UnknownItems("getReport", "unknown")
        return tuple(JobReport(job, result={"said": "quokkasecret"}) for job in found)


def job(job_id: str, phone: str, status: JobStatus = JobStatus.PLANNED, *, attempts: int = 0) -> Job:
    """A job, added at noon on the first of March."""
    at = datetime(2030, 3, 1, 12, tzinfo=UTC)
    return Job(job_id, phone, status, attempts, created_at_ms=int(at.timestamp() * 1000))
