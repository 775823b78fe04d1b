"""An index that is written to by several, or by who is killed or has no space left, stays whole."""

import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from mindreid.cli import main
from mindreid.search.index import open_index
from tests.commands.search.two_cameras import add_command, content, run
from tests.search.recordings import write_walk

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")


def started(scene, index, camera, **options):
    words = [sys.executable, "-m", "mindreid", *add_command(scene, index, camera)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def check_kills(scene, tmp_path, kills):
    assert main(add_command(scene, tmp_path / "expected", "gate")) == 0
    assert main(add_command(scene, tmp_path / "expected", "hall")) == 0
    begin = time.monotonic()
    assert main(add_command(scene, tmp_path / "index", "gate")) == 0
    with started(scene, tmp_path / "timed", "hall") as process:
        process.communicate()
    length = time.monotonic() - begin
    generator = np.random.default_rng(0)
    deaths = 0
    for _ in range(kills):
        with started(scene, tmp_path / "index", "hall") as process:
            time.sleep(generator.uniform(0.3, 1.0) * length)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        deaths += process.returncode == -signal.SIGKILL
        before = len(content(tmp_path / "index"))
        assert before in (2, 4)
        if before == 4:  # it was quicker than its murderer: once more
            assert (
                run("forget", tmp_path / "index", "--recording", recording(tmp_path / "index", "hall")) == 0
            )
    assert deaths > 0
    assert main(add_command(scene, tmp_path / "index", "hall")) == 0
    assert content(tmp_path / "index") == content(tmp_path / "expected")
    crops = [
        sorted(str(path.relative_to(tmp_path / name)) for path in (tmp_path / name / "crops").rglob("*.jpg"))
        for name in ("index", "expected")
    ]
    assert crops[0] == crops[1]


def recording(index, camera):
    return next(source.id for source in open_index(index).sources() if source.camera == camera)


def test_killed_while_adding_the_next_run_makes_it_equal(scene, tmp_path):
    check_kills(scene, tmp_path, 3)


@pytest.mark.slow
def test_killed_at_fifty_moments_the_next_run_makes_it_equal(scene, tmp_path):
    check_kills(scene, tmp_path, 50)


def test_two_adders_do_not_disturb_each_other(scene, tmp_path):
    index = tmp_path / "index"
    processes = [started(scene, index, camera) for camera in ("hall", "gate")]
    said = [process.communicate()[0] for process in processes]
    codes = [process.returncode for process in processes]
    assert 0 in codes
    for code, text in zip(codes, said):
        assert code in (0, 2), text
        assert code == 0 or "another process" in text
    for camera in ("hall", "gate"):
        assert main(add_command(scene, index, camera)) == 0
    assert len(content(index)) == 4


@pytest.mark.parametrize("limit", [4_000, 45_000])
def test_where_nothing_can_be_written_the_index_stays_as_it_was(scene, index, limit):
    before = content(index)

    def limit_files():
        # Longer files can't be written: for the process it is as if the disk were full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    write_walk(scene, "roof.mp4", (3, 4))
    with started(scene, index, "roof", preexec_fn=limit_files) as process:
        said = process.communicate()[0]
    assert process.returncode == 2 or len(content(index)) == 6
    if process.returncode == 2:
        assert "error: " in said
        assert "Traceback" not in said
        assert content(index) == before
    assert main(add_command(scene, index, "roof")) == 0
    assert len(content(index)) == 6
    assert os.listdir(index / "crops") != []
