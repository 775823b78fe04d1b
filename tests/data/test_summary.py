"""A dataset in numbers: the summary table, and counts beside the official ones."""

from mindreid import load_dataset
from mindreid.data.layouts import Shot
from mindreid.data.records import Dataset, Record, SplitStatistics
from mindreid.data.summary import compare_counts, format_summary

SHOTS = [
    *(Shot("train", pid, camera, 0, 0, 0) for pid in (1, 2) for camera in range(3)),
    *(Shot("query", 3, camera, 0, 0, 0) for camera in range(2)),
    *(Shot("gallery", 3, camera, 0, 0, frame) for camera in range(2) for frame in (1, 2)),
]


def test_hearsay_is_marked():
    records = (Record(("x.jpg",), 0, 0),)
    official = {"query": SplitStatistics(3_060, 1, approximate=("persons",))}
    dataset = Dataset("toy", None, records, records, records, {}, official)
    persons, images = compare_counts(dataset)
    assert str(persons) == "query persons 1 instead of about 3,060"
    assert images.agrees


def test_summary_table(tmp_path, write_shots):
    lines = format_summary(
        load_dataset("market1501", write_shots("market1501", tmp_path, SHOTS))
    ).splitlines()
    assert [line.split() for line in lines[1:6]] == [
        ["split", "persons", "images", "cameras", "outfits"],
        ["train", "2", "6", "3", "-"],
        ["query", "1", "2", "2", "-"],
        ["gallery", "1", "4", "2", "-"],
        ["query", "pool", "1", "6", "2", "-"],
    ]
    assert lines[6] == "protocols: standard (junk rule standard), multiple_query (junk rule standard)"


def test_summary_table_counts_tracklets_and_outfits():
    tracklets = tuple(Record(("a.jpg", "b.jpg"), pid, 0, clothes_id=pid) for pid in (0, 1))
    text = format_summary(Dataset("toy", None, tracklets, tracklets, tracklets, {}))
    assert [line.split() for line in text.splitlines()[1:3]] == [
        ["split", "persons", "tracklets", "cameras", "outfits"],
        ["train", "2", "2", "1", "2"],
    ]
