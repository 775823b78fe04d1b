#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/run_tests.sh [--all-extras] [--slow] [PYTEST ARGUMENTS...]

Installs what is missing, then runs ruff, mypy and pytest.

  --all-extras  install and test the optional parts too
  --slow        run the long tests too
  PYTEST ARGUMENTS, e.g. tests/metrics or -k ranking, count from the repository's root"

EXTRAS="test"
SLOW=no
while [ "$#" -gt 0 ]; do
    show_usage_if_asked "$1"
    case "$1" in
        --all-extras) EXTRAS=all ;;
        --slow) SLOW=yes ;;
        *) break ;;
    esac
    shift
done
# A test's file stays in one process, for what its tests share. The long tests measure and kill: one at a time.
if [ "$SLOW" = yes ]; then
    set -- -m "slow or not slow" "$@"
else
    set -- --numprocesses 2 --dist loadfile "$@"
fi

STEP="setup.sh"
bash "$ROOT/scripts/setup.sh" --extras "$EXTRAS"
cd -- "$ROOT"
export PATH="$VENV/bin:$PATH"

STEP="ruff check"
ruff check .
STEP="ruff format (mend it with: ruff format .)"
ruff format --check .
STEP="mypy"
mypy
STEP="pytest"
SCRATCH="$(mktemp -d)"
REPORTED=yes # pytest's summary says it all
TMPDIR="$SCRATCH" python -m pytest "$@"
