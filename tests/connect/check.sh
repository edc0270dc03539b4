#!/usr/bin/env bash
# Holds the dialect amazon-connect against tools that neither of its sides wrote:
#  - the official Python client asks the simulated platform for every operation, and signs what it asks;
#  - moto, an imitation of another hand, checks the daemon's signatures, and has campaigns of the first version that it steers.
# Usage: check.sh PROGRAM TOOLS; PROGRAM is built with --features amazon-connect, and what is needed is installed into the directory TOOLS.
# Needs Python with venv, and the network for packages at the first run.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="$(realpath "$1")"
mkdir -p "$2"
tools="$(realpath "$2")"

work="$(mktemp -d)"
started=()
finish() {
  local status=$?
  # Only what was started here, each by its id.
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ "$status" -ne 0 ]; then
    for log in "$work"/*.log; do
      printf -- '--- %s\n' "$(basename "$log")"
      tail -n 100 "$log" | cut -c -600
    done
    echo "the check of amazon-connect failed"
  fi
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "check of amazon-connect: $1" >&2
  exit 1
}

# Waits up to two minutes until the command succeeds.
until_so() {
  local what="$1" since="$SECONDS"
  shift
  until "$@"; do
    [ $((SECONDS - since)) -lt 120 ] || fail "waited in vain until $what"
    sleep 0.2
  done
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

"$here/../support/venv.sh" "$here/requirements.txt" "$tools"
python="$tools/venv/bin/python"
# Nothing of this machine's own accounts is used.
unset "${!AWS_@}"
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

echo "the official client against the simulated platform"
# A day around this moment: a signature is good for five minutes.
printf 'timestamp,staffed,available\n%s,100,10\n%s,100,10\n' \
  "$(date -u -d '-10 seconds' +%Y-%m-%dT%H:%M:%SZ)" "$(date -u -d '+8 hours' +%Y-%m-%dT%H:%M:%SZ)" > "$work/calm.csv"
: > "$work/simulate.log"
"$program" simulate --platform amazon-connect --listen 127.0.0.1:0 --replay "$work/calm.csv" > "$work/simulate.log" 2>&1 &
started+=("$!")
until_so "the platform listens" grep -q 'stop it with ctrl-c' "$work/simulate.log"
base="$(sed -n 's/.*CXONE_BASE_URL=//p' "$work/simulate.log")"
"$python" "$here/client.py" "$base"

echo "the daemon against an imitation that checks its signatures"
moto_port="$(free_port)"
moto="http://127.0.0.1:$moto_port"
# Three requests make the user; whoever asks for more has to be one.
: > "$work/moto.log"
INITIAL_NO_AUTH_ACTION_COUNT=3 "$python" "$here/imitation.py" serve "$moto_port" > "$work/moto.log" 2>&1 &
started+=("$!")
until_so "moto listens" grep -q 'Running on' "$work/moto.log"
read -r key secret campaign < <("$python" "$here/imitation.py" prepare "$moto")
[ -n "$campaign" ] || fail "moto made no campaign"
counts_port="$(free_port)"
echo 10 > "$work/available"
"$python" "$here/imitation.py" counts "$counts_port" "$work/available" > "$work/counts.log" 2>&1 &
started+=("$!")
export AWS_ACCESS_KEY_ID="$key" AWS_SECRET_ACCESS_KEY="$secret"
is() {
  [ "$("$python" "$here/imitation.py" state "$moto" "$campaign")" = "$1" ]
}
is Running || fail "moto's campaign does not run"
: > "$work/daemon.log"
AUTOPILOT_PLATFORM=amazon-connect AUTOPILOT_REGION=eu-west-2 AUTOPILOT_INSTANCE_ID=aaaaaaaa-0000-4000-8000-000000000000 \
  AUTOPILOT_CAMPAIGNS_VERSION=v1 AUTOPILOT_BASE_URL="$moto" AUTOPILOT_METRICS_URL="http://127.0.0.1:$counts_port" \
  AUTOPILOT_REQUESTS_PER_SECOND=unlimited AUTOPILOT_POLL_INTERVAL=200ms AUTOPILOT_LISTEN=off \
  AUTOPILOT_OUTCOMES_EVERY=0s AUTOPILOT_STATE_DIR="$work/state" \
  "$program" run --campaign "$campaign" > "$work/daemon.log" 2>&1 &
started+=("$!")
until_so "the daemon has polled" grep -q 'first poll complete' "$work/daemon.log"
echo 1 > "$work/available"
until_so "the daemon has paused the campaign" is Paused
until_so "the daemon has told so" grep -q 'paused' "$work/daemon.log"
echo 20 > "$work/available"
until_so "the daemon has resumed the campaign" is Running
# A wrong secret is refused there, so that the signatures above were looked at.
if AWS_SECRET_ACCESS_KEY=another "$python" "$here/imitation.py" state "$moto" "$campaign" > "$work/refused.log" 2>&1; then
  fail "moto takes any signature"
fi
grep -q 'SignatureDoesNotMatch' "$work/refused.log" || fail "moto refused a wrong signature for another reason"
echo "amazon-connect: ok"
