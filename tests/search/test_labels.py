"""Who is who, by a table and by annotated boxes."""

from dataclasses import replace

import numpy as np
import pytest

from mindreid.errors import DataError
from mindreid.search.ingest.given_boxes import GivenBoxes
from mindreid.search.labels import labelled_vectors, labels_from_truth, read_labels, write_labels
from tests.search.made_up_sources import made_up_source, put_source


def truth_of(tmp_path, ids, boxes):
    by_frame = {frame: np.array([[*box, 1] for box in found], np.float32) for frame, found in boxes.items()}
    return GivenBoxes(tmp_path / "truth.json", by_frame, ids)


def test_a_tracklet_is_the_person_whose_boxes_are_its_own(index, tmp_path):
    source, content = made_up_source(1)
    put_source(index, source, content)
    first, second, third = (tracklet for tracklet, _ in content)
    # The boxes are 20 × 50 at (0, 0), in frames 0 to 4, 10 to 14, and 20 to 24.
    boxes, ids = {}, {}
    for frame in first.boxes["frame"].tolist():
        boxes[frame], ids[frame] = [(2, 0, 20, 50), (100, 0, 20, 50)], [7, 8]
    for frame in second.boxes["frame"].tolist():
        boxes[frame], ids[frame] = [(15, 0, 20, 50)], [8]
    for number, frame in enumerate(third.boxes["frame"].tolist()):
        boxes[frame], ids[frame] = [(0, 0, 20, 50)], [number]
    for name in ("hall", "1.mp4"):
        assert labels_from_truth(index, {name: truth_of(tmp_path, ids, boxes)}) == {first.id: "7"}
    with pytest.raises(DataError, match="roof"):
        labels_from_truth(index, {"roof": truth_of(tmp_path, ids, boxes)})
    with pytest.raises(DataError, match="no identities"):
        labels_from_truth(index, {"hall": truth_of(tmp_path, None, boxes)})


def test_annotated_tracks_are_of_one_whole_recording(index, tmp_path):
    (monday, content), (tuesday, _) = recordings = [made_up_source(number) for number in (1, 2)]
    for source, tracklets in recordings:
        put_source(index, source, tracklets)
    frames = content[0][0].boxes["frame"].tolist()
    boxes = {frame: [(0, 0, 20, 50)] for frame in frames}
    truth = truth_of(tmp_path, {frame: [7] for frame in frames}, boxes)
    with pytest.raises(DataError, match=r"2 recordings.*hall.*file name"):
        labels_from_truth(index, {"hall": truth})
    for name in ("1.mp4", monday.path):
        assert labels_from_truth(index, {name: truth}) == {content[0][0].id: "7"}
    with pytest.raises(DataError, match="given twice"):
        labels_from_truth(index, {"2.mp4": truth, tuesday.path: truth})
    source, tracklets = made_up_source(3, "gate")
    put_source(index, replace(source, missing=2), tracklets)
    with pytest.raises(DataError, match="2 frames of this recording"):
        labels_from_truth(index, {"gate": truth})


def test_a_table_round_trips_and_gives_vectors(index, tmp_path):
    source, content = made_up_source(1)
    put_source(index, source, content)
    forgotten = f"{source.id[:16]}-00009"
    labels = {content[0][0].id: "anna, who else", content[2][0].id: "bert", forgotten: "nobody"}
    write_labels(labels, tmp_path / "labels.csv")
    assert read_labels(tmp_path / "labels.csv") == labels
    known = labelled_vectors(index, labels, "here")
    assert known.persons.tolist() == ["anna, who else", "bert"]
    assert np.allclose(known.vectors[1], index.tracklet(content[2][0].id).embedding)
    with pytest.raises(DataError, match="no labelled tracklet"):
        labelled_vectors(index, {"gone": "nobody"}, "here")


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "tracklet,person\n1\n", "tracklet,person\n1,2\n1,3\n", "tracklet,person\n,2\n"]
)
def test_other_tables_are_refused(tmp_path, text):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError):
        read_labels(tmp_path / "labels.csv")
