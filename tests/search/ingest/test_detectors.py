"""Persons are found where they are, by what moves, and by a user's network of three forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label as connected_pieces

from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.detectors import intersection_over_union, keep_distinct, within
from mindreid.search.ingest.hog_people import HogPeople
from mindreid.search.ingest.moving_people import MovingPeople
from mindreid.search.ingest.onnx_detector import OnnxDetector
from mindreid.walkers import Walk, render_walk
from tests.search.constant_network import write_constant_network
from tests.search.recordings import BOX, boxes_of_frame, frame_image

BOXES = st.lists(
    st.tuples(*[st.integers(0, 50)] * 2, *[st.integers(1, 40)] * 2, st.floats(0, 1, width=32)), max_size=12
).map(lambda rows: np.array(rows, np.float32).reshape(-1, 5))


def plain_overlap(one, other):
    def pixels(box):
        return {
            (x, y)
            for x in range(int(box[0]), int(box[0] + box[2]))
            for y in range(int(box[1]), int(box[1] + box[3]))
        }

    return len(pixels(one) & pixels(other)) / len(pixels(one) | pixels(other))


@given(BOXES)
def test_overlaps_are_those_of_counted_pixels(boxes):
    for box in boxes[:3]:
        expected = [plain_overlap(box, other) for other in boxes]
        assert np.allclose(intersection_over_union(box, boxes), expected, atol=1e-5)


@given(BOXES)
def test_no_two_kept_boxes_overlap_and_every_dropped_one_has_a_better_neighbour(boxes):
    kept = keep_distinct(boxes, 0.4)
    for number, box in enumerate(kept):
        assert (intersection_over_union(box, np.delete(kept, number, axis=0)) < 0.4).all()
    for box in boxes:
        near = kept[intersection_over_union(box, kept) >= 0.4]
        assert (kept == box).all(axis=1).any() or (near[:, 4] >= box[4]).any()


@given(BOXES)
def test_boxes_are_cut_at_the_edges(boxes):
    moved = boxes - np.array([20, 20, 0, 0, 0], np.float32)
    cut = within(moved, 30, 25)
    assert (cut[:, :2] >= 0).all()
    assert (cut[:, 0] + cut[:, 2] <= 25).all()
    assert (cut[:, 1] + cut[:, 3] <= 30).all()


def test_what_moves_and_stands_upright_is_found():
    detector = MovingPeople()
    assert [len(detector(frame_image(0, ()))) for _ in range(10)] == [0] * 10
    for number in range(20):
        boxes = detector(frame_image(number, (1, 2)))
        for left, top in boxes_of_frame(number, (1, 2)).values():
            truth = np.array([left, top, *BOX], np.float32)
            assert intersection_over_union(truth, boxes).max() > 0.5


def test_what_stands_still_or_flickers_everywhere_is_nobody():
    detector = MovingPeople()
    assert [len(detector(frame_image(0, (1, 2)))) for _ in range(10)] == [0] * 10
    assert len(detector(frame_image(0, (1, 2)) // 2)) == 0


def test_a_small_picture_without_persons_has_none():
    for size in ((1, 1), (3, 400), (200, 150)):
        assert HogPeople()(np.full((*size, 3), 90, np.uint8)).shape == (0, 5)


def walker(pid):
    """The pixels of a generated person, and where they are: 256 × 128."""
    frame = render_walk(1, Walk(pid), 1, size=(256, 128), occlusion=0.0)[0]
    return frame.image, frame.silhouette > 0


def put_walker(picture, pid, left, top):
    """Draw a person into a picture; return the box of its own pixels."""
    image, shown = walker(pid)
    picture[top : top + 256, left : left + 128][shown] = image[shown]
    rows, columns = np.nonzero(shown)
    begin = left + columns.min(), top + rows.min()
    return np.array([*begin, columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()], np.float32)


def striped(height, width):
    picture = np.full((height, width, 3), 128, np.uint8)
    picture[::8] = 110
    return picture


@pytest.mark.parametrize("size", [(420, 640), (300, 1700)], ids=["as it is", "made smaller"])
@pytest.mark.parametrize("pid", [5, 6])
def test_a_person_is_found_at_its_place_in_a_picture(size, pid):
    picture = striped(*size)
    truth = put_walker(picture, pid, size[1] * 3 // 4, 20)
    (found,) = HogPeople()(picture)
    # The detector's windows are all of one shape, wider than somebody seen from the side.
    assert plain_overlap(truth, np.round(found)) > 0.65
    assert 0.6 < found[4] <= 1


@pytest.mark.parametrize("pids", [(3, 4), (6, 4)])
def test_two_persons_who_move_as_one_piece_are_two(pids):
    detector, still = MovingPeople(), striped(600, 640)
    assert [len(detector(still)) for _ in range(5)] == [0] * 5
    picture = still.copy()
    truths = [put_walker(picture, pid, left, 250) for pid, left in zip(pids, (300, 375))]
    moving = (picture != still).any(axis=2)
    assert connected_pieces(moving)[1] == 1
    found = detector(picture)
    assert len(found) == 2
    overlaps = [[plain_overlap(truth, np.round(box)) for box in found] for truth in truths]
    # Each has a box of its own.
    assert sorted(np.argmax(overlaps, axis=1)) == [0, 1]
    assert np.max(overlaps, axis=1).min() > 0.65


def test_yolo_boxes_come_back_out_of_the_grey_bars(tmp_path):
    # A picture of 100 × 100 becomes 64 × 64 in the middle of 64 × 96: 16 columns of grey to the left.
    output = np.zeros((1, 4 + 2, 9), np.float32)
    output[0, :4, 3] = 16 + 0.64 * 30, 0.64 * 50, 0.64 * 20, 0.64 * 60
    output[0, 4, 3] = 0.9
    output[0, :4, 5] = 48, 32, 10, 20
    output[0, 5, 5] = 0.95
    detector = OnnxDetector(write_constant_network(tmp_path / "yolo.onnx", {"out": output}))
    assert np.allclose(detector(np.zeros((100, 100, 3), np.uint8)), [[20, 20, 20, 60, 0.9]], atol=1e-3)
    other = OnnxDetector(tmp_path / "yolo.onnx", person_class=1)
    assert np.allclose(other(np.zeros((100, 100, 3), np.uint8))[0, 4], 0.95)
    with pytest.raises(InvalidArgumentError, match="no class 2"):
        OnnxDetector(tmp_path / "yolo.onnx", person_class=2)(np.zeros((100, 100, 3), np.uint8))


@pytest.mark.parametrize("are_logits", [True, False])
@pytest.mark.parametrize("order", [("boxes", "scores"), ("scores", "boxes")])
def test_rt_detr_shares_become_pixels(tmp_path, are_logits, order):
    values = {
        "boxes": np.array([[[0.5, 0.5, 0.2, 0.6], [0.1, 0.1, 0.1, 0.1]]], np.float32),
        "scores": np.array([[[2.0, -3, -4], [-5, 3, 1]]], np.float32),
    }
    if not are_logits:
        values["scores"] = (1 / (1 + np.exp(-values["scores"]))).astype(np.float32)
    detector = OnnxDetector(
        write_constant_network(tmp_path / "detr.onnx", {name: values[name] for name in order})
    )
    found = detector(np.zeros((100, 200, 3), np.uint8))
    assert np.allclose(found, [[80, 20, 40, 60, 1 / (1 + np.exp(-2))]], atol=1e-3)


def test_a_whole_rt_detr_gives_pixels_of_the_image(tmp_path):
    outputs = {
        "labels": np.array([[0, 1]]),
        "boxes": np.array([[[10, 20, 50, 90], [0, 0, 9, 9]]], np.float32),
        "scores": np.array([[0.8, 0.9]], np.float32),
    }
    path = write_constant_network(tmp_path / "whole.onnx", outputs, ("images", "orig_target_sizes"))
    found = OnnxDetector(path)(np.zeros((100, 200, 3), np.uint8))
    assert np.allclose(found, [[10, 20, 40, 70, 0.8]])


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"out": np.zeros((1, 300, 84), np.float32)}, r"out: \[1, 300, 84\]\) have no form that is known"),
        ({"out": np.full((1, 84, 300), 0.5, np.float32)}, "boxes are shares of the image"),
        (
            {"a": np.zeros((1, 9, 5), np.float32), "b": np.zeros((1, 9, 80), np.float32)},
            r"a, b: \[1, 9, 5\], \[1, 9, 80\]\) have no form",
        ),
        (
            {"a": np.zeros((1, 9, 4), np.float32), "b": np.zeros(9, np.float32)},
            r"a, b: \[1, 9, 4\], \[9\]\) have no form",
        ),
        ({name: np.zeros((1, 9), np.float32) for name in "abc"}, "a, b, c: .* have no form"),
    ],
)
def test_other_forms_of_outputs_are_refused(tmp_path, outputs, expected):
    detector = OnnxDetector(write_constant_network(tmp_path / "other.onnx", outputs))
    with pytest.raises(InvalidArgumentError, match=expected):
        detector(np.zeros((100, 100, 3), np.uint8))


def test_what_is_no_detector_is_refused(tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    (tmp_path / "damaged.onnx").write_bytes(b"no network")
    for name in ("damaged.onnx", "nothing.onnx"):
        with pytest.raises(InvalidArgumentError, match=name):
            OnnxDetector(tmp_path / name)
