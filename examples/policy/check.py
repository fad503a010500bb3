"""Holds a plan on stdin against campaigns.rego: prints every objection, and ends with 1 when there is one.

    campaign plan --format json | python check.py [DATA.json …]

Needs `pip install regopy`. Files of data beside limits.json come on top of it, such as {"today": "Friday"}.
"""

import json
import sys
from pathlib import Path

from regopy import Interpreter

HERE = Path(__file__).parent


def main() -> int:
    """The exit code."""
    policy = Interpreter()
    policy.add_module("campaigns", (HERE / "campaigns.rego").read_text())
    for path in [HERE / "limits.json", *map(Path, sys.argv[1:])]:
        policy.add_data_json(path.read_text())
    plan = json.load(sys.stdin)
    for campaign in plan["campaigns"]:
        # The rules look at counts; a million single calls would only make them slow.
        campaign.pop("actions", None)
        campaign.pop("notes", None)
    policy.set_input(plan)
    objections = sorted(json.loads(str(policy.query("data.main.deny")))["expressions"][0])
    sys.stdout.writelines(f"denied: {objection}\n" for objection in objections)
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
