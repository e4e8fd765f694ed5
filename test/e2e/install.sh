#!/bin/sh
# Installs what the end-to-end tests need, as root, on Debian 12. Fast when all of it is there.
# Docker Engine is only unpacked into a cache folder: installed, it would claim iptables and a group.
set -eu
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive
cache="${XDG_CACHE_HOME:-$HOME/.cache}/nearport-e2e"

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=''
for package in $(sed -e '/^#/d' -e 's/ .*//' packages.txt); do
  installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ] || [ ! -x "$cache/docker/usr/sbin/dockerd" ]; then
  apt-get update -qq
fi

if [ -n "$missing" ]; then
  # The packages start their services when they are installed, unless this file forbids it.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  # shellcheck disable=SC2086 # one word a package
  apt-get install -y -qq --no-install-recommends $missing
fi

if [ ! -x "$cache/docker/usr/sbin/dockerd" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/unpack.XXXXXX")
  # apt's download helper runs as the user _apt and wants to write here.
  chmod 755 "$work"
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root docker.io && dpkg -x ./docker.io_*.deb docker)
  rm -rf "$cache/docker"
  mv "$work/docker" "$cache/docker"
  rm -rf "$work"
fi

# crane's source is in bookworm-backports. That suite is added for the length of this build alone, beside the suites the
# machine already takes from its own Debian mirror.
main_source=$(grep -ls '^Suites:.* *bookworm' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
if [ ! -x "$cache/crane" ] && [ -n "$main_source" ]; then
  backports=/etc/apt/sources.list.d/nearport-e2e-backports.sources
  trap 'rm -f "$backports" ${policy:-}; apt-get update -qq || true' EXIT
  sed -e '/^$/,$d' -e '/^#/d' -e 's/^Suites:.*/Suites: bookworm-backports/' "$main_source" >"$backports"
  apt-get update -qq
  # A crane that cannot be built is left out, and the tests say so.
  if apt-get install -y -qq --no-install-recommends -t bookworm-backports \
    golang-go golang-github-google-go-containerregistry-dev; then
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= \
      go build -o "$cache/crane" github.com/google/go-containerregistry/cmd/crane || true
  fi
fi

echo "e2e parts installed; Docker Engine in $cache/docker$([ -x "$cache/crane" ] || echo '; no crane (it could not be built)')"
