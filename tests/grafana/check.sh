#!/usr/bin/env bash
# Holds the dashboards against Grafana's published schema and units. No Grafana is started: none can be had from a
# package registry. Usage: check.sh TOOLS; what is needed is installed into the directory TOOLS.
# Needs Node 18.20 or newer with npm, and the network for packages at the first run.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$1"
tools="$(realpath "$1")"
"$here/../support/npm.sh" "$here/package.json" "$tools"
timeout 600 node "$here/check.mjs" "$tools"
