"""``mindreid train`` that keeps noting in a file what it is doing; started by kill_and_resume.py.

python train_with_status.py NOTE MODULES [ARGUMENT ...]
"""

import importlib
import sys
import threading
import time
from pathlib import Path

from mindreid import cli

#: What a run is doing, by a function on its stack; the first that is found.
MOMENTS = {
    "save": "save_state",
    "save of weights": "save_weights",
    "relabelling": "relabel",
    "evaluation": "evaluate_dataset",
    "step": "_train_epoch",
}
_EVERY_SECONDS = 0.005


def watch(note: Path) -> None:
    """Write the main thread's moment to ``note`` whenever it changes."""
    main, said = threading.main_thread().ident, ""
    while True:
        frame, functions = sys._current_frames().get(main), set()
        while frame is not None:
            functions.add(frame.f_code.co_name)
            frame = frame.f_back
        moment = next((name for name, function in MOMENTS.items() if function in functions), "between")
        if moment != said:
            note.write_text(moment)
            said = moment
        time.sleep(_EVERY_SECONDS)


if __name__ == "__main__":
    note_file, modules, *arguments = sys.argv[1:]
    threading.Thread(target=watch, args=(Path(note_file),), daemon=True).start()
    for module in filter(None, modules.split(",")):
        importlib.import_module(module)
    sys.exit(cli.main(["train", *arguments]))
