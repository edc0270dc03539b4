#!/bin/sh
# Runs within a machine with systemd and nothing else on it, on which the packages in the directory of this script are installed as
# an administrator would, started against the simulated platform, upgraded and removed. Ends with exit code 0 if all of that holds.
set -eu
here="$(dirname "$0")"
unit=campaign-autopilot
settings=/etc/campaign-autopilot/autopilot.toml
secret=/etc/campaign-autopilot/client-secret

say() { echo "-- $*"; }
fail() {
  say "FAILED: $*"
  journalctl --no-pager --unit $unit --lines 40 || true
  exit 1
}
property() { systemctl show $unit --property "$1" --value; }
until_so() {
  what="$1"
  shift
  for _ in $(seq 120); do
    if "$@" > /dev/null 2>&1; then return; fi
    sleep 0.5
  done
  fail "never $what"
}
is_state() { [ "$(property ActiveState)" = "$1" ]; }
# What the journal has of the unit from here on; it is written by another process, and later.
from_here() { cursor="$(journalctl --no-pager --lines 0 --show-cursor | sed -n 's/^-- cursor: //p')"; }
says() {
  journalctl --no-pager --unit $unit ${cursor:+"--after-cursor=$cursor"} > /tmp/said
  grep -q "$1" /tmp/said
}

placeholders_do_not_start() {
  from_here
  if systemctl start $unit 2> /dev/null; then fail "it starts before its settings are filled in"; fi
  until_so "settled" is_state failed
  [ "$(property ExecMainStatus)" = 78 ] || fail "exit code $(property ExecMainStatus), not 78"
  [ "$(property NRestarts)" = 0 ] || fail "it was tried again"
  for word in 'base_url: is missing' 'client_id: is missing' 'client_secret_file: names an empty file' 'campaign: is missing'; do
    until_so "said in the journal: $word" says "$word"
  done
  systemctl reset-failed $unit
  say "not started with placeholders; the journal says what to fill in"
}

filled_in_it_runs() {
  sed -i 's|^#base_url = .*|base_url = "http://127.0.0.1:8085"|; s|^#client_id|client_id|; s|^#pause_below = 5|pause_below = 5|
    s|^#resume_at = 8|resume_at = 8|' $settings
  printf 'poll_interval = "1s"\n\n[[campaign]]\nid = "campaign-1"\n' >> $settings
  echo autopilot-secret > $secret
  systemctl enable --quiet --now $unit || fail "it does not start"
  until_so "ready" campaign-autopilot healthcheck --ready
  campaign-autopilot status | grep -q campaign-1 || fail "no campaign in the status"
  [ "$(ps -o user:32= -p "$(property MainPID)" | tr -d ' ')" = campaign-autopilot ] || fail "it runs as another user"
  [ "$(stat -c '%U %a' /var/lib/campaign-autopilot)" = 'campaign-autopilot 700' ] || fail "the state directory is another's"
  before="$(property MainPID)"
  # The signal is sent when this is over; that the unit reloads shows later.
  systemctl reload $unit || fail "it does not reload"
  until_so "active after a reload" is_state active
  [ "$(property MainPID)" = "$before" ] || fail "a reload started it again"
  cp $settings /tmp/right
  sed -i 's/^pause_below = 5/pause_below = 50/' $settings
  from_here
  systemctl reload $unit || fail "it does not take a reload"
  until_so "told of the fault" says pause_below
  cp /tmp/right $settings
  systemctl reload $unit || fail "it does not reload after a fault"
  until_so "active after a refused reload" is_state active
  [ "$(property MainPID)" = "$before" ] || fail "a refused reload ended it"
  runuser -u campaign-autopilot -- campaign-autopilot audit verify --state-dir /var/lib/campaign-autopilot ||
    fail "the chain of the audit does not hold"
  say "runs as its user, is ready, reloads, and its audit holds: $(campaign-autopilot --version)"
}

systemd-sysusers # So that a user from an earlier package is no surprise.
systemctl daemon-reload

say ".deb"
dpkg -i "$here"/*.deb
placeholders_do_not_start
systemd-run --quiet --unit simulator campaign-autopilot simulate --listen 127.0.0.1:8085
filled_in_it_runs
before="$(property MainPID)"
dpkg -i "$here"/*.deb
[ "$(property MainPID)" != "$before" ] || fail "an upgrade leaves the old program running"
until_so "ready after the upgrade" campaign-autopilot healthcheck --ready
[ "$(cat $secret)" = autopilot-secret ] || fail "an upgrade empties the secret"
cp /usr/bin/campaign-autopilot /tmp/simulator
dpkg -r campaign-autopilot
[ "$(systemctl is-active $unit)" != active ] || fail "it runs on after its removal"
[ -e $settings ] || fail "a removal takes the settings along"
dpkg --purge campaign-autopilot
[ ! -e $settings ] && [ ! -e $secret ] || fail "a purge leaves settings or secret"
[ -e /var/lib/campaign-autopilot/autopilot.sqlite3 ] || fail "a purge takes the audit along"
rm -rf /var/lib/campaign-autopilot
systemctl stop simulator
say "upgraded, removed and purged"

say ".rpm"
# Debian's libraries are in no database of rpm.
rpm --install --nodeps "$here"/*.rpm
placeholders_do_not_start
systemd-run --quiet --unit simulator /tmp/simulator simulate --listen 127.0.0.1:8085
filled_in_it_runs
rpm --erase campaign-autopilot
[ "$(systemctl is-active $unit)" != active ] || fail "it runs on after its removal"
[ -e /var/lib/campaign-autopilot/autopilot.sqlite3 ] || fail "a removal takes the audit along"
[ ! -e /usr/bin/campaign-autopilot ] || fail "a removal leaves the program"
say "removed"
