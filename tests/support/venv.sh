#!/usr/bin/env bash
# Makes or renews the Python environment TOOLS/venv of a check. Usage: venv.sh REQUIREMENTS TOOLS.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
requirements="$1" tools="$2"
if ! cmp -s "$requirements" "$tools/requirements.txt"; then
  rm -rf "$tools/venv"
  python3 -m venv "$tools/venv"
  "$here/again.sh" "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --require-virtualenv \
    --requirement "$requirements"
  cp "$requirements" "$tools/requirements.txt"
fi
