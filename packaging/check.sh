#!/usr/bin/env bash
# Holds what is packaged against the tools of those who will run it: systemd-analyze for the unit, hadolint for the
# Dockerfile, Helm 4 and the published schemas of Kubernetes for the chart. No container engine and no cluster is needed, and
# so none has seen them. Usage: check.sh PROGRAM TOOLS; what is needed is installed into the directory TOOLS.
# Needs systemd-analyze 252 or newer, Python with venv, and the network for packages at the first run.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="$(realpath "$1")"
mkdir -p "$2"
tools="$(realpath "$2")"
# What systemd's own measure of exposure may come to, in tenths; 0 is best, and an unhardened unit has 96.
most_exposed=15
# What the chart says it needs, and the newest that is known.
kubernetes="1.25 1.37"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$here/../tests/support/venv.sh" "$here/requirements.txt" "$tools"

# The unit as installed, with and without its drop-ins. systemd-analyze exits with 0 on keys that it does not know: what
# it says is what counts.
cp -r "$here/systemd" "$work/plain"
sed -i "s|=/usr/bin/campaign-autopilot|=$program|" "$work/plain/campaign-autopilot.service"
cp -r "$work/plain" "$work/with-drop-ins"
rm -r "$work/plain/campaign-autopilot.service.d"
for units in plain with-drop-ins; do
  if ! said="$(SYSTEMD_UNIT_PATH="$work/$units:" systemd-analyze verify --man=no \
    "$work/$units/campaign-autopilot.service" 2>&1)" || [ -n "$said" ]; then
    printf 'systemd-analyze verify, %s:\n%s\n' "$units" "$said" >&2
    exit 1
  fi
done
if ! exposed="$(systemd-analyze security --offline=true --no-pager --threshold="$most_exposed" \
  "$work/plain/campaign-autopilot.service")"; then
  printf '%s\n' "$exposed" >&2
  exit 1
fi
printf '%s\n' "$exposed" | tail -n 1

"$tools/venv/bin/hadolint" --failure-threshold style "$here/docker/Dockerfile"
echo "hadolint: nothing found"

# shellcheck disable=SC2086 # A list of versions.
"$tools/venv/bin/python" "$here/check_chart.py" "$program" $kubernetes
