#!/usr/bin/env bash
# Installs Debian's packages. Usage: apt.sh PACKAGE [PACKAGE ...]; without root or apt-get it says what is missing, and ends with 1.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "one of these packages is missing: install $*" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Both together: a list that broke off shows only as a package that is not found. Another one who installs just now is waited for.
# shellcheck disable=SC2016 # The inner shell has the packages.
"$here/again.sh" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends \
  -o DPkg::Lock::Timeout=300 "$@" > /dev/null' apt "$@"
