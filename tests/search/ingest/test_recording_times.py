"""When something may have been recorded, and what becomes of times that are none."""

from datetime import datetime, timedelta, timezone

import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.search.ingest.photo_addition import add_photos
from mindreid.search.ingest.recording_times import check_start, is_possible
from mindreid.search.ingest.timed_video import TimedVideo
from mindreid.search.ingest.video_addition import recording_begin
from tests.search.recordings import write_colour_network, write_walk

NOW = datetime(2030, 5, 1, 12, tzinfo=timezone.utc)


def test_recordings_are_since_1980_and_until_tomorrow():
    assert is_possible(datetime(1980, 1, 1, tzinfo=timezone.utc), NOW)
    assert not is_possible(datetime(1979, 12, 31, tzinfo=timezone.utc), NOW)
    assert is_possible(NOW + timedelta(hours=23), NOW)
    assert not is_possible(NOW + timedelta(hours=25), NOW)
    # The clock of a small computer without a battery begins in 1970.
    assert is_possible(datetime(2026, 11, 1, tzinfo=timezone.utc), datetime(1970, 1, 1, tzinfo=timezone.utc))


@pytest.mark.parametrize("start", ["2126-11-01T08:00Z", "1026-11-01T08:00Z", "1825-12-31T23:00Z"])
def test_a_start_that_can_not_be_is_refused_before_there_is_an_index(tmp_path, capsys, start):
    write_colour_network(tmp_path / "colours.onnx")
    Image.new("RGB", (20, 48)).save(tmp_path / "1.png")
    (tmp_path / "hall.mp4").write_bytes(b"nobody opens it")
    words = ["search", "add", str(tmp_path / "index"), "--camera", "x", "--start", start]
    words += ["--model", str(tmp_path / "colours.onnx")]
    for what in (["--photos", str(tmp_path / "1.png"), "--whole"], ["--video", str(tmp_path / "hall.mp4")]):
        assert main([*words, *what]) == 2
        error = capsys.readouterr().err
        assert "--start" in error
        assert "nothing can have been recorded" in error
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "time", ["2126-11-01T08:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_video_that_names_such_a_time_does_not_say_when_it_was_recorded(tmp_path, time):
    video, _ = write_walk(tmp_path, "walk.mkv", frames=3, metadata={"creation_time": time})
    assert TimedVideo(video).recorded is None


def test_a_program_is_told_of_such_a_start_too(tmp_path, index):
    video, _ = write_walk(tmp_path, frames=3)
    late = datetime(2126, 1, 1, tzinfo=timezone.utc)
    with pytest.raises(ValueError, match="--start"):
        recording_begin(TimedVideo(video), late)
    scanned = datetime(1950, 1, 1, tzinfo=timezone.utc)
    check_start(scanned, is_photo=True)
    with pytest.raises(ValueError, match="--start"):
        recording_begin(TimedVideo(video), scanned)
    with pytest.raises(ValueError, match="--start"):
        add_photos(index, [], "phone", None, start=late)
