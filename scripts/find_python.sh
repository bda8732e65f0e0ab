#!/bin/sh
# Prints the first Python >= 3.11 on PATH that can make a virtual environment; says what to do when there is none.
set -eu
for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
  [ -n "$name" ] || continue
  path=$(command -v "$name" 2>/dev/null) || continue
  if "$path" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    printf '%s\n' "$path"
    exit 0
  fi
done
echo "No Python >= 3.11 with venv found. Install one (Debian: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12" >&2
exit 1
