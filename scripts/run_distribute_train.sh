#!/usr/bin/env bash
# shellcheck source=scripts/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

USAGE="usage: bash scripts/run_distribute_train.sh DEVICE_TARGET CONFIG DATASET_ROOT OUTPUT [WORKERS...] [OPTIONS...]

Trains on several devices, one worker each, started by MindSpore's msrun. The recipe's batch is
divided among all workers. With several machines, run it on each of them, with that machine's --node-rank
and folders that all of them share. SIGTERM and Ctrl-C let all workers agree on a step, finish it
and save; go on with the same command and --resume OUTPUT at its end.

  DEVICE_TARGET  Ascend, GPU or CPU
  CONFIG         a recipe's name, e.g. mgn/market1501, or a YAML file
  DATASET_ROOT   folder of the dataset
  OUTPUT         folder of the run; each worker's log is OUTPUT/logs/worker_N.log
  WORKERS        --worker-num N        workers on all machines together (default 8)
                 --local-worker-num N  workers on this machine (default: all)
                 --master-addr HOST    the first machine (default 127.0.0.1)
                 --port N              a free port of the first machine (default 8118)
                 --node-rank N         this machine: 0, 1, ... (default 0)
                 --rank-table FILE     HCCL's table (hccl_tools.py), in place of all these but --port;
                                       --node-rank only if no address in it is this machine's
  OPTIONS        of 'mindreid train', e.g. --set train.epochs=20
                 a paper's recipe wants --set train.init_weights=FILE (ImageNet, or null)

Two machines with eight Ascend devices each, the first one at 192.0.2.1; on the second --node-rank 1:

  bash scripts/run_distribute_train.sh Ascend mgn/market1501 DATA RUN --worker-num 16 \\
      --local-worker-num 8 --master-addr 192.0.2.1 --node-rank 0"

require_whole_number() { # OPTION VALUE SMALLEST
    case "$2" in '' | *[!0-9]*) usage_error "$1 takes a whole number, not '$2'" ;; esac
    if [ "$2" -lt "$3" ]; then usage_error "$1 must be at least $3"; fi
}

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

WORKER_NUM=8
LOCAL_WORKER_NUM=""
MASTER_ADDR=127.0.0.1
PORT=8118
NODE_RANK=""
RANK_TABLE=""
while [ "$#" -gt 0 ]; do
    case "$1" in
        --worker-num | --local-worker-num | --master-addr | --port | --node-rank | --rank-table)
            if [ "$#" -lt 2 ]; then usage_error "$1 needs a value"; fi
            ;;
    esac
    case "$1" in
        --worker-num) WORKER_NUM="$2" ;;
        --local-worker-num) LOCAL_WORKER_NUM="$2" ;;
        --master-addr) MASTER_ADDR="$2" ;;
        --port) PORT="$2" ;;
        --node-rank) NODE_RANK="$2" ;;
        --rank-table) RANK_TABLE="$2" ;;
        *) break ;;
    esac
    shift 2
done
LOCAL_WORKER_NUM="${LOCAL_WORKER_NUM:-$WORKER_NUM}"
require_whole_number --worker-num "$WORKER_NUM" 1
require_whole_number --local-worker-num "$LOCAL_WORKER_NUM" 1
require_whole_number --port "$PORT" 1024
require_whole_number --node-rank "${NODE_RANK:-0}" 0
if [ "$LOCAL_WORKER_NUM" -gt "$WORKER_NUM" ]; then
    usage_error "--local-worker-num $LOCAL_WORKER_NUM is more than --worker-num $WORKER_NUM"
fi

activate
LOGS="$OUTPUT/logs"
WORKERS=(--worker-num "$WORKER_NUM" --local-worker-num "$LOCAL_WORKER_NUM" --master-addr "$MASTER_ADDR")
if [ -n "$RANK_TABLE" ]; then
    require_file "rank table" "$RANK_TABLE"
    WORKERS=(--rank-table "$(absolute_path "$RANK_TABLE")")
    say "starting a worker on each device of $RANK_TABLE; logs in $LOGS"
else
    say "starting $LOCAL_WORKER_NUM of $WORKER_NUM workers; logs in $LOGS"
fi
if [ -n "$NODE_RANK" ]; then WORKERS+=(--node-rank "$NODE_RANK"); fi
# In place of this shell, so that a signal for it reaches what can pass it on.
exec python -m mindreid.engine.platform.launcher "${WORKERS[@]}" --port "$PORT" --logs "$LOGS" \
    "$ROOT/train.py" --config "$CONFIG" --root "$DATASET_ROOT" --output "$OUTPUT" \
    --set device.target="$DEVICE_TARGET" "$@"
