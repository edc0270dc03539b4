#!/usr/bin/env bash
# Makes or renews the Python environment that the checks of packaging use. Usage: venv.sh TOOLS.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
tools="$1"
if ! cmp -s "$here/requirements.txt" "$tools/requirements.txt"; then
  rm -rf "$tools/venv"
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --require-virtualenv \
    --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$tools/requirements.txt"
fi
