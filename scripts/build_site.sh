#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/build_site.sh [FOLDER]

Builds the documentation as a site into FOLDER (default: site); a broken link or any other warning ends it."

show_usage_if_asked "$@"
FOLDER="$(absolute_path "${1:-$ROOT/site}")"

STEP="setup.sh"
bash "$ROOT/scripts/setup.sh" --extras docs
cd -- "$ROOT"
export PATH="$VENV/bin:$PATH"
STEP="mkdocs"
# The theme's makers advertise their next product on every build.
NO_MKDOCS_2_WARNING=true python -m mkdocs build --strict --quiet --site-dir "$FOLDER"
say "the site is $FOLDER/index.html"
