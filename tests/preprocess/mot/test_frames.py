"""Frames by number: a frame is what its picture shows, or it is missing by name."""

from __future__ import annotations

import logging

import pytest
from PIL import Image

from mindreid.errors import DataError
from mindreid.preprocess.mot.crops import mot_to_market
from mindreid.preprocess.mot.frames import open_frames
from mindreid.preprocess.mot.rules import CropRules, Reading
from tests.preprocess.mot.painted_sequence import (
    CUTTING,
    FRAMES,
    HEIGHT,
    RULES,
    WIDTH,
    lines,
    painted,
    painted_number,
    shown_by_frame,
    write_annotations,
    write_pictures,
    write_video,
)

ONE_TO_FORTY = range(1, FRAMES + 1)


def make(tmp_path, source, annotated=ONE_TO_FORTY, reading=Reading(), rules=RULES):
    """Crop what ``annotated`` says, and return what each frame's crops show."""
    annotations = write_annotations(tmp_path / "gt.txt", lines(annotated))
    mot_to_market(source, annotations, tmp_path / "out", reading=reading, cutting=CUTTING, rules=rules)
    return shown_by_frame(tmp_path / "out")


def refusal(tmp_path, source, annotated=ONE_TO_FORTY, **options):
    with pytest.raises(DataError) as caught:
        make(tmp_path, source, annotated, **options)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".tmp-*"))
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["{}.png", "frame_{}.png", "{:06d}.png", "img-{:04d}.PNG", "cam1_frame{}.png", "{}_of_40.bmp"]
)
def test_pictures_are_taken_by_their_numbers(tmp_path, name):
    source = write_pictures(tmp_path / "img1", {name.format(n): n for n in ONE_TO_FORTY})
    shown = make(tmp_path, source)
    assert shown == {frame: {frame} for frame in shown}
    assert {1, 2, 10, 40} <= set(shown)


def test_annotated_numbers_that_begin_elsewhere_are_the_numbers_of_files(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n - 90 for n in range(91, 131)})
    shown = make(tmp_path, source, range(95, 131))
    assert shown == {frame: {frame - 90} for frame in shown}
    assert {95, 99, 100, 130} <= set(shown)


def test_files_and_annotations_from_0_fit_each_other(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in range(40)})
    shown = make(tmp_path, source, range(40))
    assert shown == {frame: {frame} for frame in shown}
    assert 0 in shown


@pytest.mark.parametrize("first", [0, 1])
def test_files_from_0_and_annotations_from_1_are_for_the_user_to_decide(tmp_path, first):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in range(41)})
    message = refusal(tmp_path, source)
    assert "count from 0 (0.png)" in message
    assert "--first-frame 1 if 0.png is their frame 1, or --first-frame 0" in message
    shown = make(tmp_path, source, reading=Reading(first_frame=first))
    assert shown == {frame: {frame - first} for frame in shown}


def test_annotations_that_count_otherwise_are_refused_until_the_first_frame_is_said(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n:05d}.png": n - 100 for n in range(101, 141)})
    message = refusal(tmp_path, source)
    assert "no picture of frame 1 (and" in message
    assert "40 pictures, of frames 101 to 140" in message
    assert "--first-frame" in message
    shown = make(tmp_path, source, reading=Reading(first_frame=1))
    assert shown == {frame: {frame} for frame in shown}


def test_a_missing_picture_is_named_and_does_not_move_the_others(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in ONE_TO_FORTY if n not in (7, 30)})
    assert "no picture of frame 7 (and 1 more)" in refusal(tmp_path, source)
    shown = make(tmp_path, source, [n for n in ONE_TO_FORTY if n not in (7, 30)])
    assert shown == {frame: {frame} for frame in shown}
    assert {8, 31} <= set(shown)


def test_only_frames_that_are_used_must_be_there(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in range(1, 41, 3)})
    rules = CropRules(min_height=20, every=3)
    shown = make(tmp_path, source, rules=rules)
    assert shown == {frame: {frame} for frame in shown}
    (tmp_path / "out").rename(tmp_path / "before")
    assert "no picture of frame 3 " in refusal(tmp_path, source, rules=CropRules(min_height=20, every=2))


def test_fewer_pictures_than_annotated_frames_are_refused(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in range(1, 31)})
    assert "no picture of frame 31 (and 9 more); there are 30 pictures" in refusal(tmp_path, source)


def test_a_picture_of_another_size_is_named(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in ONE_TO_FORTY})
    Image.fromarray(painted(9, 120, 160)).save(source / "9.png")
    message = refusal(tmp_path, source)
    assert "the picture is 160 × 120, but 1.png is 320 × 240" in message
    assert "9.png" in message


@pytest.mark.parametrize("content", [b"", b"\x89PNG", None])
def test_a_damaged_picture_is_named(tmp_path, content):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in ONE_TO_FORTY})
    whole = (source / "12.png").read_bytes()
    (source / "12.png").write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert "12.png" in refusal(tmp_path, source)


def test_what_is_no_picture_is_left_alone(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in ONE_TO_FORTY})
    (source / "Thumbs.db").write_bytes(b"")
    (source / "._1.png").write_bytes(b"of another system")
    (source / "backup.png").mkdir()
    shown = make(tmp_path, source)
    assert shown == {frame: {frame} for frame in shown}


def test_a_folder_without_pictures_points_to_the_one_that_has_them(tmp_path):
    (tmp_path / "sequence").mkdir()
    write_pictures(tmp_path / "sequence" / "img1", {"1.png": 1})
    message = refusal(tmp_path, tmp_path / "sequence")
    assert "there are no pictures" in message
    assert "Fix: pass " + str(tmp_path / "sequence" / "img1") in message


def seqinfo(tmp_path, **keys):
    written = "".join(f"{key}={value}\n" for key, value in keys.items())
    (tmp_path / "seqinfo.ini").write_text(f"[Sequence]\nname=walk\nimDir=img1\n{written}\n")


def test_the_ending_that_seqinfo_names_is_taken(tmp_path):
    names = {**{f"{n}.png": n for n in ONE_TO_FORTY}, **{f"{n}.bmp": 41 - n for n in ONE_TO_FORTY}}
    source = write_pictures(tmp_path / "img1", names)
    assert "1.bmp and 1.png have the same number" in refusal(tmp_path, source)
    seqinfo(tmp_path, imExt=".PNG", seqLength=40, frameRate=7, imWidth=WIDTH, imHeight=HEIGHT)
    shown = make(tmp_path, source)
    assert shown == {frame: {frame} for frame in shown}


def test_frames_of_another_size_than_seqinfo_says_are_refused(tmp_path):
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in ONE_TO_FORTY})
    seqinfo(tmp_path, imWidth=2 * WIDTH, imHeight=2 * HEIGHT)
    message = refusal(tmp_path, source)
    assert "the frames are 320 × 240, but" in message
    assert "says 640 × 480" in message


def test_another_number_of_pictures_than_seqinfo_says_is_said(tmp_path, caplog, monkeypatch):
    # The command line, where another test calls it, keeps messages to itself.
    monkeypatch.setattr(logging.getLogger("mindreid"), "propagate", True)
    source = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in ONE_TO_FORTY})
    seqinfo(tmp_path, seqLength=45)
    with caplog.at_level(logging.WARNING):
        make(tmp_path, source)
    assert "tells of 45 frames, 40 are in" in caplog.text


def test_a_video_of_another_length_than_seqinfo_says_is_refused(tmp_path):
    source = write_video(tmp_path / "walk.avi", map(painted, ONE_TO_FORTY))
    seqinfo(tmp_path, seqLength=45)
    assert "there are 40 frames, but the seqinfo.ini beside the video tells of 45" in refusal(
        tmp_path, source
    )
    seqinfo(tmp_path, seqLength=40)
    assert make(tmp_path, source)


def test_a_frame_0_makes_a_video_count_from_0(tmp_path):
    source = write_video(tmp_path / "walk.avi", map(painted, range(40)))
    shown = make(tmp_path, source, range(40))
    assert shown == {frame: {frame} for frame in shown}


def test_a_video_begins_with_the_first_frame_that_is_said(tmp_path):
    source = write_video(tmp_path / "walk.avi", map(painted, ONE_TO_FORTY))
    shown = make(tmp_path, source, range(101, 141), reading=Reading(first_frame=101))
    assert shown == {frame: {frame - 100} for frame in shown}
    (tmp_path / "out").rename(tmp_path / "before")
    assert "use frame 1, but the first one is 5" in refusal(tmp_path, source, reading=Reading(first_frame=5))
    message = refusal(tmp_path, source, reading=Reading(first_frame=0), annotated=range(5, 42))
    assert "go to frame 41, but there are 40 frames from 0" in message


def test_the_spread_frames_are_multiples(tmp_path):
    folder = write_pictures(tmp_path / "img1", {f"{n}.png": n for n in (1, 3, 4, 6, 9, 12)})
    assert list(open_frames(folder, (1, 12)).spread(3, 11)) == [3, 6, 9]
    video = write_video(tmp_path / "walk.avi", map(painted, ONE_TO_FORTY))
    for first in (0, 1, 5):
        expected = [n for n in range(first, 21) if n % 3 == 0]
        assert list(open_frames(video, (1, 12), first).spread(3, 20)) == expected
    shown = [
        (number, painted_number(image)) for number, image in open_frames(video, (1, 12)).read([3, 20, 40])
    ]
    assert shown == [(3, 3), (20, 20), (40, 40)]
