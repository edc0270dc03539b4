#!/usr/bin/env bash
# Runs a command that needs the network, three times at the most: a download that broke off once is no fault of what is checked.
# Usage: again.sh COMMAND [ARGUMENT ...]
set -uo pipefail
for left in 2 1 0; do
  "$@" && exit 0
  status=$?
  if [ "$left" != 0 ]; then
    printf 'once more: %s\n' "$*" >&2
    sleep 5
  fi
done
exit "$status"
