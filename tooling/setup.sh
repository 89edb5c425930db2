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

# Each way fills the folder $1 with a uv in bin/.
with_venv() { "$python" -m venv "$1" && "$1/bin/python" -m pip install -q "uv==$UV_PIN"; }
with_pip() { "$python" -m pip install -q --no-deps --target "$1" "uv==$UV_PIN"; }
# Debian splits venv from its Python.
with_debian() {
  [ "$(id -u)" = 0 ] || { echo "only root may install packages"; return 1; }
  DEBIAN_FRONTEND=noninteractive apt-get -q update &&
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends python3-venv &&
    with_venv "$1"
}

uv=$(command -v uv || true)
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
  tried+=("uv from PATH: not there")
  home=.tools/uv-$UV_PIN
  uv=$home/bin/uv
  if [ ! -x "$uv" ]; then
    mkdir -p .tools
    work=.tools/.uv.$$
    trap 'rm -rf "$work" "$work.log"' EXIT
    for way in with_venv with_pip with_debian; do
      rm -rf "$work"
      if "$way" "$work" >"$work.log" 2>&1 && [ -x "$work/bin/uv" ]; then
        rm -rf "$home"
        mv "$work" "$home"
        break
      fi
      tried+=("uv $UV_PIN ${way/_/ } of $python: $(tail -n 1 "$work.log")")
    done
    [ -x "$uv" ] || fail
  fi
fi

if ! "$uv" sync --quiet --frozen --all-extras --all-groups --python "$python"; then
  tried+=("$uv sync --frozen: what it says is above")
  fail
fi
