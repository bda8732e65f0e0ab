#!/bin/sh
# The linters of what is not Python: shell scripts, the Dockerfile, workflows. Each is skipped where it has nothing to do.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

# shellcheck disable=SC2046
"$bin/shellcheck" $(git ls-files '*.sh') .ci/run

if [ -f Dockerfile ]; then
  "$bin/hadolint" Dockerfile
fi

if [ -d .github/workflows ]; then
  "$bin/zizmor" --offline --quiet .github/workflows
fi
