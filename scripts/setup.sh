#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/setup.sh [--extras NAME,NAME...]

Makes .venv in the repository, with the versions of requirements/constraints.txt; does nothing if it is up to date.

  --extras NAME,NAME...  optional parts: convert, docs, milvus, onnx, search, summary, test, or all of these; and pose, the pose
                         estimator of 'mindreid data views', which gets an environment of its own in .venv/pose
  PYTHON=/path/to/python chooses the interpreter; else the first of python3.11, 3.10, 3.9 on PATH is taken"

CONSTRAINTS="$ROOT/requirements/constraints.txt"
POSE_PACKAGES="$ROOT/requirements/pose.txt"
LOG="$ROOT/.setup.log"
STAMP="$VENV/.installed"       # three lines: where it was made, what from, which extras
UNFINISHED="$VENV/.unfinished" # there while an installation is under way
WANTED_VERSIONS="MindSpore 2.8.0 with this project takes Python 3.9, 3.10 or 3.11"

python_version() { # INTERPRETER
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

is_supported() { # VERSION
    case "$1" in 3.9 | 3.10 | 3.11) ;; *) return 1 ;; esac
}

find_python() { # sets INTERPRETER
    local candidate version
    if [ -n "${PYTHON:-}" ]; then
        version="$(python_version "$PYTHON")"
        is_supported "$version" || fail "PYTHON=$PYTHON is ${version:-not a Python}: $WANTED_VERSIONS"
        INTERPRETER="$PYTHON"
        return
    fi
    for candidate in python3.11 python3.10 python3.9 python3 python; do
        if is_supported "$(python_version "$candidate")"; then
            INTERPRETER="$candidate"
            return
        fi
    done
    fail "no suitable Python on PATH: $WANTED_VERSIONS; install one, or set PYTHON=/path/to/python3.11"
}

stamp_line() { # NUMBER
    if [ -f "$STAMP" ]; then sed -n "${1}p" "$STAMP"; fi
}

fingerprint() {
    cat "$ROOT/setup.py" "$ROOT/pyproject.toml" "$CONSTRAINTS" "$POSE_PACKAGES" | cksum
}

merge_extras() { # LISTS...
    local merged
    merged="$(printf '%s\n' "$@" | tr ',' '\n' | sed '/^$/d' | sort -u | paste -sd, -)"
    case ",$merged," in
        *,all,pose,* | *,all,*,pose,*) merged=all,pose ;;
        *,all,*) merged=all ;;
    esac
    printf '%s' "$merged"
}

require_known_extras() { # LIST
    local known extra
    known="$(sed -n '/^EXTRAS = {/,/^}/s/^ *"\([a-z]*\)":.*/\1/p' "$ROOT/setup.py" | tr '\n' ' ')all"
    for extra in ${1//,/ }; do
        case " $known " in *" $extra "*) ;; *) usage_error "unknown extra '$extra': choose from $known" ;; esac
    done
}

is_usable() { # a finished environment, made here, with a Python that fits
    local version
    if [ ! -d "$VENV" ] || [ -e "$UNFINISHED" ]; then return 1; fi
    if [ -f "$STAMP" ] && [ "$(stamp_line 1)" != "$ROOT" ]; then return 1; fi
    version="$(python_version "$VENV/bin/python")"
    if [ -n "${PYTHON:-}" ] && [ "$version" != "$(python_version "$PYTHON")" ]; then return 1; fi
    is_supported "$version"
}

is_up_to_date() { # EXTRAS
    local installed
    installed="$(stamp_line 3)"
    if [ "$(stamp_line 2)" != "$(fingerprint)" ]; then return 1; fi
    [ "$(merge_extras "$installed" "$1")" = "$installed" ]
}

make_environment() {
    find_python
    if ! "$INTERPRETER" -c 'import ensurepip, venv' 2>/dev/null; then
        fail "$INTERPRETER can't make environments: install its venv module (Debian: apt-get install python$(python_version "$INTERPRETER")-venv)"
    fi
    say "making .venv with $INTERPRETER ($(python_version "$INTERPRETER"))"
    rm -rf -- "$VENV"
    mkdir -- "$VENV"
    touch -- "$UNFINISHED"
    "$INTERPRETER" -m venv -- "$VENV" >>"$LOG" 2>&1 || fail "making .venv failed, see $LOG"
}

install_packages() { # EXTRAS
    local shared
    shared="$(printf '%s' "$1" | tr ',' '\n' | sed '/^pose$/d' | paste -sd, -)"
    say "installing the pinned packages${1:+ and the extras $1} (a few minutes the first time; log: $LOG)"
    cd -- "$ROOT"
    pip_install "$VENV/bin/python" --constraint "$CONSTRAINTS" --editable ".${shared:+[$shared]}"
    case ",$1," in *,pose,*)
        "$VENV/bin/python" -m venv -- "$VENV/pose" >>"$LOG" 2>&1 || fail "making .venv/pose failed, see $LOG"
        pip_install "$VENV/pose/bin/python" --no-deps --requirement "$POSE_PACKAGES"
        ;;
    esac
}

pip_install() { # INTERPRETER ARGUMENTS...
    local interpreter="$1" reason
    shift
    if ! PIP_DISABLE_PIP_VERSION_CHECK=1 "$interpreter" -m pip install --no-input "$@" >>"$LOG" 2>&1; then
        reason="$(sed -n 's/^ *ERROR: //p' "$LOG" | tail -n 1)"
        # An environment that worked before is kept: pip changes nothing until it has everything.
        if [ -f "$STAMP" ]; then rm -f -- "$UNFINISHED"; fi
        fail "pip could not install the packages${reason:+: $reason}, see $LOG"
    fi
}

EXTRAS=""
while [ "$#" -gt 0 ]; do
    show_usage_if_asked "$1"
    case "$1" in
        --extras)
            require_arguments 2 "$@"
            require_known_extras "$2"
            EXTRAS="$2"
            shift 2
            ;;
        *) usage_error "unknown argument '$1'" ;;
    esac
done

STEP="setting up .venv"
if is_usable; then
    if is_up_to_date "$EXTRAS"; then exit 0; fi
    EXTRAS="$(merge_extras "$EXTRAS" "$(stamp_line 3)")"
    : >"$LOG"
else
    EXTRAS="$(merge_extras "$EXTRAS")"
    : >"$LOG"
    make_environment
fi
touch -- "$UNFINISHED"
install_packages "$EXTRAS"
printf '%s\n' "$ROOT" "$(fingerprint)" "$EXTRAS" >"$STAMP"
rm -f -- "$UNFINISHED"
say "ready: $VENV/bin/mindreid"
