"""Trees of the clothes-changing datasets in their released grammar, written from lists of labels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One image or tracklet; ``number`` tells items apart and orders them within a split."""

    number: int
    pid: int
    camera: int
    outfit: int
    tracklet: int = 0


#: Somebody to train on, with two outfits, and no part in any test.
TRAIN = (Item(0, 900, 1, 1, 1), Item(1, 900, 2, 2, 2))


def _write_folders(folders, name):
    """Make a writer for a tree in which folders and names of images tell everything."""

    def write(root, splits, write_images):
        paths = {
            f"{folders[split]}/{name.format(i=item)}": item
            for split, items in splits.items()
            for item in items
        }
        write_images(root, paths)
        return {str(root / path): item for path, item in paths.items()}

    return write


def _write_prcc(root, splits, write_images):
    train = {f"rgb/train/{i.pid:03d}/{'ABC'[i.camera]}_{i.number:04d}.jpg": i for i in splits["train"]}
    test = {
        f"rgb/test/{'ABC'[i.camera]}/{i.pid:03d}/{i.number:04d}.jpg": i
        for split in ("query", "gallery")
        for i in splits[split]
    }
    write_images(root, [*train, *test])
    return {str(root / path): item for path, item in {**train, **test}.items()}


def _write_deepchange(root, splits, write_images):
    folders = {"train": "train-set", "query": "test-set-query", "gallery": "test-set-gallery"}
    items = {}
    for split, folder in folders.items():
        names = {
            f"P{i.pid:04d}_C{i.camera:02d}_202006{i.outfit:02d}_08_1_{i.number:05d}.jpg": i
            for i in splits[split]
        }
        write_images(root, [f"{folder}/{name}" for name in names])
        lines = "".join(f"{name},{item.tracklet}\n" for name, item in names.items())
        (root / f"{folder}-bbox.txt").write_text(lines)
        items.update({str(root / folder / name): item for name, item in names.items()})
    return items


def _write_last(root, splits, write_images):
    items = {}
    for split, folder in (
        ("train", "train/{:06d}"),
        ("query", "test/query"),
        ("gallery", "test/gallery/{:06d}"),
    ):
        for i in splits[split]:
            name = f"{i.pid:06d}_001_00001_{i.number:04d}_01_{i.outfit if split == 'train' else 0:03d}.jpg"
            items[f"{folder.format(i.pid)}/{name}"] = i
    write_images(root, items)
    return {str(root / path): item for path, item in items.items()}


def _write_ccvid(root, splits, write_images):
    """Every item is a tracklet of one frame; its number makes the session and part of the person's folder."""
    items = {}
    for split in ("train", "query", "gallery"):
        lines = []
        for i in splits[split]:
            # The person is what the list says; the folder's number only keeps tracklets apart.
            folder = (
                f"session1/{1000 * ('train', 'query', 'gallery').index(split) + i.number:04d}_{i.camera:02d}"
            )
            lines.append(f"{folder}\t{i.pid:03d}\tu{i.outfit}_l0_s0_c0_a0\n")
            items[f"{folder}/00001.jpg"] = i
        root.mkdir(parents=True, exist_ok=True)
        (root / f"{split}.txt").write_text("".join(lines))
    write_images(root, items)
    return {str(root / path): item for path, item in items.items()}


#: ``write(root, {"train": items, "query": items, "gallery": items}, write_images)`` by dataset; returns
#: from each file to its item.
WRITERS = {
    "ltcc": _write_folders(
        {"train": "train", "query": "query", "gallery": "test"},
        "{i.pid:03d}_{i.outfit}_c{i.camera}_{i.number:06d}.png",
    ),
    "vc_clothes": _write_folders(
        {"train": "train", "query": "query", "gallery": "gallery"},
        "{i.pid:04d}-{i.camera}-{i.outfit:02d}-{i.number}.jpg",
    ),
    "celeb_reid": _write_folders(
        {"train": "train", "query": "query", "gallery": "gallery"}, "{i.pid}_{i.number}_0.jpg"
    ),
    "prcc": _write_prcc,
    "deepchange": _write_deepchange,
    "last": _write_last,
    "ccvid": _write_ccvid,
}
