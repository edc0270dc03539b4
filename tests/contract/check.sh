#!/usr/bin/env bash
# Holds both sides of the contract against tools that neither side wrote:
#  - schemathesis makes up requests of every operation and checks what the simulated platform answers;
#  - Prism stands between the daemon and the platform and refuses what breaks the contract, either way.
# Where the vendors' operations are described in files of their own beside the repository (CONTRACT_PUBLISHED and
# CONTRACT_CLOUD_PUBLISHED name other places), the daemon on cxone-acd and on genesys-cloud is held against those files as well.
# Usage: check.sh PROGRAM TOOLS; what is needed is installed into the directory TOOLS.
# Needs Python with venv, Node 18.20 or newer with npm, and the network for packages at the first run.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="$(realpath "$1")"
mkdir -p "$2"
tools="$(realpath "$2")"
contract="$here/cxone-v2.openapi.yaml"
acd_contract="$here/cxone-acd.openapi.yaml"
cloud_contract="$here/genesys-cloud.openapi.yaml"
published="${CONTRACT_PUBLISHED:-$here/../../../shared/api/cxone-acd.openapi.yaml}"
cloud_published="${CONTRACT_CLOUD_PUBLISHED:-$(dirname "$published")/genesys-cloud.openapi.yaml}"

# The last version of Prism that runs on Node 18 to 22.

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
      tail -n 200 "$log" | cut -c -600
    done
    echo "the contract check failed"
  fi
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "contract check: $1" >&2
  exit 1
}

# Waits up to two minutes until the command succeeds.
until_so() {
  local what="$1" since="$SECONDS"
  shift
  until "$@"; do
    [ $((SECONDS - since)) -lt 120 ] || fail "waited in vain until $what"
    sleep 0.1
  done
}

"$here/../support/venv.sh" "$here/requirements.txt" "$tools"
mkdir -p "$tools/npm"
"$here/../support/npm.sh" "$here/prism/package.json" "$tools/npm"
prism="$tools/npm/node_modules/.bin/prism"

# The day of a platform: ten of a hundred agents are available all day.
printf 'timestamp,staffed,available\n%s,100,10\n%s,100,10\n' \
  2024-05-15T08:00:00Z 2024-05-15T18:00:00Z > "$work/calm.csv"
day=(--replay "$work/calm.csv")

# Starts a platform that lives through the day, with further flags if given; sets base, control, secret.
platform() {
  local log="$work/$1.log"
  shift
  : > "$log"
  "$program" simulate --listen 127.0.0.1:0 --control 127.0.0.1:0 "${day[@]}" "$@" > "$log" 2>&1 &
  started+=("$!")
  until_so "the platform listens" grep -q 'stop it with ctrl-c' "$log"
  base="$(sed -n 's/.*CXONE_BASE_URL=//p' "$log")"
  control="$(sed -n 's/^control it at //p' "$log")"
  secret="$(sed -n 's/.*CXONE_CLIENT_SECRET=//p' "$log")"
}

# A queue's statistics are shown once there are any.
counts() {
  curl -sS "$control/queues/queue-1/statistics" -d '{"waiting": 6, "arrived": 400, "answered": 390, "abandoned": 4,
    "overflowed": 0, "waitedSeconds": 900, "servedSeconds": 70200, "activeInteractions": 20, "maxCapacity": 50, "agents": 36}' > /dev/null
}

# What clients did, a word a line, as often as they did it.
deeds() {
  curl -sS "$control/journal" | python3 -c '
import json, sys
for entry in json.load(sys.stdin)["entries"]:
    if "client" in entry["by"]:
        print(entry["what"], json.dumps(entry["to"]) if entry["what"] == "status" else "")
'
}

# Puts Prism before the platform at `base`; sets port and prism_log.
proxy() {
  prism_log="$work/$1.log"
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  : > "$prism_log"
  "$prism" proxy --errors --host 127.0.0.1 --port "$port" "$2" "$base" > "$prism_log" 2>&1 &
  started+=("$!")
  until_so "Prism listens" grep -q 'Prism is listening' "$prism_log"
}

# Fails with what Prism refused, beyond the one request that is sent to be refused.
prism_is_calm() {
  local refused
  refused="$(grep 'terminated with error' "$prism_log" | tail -n +2 | head -n 1)"
  [ -z "$refused" ] || fail "Prism saw the contract broken: $refused"
}

# Whether clients set a campaign so often to this status.
did() {
  prism_is_calm
  deeds | grep -c "^status \"$1\"" | grep -qx "$2"
}

# Sends eight of the ten available agents on a break, and brings them back once the campaign is paused.
pause_and_resume() {
  local log="$1" agent
  until_so "the daemon has polled" grep -q 'first poll complete' "$log"
  curl -sS "$control/agents/break" -d '{"count": 8, "for": "1h"}' > /dev/null
  until_so "the daemon has paused the campaign" did PAUSED 1
  for agent in 1 2 3 4 5 6 7 8; do
    curl -sS "$control/agents/agent-000$agent/state" -d '{"state": "available"}' > /dev/null
  done
  until_so "the daemon has resumed the campaign" did RUNNING 1
  until_so "the daemon has the resume confirmed" grep -q '"resumed' "$log"
}

# Ends the daemon, which has done something; nothing may have gone wrong on its way through Prism.
end_calmly() {
  local daemon="$1" log="$2" deed="$3"
  kill -TERM "$daemon"
  wait "$daemon" || fail "the daemon did not end in order"
  prism_is_calm
  ! grep -q '"level":"\(WARN\|ERROR\)"' "$log" || fail "the daemon met trouble behind Prism"
  echo "  $(grep -c 'Forwarding' "$prism_log") requests forwarded, no violation either way; $deed through the proxy"
}

# Logs in to the platform at `base`, and makes up requests of the operations that the arguments choose.
made_up() {
  local log="$1"
  shift
  export CONTRACT_BASE_URL="$base" CONTRACT_CAMPAIGN=campaign-1 CONTRACT_SECRET="$secret"
  CONTRACT_TOKEN="$(curl -sS "$base/oauth2/token" -d grant_type=client_credentials \
    -d client_id=autopilot -d "client_secret=$secret" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"
  export CONTRACT_TOKEN
  (
    cd "$work"
    PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=hooks \
      timeout 600 "$tools/venv/bin/schemathesis" --no-color --config-file "$here/schemathesis.toml" \
      run "$contract" --url "$base" --checks all "$@" > "$log" 2>&1
  ) || fail "schemathesis found a deviation"
  sed -n '/Test cases:/{n;p;}' "$work/$log"
}

echo "- schemathesis: the platform's answers"
# Dials are counted by a platform with a contact centre alone.
counted=/x-autopilot/outcomes
centre() {
  local day=(--scenario calm-day)
  platform schemathesis-centre
  made_up schemathesis-centre.log --include-path "$counted"
}
centre
platform schemathesis-platform
counts
made_up schemathesis.log --exclude-path "$counted"
# Made-up requests that all ended at the door would have proved nothing.
deeds > "$work/deeds"
for kind in status assignments queue profile reserve; do
  count="$(grep -c "^$kind " "$work/deeds" || true)"
  echo "  $count writes of kind $kind took effect"
  [ "$count" -gt 0 ] || fail "no made-up request of kind $kind took effect"
done

echo "- schemathesis: the answers of the platform that speaks cxone-acd"
platform acd-platform --platform cxone-acd
export CONTRACT_SECRET="$secret" CONTRACT_CLIENT_SECRET="registered-secret===="
CONTRACT_TOKEN="$(curl -sS "$base/authentication/v1/token/access-key" -H 'Content-Type: application/json' \
  -d "{\"accessKeyId\": \"autopilot\", \"accessKeySecret\": \"$secret\"}" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"
export CONTRACT_TOKEN
(
  cd "$work"
  PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=hooks_acd \
    timeout 600 "$tools/venv/bin/schemathesis" --no-color --config-file "$here/schemathesis-acd.toml" \
    run "$acd_contract" --url "$base" --checks all > schemathesis-acd.log 2>&1
) || fail "schemathesis found a deviation of cxone-acd"
sed -n '/Test cases:/{n;p;}' "$work/schemathesis-acd.log"
deeds > "$work/deeds"
count="$(grep -c '^status ' "$work/deeds" || true)"
echo "  $count starts and stops took effect"
[ "$count" -gt 0 ] || fail "no made-up request started or stopped a skill"

echo "- schemathesis: the answers of the platform that speaks genesys-cloud"
platform cloud-platform --platform genesys-cloud
export CONTRACT_SECRET="$secret"
CONTRACT_TOKEN="$(curl -sS "$base/oauth/token" -u "autopilot:$secret" -d grant_type=client_credentials |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"
export CONTRACT_TOKEN
(
  cd "$work"
  PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=hooks_cloud \
    timeout 600 "$tools/venv/bin/schemathesis" --no-color --config-file "$here/schemathesis-cloud.toml" \
    run "$cloud_contract" --url "$base" --checks all > schemathesis-cloud.log 2>&1
) || fail "schemathesis found a deviation of genesys-cloud"
sed -n '/Test cases:/{n;p;}' "$work/schemathesis-cloud.log"
deeds > "$work/deeds"
count="$(grep -c '^status ' "$work/deeds" || true)"
echo "  $count starts and stops took effect"
[ "$count" -gt 0 ] || fail "no made-up request started or stopped a campaign"

echo "- Prism: the daemon's requests, and the answers to them"
platform prism-platform
proxy prism "$contract"

# First: Prism does refuse. A proxy that lets everything through would prove nothing.
refused="$(curl -sS -o "$work/refused" -w '%{http_code}' -X PUT -H "Authorization: Bearer x" \
  -H 'Content-Type: application/json' -d '{"status":"PAUSED","why":"x"}' \
  "http://127.0.0.1:$port/api/v2/campaigns/campaign-1")"
[ "$refused" = 422 ] && grep -q 'errors#UNPROCESSABLE_ENTITY' "$work/refused" ||
  fail "Prism let a member pass that the contract forbids ($refused)"

export CXONE_BASE_URL="http://127.0.0.1:$port" CXONE_CLIENT_ID=autopilot
export CXONE_CLIENT_SECRET="$secret" CXONE_CAMPAIGN_ID=campaign-1 NO_PROXY=127.0.0.1
export AUTOPILOT_STATE_DIR="$work/state" AUTOPILOT_LISTEN=off AUTOPILOT_LOG_FORMAT=json
export AUTOPILOT_POLL_INTERVAL=200ms AUTOPILOT_REQUESTS_PER_SECOND=unlimited
counts
printf '[[queue]]\nid = "queue-1"\ninterval = "200ms"\n' > "$work/settings.toml"
export AUTOPILOT_CONFIG="$work/settings.toml"
for auth in form basic json; do
  AUTOPILOT_AUTH="$auth" timeout 60 "$program" check --online > "$work/check-$auth.log" 2>&1 ||
    fail "check --online with --auth $auth fails behind Prism"
done
"$program" run > "$work/daemon.log" 2>&1 &
daemon=$!
started+=("$daemon")

pause_and_resume "$work/daemon.log"
until_so "the daemon has read a queue and its statistics" grep -q '"queue calibrated"' "$work/daemon.log"
end_calmly "$daemon" "$work/daemon.log" "paused and resumed"

# Here too Prism has to refuse something first.
prism_refuses_a_log_in() {
  local refused
  refused="$(curl -sS -o "$work/refused" -w '%{http_code}' -X POST -H 'Content-Type: application/json' \
    -d '{"accessKeyId": "autopilot"}' "http://127.0.0.1:$port/authentication/v1/token/access-key")"
  [ "$refused" = 422 ] && grep -q 'errors#UNPROCESSABLE_ENTITY' "$work/refused" ||
    fail "Prism let a log-in pass that lacks the secret ($refused)"
}

# Has the daemon on cxone-acd log in both ways, and pause and resume, behind a proxy that holds it against a contract.
acd_behind() {
  local name="$1" daemon
  platform "$name-platform" --platform cxone-acd
  proxy "$name-prism" "$2"
  prism_refuses_a_log_in
  export AUTOPILOT_PLATFORM=cxone-acd CXONE_CAMPAIGN_ID=4711 CXONE_CLIENT_SECRET="$secret"
  # Two calls a poll have to fit into what the tenant allows in a day.
  export AUTOPILOT_STATE_DIR="$work/$name-state" AUTOPILOT_POLL_INTERVAL=2s
  unset AUTOPILOT_CONFIG CXONE_BASE_URL
  # The global log-in asks for the API's host as well; that host is the platform itself and not the proxy.
  AUTOPILOT_TOKEN_URL="http://127.0.0.1:$port/auth/token" AUTOPILOT_REGISTERED_CLIENT_ID=registered \
    AUTOPILOT_REGISTERED_CLIENT_SECRET="$CONTRACT_CLIENT_SECRET" \
    timeout 60 "$program" check --online > "$work/$name-check-global.log" 2>&1 ||
    fail "check --online with the global log-in fails behind Prism"
  prism_is_calm
  export CXONE_BASE_URL="http://127.0.0.1:$port"
  export AUTOPILOT_TOKEN_URL="$CXONE_BASE_URL/authentication/v1/token/access-key"
  timeout 60 "$program" check --online > "$work/$name-check-area.log" 2>&1 ||
    fail "check --online with the log-in of an area fails behind Prism"
  AUTOPILOT_AGENTS=activity timeout 60 "$program" check --online > "$work/$name-check-activity.log" 2>&1 ||
    fail "check --online with the platform's own counts fails behind Prism"
  "$program" run > "$work/$name-daemon.log" 2>&1 &
  daemon=$!
  started+=("$daemon")
  pause_and_resume "$work/$name-daemon.log"
  end_calmly "$daemon" "$work/$name-daemon.log" "paused and resumed"
  # Whoever loses a skill is parked. A DELETE with a body, which OpenAPI 3.0 cannot describe, is never sent.
  ! grep -qi '\] delete ' "$prism_log" || fail "the daemon sent a DELETE"
}

# Fails unless a request with this method to an address that ends so went through Prism.
went_through() {
  grep -qi "\] $1 [^ ]*$2 .*received" "$prism_log" || fail "no $1 of $2 went through Prism"
}

# A command that has to do its work behind Prism.
behind_prism() {
  local log="$work/$1.log"
  shift
  timeout 60 "$program" "$@" > "$log" 2>&1 ||
    fail "$1 ${2:-} fails behind Prism"
  prism_is_calm
}

# Settings with a preview campaign of so many agents.
preview() {
  printf '[[campaign]]\nid = "4711"\nagents = "all"\n\n[[preview]]\ncampaign = "4711"\nskills = ["renewals"]\n' > "$work/settings.toml"
  printf 'target_rate = 8\nleast = %s\nmost = %s\nzones = ["UTC"]\n' "$1" "$1" >> "$work/settings.toml"
}

# Has who is assigned to a skill and the settings of one that stands still be read and written behind such a proxy.
acd_lists_behind() {
  local name="$1" daemon number day=(--scenario two-campaigns)
  platform "$name-platform" --platform cxone-acd
  proxy "$name-prism" "$2"
  prism_refuses_a_log_in
  export CXONE_BASE_URL="http://127.0.0.1:$port" CXONE_CLIENT_SECRET="$secret"
  export AUTOPILOT_TOKEN_URL="$CXONE_BASE_URL/authentication/v1/token/access-key"
  export AUTOPILOT_STATE_DIR="$work/$name-state"
  printf 'id,skills,start,end,zone,concurrency\n' > "$work/roster.csv"
  for number in $(seq 9001 9048); do
    printf '%s,renewals,00:00,00:00,UTC,1\n' "$number" >> "$work/roster.csv"
  done
  export AUTOPILOT_CONFIG="$work/settings.toml" AUTOPILOT_ROSTER="$work/roster.csv" AUTOPILOT_POLL_INTERVAL=5s
  # Of 48 agents 36 have the skill of the first campaign: four more are given it, and then ten are parked.
  preview 40
  behind_prism "$name-check" check --online
  behind_prism "$name-assign" assign apply
  went_through post /skills/4711/agents
  preview 30
  : > "$work/$name-daemon.log"
  "$program" run > "$work/$name-daemon.log" 2>&1 &
  daemon=$!
  started+=("$daemon")
  until_so "the daemon has agents parked" grep -q '"assigned"' "$work/$name-daemon.log"
  end_calmly "$daemon" "$work/$name-daemon.log" "agents assigned and parked"
  went_through put /skills/4711/agents
  unset AUTOPILOT_CONFIG AUTOPILOT_ROSTER
  curl -sS "$control/campaigns/sales-1/status" -d '{"status": "PAUSED"}' > /dev/null
  behind_prism "$name-show" queue show 4712
  behind_prism "$name-plan" queue plan 4712 --set 'wrap_up="45s"'
  behind_prism "$name-apply" queue apply 4712 --set 'wrap_up="45s"'
  went_through put /skills/4712
  echo "  and a skill that stands still was shown and changed"
}

echo "- Prism: the daemon's requests to cxone-acd, and the answers to them"
acd_behind acd-traffic "$acd_contract"
acd_lists_behind acd-lists "$acd_contract"
if [ -f "$published" ]; then
  echo "- Prism: the same against the published operations"
  acd_behind published "$published"
  acd_lists_behind published-lists "$published"
else
  echo "- Prism: the published operations are not beside the repository ($published), so nothing is held against them"
fi

# Has the daemon on genesys-cloud pause and resume behind a proxy that holds it against a contract, and everything that it reads
# besides be read.
cloud_behind() {
  local name="$1" daemon refused
  platform "$name-platform" --platform genesys-cloud
  proxy "$name-prism" "$2"
  # Here too Prism has to refuse something first.
  refused="$(curl -sS -o "$work/refused" -w '%{http_code}' -X POST -H 'Authorization: Bearer x' \
    -H 'Content-Type: application/json' -d '{"metrics": "oOnQueueUsers"}' \
    "http://127.0.0.1:$port/api/v2/analytics/queues/observations/query")"
  [ "$refused" = 422 ] && grep -q 'errors#UNPROCESSABLE_ENTITY' "$work/refused" ||
    fail "Prism let a question pass that asks for nothing ($refused)"
  export AUTOPILOT_PLATFORM=genesys-cloud CXONE_CAMPAIGN_ID=campaign-1 CXONE_CLIENT_SECRET="$secret"
  export CXONE_BASE_URL="http://127.0.0.1:$port" AUTOPILOT_STATE_DIR="$work/$name-state" AUTOPILOT_POLL_INTERVAL=1s
  # Tokens come from a host of their own.
  export AUTOPILOT_TOKEN_URL="$base/oauth/token"
  behind_prism "$name-check" check --online
  AUTOPILOT_COUNT=free-and-serving behind_prism "$name-check-serving" check --online
  behind_prism "$name-show" queue show queue-outbound
  behind_prism "$name-apply" queue apply queue-outbound --set 'wrap_up="45s"'
  went_through put /routing/queues/queue-outbound
  "$program" run > "$work/$name-daemon.log" 2>&1 &
  daemon=$!
  started+=("$daemon")
  pause_and_resume "$work/$name-daemon.log"
  went_through post /audits/query/realtime
  end_calmly "$daemon" "$work/$name-daemon.log" "paused and resumed"
}

echo "- Prism: the daemon's requests to genesys-cloud, and the answers to them"
unset AUTOPILOT_REGISTERED_CLIENT_ID AUTOPILOT_REGISTERED_CLIENT_SECRET
cloud_behind cloud-traffic "$cloud_contract"
if [ -f "$cloud_published" ]; then
  echo "- Prism: the same against the published operations"
  cloud_behind cloud-published "$cloud_published"
else
  echo "- Prism: the published operations are not beside the repository ($cloud_published), so nothing is held against them"
fi
