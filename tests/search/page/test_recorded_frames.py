"""A stretch of a recording is the same whether all before it is decoded or not."""

from __future__ import annotations

import numpy as np
import pytest

from mindreid.search.ingest import TimedVideo
from tests.search.page.conftest import write_video as write_jpeg_video
from tests.search.recordings import write_walk

pytest.importorskip("av", reason="needs the extra `search`")


def recording(folder, kind):
    if kind == "avi":
        write_jpeg_video(folder, frames=40)
        return folder / "hall.avi"
    options = {
        "mp4": {},
        "turned": {"rotation": 90},
        "uneven": {"times": [100 * n + 37 * (n % 3) for n in range(40)]},
        "late": {"times": [5000 + 100 * n for n in range(40)]},
    }[kind]
    name = "walk.mkv" if kind == "late" else "walk.mp4"
    return write_walk(folder, name, frames=40, **options)[0]


@pytest.mark.parametrize("kind", ["avi", "mp4", "turned", "uneven", "late"])
def test_every_frame_is_found_by_its_time(tmp_path, kind):
    video = TimedVideo(recording(tmp_path, kind))
    frames = list(video.frames())
    assert len(frames) == 40
    for frame in frames[:: 3 if kind == "mp4" else 9]:
        found = list(video.between(frame.seconds, frame.seconds))
        assert len(found) == 1
        assert found[0][0] == pytest.approx(frame.seconds, abs=1e-6)
        np.testing.assert_array_equal(found[0][1], frame.image)


@pytest.mark.parametrize("kind", ["avi", "mp4", "uneven"])
def test_a_stretch_has_all_its_frames(tmp_path, kind):
    video = TimedVideo(recording(tmp_path, kind))
    frames = list(video.frames())
    first, last = frames[13].seconds, frames[27].seconds
    found = list(video.between(first, last))
    assert [seconds for seconds, _ in found] == pytest.approx([frame.seconds for frame in frames[13:28]])
    assert list(video.between(1000, 1001)) == []
