"""Files appear whole or not at all."""

import os
import signal
import subprocess
import sys

import pytest

from mindreid.atomic import atomic_folder, atomic_path, remove_stale_temporaries, write_json, write_text
from mindreid.errors import DataError


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    write_text(target, "old")

    def fail_in_the_middle():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert target.read_text() == "old"
    assert os.listdir(target.parent) == ["file.txt"]


def test_the_temporary_file_keeps_the_name(tmp_path):
    with atomic_path(tmp_path / "weights.ckpt") as temporary:
        assert temporary.name == "weights.ckpt"
        temporary.write_text("x")
    assert (tmp_path / "weights.ckpt").stat().st_mode & 0o777 == 0o644


def test_json_refuses_nan_and_keeps_the_old_file(tmp_path):
    target = tmp_path / "result.json"
    write_json(target, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(target, {"a": float("nan")})
    assert '"a": 1' in target.read_text()


def test_a_killed_writer_leaves_the_old_file_and_only_a_temporary_that_is_removed(tmp_path):
    target = tmp_path / "state.txt"
    write_text(target, "old")
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from mindreid.atomic import atomic_path\n"
            "with atomic_path(sys.argv[1]) as temporary:\n"
            "    temporary.write_text('half'); print('writing', flush=True); time.sleep(60)\n",
            str(target),
        ],
        stdout=subprocess.PIPE,
    )
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert target.read_text() == "old"
    assert len(os.listdir(tmp_path)) == 2
    remove_stale_temporaries(tmp_path)
    assert os.listdir(tmp_path) == ["state.txt"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    def write(fail):
        with atomic_folder(tmp_path / "data") as folder:
            (folder / "a.txt").write_text("x")
            if fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        write(fail=True)
    assert os.listdir(tmp_path) == []
    write(fail=False)
    assert os.listdir(tmp_path / "data") == ["a.txt"]
    with pytest.raises(DataError, match="not an empty folder"):
        write(fail=False)
    assert os.listdir(tmp_path) == ["data"]


def test_sigterm_leaves_no_folder(tmp_path):
    """Also while threads have work in hand, as readers of images do."""
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from concurrent.futures import ThreadPoolExecutor\n"
            "from mindreid.atomic import atomic_folder\n"
            "with atomic_folder(sys.argv[1]) as folder, ThreadPoolExecutor(2) as pool:\n"
            "    (folder / 'a.txt').write_text('half'); print('writing', flush=True)\n"
            "    list(pool.map(time.sleep, [0.1] * 2000))\n",
            str(tmp_path / "data"),
        ],
        stdout=subprocess.PIPE,
    )
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGTERM)
    assert writer.wait(timeout=30) == 128 + signal.SIGTERM
    assert os.listdir(tmp_path) == []


def test_a_handler_of_sigterm_is_left_alone(tmp_path):
    taken = []
    usual = signal.signal(signal.SIGTERM, lambda number, frame: taken.append(number))
    try:
        with atomic_folder(tmp_path / "data"):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, usual)
    assert taken == [signal.SIGTERM]
    with atomic_folder(tmp_path / "more"):
        assert signal.getsignal(signal.SIGTERM) is not usual
    assert signal.getsignal(signal.SIGTERM) is usual


def test_a_folder_is_made_whatever_it_is_called_by(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("not there yet")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("link", "dangling", "new/", "empty/../数 据", "~/home")):
        with atomic_folder(name) as temporary:
            (temporary / "content").write_text(str(number))
    found = {path.parent.name: path.read_text() for path in tmp_path.glob("*/content")}
    assert found["link"] == found["empty"] == "0"
    assert (found["not there yet"], found["new"], found["数 据"], found["home"]) == ("1", "2", "3", "4")
    assert (tmp_path / "link").is_symlink()


def test_the_current_folder_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="can't be replaced"), atomic_folder("."):
        pass
    assert list(tmp_path.iterdir()) == []
