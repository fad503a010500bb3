#!/usr/bin/env bash
# What this is for, on one screen: declare calls, plan, apply, change the list, apply only the difference.
#
# Everything happens in a temporary folder, against a sandbox on this machine; no phone rings. Nothing here depends on
# how fast the machine is: the sandbox's clock starts at ten in the morning in London, which is two at night in San
# Francisco, so that the calls this script changes are still queued for many minutes when it changes them.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
sandbox=

clean_up() {
  if [ -n "$sandbox" ]; then
    kill "$sandbox" 2>/dev/null || true
    wait "$sandbox" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; } # a line of the story
show() { printf '%s$ %s%s\n' "$dim" "$1" "$plain"; } # a command as one would type it

# Settings of whoever runs this must not reach the commands below.
for name in $(compgen -e CAMPAIGN_ || true); do unset "$name"; done
cp "$here"/demo/* "$folder"
cd "$folder"

# -- a Calls API that calls nobody

campaign sandbox --campaign demo-token:lines=3 --port 0 --port-file port --speed 60 --starts-at 2030-01-07T10:00 \
  >sandbox.log 2>&1 &
sandbox=$!
for _ in $(seq 300); do
  if [ -s port ] || ! kill -0 "$sandbox" 2>/dev/null; then break; fi
  sleep 0.1
done
if [ ! -s port ]; then
  cat sandbox.log >&2
  exit 1
fi
sed "s/127.0.0.1:8080/127.0.0.1:$(cat port)/" "$here/demo/campaign.yaml" >campaign.yaml
export DEMO_TOKEN=demo-token

jobs_by_status() { campaign status | sed '1,/^ *$/d'; }

# -- the story

say "1. A list of people to call. In London it is 10:00, in San Francisco 02:00; calls are allowed from 10:00 to 18:00."
show "cat leads.csv"
cat leads.csv

say "2. What would happen to their phones? Nothing is sent yet, and no number is printed in full."
show "campaign plan"
campaign plan

say "3. Do exactly that. (It shows the plan again, left out here.)"
show "campaign apply --auto-approve"
campaign apply --auto-approve | tail -n 1

say "4. London is called, San Francisco waits for its morning. A minute of the sandbox takes a second."
show "campaign status"
for _ in $(seq 100); do
  jobs_by_status >status
  if ! grep -q 'being called' status; then break; fi
  sleep 0.2
done
cat status

say "5. The list changes: Dan owes less, Eve is taken off it, Hugo is new."
sed -e '/^c-1004/s/,80,/,60,/' -e '/^c-1005/d' leads.csv >changed.csv
echo "c-1008,+44 20 7946 0008,Hugo,5,Europe/London" >>changed.csv
show "git diff leads.csv"
diff -U 0 leads.csv changed.csv | grep '^[-+]c' || true
mv changed.csv leads.csv

say "6. Only the difference is planned. Whoever was called already is left alone."
show "campaign plan"
campaign plan
show "campaign apply --auto-approve"
campaign apply --auto-approve | tail -n 1

say "7. Once more: nothing is left to do, and nothing is sent."
show "campaign plan"
campaign plan | grep '^Nothing to do'

cat <<END

${bold}What happened${plain}
  leads.csv says who should be called, campaign.yaml when and with what; both live in Git and change by pull request.
  'plan' compared them with the server and with demo.lock.jsonl, which remembers every call without a phone number.
  'apply' took back the two queued calls first, made sure that they were gone, and only then added. Nobody was called
  twice, and Gus, who is on the do-not-call list, was not called at all. Read on in README.md and docs/.
END
