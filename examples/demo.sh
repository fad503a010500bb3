#!/usr/bin/env bash
# What this is for, on one screen: declare calls, plan, apply, change the list, apply only the difference.
#
# Everything happens in a temporary folder, against a sandbox on this machine; no phone rings. Nothing here depends on
# how fast the machine is: the sandbox's clock starts at ten in the morning in London, which is two at night in San
# Francisco, so that the calls this script changes are still queued for many minutes when it changes them.
set -euo pipefail

command -v campaign >/dev/null || {
  echo "demo.sh: there is no campaign command; run it with: make demo" >&2
  exit 1
}

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

# A line of the story, and a command that is shown as it is run.
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
run() {
  printf '%s$ %s%s\n' "$dim" "$1" "$plain"
  eval "$1"
}

# Settings of whoever runs this must not reach the commands below.
for name in $(compgen -e CAMPAIGN_ || true); do unset "$name"; done
cp "$here"/demo/* "$folder"
cd "$folder"

# -- a Calls API that calls nobody

campaign sandbox --campaign demo-token --port 0 --port-file port --speed 60 --seed 6 --starts-at 2030-01-07T10:00 \
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

# -- the story

say "1. A list of people to call. In London it is 10:00, in San Francisco 02:00; calls are allowed from 10:00 to 18:00."
run "cat leads.csv"

say "2. What would happen to their phones? Nothing is sent yet, and no number is printed in full."
run "campaign plan"

say "3. Do exactly that. The plan, which it shows again, is cut off here."
run "campaign apply --auto-approve | tail -n 1"

say "4. London is called, San Francisco waits for its morning. A minute of the campaign takes a second here."
for _ in $(seq 300); do
  campaign status >status
  if ! grep -q 'being called now' status; then break; fi
  sleep 0.2
done
run "campaign status | tail -n 5"

say "5. The list changes: Dan owes less, Eve is taken off it, Hugo is new."
cp leads.csv before.csv
sed -e '/^c-1004/s/,80,/,60,/' -e '/^c-1005/d' before.csv >leads.csv
echo "c-1008,+44 20 7946 0008,Hugo,5,Europe/London" >>leads.csv
set +o pipefail # diff ends with 1 where there is a difference
run "diff -U 0 before.csv leads.csv | grep '^[-+]c'"
set -o pipefail

say "6. Only the difference is planned."
run "campaign plan"
run "campaign apply --auto-approve | tail -n 1"

say "7. Once more: there is nothing to do, and nothing would be sent."
run "campaign plan | grep 'Nothing to do'"

cat <<END

${bold}What happened${plain}
  leads.csv says who should be called, campaign.yaml when and with what; both live in Git and change by pull request.
  'plan' compared them with the server and with demo.lock.jsonl, which remembers every call without a phone number.
  'apply' took back the two queued calls first, made sure that they were gone, and only then added the others: nobody
  has two calls. Who was called already was left alone. Gus, who is on the do-not-call list, was never added.
  Read on in README.md; for a folder of your own: .venv/bin/campaign init FOLDER
END
