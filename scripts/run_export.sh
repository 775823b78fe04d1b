#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/run_export.sh DEVICE_TARGET CONFIG CHECKPOINT FORMAT OUTPUT [OPTIONS...]

Exports a checkpoint and compares the file, loaded in a fresh process, with the live network.

  DEVICE_TARGET  Ascend, GPU or CPU (which one of several: environment variable DEVICE_ID)
  CONFIG         a recipe's name, e.g. mgn/market1501, or a YAML file
  CHECKPOINT     e.g. best.ckpt in the folder of a run
  FORMAT         mindir, onnx or air (on Ascend)
  OUTPUT         the file to write
  OPTIONS        of 'mindreid export', e.g. --batch-size 8 or --precision float16"

show_usage_if_asked "$@"
require_arguments 5 "$@"
require_device "$1"
require_recipe "$2"
require_file checkpoint "$3"
case "$4" in
    mindir | onnx | air) ;;
    *) usage_error "unknown format '$4': choose mindir, onnx or air" ;;
esac
DEVICE_TARGET="$1"
CONFIG="$(recipe_path "$2")"
CHECKPOINT="$(absolute_path "$3")"
FORMAT="$4"
OUTPUT="$(absolute_path "$5")"
shift 5

activate
exec python "$ROOT/export.py" --config "$CONFIG" --checkpoint "$CHECKPOINT" --format "$FORMAT" \
    --output "$OUTPUT" --verify --set device.target="$DEVICE_TARGET" "$@"
