"""Who holds a folder."""

import subprocess
import sys

from mindreid.folder_lock import folder_lock, is_locked


def test_a_folder_is_locked_while_a_process_holds_it(tmp_path):
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "missing")
    code = (
        "import sys; from pathlib import Path; from mindreid.folder_lock import folder_lock\n"
        "with folder_lock(Path(sys.argv[1])):\n print('held', flush=True)\n sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert is_locked(tmp_path)
    holder.communicate()
    assert not is_locked(tmp_path)
    with folder_lock(tmp_path):
        assert is_locked(tmp_path)
