"""Boxes of one person become one track, and two tracks if the person was away."""

import numpy as np
import pytest

from mindreid.search.ingest.tracking import BoxTracker, GivenTracker
from tests.search.recordings import BOX, boxes_of_frame

pytest.importorskip("norfair", reason="needs the extra `search`")


def arrays(number, persons):
    return np.array([[*place, *BOX, 1] for place in boxes_of_frame(number, persons).values()], np.float32)


def tracks_of(tracker, frames):
    ended = []
    for number, boxes in enumerate(frames):
        ended += tracker.update(number, number / 10, boxes)[1]
    return ended + tracker.finish()


def test_two_who_walk_are_two_tracks_of_all_their_boxes():
    tracks = tracks_of(BoxTracker(0.1), [arrays(number, (1, 2)) for number in range(25)])
    assert len(tracks) == 2
    for track, person in zip(sorted(tracks, key=lambda track: track.boxes[0][2][0]), (1, 2)):
        assert [frame for frame, _, _ in track.boxes] == list(range(25))
        for frame, _, box in track.boxes:
            assert tuple(box[:2]) == boxes_of_frame(frame, (person,))[person]


def test_a_box_or_two_are_nobody():
    frames = [arrays(number, (1, 2) if number in (5, 6) else (1,)) for number in range(20)]
    assert len(tracks_of(BoxTracker(0.1), frames)) == 1


def test_who_is_hidden_for_a_moment_goes_on_and_who_is_away_comes_anew():
    for hidden, expected in ((3, 1), (40, 2)):
        frames = [arrays(number, (3,)) for number in range(12)]
        frames += [np.zeros((0, 5), np.float32)] * hidden
        frames += [arrays(number + 12 + min(hidden, 3), (3,)) for number in range(12)]
        assert len(tracks_of(BoxTracker(0.1), frames)) == expected


def test_known_persons_are_tracks_until_they_are_away_for_long():
    ids = {number: [7, 8] if number < 10 or number > 150 else [8] for number in range(170)}
    frames = [np.full((len(ids[number]), 5), number, np.float32) for number in range(170)]
    tracks = tracks_of(GivenTracker(ids), frames)
    assert sorted(len(track.boxes) for track in tracks) == [10, 19, 170]
