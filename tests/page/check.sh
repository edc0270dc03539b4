#!/usr/bin/env bash
# Looks at the page in a real Chromium: the real daemon serves it, the simulated platform makes things happen.
# Usage: check.sh PROGRAM OUT [NODE'S FLAGS, such as --test-name-pattern=lines]; what is needed is installed into the
# directory OUT, and screenshots are left in OUT/shots. PAGE_SOURCE=src/serve/page takes the page's files from there.
# Needs Node 20 or newer with npm, Chromium, and the network for packages at the first run.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="$(realpath "$1")"
mkdir -p "$2"
out="$(realpath "$2")"

"$here/../support/npm.sh" "$here/package.json" "$out"
# Modules are found from where they lie: the checks run beside what they need.
rm -rf "$out/checks" "$out/shots"
mkdir -p "$out/checks" "$out/shots"
cp "$here"/*.mjs "$out/checks/"
CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v chromium-browser || echo /usr/bin/chromium)}" \
  PROGRAM="$program" SHOTS="$out/shots" PAGE_SOURCE="${PAGE_SOURCE:+$(realpath "$PAGE_SOURCE")}" \
  timeout 1800 node --test --test-concurrency=1 --test-reporter=spec "${@:3}" "$out"/checks/*check.mjs
