#!/usr/bin/env bash
# Deploy one commit on this host, or leave everything as it was.
#
#   scripts/deploy.sh [--root DIR] [--env-stdin] [COMMIT | --rollback]
#
#   COMMIT       the id of what to deploy; the checked-out commit when left out. Fetched from origin when not here.
#   --rollback   deploy the version before the one that runs; takes no COMMIT. It goes one version back, so a second
#                rollback returns to the version that the first one left: to go further back, name the COMMIT.
#   --env-stdin  take a new .env.prod (made by scripts/write_env.py) from standard input, with this deploy.
#                A rollback keeps the settings of today; the ones before are in .env.prod.previous.
#   --root DIR   the checkout to deploy in; the one this script lies in, or the current one, when left out
#
# The new api starts beside the old one (SO_REUSEPORT) and stands aside: warm and healthy, but without visitors, so
# that one which dies takes no request with it. When the new clock lives too and both have run DEPLOY_SOAK_SECONDS
# without a restart, the new api opens the port and the old one stops. Whatever fails before that removes the new
# containers and brings the old scheduler back. Nothing on disk says "new" before that point, so a deploy that is
# killed can be run again, and a reboot starts the old.
# Run it as the user that owns the checkout.
#
# Files: .env (IMAGE_TAG, PREVIOUS_TAG: what runs, and what ran before; COMPOSE_FILE), .env.prod (secrets), var/deploy.log,
#        var/last_deploy.json (shown by `launcher status`).
# Environment: DEPLOY_READY_SECONDS (120, for the new version), DEPLOY_BACK_SECONDS (the same, for the old one when it
#        is brought back), DEPLOY_SOAK_SECONDS (15), DEPLOY_LOCK_SECONDS (10), DEPLOY_BASE (another base image).
# Exit codes: 0 deployed, 1 failed and the old version serves, 2 wrong usage, 3 failed and the old version could
#        not be brought back by itself, 4 deployed but not tidied up: run it again, 75 another deploy is running.
set -euo pipefail
shopt -s inherit_errexit

image=parlaygorilla
step='start'
committed=''
started_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
commit='' previous='' old_head='' old_api='' old_compose='' new_env='' touched='' scheduler_touched='' swapping='' env_swapped=''
new_api='' new_clock='' base_restarts='' going_back=''

say() { printf '%s %s\n' "$(date -u +%H:%M:%SZ)" "$*"; }
fail() {
  say "error: $*"
  exit 1
}

usage() {
  sed -n '2,/^set -euo/p' "$0" | sed '$d; s/^# \{0,1\}//'
}

wrong_usage() {
  echo "error: $*" >&2
  usage >&2
  exit 2
}

main() {
  local root='' env_stdin='' wanted='' rollback=''
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --root)
        root=${2:?--root needs a folder}
        shift
        ;;
      --env-stdin) env_stdin=yes ;;
      --rollback) rollback=yes ;;
      -*) wrong_usage "there is no option $1" ;;
      *)
        [ -z "$wanted" ] || wrong_usage "one COMMIT, not two ($wanted and $1)"
        wanted=$1
        ;;
    esac
    shift
  done
  [ -z "$rollback" ] || [ -z "$wanted" ] ||
    wrong_usage "--rollback takes no COMMIT: to deploy $wanted, leave --rollback out"
  if [ -z "$root" ]; then
    root=$(git -C "$(dirname -- "${BASH_SOURCE[0]}")" rev-parse --show-toplevel 2>/dev/null ||
      git rev-parse --show-toplevel 2>/dev/null) || no_checkout
  fi
  cd -- "$root" || exit 2
  root=$PWD
  [ "$(stat -c %u .git)" = "$(id -u)" ] ||
    { echo "error: $PWD belongs to $(stat -c %U .git): run this as that user" >&2; exit 2; }
  mkdir -p var
  keep_log
  take_lock
  trap finish EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  trap '' HUP PIPE # a lost connection must not stop a deploy half-way

  previous=$(running_tag IMAGE_TAG)
  [ -n "$previous" ] || previous=$(tag_of_containers)
  [ -z "$env_stdin" ] || receive_env
  exec </dev/null
  finish_what_was_killed
  if [ -n "$rollback" ]; then
    wanted=$(running_tag PREVIOUS_TAG)
    [ -n "$wanted" ] || fail 'there is no earlier version to go back to'
    say "going back to $wanted; after that, --rollback returns to $previous"
  fi
  step='find the commit'
  find_commit "${wanted:-HEAD}"
  old_head=$(git rev-parse --quiet --verify HEAD || true)
  say "deploying $commit in $root (now: ${previous:-nothing})"
  step='read the environment file'
  [ -f "${new_env:-.env.prod}" ] || fail ".env.prod is missing: make it with scripts/write_env.py .env.prod"
  git show "$commit:docker-compose.prod.yml" >var/docker-compose.next.yml
  if [ -f docker-compose.prod.yml ]; then
    cp docker-compose.prod.yml var/docker-compose.last.yml
    old_compose=var/docker-compose.last.yml
  fi

  step='build the image'
  build
  step='migrate the database'
  next run --rm --no-deps -T api python -m ops.migrate_with_lock
  step='start the new api beside the old'
  record running
  start_api
  step='replace the scheduler'
  start_scheduler
  step='watch the new version'
  soak
  step='let visitors in'
  let_in
  step='make it the version that runs'
  commit_state
  committed=yes
  record success
  step='stop the old api'
  # shellcheck disable=SC2086 # one word a container
  remove $old_api
  old_api=''
  prune
  say "deployed $commit"
}

no_checkout() {
  local folder owner
  folder=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
  if [ -e "$folder/.git" ] && owner=$(stat -c %U "$folder/.git") && [ "$owner" != "$(id -un)" ]; then
    # git refuses a checkout of somebody else's, as with sudo.
    echo "error: $folder belongs to $owner: run this as that user, without sudo" >&2
    exit 2
  fi
  fail 'not in a checkout: give --root DIR'
}

# --- what a deploy is made of -------------------------------------------------------------------------

keep_log() {
  local log=var/deploy.log
  if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt 1000000 ]; then mv -f "$log" "$log.1"; fi
  # The deploy's own output is a pipe to tee, which goes on when the terminal or connection is gone.
  exec > >(trap '' HUP INT TERM PIPE; exec tee -p -a "$log") 2>&1
  tee_process=$!
}

take_lock() {
  exec 9>>var/deploy.lock
  if ! flock -w "${DEPLOY_LOCK_SECONDS:-10}" 9; then
    say "error: another deploy is running ($(tail -n 1 var/deploy.lock)). Wait for it; var/deploy.log shows how far it is."
    exit 75
  fi
  printf 'process %s since %s\n' "$$" "$started_at" >var/deploy.lock
}

receive_env() {
  step='receive the environment file'
  new_env=.env.prod.next
  (umask 077 && cat >"$new_env.part")
  [ "$(tail -n 1 "$new_env.part")" = '# complete' ] ||
    fail 'the environment file on standard input is cut off: nothing was begun, and what runs stays as it is'
  mv -f "$new_env.part" "$new_env"
}

finish_what_was_killed() { # a deploy that died within `git checkout`; the flock says that none runs now
  [ -e var/swapping ] || return 0
  rm -f .git/index.lock
  git checkout --quiet --force --detach HEAD
  rm -f var/swapping
}

# shellcheck disable=SC2329 # called in go_back, which the trap calls
containers() { # SERVICE: all of them, whoever made them, but not those of `docker compose run`
  docker ps -aq --no-trunc --filter label=com.docker.compose.project=parlaygorilla \
    --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False
}

tag_of_containers() { # where .env is lost: what the running api was made from
  local image_of
  image_of=$(docker ps --filter label=com.docker.compose.project=parlaygorilla \
    --filter label=com.docker.compose.service=api --filter label=com.docker.compose.oneoff=False --format '{{.Image}}')
  printf '%s' "$image_of" | sed -n "s/^$image://p" | tail -n 1
}

running_tag() { # NAME: its value in .env, or nothing
  if [ -f .env ]; then sed -n "s/^$1=//p" .env | tail -n 1; fi
}

find_commit() {
  # A branch's name here is as old as the last fetch: it would deploy something else than was meant.
  [[ $1 == HEAD || $1 =~ ^[0-9a-f]{6,64}$ ]] || fail "$1 is no commit id: give one, as 'git rev-parse $1' prints it"
  [ ! -e .git/index.lock ] || fail 'another git runs in this checkout, or was killed (.git/index.lock): wait for it, or remove that file'
  if git rev-parse --quiet --verify HEAD >/dev/null && ! git diff --quiet HEAD --; then
    fail 'files of this checkout are changed by hand (git status): commit or discard them first'
  fi
  if ! commit=$(git rev-parse --quiet --verify "$1^{commit}"); then
    git remote get-url origin >/dev/null 2>&1 || fail "there is no commit $1 here, and no origin to fetch it from"
    git -c gc.auto=0 fetch --quiet origin 9>&- || fail "there is no commit $1 here, and origin cannot be reached"
    commit=$(git rev-parse --quiet --verify "$1^{commit}") || fail "there is no commit $1 here or at origin"
  fi
}

build() {
  if docker image inspect "$image:$commit" >/dev/null 2>&1; then
    say 'the image is built already'
    return
  fi
  # From the commit, not from the folder: nothing that lies about can get in.
  git archive --format=tar "$commit" | timeout "${DEPLOY_BUILD_SECONDS:-1800}" docker build --tag "$image:$commit" --build-arg "GIT_SHA=$commit" \
    ${DEPLOY_BASE:+--build-arg "BASE=$DEPLOY_BASE"} - 9>&-
}

compose() { # TAG ENV_FILE COMPOSE_FILE ARGUMENTS...
  local tag=$1 env_file=$2 file=$3
  shift 3
  IMAGE_TAG=$tag ENV_FILE=$env_file docker compose --project-directory "$PWD" -f "$file" "$@"
}

next() { compose "$commit" "${new_env:-.env.prod}" var/docker-compose.next.yml "$@"; }
# shellcheck disable=SC2329 # called in go_back, which the trap calls
last() { compose "$previous" .env.prod "$old_compose" "$@"; }

start_api() {
  local all
  next rm -f api >/dev/null # stopped ones, left by a deploy that was killed
  old_api=$(containers api)
  touched=yes
  [ -z "$old_api" ] || stand_aside
  next up -d --no-deps --no-build --no-recreate --scale "api=$(($(count "$old_api") + 1))" api
  all=$(containers api)
  new_api=$(without "$all" "$old_api")
  [ "$(count "$new_api")" = 1 ] || fail 'the new api container was not started'
  wait_until 'the new api is ready' docker exec "$new_api" python -m launcher healthcheck web --ready ||
    fail 'the new api did not become ready'
}

start_scheduler() {
  scheduler_touched=yes
  next up -d --no-deps --no-build scheduler
  new_clock=$(containers scheduler)
  [ "$(count "$new_clock")" = 1 ] || fail 'the new scheduler container was not started'
  step='wait for a live clock'
  wait_until 'the new clock lives' docker exec "$new_clock" python -m launcher healthcheck clock --ready ||
    fail 'the new clock did not come to life'
}

# While var/aside names the commit and is fresh, web processes of that commit do not listen on the shared port. One of
# the running version that starts again meanwhile, in a deploy of the same commit, would stay away as well: so not then.
stand_aside() {
  [ "$commit" != "$previous" ] || return 0
  printf '%s\n' "$commit" >var/aside
  keep_aside &
}

keep_aside() { # ends with this deploy, however that ends; then the new api listens by itself
  exec 9>&- >/dev/null 2>&1
  trap - EXIT INT TERM
  while [ -e var/aside ] && kill -0 "$$"; do
    touch --no-create var/aside
    sleep 2
  done
}

soak() { # a version that dies a few seconds after its start must not be called deployed
  local until=$((SECONDS + ${DEPLOY_SOAK_SECONDS:-15}))
  base_restarts=$(lives)
  while [ "$SECONDS" -lt "$until" ]; do
    sleep "${DEPLOY_POLL_SECONDS:-1}"
    [ "$(lives)" = "$base_restarts" ] || fail "the new version does not stay up: $(how_it_ended)"
  done
  wait_until 'the new api is still ready' docker exec "$new_api" python -m launcher healthcheck web --ready ||
    fail 'the new api did not stay ready'
  wait_until 'the new clock still lives' docker exec "$new_clock" python -m launcher healthcheck clock --ready ||
    fail 'the new clock did not stay alive'
  [ "$(lives)" = "$base_restarts" ] || fail "the new version does not stay up: $(how_it_ended)"
}

let_in() {
  rm -f var/aside
  # Ready now means that it listens too.
  wait_until 'the new api takes visitors' docker exec "$new_api" python -m launcher healthcheck web --ready ||
    fail 'the new api did not open its port'
  [ "$(lives)" = "$base_restarts" ] || fail "the new version does not stay up: $(how_it_ended)"
}

lives() { # of the new containers: whether each runs, since when, and how often it was started again
  local container
  for container in $new_api $new_clock; do
    docker inspect --format '{{.State.Running}} {{.State.StartedAt}} {{.RestartCount}}' "$container"
  done
}

how_it_ended() {
  local container
  for container in $new_api $new_clock; do
    docker inspect --format '{{.Name}} was started again {{.RestartCount}} times, last exit code {{.State.ExitCode}}' "$container"
  done | tr '\n' ';'
}

restarts() { # the most of any new container
  local container most=0 number
  for container in $new_api $new_clock; do
    number=$(docker inspect --format '{{.RestartCount}}' "$container") || number=0
    [ "$number" -le "$most" ] || most=$number
  done
  printf '%s' "$most"
}

remove() { # CONTAINER...: let each finish what it has begun; 45 s is compose's stop_grace_period
  local container
  for container in "$@"; do
    docker stop -t 45 "$container" >/dev/null || say "container $container did not stop; removing it"
    docker rm -f "$container" >/dev/null || docker rm -f "$container" >/dev/null ||
      say "warning: a container too many still runs. Remove it: docker rm -f $container"
  done
}

wait_until() { # WHAT COMMAND...: try until it succeeds or the time is over
  local what=$1 seconds=${DEPLOY_READY_SECONDS:-120} until answer=''
  [ -z "$going_back" ] || seconds=${DEPLOY_BACK_SECONDS:-$seconds}
  until=$((SECONDS + seconds))
  shift
  while :; do
    if answer=$("$@" 2>&1 9>&-); then
      say "$what"
      return 0
    fi
    if [ -z "$going_back" ] && [ "$(restarts)" -ge 5 ]; then
      say "it ends and is started again, over and over: $(how_it_ended) Last answer: $answer"
      return 1
    fi
    if [ "$SECONDS" -ge "$until" ]; then
      say "not within $seconds s: $what. Last answer: $answer"
      return 1
    fi
    sleep "${DEPLOY_POLL_SECONDS:-1}"
  done
}

commit_state() {
  local before=$previous
  [ "$before" != "$commit" ] || before=$(running_tag PREVIOUS_TAG)
  {
    if [ -f .env ]; then sed '/^IMAGE_TAG=/d; /^PREVIOUS_TAG=/d; /^COMPOSE_FILE=/d' .env; fi
    printf 'COMPOSE_FILE=docker-compose.prod.yml\nIMAGE_TAG=%s\nPREVIOUS_TAG=%s\n' "$commit" "$before"
  } >var/env.part
  swapping=yes # from here go_back has files to put back
  touch var/swapping
  git checkout --quiet --force --detach "$commit"
  rm -f var/swapping
  if [ -n "$new_env" ] && ! cmp -s "$new_env" .env.prod; then
    [ ! -f .env.prod ] || ln -f .env.prod .env.prod.previous
    cp -p "$new_env" .env.prod.part
    env_swapped=yes
    mv -f .env.prod.part .env.prod
  fi
  trap '' INT TERM # the rename and the word for it belong together
  mv -f var/env.part .env
}

# shellcheck disable=SC2329
put_files_back() {
  [ -n "$swapping" ] || return 0
  rm -f .git/index.lock
  [ -z "$old_head" ] || git checkout --quiet --force --detach "$old_head"
  if [ -n "$env_swapped" ] && cmp -s "$new_env" .env.prod && [ -f .env.prod.previous ]; then
    ln -f .env.prod.previous .env.prod.part && mv -f .env.prod.part .env.prod
  fi
  rm -f var/swapping
}

prune() {
  local tag
  for tag in $(docker images "$image" --format '{{.Tag}}'); do
    case $tag in
      "$commit" | "$previous" | "$(running_tag PREVIOUS_TAG)" | '<none>') ;;
      *) docker rmi "$image:$tag" >/dev/null || say "warning: image $image:$tag was not removed" ;;
    esac
  done
  docker container prune -f --filter label=com.docker.compose.project=parlaygorilla >/dev/null || say 'warning: containers were not pruned'
  docker image prune -f >/dev/null || say 'warning: images were not pruned'
  docker builder prune -f --filter until=168h >/dev/null || say 'warning: the build cache was not pruned'
}

record() { # running | success | rolled_back | failed
  [ -n "$commit" ] || return 0 # nothing was begun: the last record stands
  local running=$commit finished_at
  [ "$1" = success ] || running=$previous
  finished_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  [ "$1" != running ] || finished_at=''
  printf '{"commit": "%s", "status": "%s", "step": "%s", "running": "%s", "previous": "%s", "started_at": "%s", "finished_at": "%s"}\n' \
    "$commit" "$1" "$step" "$running" "$previous" "$started_at" "$finished_at" >var/last_deploy.json.part
  mv -f var/last_deploy.json.part var/last_deploy.json
}

# --- when it does not go well -------------------------------------------------------------------------

# shellcheck disable=SC2329 # the EXIT trap
finish() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  set +e
  if [ "$code" != 0 ] && [ -z "$committed" ]; then
    say "FAILED at: $step"
    go_back
    code=$?
  elif [ "$code" != 0 ]; then
    say "the new version runs, but this was not finished: $step. Run the deploy again."
    # shellcheck disable=SC2086
    remove $old_api
    code=4
  fi
  rm -f var/aside .env.prod.next .env.prod.next.part .env.prod.part var/env.part var/docker-compose.next.yml
  exec 1>&- 2>&-
  wait "$tee_process"
  exit "$code"
}

# shellcheck disable=SC2329
go_back() { # returns the exit code of the deploy
  going_back=yes
  put_files_back
  if [ -z "$touched" ]; then
    if [ -n "$previous" ]; then
      say "Nothing was replaced: $previous runs as before."
    else
      say 'Nothing was replaced: there is no version that runs.'
    fi
    record rolled_back
    return 1
  fi
  local added
  added=$(without "$(containers api)" "$old_api")
  say '--- last lines of the new version'
  for container in $added; do docker logs --tail 40 "$container"; done
  [ -z "$scheduler_touched" ] || next logs --no-color --tail 40 scheduler
  say '---'
  if [ -z "$previous" ]; then
    # shellcheck disable=SC2086
    remove $added
    next rm -s -f scheduler >/dev/null
    say 'There was no earlier version: nothing runs.'
    record failed
    return 1
  fi
  local healthy=yes
  if [ -n "$scheduler_touched" ]; then
    last up -d --no-deps --no-build scheduler || last up -d --no-deps --no-build scheduler || healthy=''
  fi
  # shellcheck disable=SC2086
  remove $added
  if [ -z "$old_api" ]; then last up -d --no-deps --no-build api || healthy=''; fi
  wait_until 'the old api serves' last exec -T api python -m launcher healthcheck web || healthy=''
  if [ -n "$scheduler_touched" ]; then
    wait_until 'the old clock lives' last exec -T scheduler python -m launcher healthcheck clock || healthy=''
  fi
  if [ -z "$healthy" ]; then
    record failed
    say "The old version $previous could not be brought back by itself. By hand, in $PWD:"
    say "  docker compose -f docker-compose.prod.yml up -d --no-build"
    return 3
  fi
  record rolled_back
  [ "$commit" = "$previous" ] || [ "$commit" = "$(running_tag PREVIOUS_TAG)" ] || docker rmi "$image:$commit" >/dev/null 2>&1 || true # failed ones would pile up
  say "The old version $previous serves."
  return 1
}

count() { printf '%s' "$1" | grep -c . || true; }
without() { # ALL SOME: the lines of ALL that are not in SOME
  printf '%s\n' "$1" | grep -vxF -f <(printf '%s\n' "${2:-none}") | grep . || true
}

main "$@"
exit
