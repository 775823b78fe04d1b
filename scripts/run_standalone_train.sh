#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/run_standalone_train.sh DEVICE_TARGET CONFIG DATASET_ROOT OUTPUT [OPTIONS...]

Trains on one device.

  DEVICE_TARGET  Ascend, GPU or CPU (which one of several: environment variable DEVICE_ID)
  CONFIG         a recipe's name, e.g. mgn/market1501, or a YAML file
  DATASET_ROOT   folder of the dataset
  OUTPUT         folder of the run: best.ckpt, last.ckpt, train.log, metrics.jsonl, config.yaml
  OPTIONS        of 'mindreid train', e.g. --set train.epochs=20
                 a paper's recipe wants --set train.init_weights=FILE (ImageNet, or null)"

show_usage_if_asked "$@"
require_arguments 4 "$@"
require_device "$1"
require_recipe "$2"
require_folder dataset "$3"
DEVICE_TARGET="$1"
CONFIG="$(recipe_path "$2")"
DATASET_ROOT="$(absolute_path "$3")"
OUTPUT="$(absolute_path "$4")"
shift 4

activate
exec python "$ROOT/train.py" --config "$CONFIG" --root "$DATASET_ROOT" --output "$OUTPUT" \
    --set device.target="$DEVICE_TARGET" "$@"
