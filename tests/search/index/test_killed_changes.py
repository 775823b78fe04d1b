"""An index whose process is killed amid a change is as before it or as after it, and can go on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mindreid.search.index import open_index
from tests.search.index.index_content import contents, files_of
from tests.search.made_up_sources import DIMENSION, made_up_source, put_source

ROOT = Path(__file__).resolve().parents[3]
#: Does a change again and again, each time to a copy of the index and in a process of its own that kills
#: itself before another call of those that write: to the database (a SELECT does not), a file, or a folder.
KILLED = """
import json, os, shutil, signal, sys
from pathlib import Path
from mindreid.search.index import open_index
from tests.search.made_up_sources import made_up_source, put_source

folder = Path(sys.argv[1])
WRITING = {"execute", "executemany", "write", "flush", "fsync", "truncate", "mkdir", "unlink", "rmdir"}


def change(name, last=0):
    index, calls = open_index(Path(shutil.copytree(folder, folder.with_name(name)))), []

    def watch(frame, event, called):
        is_question = str(frame.f_locals.get("statement")).startswith("SELECT")
        if event == "c_call" and called.__name__ in WRITING and not is_question:
            calls.append(called.__name__)
            if len(calls) == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    ACTION
    sys.setprofile(None)
    calls.append("the end")
    if len(calls) == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return calls


calls = change("whole")
for number in range(1, len(calls) + 1):
    process = os.fork()
    if not process:
        change(f"killed-{number}", number)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        sys.exit(f"the process that had to be killed at call {number} has ended by itself: {status}")
print(json.dumps(calls))
"""
ADDED = made_up_source(2, tracklets=1)
GONE = [tracklet.id for tracklet, _ in made_up_source(1)[1]][:2]
ACTIONS = {
    "add": "put_source(index, *made_up_source(2, tracklets=1))",
    "delete": f"index.delete({GONE})",
}


def crops_of(index):
    return [name for name in files_of(index) if name.startswith("crops")]


def killed_copies(index, action):
    """Name the calls before which a process was killed; its copies of the index lie beside it."""
    index.close()
    command = [sys.executable, "-c", KILLED.replace("ACTION", ACTIONS[action]), str(index.folder)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def finish(index, action):
    """Do again what may have been cut off."""
    if action == "delete":
        index.delete(GONE)
    elif index.source(ADDED[0].id) is None:
        put_source(index, *ADDED)


@pytest.mark.parametrize("action", ACTIONS)
def test_killed_before_any_write_it_is_as_before_or_as_after_and_goes_on(index, action):
    put_source(index, *made_up_source(1))
    before, crops_before = contents(index), crops_of(index)
    calls = killed_copies(index, action)
    whole = open_index(index.folder.with_name("whole"))
    after, crops_after = contents(whole), crops_of(whole)
    added = {tracklet.id for tracklet, _ in ADDED[1]}
    assert set(after) == (set(before) | added if action == "add" else set(before) - set(GONE))
    is_done = []
    for number, call in enumerate(calls, 1):
        killed = open_index(index.folder.with_name(f"killed-{number}"))
        where = f"killed before call {number}, {call}"
        found = contents(killed)
        assert found in (before, after), where
        is_done.append(found == after)
        with killed.exclusive():  # whatever is done next, what is left is cleared away before
            assert crops_of(killed) == (crops_after if is_done[-1] else crops_before), where
        finish(killed, action)
        assert contents(killed) == after, where
        assert crops_of(killed) == crops_after, where
        (vectors,) = killed.folder.glob("vectors-*")
        assert vectors.stat().st_size == 4 * DIMENSION * len(after), where
        if action == "delete":
            assert killed.remaining([name.encode() for name in GONE])[0] == [], where
        killed.close()
    whole.close()
    # At one of the calls the change comes into force, and from then on it stays.
    assert is_done == sorted(is_done)
    assert set(is_done) == {False, True}
