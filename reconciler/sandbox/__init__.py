"""A Calls API to try everything against: both dialects over real HTTP, jobs that live, faults on demand.

No real phone rings. It shares no code with the rest of the package, so that it can judge it. `campaign sandbox`
runs it for people; tests write

    with serve(["demo:dialect=legacy:state=inProgress"]) as sandbox:
        ... sandbox.url, sandbox.world.campaign("demo").jobs, sandbox.world.advance(3600)
"""

from reconciler.sandbox.campaign import Campaign
from reconciler.sandbox.jobs import Attempt, Job
from reconciler.sandbox.requests import Request
from reconciler.sandbox.server import Sandbox, bind, run, serve
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World

__all__ = ["Attempt", "Campaign", "Job", "Request", "Sandbox", "Settings", "World", "bind", "run", "serve"]
