#!/usr/bin/env bash
# Draws the dashboards as pictures, to be looked at by a person. No Grafana is started, as none can be had from a package
# registry: Grafana's own components (@grafana/ui: panels, time series, big values) draw the shipped JSON from a live
# Prometheus, which has scraped a daemon through a simulated day. State timelines, heatmaps and tables have no component
# there and are drawn plainly by look.jsx.
#
# Usage: look.sh PROGRAM TOOLS OUT [SECONDS]; PNG files come into OUT. No part of the gate: without Chromium, Prometheus or
# Node it says so and ends with 0. Needs the network for packages at the first run (some 500 MB in TOOLS).
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="$(realpath "$1")"
mkdir -p "$2" "$3"
tools="$(realpath "$2")" out="$(realpath "$3")" seconds="${4:-180}"

for needed in chromium prometheus promtool node npm curl; do
  if ! command -v "$needed" > /dev/null; then
    echo "skipped: no pictures of the dashboards, as $needed is missing"
    exit 0
  fi
done
packages=(@grafana/ui@13.2.2 @grafana/data@13.2.3 @grafana/schema@13.2.3 react@19.3.1 react-dom@19.3.1 esbuild@0.28.2)
if [ "$(cat "$tools/look-packages" 2>/dev/null)" != "${packages[*]}" ]; then
  npm install --silent --no-audit --no-fund --no-save --prefix "$tools" "${packages[@]}"
  echo "${packages[*]}" > "$tools/look-packages"
fi

work="$(mktemp -d)"
children=()
cleanup() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# A day of two campaigns goes by at such a speed that it is over with the pictures' time.
"$program" simulate --scenario two-campaigns --listen 127.0.0.1:0 --speed $((28800 / seconds + 1)) > "$work/platform" &
children+=($!)
until platform="$(grep -o 'http://127.0.0.1:[0-9]*' "$work/platform" | head -n 1)" && [ -n "$platform" ]; do sleep 0.1; done

cat > "$work/settings.toml" << 'TOML'
poll_interval = "500ms"
requests_per_second = "unlimited"
assign_interval = "5s"
pause_below = 6
resume_at = 9

[[preview]]
campaign = "renewals-1"
skills = ["service"]
target_rate = 8.5
zones = ["UTC"]
most = 12

[[queue]]
id = "queue-1"
interval = "2s"
TOML
{
  echo "id,skills,start,end,zone,concurrency"
  for number in $(seq -w 1 30); do echo "agent-00$number,service,00:00,00:00,UTC,1"; done
} > "$work/roster.csv"
env -i PATH="$PATH" CXONE_BASE_URL="$platform" CXONE_CLIENT_ID=autopilot CXONE_CLIENT_SECRET=autopilot-secret \
  CXONE_CAMPAIGN_ID=sales-1,renewals-1 AUTOPILOT_CONFIG="$work/settings.toml" AUTOPILOT_ROSTER="$work/roster.csv" \
  AUTOPILOT_STATE_DIR="$work/state" AUTOPILOT_LISTEN=127.0.0.1:0 AUTOPILOT_LOG_FORMAT=json \
  AUTOPILOT_WEBHOOK_URL=http://127.0.0.1:9/ AUTOPILOT_WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw \
  "$program" run 2> "$work/log" &
children+=($!)
until daemon="$(grep -o '"listening":"[^"]*' "$work/log" | cut -d'"' -f4)" && [ -n "$daemon" ]; do sleep 0.1; done

port="$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')"
cat > "$work/prometheus.yml" << YAML
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ["$work/rules.yml"]
scrape_configs:
  - {job_name: autopilot, static_configs: [{targets: ["$daemon"]}]}
YAML
# A second for every minute, so that what has to be looked at fires within the run.
"$program" rules | sed -E 's/^( +(for|keep_firing_for): [0-9]+)m$/\1s/; s/\[([0-9]+)m\]/[\1s]/g; s/\[1h\]/[1m]/g' > "$work/rules.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address="127.0.0.1:$port" \
  > "$work/prometheus.log" 2>&1 &
children+=($!)

echo "a day goes by in $seconds s"
sleep "$seconds"
NODE_PATH="$tools/node_modules" "$tools/node_modules/.bin/esbuild" "$here/look.jsx" --bundle --outfile="$work/look.js" \
  --platform=browser --define:process.env.NODE_ENV='"production"' --loader:.css=text --loader:.svg=dataurl --log-level=error
node "$here/look.mjs" "http://127.0.0.1:$port" "$work" "$seconds"
for name in overview campaign internals; do
  chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/chromium" --hide-scrollbars \
    --window-size="1600,$(cat "$work/$name.height")" --virtual-time-budget=8000 --screenshot="$out/$name.png" \
    "file://$work/$name.html" > "$work/chromium.log" 2>&1
  [ -s "$out/$name.png" ] || { cat "$work/chromium.log" >&2; exit 1; }
  echo "$out/$name.png"
done
