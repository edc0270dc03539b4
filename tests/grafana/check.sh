#!/usr/bin/env bash
# Holds the dashboards against Grafana's published schema and units. No Grafana is started: none can be had from a
# package registry. Usage: check.sh TOOLS; what is needed is installed into the directory TOOLS.
# Needs Node 18.20 or newer with npm, and the network for packages at the first run.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$1"
tools="$(realpath "$1")"
packages=(@grafana/schema@13.2.3 @grafana/data@13.2.3 typescript@5.9.3 react@19.3.1 react-dom@19.3.1)

if [ "$(cat "$tools/packages" 2>/dev/null)" != "${packages[*]}" ]; then
  npm install --silent --no-audit --no-fund --no-save --prefix "$tools" "${packages[@]}"
  echo "${packages[*]}" > "$tools/packages"
fi
timeout 120 node "$here/check.mjs" "$tools"
