#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/run_infer.sh MODEL INPUT OUTPUT [OPTIONS...]

Embeds images with an exported file; an interrupted run goes on, and only what is new or has changed is embedded.

  MODEL    a .mindir or .onnx file, with the .json beside it that the export wrote
  INPUT    a folder of images, or a list with one path per line
  OUTPUT   folder for embeddings.npy and index.csv, new or of an earlier run on INPUT
  OPTIONS  of 'mindreid infer', e.g. --gallery FOLDER for ranking.csv"

show_usage_if_asked "$@"
require_arguments 3 "$@"
require_file model "$1"
if [ ! -e "$2" ]; then fail "there is no input folder or list '$2'" 2; fi
MODEL="$(absolute_path "$1")"
INPUT="$(absolute_path "$2")"
OUTPUT="$(absolute_path "$3")"
shift 3

activate
exec python -m mindreid infer --model "$MODEL" --input "$INPUT" --output "$OUTPUT" "$@"
