"""CUHK03: both forms of delivery, both kinds of boxes, and the extraction from MATLAB files."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from mindreid import load_dataset
from mindreid.errors import DataError, InvalidArgumentError

NAMES = [
    "1_001_1_01.png",
    "1_001_2_06.png",
    "1_002_1_02.png",
    "1_002_2_10.png",
    "5_001_1_05.png",
    "5_001_2_07.png",
]
CONFIG = {
    "labels": [1, 1, 2, 2, 3, 3],
    "camId": [1, 2, 1, 2, 1, 2],
    "train_idx": [4, 3],
    "query_idx": [1, 5],
    "gallery_idx": [2, 6],
}


def picture(name):
    """An image whose height, width and channels can't be mixed up unnoticed."""
    generator = np.random.default_rng(NAMES.index(name))
    return generator.integers(0, 256, (5 + NAMES.index(name), 3, 3), dtype=np.uint8)


def write_release(path, variant, names=NAMES):
    """Write ``cuhk-03.mat`` as MATLAB does: cells of references, arrays with the columns first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        pairs = file.create_dataset(variant, (1, 5), h5py.ref_dtype)
        for pair in range(5):
            cells = file.create_dataset(f"#refs#/{pair}", (10, 2), h5py.ref_dtype)
            for image, person in np.ndindex(10, 2):
                view = 1 if image < 5 else 2
                name = f"{pair + 1}_{person + 1:03d}_{view}_{image + 1:02d}.png"
                content = picture(name).T if name in names else np.zeros(2, np.uint64)
                cells[image, person] = file.create_dataset(f"#refs#/{name}", data=content).ref
            pairs[0, pair] = cells.ref


def write_config_level5(path, config=CONFIG, names=NAMES):
    filelist = np.empty((len(names), 1), object)
    filelist[:, 0] = names
    columns = {key: np.array(value, np.float64)[:, None] for key, value in config.items()}
    savemat(path, {"filelist": filelist, **columns})


def write_config_hdf5(path, config=CONFIG, names=NAMES):
    with h5py.File(path, "w", userblock_size=512) as file:
        cells = file.create_dataset("filelist", (1, len(names)), h5py.ref_dtype)
        for index, name in enumerate(names):
            codes = np.frombuffer(name.encode("utf-16-le"), np.uint16)[:, None]
            cells[0, index] = file.create_dataset(f"#refs#/{index}", data=codes).ref
        for key, value in config.items():
            file[key] = np.array(value, np.float64)[None]


@pytest.fixture
def release(tmp_path):
    root = tmp_path / "query_9_c2" / "cuhk03"
    write_release(root / "cuhk03_release" / "cuhk-03.mat", "labeled")
    write_config_level5(root / "cuhk03_new_protocol_config_labeled.mat")
    return root


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid) for record in records]


@pytest.mark.parametrize("write_config", [write_config_level5, write_config_hdf5])
def test_release(release, write_config):
    write_config(release / "cuhk03_new_protocol_config_labeled.mat")
    dataset = load_dataset("cuhk03", release, variant="labeled")
    assert summarize(dataset.train) == [("1_002_2_10.png", 0, 1), ("1_002_1_02.png", 0, 0)]
    assert summarize(dataset.query) == [("1_001_1_01.png", 1, 0), ("5_001_1_05.png", 3, 0)]
    assert summarize(dataset.gallery) == [("1_001_2_06.png", 1, 1), ("5_001_2_07.png", 3, 1)]
    assert dataset.variant == "labeled, first release"
    assert dataset.statistics["train"].records == 7_368


def test_release_images_are_extracted_upright(release):
    load_dataset("cuhk03", release, variant="labeled")
    extracted = sorted((release / "images_labeled").iterdir())
    assert [path.name for path in extracted] == sorted(NAMES)
    for path in extracted:
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture(path.name))


def test_extracted_images_suffice(release):
    before = load_dataset("cuhk03", release, variant="labeled")
    (release / "cuhk03_release" / "cuhk-03.mat").unlink()
    assert load_dataset("cuhk03", release, variant="labeled") == before


def test_extraction_stops_at_a_missing_image_and_goes_on_where_it_stopped(release):
    mat = release / "cuhk03_release" / "cuhk-03.mat"
    mat.unlink()
    write_release(mat, "labeled", [name for name in NAMES if name != "1_002_2_10.png"])
    with pytest.raises(DataError, match=r"no image '1_002_2_10\.png'"):
        load_dataset("cuhk03", release, variant="labeled")
    folder = release / "images_labeled"
    first = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert sorted(first) == NAMES[:3]

    mat.unlink()
    write_release(mat, "labeled")
    load_dataset("cuhk03", release, variant="labeled")
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    assert {name: (folder / name).stat().st_mtime_ns for name in first} == first


def test_truncated_release(release):
    mat = release / "cuhk03_release" / "cuhk-03.mat"
    mat.write_bytes(mat.read_bytes()[:4000])
    with pytest.raises(DataError, match="cannot extract") as error:
        load_dataset("cuhk03", release, variant="labeled")
    assert error.value.where == str(mat)


def test_images_cannot_be_written(release):
    (release / "images_labeled").write_text("in the way")
    with pytest.raises(DataError, match="cannot extract the images to"):
        load_dataset("cuhk03", release, variant="labeled")


def test_missing_release(release):
    (release / "cuhk03_release" / "cuhk-03.mat").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("cuhk03", release, variant="labeled")
    assert error.value.missing == ("cuhk03_release/cuhk-03.mat",)


def test_release_without_configuration(release):
    (release / "cuhk03_new_protocol_config_labeled.mat").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("cuhk03", release, variant="labeled")
    assert error.value.missing == ("cuhk03_new_protocol_config_labeled.mat",)


@pytest.mark.parametrize("write_config", [write_config_level5, write_config_hdf5])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_idx": [7]}, "query_idx points outside"),
        ({"query_idx": [0]}, "query_idx points outside"),
        ({"labels": [1, 2]}, "different lengths"),
        ({"labels": [0.5] * 6}, "fractions"),
    ],
)
def test_contradictory_configuration(release, write_config, change, message):
    config = release / "cuhk03_new_protocol_config_labeled.mat"
    write_config(config, {**CONFIG, **change})
    with pytest.raises(DataError, match=message) as error:
        load_dataset("cuhk03", release, variant="labeled")
    assert error.value.where == str(config)


@pytest.mark.parametrize("write_config", [write_config_level5, write_config_hdf5])
def test_configuration_without_a_variable(release, write_config):
    config = {key: value for key, value in CONFIG.items() if key != "camId"}
    write_config(release / "cuhk03_new_protocol_config_labeled.mat", config)
    with pytest.raises(DataError, match="camId"):
        load_dataset("cuhk03", release, variant="labeled")


def test_damaged_configuration(release):
    config = release / "cuhk03_new_protocol_config_labeled.mat"
    config.write_bytes(config.read_bytes()[:150])
    with pytest.raises(DataError, match="cannot read the MATLAB file"):
        load_dataset("cuhk03", release, variant="labeled")


@pytest.fixture
def folders(tmp_path, write_images):
    root = tmp_path / "query" / "cuhk03-np"
    for variant in ("detected", "labeled"):
        write_images(root / variant, ["bounding_box_train/0022_c1_1.png", "bounding_box_train/0004_c2_9.PNG"])
        write_images(root / variant, ["query/0001_c1_22.png", "bounding_box_test/0001_c2_01_x.png"])
    write_images(root / "detected", ["bounding_box_test/0001_c1_77.png"])
    (root / "detected" / "query" / "Thumbs.db").write_bytes(b"")
    return root


def test_folders(folders):
    detected = load_dataset("cuhk03", folders)
    labeled = load_dataset("cuhk03", folders, variant="labeled")
    assert summarize(detected.train) == [("0004_c2_9.PNG", 0, 1), ("0022_c1_1.png", 1, 0)]
    assert summarize(detected.gallery) == [("0001_c1_77.png", 1, 0), ("0001_c2_01_x.png", 1, 1)]
    assert summarize(labeled.gallery) == [("0001_c2_01_x.png", 1, 1)]
    assert (detected.variant, labeled.variant) == ("detected, CUHK03-NP", "labeled, CUHK03-NP")


def test_only_the_other_boxes_are_there(folders, release):
    (folders / "detected").rename(folders / "elsewhere")
    for root in (folders, release):
        with pytest.raises(DataError, match="only labeled boxes") as error:
            load_dataset("cuhk03", root, variant="detected")
        assert "variant=labeled" in error.value.fix


def test_folders_with_a_gap(folders):
    (folders / "detected" / "query").rename(folders / "elsewhere")
    with pytest.raises(DataError) as error:
        load_dataset("cuhk03", folders)
    assert error.value.missing == ("detected/query",)


def test_neither_form(tmp_path):
    with pytest.raises(DataError) as error:
        load_dataset("cuhk03", tmp_path)
    assert error.value.missing[0] == "detected/bounding_box_train"
    assert "cuhk-03.mat" in error.value.fix


def test_unknown_variant(folders):
    with pytest.raises(InvalidArgumentError, match="'detected', 'labeled'"):
        load_dataset("cuhk03", folders, variant="labelled")
