#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/run_eval.sh DEVICE_TARGET CONFIG DATASET_ROOT CHECKPOINT [OPTIONS...]

Evaluates a checkpoint on all protocols of a dataset.

  DEVICE_TARGET  Ascend, GPU or CPU (which one of several: environment variable DEVICE_ID)
  CONFIG         a recipe's name, e.g. mgn/market1501, or a YAML file
  DATASET_ROOT   folder of the dataset
  CHECKPOINT     e.g. best.ckpt in the folder of a run
  OPTIONS        of 'mindreid eval', e.g. --rerank or --json result.json"

show_usage_if_asked "$@"
require_arguments 4 "$@"
require_device "$1"
require_recipe "$2"
require_folder dataset "$3"
require_file checkpoint "$4"
DEVICE_TARGET="$1"
CONFIG="$(recipe_path "$2")"
DATASET_ROOT="$(absolute_path "$3")"
CHECKPOINT="$(absolute_path "$4")"
shift 4

activate
exec python "$ROOT/eval.py" --config "$CONFIG" --root "$DATASET_ROOT" --checkpoint "$CHECKPOINT" \
    --set device.target="$DEVICE_TARGET" "$@"
