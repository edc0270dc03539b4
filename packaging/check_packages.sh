#!/usr/bin/env bash
# Builds all that is released from a program that is there, twice, and holds it against its own tools: lintian, rpmlint, skopeo and
# umoci, and the schema of CycloneDX. As root it then boots a machine of its own with systemd, on which the packages are installed,
# started against the simulated platform, upgraded and removed, and starts the image in a scratch root.
# Usage: check_packages.sh PROGRAM TOOLS; what is needed is installed into the directory TOOLS, and a machine kept there.
# Needs, of Debian 12 or newer: dpkg-dev, lintian, mmdebstrap, rpm, rpmlint, skopeo, systemd-container, umoci.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="$(realpath "$1")"
mkdir -p "$2"
tools="$(realpath "$2")"
name=campaign-autopilot
work="$(mktemp -d)"
running=()
cleaned() {
  for one in ${running[@]+"${running[@]}"}; do
    # What was started by a function is a child of its shell.
    pkill -P "$one" 2> /dev/null || true
    kill "$one" 2> /dev/null || true
  done
  rm -rf "$work"
}
trap cleaned EXIT

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Waits up to two minutes until the command succeeds.
until_so() {
  local since="$SECONDS"
  until "$@"; do
    [ $((SECONDS - since)) -lt 120 ] || return 1
    sleep 0.2
  done
}

"$here/../tests/support/venv.sh" "$here/requirements.txt" "$tools"

# How hard they are compressed is no matter here, and takes most of the time. What a build depends on by mistake differs between the two.
export LEVEL=0
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
"$here/build.sh" "$work/packages" "$program" '' > "$work/built" 2>&1 || fail "$(cat "$work/built")"
(umask 077 && cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$here/build.sh" "$work/again" "$program" '') > "$work/built" 2>&1 ||
  fail "$(cat "$work/built")"
cmp "$work/packages/SHA256SUMS" "$work/again/SHA256SUMS" || fail "a second build differs"
rm -rf "$work/again"
cd "$work/packages"
sha256sum --check --quiet SHA256SUMS
echo "built twice, the same: $(find . -type f | wc -l) files"

"$tools/venv/bin/python" - ./*.cdx.json << 'SCHEMA'
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = open(sys.argv[1]).read()
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
sys.exit(f"{sys.argv[1]}: {wrong}") if wrong else None
print(f"bill of materials: {len(json.loads(text)['components'])} components, as CycloneDX 1.6 has it")
SCHEMA

lintian --allow-root --fail-on error,warning ./*.deb
rpmlint --config "$here/rpm/rpmlint.toml" ./*.rpm > "$work/said" || fail "$(cat "$work/said")"
grep -q ' 0 errors, 0 warnings' "$work/said" || fail "$(cat "$work/said")"
echo "lintian, rpmlint: nothing found"

# Both install the same, but for what each kind of system has in a place of its own.
files() { sort | grep -v -E '/$|zsh|licen[cs]e|copyright|lintian|changelog.Debian|client-secret'; }
dpkg-deb --fsys-tarfile ./*.deb | tar -t | sed 's|^\.||' | files > "$work/of-deb"
rpm --query --package --list --dump ./*.rpm | awk '$5 !~ /^04/ { print $1 }' | files > "$work/of-rpm"
diff "$work/of-deb" "$work/of-rpm" || fail "the packages differ"
for wanted in bin/$name lib/systemd/system/$name.service share/man/man1/$name-run.1.gz share/$name/alerts/autopilot.rules.yml \
  share/$name/dashboards/overview.json share/bash-completion/completions/$name share/doc/$name/examples/vicidial.toml; do
  grep -q "^/usr/$wanted\$" "$work/of-deb" || fail "/usr/$wanted is not installed"
done
echo "both packages install $(wc -l < "$work/of-deb") files"

# The image says what the Dockerfile does.
image="$(echo ./*-image-*.tar)"
skopeo --insecure-policy inspect --config "docker-archive:$image" > "$work/image.json"
python3 - "$work/image.json" "$here/docker/Dockerfile" << 'IMAGE'
import json, re, sys

config = json.load(open(sys.argv[1]))["config"]
source = open(sys.argv[2]).read().replace("\\\n", " ").rsplit("\nFROM ", 1)[1]
words = lambda key: re.search(rf"^{key} (.*)$", source, re.MULTILINE).group(1)
assert config["User"] == words("USER"), config
assert config["Entrypoint"] == json.loads(words("ENTRYPOINT")) and config["Cmd"] == json.loads(words("CMD")), config
assert set(words("ENV").split()) <= set(config["Env"]), config
assert list(config["Volumes"]) == [words("VOLUME")], config
assert list(config["ExposedPorts"]) == [words("EXPOSE") + "/tcp"], config
print("image: user, command, environment, volume and port as in the Dockerfile")
IMAGE

if [ "$(id -u)" != 0 ]; then
  echo "WARNING: neither the packages nor the image were started, which takes root"
  exit 0
fi

# The image, started as a container engine would: as its user, in its own root.
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/../Cargo.toml" | head -n 1)"
skopeo --insecure-policy copy --quiet "docker-archive:$image" "oci:$work/oci:$version"
umoci unpack --image "$work/oci:$version" "$work/bundle"
"$program" simulate --listen 127.0.0.1:0 > "$work/simulator" 2>&1 &
running+=($!)
until_so grep -q '^simulated platform at [^,]*,' "$work/simulator" ||
  fail "the simulated platform does not listen: $(cat "$work/simulator")"
platform="$(sed -n 's/^simulated platform at \([^,]*\),.*/\1/p' "$work/simulator")"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
in_image() {
  env -i AUTOPILOT_STATE_DIR=/var/lib/$name AUTOPILOT_LISTEN="127.0.0.1:$port" AUTOPILOT_BASE_URL="$platform" \
    AUTOPILOT_CLIENT_ID=autopilot AUTOPILOT_CLIENT_SECRET=autopilot-secret AUTOPILOT_POLL_INTERVAL=1s \
    "$(command -v chroot)" --userspec=65532:65532 "$work/bundle/rootfs" "/usr/bin/$name" "$@"
}
in_image run --campaign campaign-1 > "$work/daemon" 2>&1 &
running+=($!)
is_ready() { in_image healthcheck --server "http://127.0.0.1:$port" --ready > "$work/said" 2>&1; }
until_so is_ready || fail "the image's daemon is not ready: $(cat "$work/said" "$work/daemon")"
echo "image: started as 65532, $(in_image --version), ready"

# Some sandboxes let nobody boot a machine within them.
probe="/sys/fs/cgroup/$name-probe-$$"
if ! unshare --mount --pid --fork true 2> /dev/null || ! mkdir "$probe" 2> /dev/null; then
  echo "WARNING: the packages were not installed and started: no machine can be booted here (namespaces and control groups are barred)"
  exit 0
fi
rmdir "$probe"

# A machine with systemd and nothing else, kept for the next time, and a copy of it for this one.
if ! [ -e "$tools/machine.tar" ]; then
  "$here/../tests/support/again.sh" mmdebstrap --quiet --variant=apt --include=dbus,libgcc-s1,procps,rpm,systemd,systemd-sysv \
    bookworm "$tools/machine.new.tar"
  mv "$tools/machine.new.tar" "$tools/machine.tar"
fi
machine="$work/machine"
mkdir -p "$machine"
tar -x -C "$machine" -f "$tools/machine.tar"
mkdir "$machine/trial"
cp ./*.deb ./*.rpm "$here/machine_trial.sh" "$machine/trial/"
cat > "$machine/etc/systemd/system/trial.service" << 'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sh /trial/machine_trial.sh > /trial/said 2>&1; echo $? > /trial/code'
ExecStopPost=systemctl --no-block poweroff
[Install]
WantedBy=graphical.target
UNIT
systemctl --root="$machine" --quiet enable trial.service
timeout 600 systemd-nspawn --quiet --directory="$machine" --boot --register=no --keep-unit --private-network \
  --console=pipe > "$work/console" 2>&1 < /dev/null || true
[ "$(cat "$machine/trial/code" 2> /dev/null)" = 0 ] || fail "$(tail -n 40 "$work/console" "$machine/trial/said")"
grep '^-- ' "$machine/trial/said"
