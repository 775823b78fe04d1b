"""Frames come upright, with the times of the file, and what is missing is counted."""

import os
import time
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from mindreid.errors import DataError
from mindreid.search.ingest.timed_video import TimedVideo
from tests.fuzz.mutation import Mutator
from tests.search.recordings import frame_image, write_video

av = pytest.importorskip("av", reason="needs the extra `search`")


def images(count=30):
    return [frame_image(number, (1, 2)) for number in range(count)]


def test_times_are_those_of_the_file_even_if_the_rate_varies(tmp_path):
    times = [0, 40, 80, 200, 1200, 1240, 5000]
    video = TimedVideo(write_video(tmp_path / "a.mp4", images(7), times=times))
    frames = list(video.frames())
    assert [frame.number for frame in frames] == list(range(7))
    assert np.allclose([frame.seconds for frame in frames], np.array(times) / 1000, atol=1e-3)
    assert (video.read, video.missing) == (7, 0)
    assert video.seconds == pytest.approx(5, abs=1e-3)
    for frame, image in zip(frames, images(7)):
        assert np.abs(frame.image.astype(int) - image).mean() < 6


def test_at_most_one_frame_in_each_interval(tmp_path):
    times = [0, 50, 100, 150, 199, 200, 450, 650, 660]
    video = TimedVideo(write_video(tmp_path / "a.mp4", images(9), times=times))
    assert [frame.number for frame in video.frames(0.2)] == [0, 5, 6, 7]
    assert video.read == 9


def write_program_stream(path, shown):
    """Write MPEG-2 as old cameras do, 25 frames a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"g": "15"})
        stream.height, stream.width, stream.pix_fmt = *shown[0].shape[:2], "yuv420p"
        for number, image in enumerate(shown):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "mpg"])
def test_a_frame_is_found_again_by_its_time(tmp_path, ending):
    """Also in containers that have no index."""
    write = write_program_stream if ending == "mpg" else write_video
    video = TimedVideo(write(tmp_path / f"a.{ending}", images(60)))
    frames = list(video.frames())
    assert len(frames) >= 58
    for frame in frames[::7]:
        ((seconds, image),) = video.between(frame.seconds, frame.seconds)
        assert seconds == pytest.approx(frame.seconds, abs=1e-6)
        assert np.array_equal(image, frame.image)
        clip = video.between(frame.seconds, frame.seconds + 1.0)
        expected = [one.seconds for one in frames if 0 <= one.seconds - frame.seconds < 1.001]
        assert np.allclose([seconds for seconds, _ in clip], expected, atol=1e-6)


@pytest.mark.parametrize("turn", [90, 180, 270, -90])
def test_frames_are_turned_as_the_file_says(tmp_path, turn):
    image = images(1)[0]
    video = TimedVideo(write_video(tmp_path / "a.mp4", [image] * 5, rotation=turn))
    expected = np.rot90(image, turn // 90)
    assert video.size == expected.shape[:2]
    for frame in video.frames():
        assert np.abs(frame.image.astype(int) - expected).mean() < 6


def test_frames_that_are_cut_off_are_counted(tmp_path):
    path = write_video(tmp_path / "a.mp4", images(60), options={"movflags": "faststart"})
    content = path.read_bytes()
    for share in (0.5, 0.7, 0.9):
        path.write_bytes(content[: int(share * len(content))])
        video = TimedVideo(path)
        list(video.frames())
        assert 0 < video.read < 60
        assert video.read + video.missing == 60


def test_damaged_frames_are_counted_and_the_others_keep_their_times(tmp_path):
    path = write_video(tmp_path / "a.mp4", images(60), options={"movflags": "faststart"})
    content = bytearray(path.read_bytes())
    middle = len(content) * 2 // 3
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(content)
    video = TimedVideo(path)
    frames = list(video.frames())
    assert 0 < video.missing < 40
    assert video.read + video.missing == 60
    # The last frame is where it was, not moved up.
    assert frames[-1].seconds == pytest.approx(5.9, abs=1e-2)


def test_whatever_is_damaged_there_are_frames_or_one_error(tmp_path):
    """Short by default; ``MINDREID_FUZZ_SECONDS=600`` looks longer."""
    seeds = [write_video(tmp_path / name, images(20)).read_bytes() for name in ("a.mp4", "a.avi")]
    mutator = Mutator(seeds, int(os.environ.get("MINDREID_FUZZ_SEED", "1")))
    end = time.monotonic() + float(os.environ.get("MINDREID_FUZZ_SECONDS", "1"))
    path, read, refused = tmp_path / "damaged", 0, 0
    while time.monotonic() < end or not (read and refused):
        path.write_bytes(mutator.draw())
        try:
            video = TimedVideo(path)
            frames = list(video.frames())
        except DataError:
            refused += 1
            continue
        assert len(frames) == video.read
        assert video.missing >= 0
        read += 1


def test_the_time_of_recording_is_the_files(tmp_path):
    path = write_video(tmp_path / "a.mp4", images(3), metadata={"creation_time": "2026-11-01T07:00:00Z"})
    assert TimedVideo(path).recorded.isoformat() == "2026-11-01T07:00:00+00:00"
    assert TimedVideo(write_video(tmp_path / "b.mp4", images(3))).recorded is None


def test_what_is_no_video_is_refused(tmp_path):
    Image.fromarray(images(1)[0]).save(tmp_path / "photo.jpg")
    (tmp_path / "text.mp4").write_text("once upon a time\n" * 100)
    (tmp_path / "list.mp4").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n"
    )
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "half.mp4").write_bytes(write_video(tmp_path / "a.mp4", images(20)).read_bytes()[:2000])
    for name in ("photo.jpg", "text.mp4", "list.mp4", "empty.mp4", "half.mp4", "nothing.mp4"):
        with pytest.raises(DataError):
            TimedVideo(tmp_path / name)
    with pytest.raises(DataError, match="--photos"):
        TimedVideo(tmp_path / "photo.jpg")
