"""However its folder is written, a dataset is the same files with the same labels."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from mindreid import load_dataset, zoo
from mindreid.cli import main
from mindreid.data.fingerprint import fingerprint
from mindreid.data.formats.images import RENDERED_SUFFIX
from mindreid.data.summary import SPLITS

DATASETS = zoo.DATASETS.names()


def _link(root, place):
    (place / "a link").symlink_to(root)
    return place / "a link"


def _dotted(root, place):
    (place / "other").mkdir()
    return place / "other" / ".." / os.path.relpath(root, place)


def _foreign(root, place):
    return shutil.copytree(root, place / "meine Bilder 数据" / "é ü", copy_function=os.link)


#: ``form(root, place)`` gives another name of ``root``, seen from the folder ``place``.
FORMS = {
    "relative": lambda root, place: os.path.relpath(root, place),
    "below": lambda root, place: _link(root, place).name,
    "two dots": _dotted,
    "trailing slash": lambda root, _: f"{root}/",
    "dotted slash": lambda root, place: f"./{os.path.relpath(root, place)}/./",
    "symbolic link": _link,
    "spaces and 数据": _foreign,
    "relative with 数据": lambda root, place: os.path.relpath(_foreign(root, place), place),
    "home": lambda root, place: f"~/{_link(root, place).name}",
    "path object": lambda root, _: root,
}


@pytest.fixture(params=sorted(FORMS))
def spelled(request, tmp_path, monkeypatch):
    """Give a folder another name that holds in the current folder."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(place))
    return lambda root: FORMS[request.param](root, place)


def described(dataset, root):
    """Everything of the records, with the paths below the root; the files are opened by the given names."""
    lists = [dataset.split(split) for split in SPLITS]
    for protocol in dataset.protocols.values():
        lists += [protocol.query, protocol.gallery, protocol.query_pool, *protocol.trials]
    base = os.path.realpath(os.path.expanduser(root))

    def below(path):
        assert path.endswith(RENDERED_SUFFIX) or os.path.getsize(path)
        return os.path.relpath(os.path.realpath(path), base)

    return [
        [replace(record, paths=tuple(map(below, record.paths))) for record in records] for records in lists
    ]


@pytest.mark.parametrize("name", DATASETS)
def test_the_same_records_under_every_name_of_the_root(name, generated, spelled):
    root = generated(name)
    plain = load_dataset(name, str(root))
    other = spelled(root)
    loaded = load_dataset(name, other)
    assert described(loaded, other) == described(plain, root)
    assert not any(path.startswith("..") for record in described(loaded, other)[0] for path in record.paths)
    assert fingerprint(loaded.train, loaded.root) == fingerprint(plain.train, plain.root)
    assert loaded.variant == plain.variant


@pytest.mark.parametrize("name", DATASETS)
def test_the_current_folder_as_root(name, generated, monkeypatch):
    root = generated(name)
    plain = load_dataset(name, str(root))
    monkeypatch.chdir(root)
    assert described(load_dataset(name, "."), ".") == described(plain, root)


@pytest.mark.parametrize("name", ["csv_list", "gait_pickles"])
def test_commands_take_every_name_of_the_root(name, generated, spelled, capsys):
    root = str(spelled(generated(name)))
    assert main(["data", "check", "--name", name, "--root", root, "--images"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("usable")


def test_a_tree_is_generated_under_every_name_of_its_folder(spelled, tmp_path):
    target = tmp_path / "new"
    target.mkdir()
    arguments = [
        "data",
        "synthesize",
        "--layout",
        "csv_list",
        "--ids",
        "2",
        "--frames",
        "2",
        "--cameras",
        "2",
    ]
    assert main([*arguments, "--root", str(spelled(target))]) == 0
    made = [path.parent for path in tmp_path.rglob("train.csv")]
    assert len(made) == 1
    assert len(load_dataset("csv_list", made[0]).train) == 8
