#!/usr/bin/env bash
# Makes or renews the packages OUT/node_modules of a check, as the lock beside PACKAGE.json has them. Usage: npm.sh PACKAGE.json OUT.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
lock="$(dirname "$1")/package-lock.json" out="$2"
if ! cmp -s "$lock" "$out/installed.json"; then
  cp "$1" "$lock" "$out/"
  "$here/again.sh" npm ci --silent --no-audit --no-fund --prefix "$out"
  cp "$lock" "$out/installed.json"
fi
