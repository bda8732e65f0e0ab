#!/usr/bin/env bash
# Deploy a commit of this checkout to the VM over SSH: what "Deploy to Oracle" does, also by hand.
#
#   scripts/deploy_over_ssh.sh [COMMIT]      (HEAD when left out)
#
# The commit is pushed over the same connection, so the VM needs no access to the code's host. The secrets are
# written to .env.prod's form here, and travel on standard input: never in argv, never in a log.
#
# Environment, all but the first three with a default:
#   ORACLE_SSH_HOST          the VM
#   ORACLE_SSH_KEY           the private key itself
#   ORACLE_SSH_KNOWN_HOSTS   the VM's pinned host keys, as `ssh-keyscan HOST` prints them: compare them first
#   ORACLE_SSH_USER (ubuntu), ORACLE_SSH_PORT (22), DEPLOY_PATH (/opt/parlaygorilla)
#   and everything that scripts/write_env.py puts into .env.prod (DATABASE_URL, ...)
#
# Exit codes: 0 deployed; otherwise as scripts/deploy.sh, or 255 when SSH itself failed.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

main() {
  case ${1:-} in
    -h | --help)
      sed -n '2,/^set -euo/p' "$0" | sed '$d; s/^# \{0,1\}//'
      exit 0
      ;;
  esac
  local name user=${ORACLE_SSH_USER:-ubuntu} port=${ORACLE_SSH_PORT:-22} path=${DEPLOY_PATH:-/opt/parlaygorilla}
  for name in ORACLE_SSH_HOST ORACLE_SSH_KEY; do
    [ -n "${!name:-}" ] || fail "$name is not set"
  done
  [ -n "${ORACLE_SSH_KNOWN_HOSTS:-}" ] ||
    fail "ORACLE_SSH_KNOWN_HOSTS is not set: put there what 'ssh-keyscan $ORACLE_SSH_HOST' prints, once you have compared it with the VM's own /etc/ssh/ssh_host_*_key.pub"
  local here commit
  here=$(git -C "$(dirname -- "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
  commit=$(git -C "$here" rev-parse --verify --quiet "${1:-HEAD}^{commit}") || fail "there is no commit ${1:-HEAD}"

  private=$(mktemp -d)
  trap 'ssh -o "ControlPath=$private/control" -O exit - 2>/dev/null || true; rm -rf -- "$private"' EXIT
  umask 077
  printf '%s\n' "$ORACLE_SSH_KEY" >"$private/key"
  printf '%s\n' "$ORACLE_SSH_KNOWN_HOSTS" >"$private/known_hosts"
  # Before anything touches the VM: a missing secret ends it here, by name.
  python3 "$here/scripts/write_env.py" "$private/env.prod"

  local options=(
    -i "$private/key" -p "$port"
    -o IdentitiesOnly=yes -o BatchMode=yes
    -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=$private/known_hosts" -o GlobalKnownHostsFile=/dev/null
    -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=8
    -o "ControlPath=$private/control" -o ControlMaster=auto -o ControlPersist=60
  )
  local remote=$user@$ORACLE_SSH_HOST at
  at=$(printf '%q' "$path")

  local code=0
  # shellcheck disable=SC2029 # the path is quoted here for the shell there
  ssh "${options[@]}" "$remote" "test -d $at/.git || { mkdir -p $at && git init --quiet $at; }" </dev/null || code=$?
  if [ "$code" = 255 ]; then # ssh's own; a command of the VM that fails has another
    printf 'error: %s\n' "SSH could not reach $remote at port $port, or was refused: nothing was sent" >&2
    exit 255
  fi
  [ "$code" = 0 ] ||
    fail "$path could not be prepared. On the VM, once: sudo install -d -o $user $path (and git must be installed)"
  GIT_SSH_COMMAND=$(printf '%q ' ssh "${options[@]}") \
    git -C "$here" push --quiet --force "$remote:$path" "$commit:refs/deploys/$commit" || {
    # git says 128 for whatever went wrong; asked again, ssh tells whether it was the connection.
    ssh "${options[@]}" "$remote" true </dev/null || exit 255
    fail "the commit could not be pushed to $path"
  }
  # The commit's own deploy.sh runs, from a copy: the checkout changes beneath it.
  # shellcheck disable=SC2029
  ssh "${options[@]}" "$remote" "cd $at && mkdir -p var && git show $commit:scripts/deploy.sh >var/deploy.sh.$commit \
&& mv -f var/deploy.sh.$commit var/deploy.sh && exec bash var/deploy.sh --root . --env-stdin $commit" <"$private/env.prod"
}

main "$@"
exit
