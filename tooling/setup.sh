#!/usr/bin/env bash
# Make .venv from uv.lock: uv from PATH, else the pinned one in a private environment of its own.
set -euo pipefail

fail() {
  printf 'error: the environment could not be made\n' >&2
  printf '  tried %s\n' "${tried[@]}" >&2
  printf '  help: install Python 3.11 or later, and let this machine reach a Python package registry\n' >&2
  exit 1
}

tried=()

python=""
for candidate in "$PYTHON" python3 python3.14 python3.13 python3.12 python3.11 python; do
  if said=$("$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11) or sys.version_info >= (3, 15))' 2>&1); then
    python=$candidate
    break
  fi
  tried+=("$candidate: ${said:-not 3.11 to 3.14}")
done
[ -n "$python" ] || fail

uv=$(command -v uv || true)
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
  tried+=("uv from PATH: not there")
  uv=.tools/uv-$UV_PIN/bin/uv
  if [ ! -x "$uv" ]; then
    work=.tools/.uv.$$
    trap 'rm -rf "$work"' EXIT
    mkdir -p .tools
    log=$work.log
    trap 'rm -rf "$work" "$log"' EXIT
    if ! { "$python" -m venv "$work" && "$work/bin/python" -m pip install -q "uv==$UV_PIN"; } >"$log" 2>&1; then
      tried+=("uv $UV_PIN with $python -m venv and pip: $(tail -n 1 "$log")")
      fail
    fi
    rm -rf ".tools/uv-$UV_PIN"
    mv "$work" ".tools/uv-$UV_PIN"
  fi
fi

if ! "$uv" sync --quiet --frozen --all-extras --all-groups --python "$python"; then
  tried+=("$uv sync --frozen: what it says is above")
  fail
fi
