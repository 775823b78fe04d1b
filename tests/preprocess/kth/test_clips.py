"""KTH's file names, and which videos are missing."""

import pytest

from mindreid.errors import DataError
from mindreid.preprocess.kth.clips import list_clips, missing_clips


def write(folder, *names):
    for name in names:
        (folder / name).touch()


def test_walking_alone_counts(tmp_path):
    write(tmp_path, "person02_walking_d3_uncomp.avi", "person02_walking_d1_uncomp.avi", "00sequences.txt")
    write(tmp_path, "person01_jogging_d1_uncomp.avi", "person11_walking_d4.AVI")
    clips = list_clips(tmp_path)
    assert [clip.name for clip in clips] == ["p02-d1", "p02-d3", "p11-d4"]
    assert missing_clips(clips) == ["p02-d2", "p02-d4", "p11-d1", "p11-d2", "p11-d3"]


def test_two_videos_of_one_scenario_are_refused(tmp_path):
    write(tmp_path, "person01_walking_d1.avi", "person01_walking_d1_uncomp.avi")
    with pytest.raises(DataError, match="p01-d1"):
        list_clips(tmp_path)


def test_a_folder_without_walking(tmp_path):
    write(tmp_path, "person01_boxing_d1_uncomp.avi")
    with pytest.raises(DataError, match="no video of walking"):
        list_clips(tmp_path)
    with pytest.raises(DataError, match="cannot list"):
        list_clips(tmp_path / "none")
