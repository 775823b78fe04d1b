# shellcheck shell=bash
# What the scripts beside it share: sourced, never run.
set -euo pipefail

ROOT="$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="$ROOT/.venv"
PROGRAM="$(basename -- "$0")"
STEP="starting"
USAGE=""
SCRATCH=""
REPORTED=no

on_exit() {
    local code=$?
    if [ -n "$SCRATCH" ]; then rm -rf -- "$SCRATCH"; fi
    if [ "$code" -ne 0 ] && [ "$REPORTED" = no ]; then
        printf '%s: error: %s failed (exit code %s)\n' "$PROGRAM" "$STEP" "$code" >&2
    fi
}
trap on_exit EXIT

say() { printf '%s: %s\n' "$PROGRAM" "$1"; }

fail() { # MESSAGE [EXIT_CODE]
    REPORTED=yes
    printf '%s: error: %s\n' "$PROGRAM" "$1" >&2
    exit "${2:-1}"
}

usage_error() { # MESSAGE
    printf '%s\n' "$USAGE" >&2
    fail "$1" 2
}

show_usage_if_asked() { # ARGUMENTS...
    case "${1:-}" in -h | --help)
        printf '%s\n' "$USAGE"
        exit 0
        ;;
    esac
}

require_arguments() { # HOW_MANY ARGUMENTS...
    local needed="$1"
    shift
    if [ "$#" -lt "$needed" ]; then usage_error "$# of $needed arguments given"; fi
}

require_device() { # TARGET
    case "$1" in
        Ascend | GPU | CPU) ;;
        *) usage_error "unknown device target '$1': choose Ascend, GPU or CPU" ;;
    esac
}

require_folder() { # WHAT PATH
    if [ ! -d "$2" ]; then fail "there is no $1 folder '$2'" 2; fi
}

require_file() { # WHAT PATH
    if [ ! -f "$2" ]; then fail "there is no $1 file '$2'" 2; fi
}

require_recipe() { # NAME_OR_PATH
    case "$1" in *.yaml | *.yml) require_file recipe "$1" ;; esac
}

absolute_path() { # PATH
    case "$1" in
        /*) printf '%s' "$1" ;;
        *) printf '%s/%s' "$PWD" "$1" ;;
    esac
}

recipe_path() { # NAME_OR_PATH: a file's absolute path, a shipped recipe's name as it is
    if [ -f "$1" ]; then absolute_path "$1"; else printf '%s' "$1"; fi
}

has_mindreid() {
    python -c 'import importlib.util as u; raise SystemExit(u.find_spec("mindreid") is None)' 2>/dev/null
}

# Put a python that has this package first on PATH, where msrun looks for it too: the environment
# that the user activated, or .venv.
activate() {
    if has_mindreid; then return; fi
    export PATH="$VENV/bin:$PATH"
    has_mindreid || fail "mindreid is not installed: run bash '$ROOT/scripts/setup.sh' first"
}
