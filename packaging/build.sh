#!/usr/bin/env bash
# Builds all that is released into the directory OUT: a .deb, an .rpm, an image, a bill of materials and their checksums.
# Usage: build.sh OUT [PROGRAM [FEATURES]]. Without PROGRAM it is compiled, with the features that released packages have.
# Two runs on one commit give the same bytes, but for the image where Debian's packages have changed meanwhile. Needs Rust,
# Python 3.11 or newer and, of Debian 12 or newer, the packages dpkg-dev, rpm, skopeo and umoci; root is not needed.
# MAINTAINER, as `Name <address>`, is who publishes the packages; LEVEL, from 0 to 9, is how hard they are compressed.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022
out="$(realpath -m "$1")"
program="${2:+$(realpath "$2")}"
features="${3-amazon-connect,otlp}"
maintainer="${MAINTAINER:-campaign-autopilot maintainers <maintainers@campaign-autopilot.invalid>}"
level="${LEVEL:-6}"
cd "$(dirname "$0")/.."
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
name=campaign-autopilot
architecture="$(dpkg --print-architecture)"
machine="$(uname -m)"

if [ -z "$program" ]; then
  cargo build --release --locked --features "$features"
  program="$(realpath "${CARGO_TARGET_DIR:-target}/release/$name")"
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
rm -f "$out/$name"[-_]* "$out/SHA256SUMS"

packed() { gzip --best --no-name --stdout "$1" > "$2"; }

# Every file has the time of the source.
dated() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

bill="$out/$name-$version.cdx.json"
python3 packaging/materials.py "$features" "$version" "$bill" "$work/third-party-licences.txt"

# What both kinds of packages install.
tree="$work/tree"
share="$tree/usr/share"
install -D -m 755 "$program" "$tree/usr/bin/$name"
install -D -m 644 packaging/systemd/$name.service "$tree/usr/lib/systemd/system/$name.service"
install -D -m 644 packaging/systemd/$name.sysusers "$tree/usr/lib/sysusers.d/$name.conf"
install -D -m 644 packaging/systemd/autopilot.toml "$tree/etc/$name/autopilot.toml"
install -d "$work/man" "$share/man/man1"
"$program" man "$work/man" > /dev/null
for page in "$work/man"/*.1; do packed "$page" "$share/man/man1/$(basename "$page").gz"; done
install -d "$share/bash-completion/completions" "$share/fish/vendor_completions.d"
"$program" completions bash > "$share/bash-completion/completions/$name"
"$program" completions fish > "$share/fish/vendor_completions.d/$name.fish"
"$program" completions zsh > "$work/_$name"
install -D -m 644 -t "$share/$name/alerts" alerts/autopilot.rules.yml alerts/*.example.yml
install -D -m 644 -t "$share/$name/dashboards" grafana/dashboards/*.json
doc="$share/doc/$name"
install -D -m 644 -t "$doc" README.md SECURITY.md
install -D -m 644 -t "$doc/examples" examples/*.toml examples/*.ics
install -D -m 644 -t "$doc/examples/$name.service.d" packaging/systemd/$name.service.d/*.conf
# With their folders, so that links between them lead somewhere.
find docs alerts/runbooks -name '*.md' -exec install -D -m 644 {} "$doc/{}" \;
packed CHANGELOG.md "$doc/changelog.gz"
packed "$work/third-party-licences.txt" "$doc/third-party-licences.txt.gz"

# The .deb: where Debian has completions for zsh, licences and its own changelog.
deb="$work/deb"
cp -a "$tree" "$deb"
install -D -m 644 "$work/_$name" "$deb/usr/share/zsh/vendor-completions/_$name"
sed 's/^$/./; s/^/ /' LICENSE-MIT > "$work/mit"
sed "/@MIT@/{r $work/mit
d}" packaging/deb/copyright > "$deb/usr/share/doc/$name/copyright"
packed <(
  printf '%s (%s-1) unstable; urgency=medium\n\n  * Version %s: see changelog.gz beside this file.\n\n -- %s  %s\n' \
    "$name" "$version" "$version" "$maintainer" "$(date --rfc-email --date="@$SOURCE_DATE_EPOCH")"
) "$deb/usr/share/doc/$name/changelog.Debian.gz"
install -D -m 644 packaging/deb/lintian-overrides "$deb/usr/share/lintian/overrides/$name"
install -d "$deb/DEBIAN" "$work/shlibs/debian"
install -m 755 -t "$deb/DEBIAN" packaging/deb/postinst packaging/deb/prerm packaging/deb/postrm
echo "/etc/$name/autopilot.toml" > "$deb/DEBIAN/conffiles"
# Which versions of which libraries the program needs, by what it imports.
printf 'Source: %s\n\nPackage: %s\nArchitecture: any\n' "$name" "$name" > "$work/shlibs/debian/control"
libraries="$(cd "$work/shlibs" && dpkg-shlibdeps -O -e "$program" 2> /dev/null | sed -n 's/^shlibs:Depends=//p')"
size="$(du --apparent-size --block-size=1024 --summarize --exclude=DEBIAN "$deb" | cut -f1)"
sed "s/@VERSION@/$version-1/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/; s/@LIBRARIES@/$libraries/; s/@MAINTAINER@/$maintainer/" \
  packaging/deb/control.in > "$deb/DEBIAN/control"
(cd "$deb" && find usr etc -type f -print0 | sort --zero-terminated | xargs --null md5sum) > "$deb/DEBIAN/md5sums"
dated "$deb"
dpkg-deb --root-owner-group -Zxz -z"$level" --build "$deb" "$out/${name}_$version-1_$architecture.deb" > /dev/null

# The .rpm.
rpm="$work/rpm"
cp -a "$tree" "$rpm"
install -D -m 644 "$work/_$name" "$rpm/usr/share/zsh/site-functions/_$name"
install -D -m 644 -t "$rpm/usr/share/licenses/$name" LICENSE-MIT LICENSE-APACHE
mv "$rpm/usr/share/doc/$name/third-party-licences.txt.gz" "$rpm/usr/share/licenses/$name/"
install -m 600 /dev/null "$rpm/etc/$name/client-secret"
dated "$rpm"
if ! said="$(rpmbuild -bb --quiet --target "$machine-linux" \
  --define "_topdir $work/rpmbuild" --define "_rpmdir $out" --define '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' \
  --define "version_given $version" --define "maintainer_given $maintainer" --define "tree_given $rpm" \
  --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
  --define 'clamp_mtime_to_source_date_epoch 1' --define '_build_id_links none' --define "_binary_payload w$level.xzdio" \
  packaging/rpm/$name.spec 2>&1)"; then
  printf '%s\n' "$said" >&2
  exit 1
fi

# The image: the program, the C library and whom TLS trusts. What packaging/docker/Dockerfile makes of the source, without a container
# engine and without a registry: the base is Debian's own packages.
base="$work/base"
mkdir -p "$base" "$work/debian"
(cd "$work/debian" && apt-get -o APT::Sandbox::User="$(id -un)" -qq download base-files ca-certificates libc6 libgcc-s1)
for package in "$work/debian"/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$base" --exclude='./usr/share/man' --exclude='./usr/share/lintian'
done
find "$base/usr/share/ca-certificates" -name '*.crt' | sort | xargs cat > "$work/ca-certificates.crt"
install -D -m 644 "$work/ca-certificates.crt" "$base/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0::/root:/sbin/nologin\n%s:x:65532:65532::/var/lib/%s:/sbin/nologin\n' $name $name > "$base/etc/passwd"
printf 'root:x:0:\n%s:x:65532:\n' $name > "$base/etc/group"
install -D -m 755 "$program" "$base/usr/bin/$name"
install -D -m 644 -t "$base/usr/share/doc/$name" LICENSE-MIT LICENSE-APACHE "$work/third-party-licences.txt"
dated "$base"
layer=(tar --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --numeric-owner)
"${layer[@]}" --owner=0 --group=0 -C "$base" -cf "$work/layer.tar" .
install -d -m 700 "$work/state/var/lib/$name"
"${layer[@]}" --owner=65532 --group=65532 -C "$work/state" -rf "$work/layer.tar" "./var/lib/$name"
at="$(date --iso-8601=seconds --date="@$SOURCE_DATE_EPOCH")"
umoci init --layout "$work/oci"
umoci new --image "$work/oci:$version"
umoci raw add-layer --image "$work/oci:$version" --no-history "$work/layer.tar"
umoci config --image "$work/oci:$version" --no-history --created "$at" --os linux --architecture "$architecture" \
  --config.user 65532:65532 --config.entrypoint $name --config.cmd run \
  --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  --config.env AUTOPILOT_STATE_DIR=/var/lib/$name --config.env AUTOPILOT_LISTEN=0.0.0.0:9464 \
  --config.volume /var/lib/$name --config.exposedports 9464/tcp \
  --config.label org.opencontainers.image.title=$name --config.label "org.opencontainers.image.version=$version" \
  --config.label 'org.opencontainers.image.licenses=MIT OR Apache-2.0'
skopeo --insecure-policy copy --quiet "oci:$work/oci:$version" \
  "docker-archive:$out/$name-$version-image-$architecture.tar:$name:$version"

(cd "$out" && sha256sum "$name"[-_]* > SHA256SUMS)
ls -l "$out"
