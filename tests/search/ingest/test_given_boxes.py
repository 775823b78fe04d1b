"""Boxes of other programs: read as they are, or refused where they can't be meant."""

import json

import numpy as np
import pytest

from mindreid.errors import DataError
from mindreid.search.ingest.given_boxes import read_boxes


def test_json_and_mot_text_say_the_same(tmp_path):
    rows = [(0, 1, 10, 20, 30, 60), (0, 2, 50, 20, 30, 60), (2, 1, 12, 20, 30, 60)]
    entries = [{"frame": f, "id": p, "box": list(box)} for f, p, *box in rows]
    (tmp_path / "a.json").write_text(json.dumps(entries))
    lines = [f"{f + 1},{p},{left + 1},{top + 1},{w},{h},1,-1,-1,-1" for f, p, left, top, w, h in rows]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    for name in ("a.json", "a.txt"):
        given = read_boxes(tmp_path / name)
        assert given.ids == {0: [1, 2], 2: [1]}
        assert given.of_frame(0).tolist() == [[10, 20, 30, 60, 1], [50, 20, 30, 60, 1]]
        assert given.of_frame(1).shape == (0, 5)
        assert given.last == 2


def test_detections_have_no_ids(tmp_path):
    (tmp_path / "det.txt").write_text("1,-1,10,20,30,60,34.2\n5,-1,10,20,30,60,-0.7\n9,-1,1,2,30,60,0.5")
    given = read_boxes(tmp_path / "det.txt")
    assert given.ids is None
    assert np.allclose([given.of_frame(number)[0, 4] for number in (0, 4, 8)], [1, 0, 0.5])
    assert given.step == 4
    assert [given.is_due(number) for number in (0, 3, 4, 8, 12, 13)] == [True, False, True, True, True, False]


GOOD = {"frame": 0, "box": [1, 2, 3, 4], "id": 1}


@pytest.mark.parametrize(
    "entry",
    [
        {**GOOD, "box": [1, 2, 3]},
        {**GOOD, "box": [1, 2, 0, 4]},
        {**GOOD, "box": [1, 2, float("nan"), 4]},
        {**GOOD, "box": "1234"},
        {**GOOD, "box": [1, 2, True, 4]},
        {**GOOD, "frame": -1},
        {**GOOD, "frame": 0.5},
        {**GOOD, "frame": True},
        {**GOOD, "id": "anna"},
        {**GOOD, "score": 7},
        {**GOOD, "class": 0},
        {"box": [1, 2, 3, 4]},
        [0, 1, 2, 3, 4],
        None,
    ],
)
def test_malformed_entries_are_named(tmp_path, entry):
    (tmp_path / "a.json").write_text(json.dumps([GOOD, entry]))
    with pytest.raises(DataError, match="entry 1"):
        read_boxes(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1,", json.dumps([GOOD, GOOD])])
def test_other_json_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError):
        read_boxes(tmp_path / "a.json")


def test_all_boxes_have_an_id_or_none(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([GOOD, {"frame": 1, "box": [1, 2, 3, 4]}]))
    with pytest.raises(DataError, match="1 of 2 boxes have no id"):
        read_boxes(tmp_path / "a.json")
    (tmp_path / "a.txt").write_text("1,-1,10,20,30,60,1\n2,3,10,20,30,60,1")
    with pytest.raises(DataError, match="-1"):
        read_boxes(tmp_path / "a.txt")
