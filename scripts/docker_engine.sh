#!/usr/bin/env bash
# A Docker engine for the tests of the deploy, on a Debian machine where none runs.
#
#   scripts/docker_engine.sh start DIR   bring it up; prints DOCKER_HOST=... and DEPLOY_BASE=..., a line each
#   scripts/docker_engine.sh stop DIR    end it, and unmount what it used
#
# Needs root and Debian's packages. DIR must lie outside any checkout, on a disk with 2 GB to spare. Exit codes: 0,
# 2 wrong usage, 3 when it cannot be had here (the reason is on standard error).
set -euo pipefail

cannot() {
  echo "no Docker engine can be had here: $*" >&2
  exit 3
}

main() {
  [ $# = 2 ] || { sed -n '2,/^set -euo/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
  mkdir -p "$2"
  dir=$(cd -- "$2" && pwd)
  export DOCKER_HOST=unix://$dir/engine.sock
  case $1 in
    start)
      [ "$(id -u)" = 0 ] || cannot 'it needs root'
      install_engine
      install_plugins
      start_engine
      make_base
      printf 'DOCKER_HOST=%s\nDEPLOY_BASE=base:local\n' "$DOCKER_HOST"
      ;;
    stop) stop_engine ;;
    *) echo "start or stop, not $1" >&2; exit 2 ;;
  esac
}

install_engine() {
  command -v apt-get >/dev/null || cannot 'there is no apt-get'
  local package
  for package in docker.io debootstrap iptables e2fsprogs; do # one by one: each may be missing by itself
    dpkg -s "$package" >/dev/null 2>&1 ||
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
      cannot "the package $package could not be installed"
  done
}

# Compose v2 and buildx come from the next Debian release, because bookworm has neither. They are unpacked for this
# user's docker only, not installed.
install_plugins() {
  docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1 && return
  local mirror apt=(-o "Dir::Etc::sourcelist=$dir/next.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$dir/lists")
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -n 's/^URIs: *\(.*debian\)\/*$/\1/p; s/^deb \(\[.*\] \)\{0,1\}\([^ ]*debian\)\/* .*/\2/p' | sed -n 1p || true)
  [ -n "$mirror" ] || cannot 'compose v2 is not installed, and no Debian mirror is configured'
  mkdir -p "$dir/lists/partial" "$dir/packages" "${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$dir/next.list"
  apt-get -qq "${apt[@]}" update >/dev/null 2>&1 || cannot 'the package lists of Debian trixie cannot be had'
  (cd "$dir/packages" && apt-get -qq "${apt[@]}" download docker-compose docker-buildx >/dev/null 2>&1) ||
    cannot 'compose v2 and buildx cannot be had'
  local package
  for package in "$dir"/packages/*.deb; do dpkg -x "$package" "$dir/unpacked"; done
  install "$dir"/unpacked/usr/libexec/docker/cli-plugins/docker-* "${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins/"
}

start_engine() {
  docker info >/dev/null 2>&1 && return
  # overlay2 refuses to lie on another overlay, as in a container: a file system of its own is below it.
  [ -f "$dir/disk" ] || { truncate -s 6G "$dir/disk" && mkfs.ext4 -q "$dir/disk"; }
  mkdir -p "$dir/data"
  mountpoint -q "$dir/data" || mount -o loop "$dir/disk" "$dir/data" || cannot 'a file cannot be mounted'
  rm -f "$dir/engine.pid"
  setsid dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/engine.pid" -H "$DOCKER_HOST" \
    --group root --storage-driver overlay2 >"$dir/engine.log" 2>&1 </dev/null &
  local _
  for _ in $(seq 240); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  stop_engine
  cannot "dockerd does not come up: $(tail -n 1 "$dir/engine.log")"
}

# The pinned base cannot be pulled everywhere. What it stands for (Python with venv, and certificates) is made from
# Debian's packages; this machine's certificates are added, because it may reach package indexes through a proxy.
make_base() {
  docker image inspect base:local >/dev/null 2>&1 && return
  local trust=/etc/ssl/certs/ca-certificates.crt
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$dir/base" \
    ${IMAGE_TEST_MIRROR:+"$IMAGE_TEST_MIRROR"} >"$dir/base.log" 2>&1 ||
    cannot "debootstrap failed: $(tail -n 1 "$dir/base.log")"
  [ ! -f "$trust" ] || cp "$trust" "$dir/base$trust"
  tar -C "$dir/base" -c . | docker import \
    -c "ENV SSL_CERT_FILE=$trust PIP_CERT=$trust REQUESTS_CA_BUNDLE=$trust" - base:local >/dev/null
  rm -rf "$dir/base"
}

stop_engine() {
  local _ pid=''
  [ ! -s "$dir/engine.pid" ] || pid=$(cat "$dir/engine.pid")
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  for _ in $(seq 120); do
    [ -n "$pid" ] && [ -d "/proc/$pid" ] || break
    sleep 0.5
  done
  umount "$dir/exec/netns/default" 2>/dev/null || true # dockerd leaves the host network's name mounted
  ! mountpoint -q "$dir/data" || umount "$dir/data" || umount --lazy "$dir/data"
}

main "$@"
