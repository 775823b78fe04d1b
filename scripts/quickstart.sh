#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/quickstart.sh [FOLDER]

From nothing to a model in a few minutes on a CPU: installs what is missing, generates walking
figures, trains a small MGN on some of the persons, evaluates it and the untrained network on the
others, exports it to MindIR and ends with a page that shows it all. Everything is written to FOLDER
(default: runs/quickstart in the repository); run again, it goes on where it was interrupted."

show_usage_if_asked "$@"
if [ "$#" -gt 1 ]; then usage_error "one folder at most"; fi
FOLDER="$(absolute_path "${1:-$ROOT/runs/quickstart}")"
# One protocol: embedding the images of multiple queries, half of all, would take time at every evaluation.
RECIPE=(--config mgn/walkers --root "$FOLDER/walkers" --set 'evaluation.protocols=[standard]')
RUN="$FOLDER/run"
SECONDS=0

STEP="setup.sh"
bash "$ROOT/scripts/setup.sh"
export PATH="$VENV/bin:$PATH"
mkdir -p -- "$FOLDER"

STEP="generating walkers"
if [ ! -d "$FOLDER/walkers" ]; then
    say "$STEP"
    mindreid data synthesize --layout market1501 --root "$FOLDER/walkers" --ids 100 --seed 1
fi

STEP="training"
say "$STEP"
if [ -f "$RUN/state.ckpt" ]; then
    mindreid train --resume "$RUN"
else
    mindreid train "${RECIPE[@]}" --output "$RUN"
fi

STEP="evaluating"
say "$STEP on persons that were not in training"
mindreid eval "${RECIPE[@]}" --untrained --json "$FOLDER/untrained.json"
mindreid eval "${RECIPE[@]}" --checkpoint "$RUN/last.ckpt" --json "$FOLDER/trained.json"

STEP="exporting"
say "$STEP"
mindreid export "${RECIPE[@]}" --checkpoint "$RUN/last.ckpt" --format mindir --output "$FOLDER/mgn.mindir" --verify

STEP="making the page"
say "$STEP"
mindreid report run "$RUN" --root "$FOLDER/walkers" --output "$FOLDER/run.html"

STEP="summing up"
python - "$FOLDER" "$SECONDS" <<'PYTHON'
import json
import pathlib
import sys

# A terminal that can't show the folder's name shows it escaped.
sys.stdout.reconfigure(errors="backslashreplace")
folder, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
print(f"\n{'unseen walkers':<16} {'rank-1':>7} {'mAP':>7}   per cent")
for name in ("untrained", "trained"):
    result = next(iter(json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["results"].values()))
    print(f"{name:<16} {100 * result['rank1']:>7.1f} {100 * result['mAP']:>7.1f}")
print(f"\n{seconds // 60} min {seconds % 60} s in all. Model: {folder / 'mgn.mindir'}, run: {folder / 'run'}")
print(f"Open the page of the run in a browser: {folder / 'run.html'}")
PYTHON
