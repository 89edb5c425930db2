#!/usr/bin/env bash
# Run what must not depend on the Python version on every further interpreter that works here:
# text in, bytes out. An interpreter that cannot be run counts as absent, and is said to be.
set -euo pipefail

# An interpreter of that version: on PATH, or one that pyenv keeps beside the one in use.
interpreter() {
  local one
  for one in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if "$one" -c '' >/dev/null 2>&1; then
      echo "$one"
      return
    fi
  done
}

light=()
for area in dsl compiler evidence; do
  light+=("tests/$area")
done

own=$(.venv/bin/python -c 'import sys; print("3.%d" % sys.version_info[1])')
uv=$(command -v uv || ls .tools/uv-*/bin/uv)
tested=("$own (all tests)")
absent=()
for version in 3.11 3.12 3.13 3.14; do
  [ "$version" = "$own" ] && continue
  python=$(interpreter "$version")
  if [ -z "$python" ]; then
    absent+=("$version")
    continue
  fi
  home=.tools/python-$version
  # The stamp holds the lock file's digest: a second run asks no registry for anything.
  stamp=$(cat uv.lock pyproject.toml | .venv/bin/python -c \
    'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
  if [ "$(cat "$home/.made" 2>/dev/null || true)" != "$stamp" ]; then
    UV_PROJECT_ENVIRONMENT=$home "$uv" sync --quiet --frozen --extra runtime --group test \
      --python "$python"
    printf '%s' "$stamp" >"$home/.made"
  fi
  echo "Python $version: ${light[*]}"
  # What the second verifier and mypy say depends on no Python: the run of all tests has asked them.
  "$home/bin/python" -m pytest -q -n 2 --dist worksteal -p no:cacheprovider --first-alone \
    --hypothesis-profile=further \
    --deselect tests/compiler/codegen/test_codegen_golden.py::test_mypy_finds_nothing \
    --deselect tests/compiler/codegen/test_codegen_types.py::test_mypy_and_ruff_find_nothing \
    --deselect tests/evidence/test_invalid_vectors.py::test_each_rule_of_the_second_verifier_is_needed \
    "${light[@]}"
  tested+=("$version (${light[*]})")
done

printf 'Python tested: %s\n' "$(IFS=,; echo "${tested[*]}" | sed 's/,/, /g')"
[ ${#absent[@]} -eq 0 ] || printf 'Python not here, so not tested: %s\n' "${absent[*]}"
