"""Is a dataset on disk what its loader expects? Behind ``mindreid data check``."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Optional

from tqdm import tqdm

from mindreid import zoo
from mindreid.atomic import PathLike
from mindreid.data.dataset_files import LayoutError
from mindreid.data.formats.images import read_image
from mindreid.data.formats.pickles import read_array
from mindreid.data.open_dataset import load_dataset
from mindreid.data.records import Dataset
from mindreid.data.summary import SPLITS, Count, compare_counts, format_summary
from mindreid.engine.evaluation.protocol_check import ProtocolFindings, check_protocols
from mindreid.errors import DataError, MindReidError
from mindreid.text_table import format_table


@dataclass(frozen=True)
class DatasetCheck:
    """What :func:`check_dataset` found.

    Attributes
    ----------
    name, root : str
        The registered dataset and its folder.
    tree : str
        The expected tree.
    notes : tuple of str
        What a user of this dataset should know.
    problem : str, optional
        Why it cannot be loaded; ``None`` if it can.
    missing : tuple of str
        Files and folders that are not there, relative to ``root``.
    summary : str
        The summary table; empty if the dataset cannot be loaded.
    counts : tuple of Count
        Counts beside the official ones, as far as these are known.
    protocols : ProtocolFindings
        What keeps the protocols from giving a figure, or spoils it.
    names : tuple of str
        All protocols.
    decoded : int, optional
        How many image files were decoded; ``None`` if that was not asked for.
    unreadable : tuple of str
        What is wrong with each image file that cannot be decoded.
    """

    name: str
    root: str
    tree: str
    notes: tuple[str, ...] = ()
    problem: Optional[str] = None
    missing: tuple[str, ...] = ()
    summary: str = ""
    counts: tuple[Count, ...] = ()
    protocols: ProtocolFindings = field(default_factory=lambda: ProtocolFindings({}, ()))
    names: tuple[str, ...] = ()
    decoded: Optional[int] = None
    unreadable: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the dataset can be used, in spite of warnings and other counts than the official ones."""
        return self.problem is None and not self.unreadable and not self.protocols.obstacles


def check_dataset(name: str, root: PathLike, *, verify_images: bool = False, **options: Any) -> DatasetCheck:
    """Compare a dataset on disk with what its loader expects and with its official statistics.

    Parameters
    ----------
    name : str
        A registered dataset, e.g. ``"market1501"``.
    root : path
        Its folder.
    verify_images : bool
        Also decode every image file, or file of a sequence, with a progress bar.
    **options
        The loader's own options.

    Raises
    ------
    InvalidArgumentError
        If there is no such dataset or option. What is wrong with the data itself is part of the
        result, not an exception.
    """
    entry = zoo.DATASETS[name]
    about: dict[str, Any] = {"name": name, "root": str(root), "tree": entry.tree, "notes": entry.notes}
    try:
        dataset = load_dataset(name, str(root), **options)
    except LayoutError as error:
        return DatasetCheck(**about, problem=f"{error.what}: {error.where}", missing=error.missing)
    except DataError as error:
        return DatasetCheck(**about, problem=str(error))
    decoded, unreadable = _decode_all(dataset) if verify_images else (None, ())
    return DatasetCheck(
        **about,
        summary=format_summary(dataset),
        counts=tuple(compare_counts(dataset)),
        protocols=check_protocols(dataset),
        names=tuple(dataset.protocols),
        decoded=decoded,
        unreadable=unreadable,
    )


def format_check(check: DatasetCheck) -> str:
    """Lay a check out as lines of text: the tree, what is missing, the counts, the images."""
    sections = [_section(f"expected tree of {check.name}", check.tree.splitlines())]
    sections.append(_section("missing", check.missing))
    sections.append(_section("cannot be loaded", [check.problem] if check.problem else []))
    sections.append(check.summary)
    counts = format_table([_count_row(count) for count in check.counts], "<<>")
    sections.append(_section("official counts", counts.splitlines()))
    obstacles = [f"{name}: {obstacle}" for name, obstacle in check.protocols.obstacles.items()]
    sections.append(_section("protocols that can't give a figure", obstacles))
    sections.append(_section("warnings", check.protocols.warnings))
    sections.append(_section("unreadable images", check.unreadable))
    sections.append(_section("note", check.notes))
    sections.append(_verdict(check))
    return "\n\n".join(section for section in sections if section)


def _section(title: str, lines: Iterable[str]) -> str:
    body = [f"  {line}" for line in lines]
    return "\n".join([f"{title}:", *body]) if body else ""


def _count_row(count: Count) -> tuple[str, str, str, str]:
    verdict = "✓" if count.agrees else f"differs, found {count.found:,}"
    about = "about " if count.approximate else ""
    return count.split, count.quantity, f"{about}{count.official:,}", verdict


def _verdict(check: DatasetCheck) -> str:
    if check.problem:
        return "not usable"
    images = "" if check.decoded is None else f", {check.decoded:,} images decoded"
    if check.unreadable:
        return f"not usable as it is{images}, {len(check.unreadable):,} of them unreadable"
    if check.protocols.obstacles:
        return f"not usable as it is{images}: {_remedy(check)}"
    warned = len(check.protocols.warnings)
    images = (f" with {warned} warning{'s' * (warned > 1)}" if warned else "") + images
    differing = sum(not count.agrees for count in check.counts)
    if differing:
        return f"usable{images}; {differing} of {len(check.counts)} counts differ from the released set"
    return f"usable{images}" + ("; all counts as released" if check.counts else "")


def _remedy(check: DatasetCheck) -> str:
    possible = [name for name in check.names if name not in check.protocols.obstacles]
    if not possible:
        return "no protocol can give a figure"
    return f"evaluate with --set 'evaluation.protocols=[{', '.join(possible)}]'"


def _decode_all(dataset: Dataset) -> tuple[int, tuple[str, ...]]:
    """Return how many distinct image files there are, and what is wrong with the unreadable ones."""
    lists = [dataset.split(split) for split in SPLITS]
    lists += [protocol.query_pool for protocol in dataset.protocols.values()]
    paths = list(dict.fromkeys(path for records in lists for record in records for path in record.paths))
    with ThreadPoolExecutor() as pool:
        problems = tqdm(pool.map(_problem, paths), "decoding", len(paths), unit="image", disable=None)
        return len(paths), tuple(problem for problem in problems if problem)


def _problem(path: str) -> str:
    read = read_array if path.endswith(".pkl") else read_image
    try:
        read(path)
    except MindReidError as error:
        return f"{error.where}: {error.what}"
    return ""
