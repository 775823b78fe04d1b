"""CCPG and CASIA-B: processed trees, partitions, modalities by name."""

import json

import numpy as np
import pytest

from mindreid import load_dataset
from mindreid.data.formats.pickles import write_array
from mindreid.engine.evaluation.dataset_check import check_dataset, format_check
from mindreid.errors import DataError

FRAMES = np.full((2, 64, 64), 255, np.uint8)


def write(root, sequences, modality="aligned-sils"):
    """Write ``subject/condition/view`` folders, in an order that is not the sorted one."""
    for sequence in np.random.default_rng(0).permutation(sequences):
        view = sequence.split("/")[-1]
        write_array(root / sequence / (f"{view}-{modality}.pkl" if modality else f"{view}.pkl"), FRAMES)
    return root


def described(records):
    return [(r.pid, r.condition, r.camera, r.camid, r.clothes_id) for r in records]


def test_ccpg_by_the_released_partition(tmp_path):
    root = write(
        tmp_path / "100",
        [
            "007/U0_D0/01_0", "007/U0_D0/01_1", "007/U1_D0/10_0", "003/U0_D0_BG/02_0", "003/U0_D0/02_0",
            "150/U3_D3/02_0", "150/U0_D3/01_0", "199/U3_D3/10_0",
        ],
    )  # fmt: skip
    dataset = load_dataset("ccpg", root)
    # Pids 0.. in order of the subjects; the bag is no outfit of its own; repeated walks share a camera.
    assert described(dataset.train) == [
        (0, "U0_D0", "02", 1, 0),
        (0, "U0_D0_BG", "02", 1, 0),
        (1, "U0_D0", "01", 0, 1),
        (1, "U0_D0", "01", 0, 1),
        (1, "U1_D0", "10", 2, 2),
    ]
    assert described(dataset.query) == [
        (150, "U0_D3", "01", 0, 0),
        (150, "U3_D3", "02", 1, 1),
        (199, "U3_D3", "10", 2, 2),
    ]
    assert dataset.query == dataset.gallery
    assert [(p.name, p.rule, p.query) for p in dataset.protocols.values()] == [
        ("ccpg", "ccpg", dataset.query)
    ]
    assert len({record.tracklet for record in dataset.train if record.pid == 1}) == 3


def test_casia_b_by_the_released_partition(tmp_path):
    root = write(tmp_path, ["074/nm-01/000", "074/cl-02/090", "075/bg-01/090", "124/nm-05/180"], "")
    dataset = load_dataset("casia_b", root)
    assert described(dataset.train) == [(0, "cl-02", "090", 1, 0), (0, "nm-01", "000", 0, 1)]
    assert described(dataset.query) == [(75, "bg-01", "090", 1, 0), (124, "nm-05", "180", 2, 1)]
    assert list(dataset.protocols) == ["single_view", "cross_view"]


def test_two_subjects_of_one_number_are_refused(tmp_path):
    root = write(tmp_path, ["1/U0_D0/01_0", "001/U0_D0/01_0", "150/U0_D0/01_0"])
    with pytest.raises(DataError, match="'001' and '1' are of the same person's number"):
        load_dataset("ccpg", root)
    (root / "1").rename(root / "one")
    (root / "CCPG.json").write_text(json.dumps({"TRAIN_SET": ["150"], "TEST_SET": ["one", "001"]}))
    assert [record.pid for record in load_dataset("ccpg", root).query] == [0, 2]


def test_a_partition_file_decides(tmp_path, caplog):
    root = write(tmp_path, ["000/U0_D0/01_0", "001/U0_D0/01_0", "002/U0_D0/01_0"])
    (root / "CCPG.json").write_text(json.dumps({"TRAIN_SET": ["001"], "TEST_SET": ["000", "999"]}))
    dataset = load_dataset("ccpg", root)
    assert [record.path.split("/")[-4] for record in dataset.train] == ["001"]
    assert [record.pid for record in dataset.query] == [0]
    assert "'002'" in caplog.text
    (root / "mine.json").write_text(json.dumps({"TRAIN_SET": ["002"], "TEST_SET": ["001"]}))
    assert [r.pid for r in load_dataset("ccpg", root, partition="mine.json").query] == [1]
    with pytest.raises(DataError, match=r"other\.json"):
        load_dataset("ccpg", root, partition="other.json")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "no partition"),
        ('{"TRAIN_SET": ["000"]}', "TEST_SET"),
        ("[" * 100_000, "no partition"),
        ('{"TRAIN_SET": "000", "TEST_SET": ["001"]}', "list of names"),
        ('{"TRAIN_SET": ["000", "001"], "TEST_SET": ["001"]}', "'001' is for both"),
    ],
)
def test_a_malformed_partition_is_one_error(tmp_path, content, problem):
    root = write(tmp_path, ["000/U0_D0/01_0", "001/U0_D0/01_0"])
    (root / "CCPG.json").write_text(content)
    with pytest.raises(DataError, match=problem) as error:
        load_dataset("ccpg", root)
    assert error.value.where == str(root / "CCPG.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_partition_in_any_marked_encoding(tmp_path, encoding):
    root = write(tmp_path, ["Zoë/U0_D0/01_0", "Øle/U0_D0/01_0"])
    text = json.dumps({"TRAIN_SET": ["Zoë"], "TEST_SET": ["Øle"]}, ensure_ascii=False)
    (root / "CCPG.json").write_bytes(text.encode(encoding))
    if encoding == "latin-1":
        with pytest.raises(DataError, match="Latin-1"):
            load_dataset("ccpg", root)
    else:
        assert [len(load_dataset("ccpg", root).split(split)) for split in ("train", "query")] == [1, 1]


def test_modalities_are_chosen_by_name(tmp_path):
    sequences = ["000/U0_D0/01_0", "100/U0_D0/01_0"]
    for modality in ("aligned-sils", "sils", "rgbs"):
        write(tmp_path, sequences, modality)
    for modality in ("aligned-sils", "sils", "rgbs"):
        dataset = load_dataset("ccpg", tmp_path, modality=modality)
        assert {record.path.split("/")[-1] for record in dataset.train} == {f"01_0-{modality}.pkl"}
        assert dataset.variant == modality
    with pytest.raises(DataError, match=r"no file '01_0-pose\.pkl'") as error:
        load_dataset("ccpg", tmp_path, modality="pose")
    assert "'aligned-sils', 'rgbs', 'sils'" in error.value.fix


def test_what_is_not_a_status_is_named(tmp_path):
    write(tmp_path, ["000/U0_D0/01_0", "100/nm-01/01_0"])
    with pytest.raises(DataError, match="'nm-01' is no status"):
        load_dataset("ccpg", tmp_path)


def test_a_missing_split_or_root_is_one_error(tmp_path):
    with pytest.raises(DataError, match="folder is not there"):
        load_dataset("ccpg", tmp_path / "nowhere")
    write(tmp_path, ["000/U0_D0/01_0"])
    with pytest.raises(DataError, match="query split of 'ccpg' is empty"):
        load_dataset("ccpg", tmp_path)


def test_the_check_names_the_damaged_sequence(tmp_path):
    write(tmp_path, ["000/U0_D0/01_0", "100/U0_D0/01_0"])
    damaged = tmp_path / "100/U0_D0/01_0/01_0-aligned-sils.pkl"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    found = check_dataset("ccpg", tmp_path, verify_images=True)
    assert not found.ok
    assert found.decoded == 2
    assert str(damaged) in format_check(found)
