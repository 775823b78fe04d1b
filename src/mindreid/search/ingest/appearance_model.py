"""What a person looks like, as a vector: an exported network of ours, or an ONNX file of others."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.data.formats.regular_files import file_checksum
from mindreid.data.generated_marker import WALKERS
from mindreid.data.transforms.geometry import resize
from mindreid.engine.deployment.exported_model import describe_exported
from mindreid.engine.deployment.runtimes import open_runtime
from mindreid.errors import InvalidArgumentError
from mindreid.search.index.tracklets import IndexedModel
from mindreid.search.ingest.foreign_inputs import foreign_inputs
from mindreid.search.onnx_session import OnnxSession

logger = logging.getLogger(__name__)

#: Where scripts/quickstart.sh leaves its network, below the repository.
QUICKSTART = Path("runs", "quickstart", "mgn.mindir")
_REPOSITORY = Path(__file__).parents[4]
_BATCH = 16
#: A network of OpenVINO: its graph, and its weights.
_OPENVINO = (".xml", ".bin")


class AppearanceModel:
    """An embedding network; made by :func:`open_appearance_model`.

    Parameters
    ----------
    compute : callable
        Maps uint8 RGB ``[N, height, width, 3]`` to ``[N, D]``.
    size : tuple of int
        Height and width.
    interpolation : str
        How crops are brought to that size.
    batch : int
        The number of images that it is always run on; fewer are filled up.
    """

    def __init__(
        self,
        compute: Callable[[np.ndarray], np.ndarray],
        size: tuple[int, int],
        interpolation: Any,
        batch: int,
    ) -> None:
        self._compute, self._batch = compute, batch
        self._resize = resize(*size, interpolation)
        self._size = size
        #: What an index notes of it; set once the dimension is known.
        self.described: IndexedModel

    def describe(self, path: Path, sha256: str, inputs: dict[str, Any]) -> AppearanceModel:
        """Run once to learn the dimension, and note where the network is from."""
        dimension = self._rows(np.zeros((1, *self._size, 3), np.uint8)).shape[1]
        self.described = IndexedModel(sha256, str(path.resolve()), inputs, dimension)
        return self

    def embed(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return float32 ``[N, D]`` of unit length for crops, uint8 RGB ``[h, w, 3]`` of any size.

        Raises
        ------
        InvalidArgumentError
            If the network gives a value that is no number.
        """
        unused = np.random.default_rng(0)
        resized = [self._resize(image, unused) for image in images]
        rows = [
            self._rows(np.stack(resized[begin : begin + self._batch]))
            for begin in range(0, len(resized), self._batch)
        ]
        vectors = np.concatenate(rows or [np.zeros((0, self.described.dimension), np.float32)])
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise InvalidArgumentError(
                "the network gives an embedding that is zero or no number", where=self.described.path
            )
        return np.asarray(vectors / lengths, np.float32)

    def embed_tracklet(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Return the mean of the crops' embeddings, float32 ``[D]`` of unit length."""
        return mean_direction(self.embed(crops))

    def _rows(self, images: np.ndarray) -> np.ndarray:
        filled = np.pad(images, ((0, self._batch - len(images)), (0, 0), (0, 0), (0, 0)), mode="edge")
        rows = np.asarray(self._compute(filled), np.float32)
        if rows.ndim > 2 and rows.shape[0] == self._batch:  # [N, D, 1, 1] of networks that end in a pooling
            rows = rows.reshape(self._batch, -1)
        if rows.ndim != 2 or rows.shape[0] != self._batch:
            raise InvalidArgumentError(f"an embedding network gives [N, D], this one {list(rows.shape)}")
        return rows[: len(images)]


def mean_direction(vectors: np.ndarray) -> np.ndarray:
    """Return the mean of vectors ``[N, D]``, float32 ``[D]`` of unit length."""
    mean = vectors.astype(np.float64).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def open_appearance_model(
    path: Optional[Path] = None, *, inputs: Optional[str] = None, batch: int = _BATCH
) -> AppearanceModel:
    """Open an embedding network.

    Parameters
    ----------
    path : Path, optional
        A MindIR or ONNX file of ``mindreid export``, or an ONNX file of others; by default the network of
        ``scripts/quickstart.sh``, with a warning.
    inputs : str, optional
        What an ONNX file of others takes, see
        :func:`mindreid.search.ingest.foreign_inputs.foreign_inputs`.
    batch : int
        Images per pass; another number may give vectors that differ in the last digits.

    Raises
    ------
    InvalidArgumentError
        If there is none, it is damaged, takes no single images, or nobody says what it takes.
    DeviceError, MissingExtraError
        If nothing that runs it is installed.
    """
    model = _quickstart() if path is None else path
    if not model.is_file():
        raise InvalidArgumentError("there is no such exported file", where=str(model))
    if model.suffix.lower() in _OPENVINO:
        raise InvalidArgumentError(
            "this is a file of OpenVINO, and networks are read as MindIR or ONNX",
            where=str(model),
            fix="convert it, `openvino2onnx model.xml model.onnx`, see docs/search.md",
        )
    if _is_foreign(model):
        return _open_foreign(model, inputs)
    if inputs is not None:
        raise InvalidArgumentError(
            "--model-input is for networks of others: this one was exported with its inputs", where=str(model)
        )
    exported = describe_exported(model)
    if exported.inputs.kind != "image":
        raise InvalidArgumentError(
            f"this network takes {exported.inputs.kind.replace('_', ' ')}s, where crops are plain images",
            where=str(model),
        )
    if _knows_walkers_only(model, is_default=path is None):
        logger.warning(
            "%s was trained on generated walkers and knows nothing else: of real persons its answers mean "
            "little; pass another network with --model",
            model.name,
        )
    size = exported.inputs.height, exported.inputs.width
    runtime = open_runtime(model)
    fixed = exported.batch_sizes
    opened = AppearanceModel(runtime, size, exported.inputs.interpolation, fixed[0] if fixed else batch)
    return opened.describe(model, exported.sha256, exported.inputs.model_dump(mode="json"))


def reopen(model: IndexedModel, path: Optional[Path] = None, *, batch: int = 1) -> AppearanceModel:
    """Open the network whose embeddings an index holds.

    Parameters
    ----------
    model : IndexedModel
        As the index notes it.
    path : Path, optional
        Where the file is now, if it was moved.
    batch : int
        Images per pass.

    Raises
    ------
    InvalidArgumentError
        If the file is gone or is another one.
    """
    place = place_of(model, path)
    if "colours" not in model.inputs:
        return open_appearance_model(place, batch=batch)
    from mindreid.search.ingest.foreign_inputs import ForeignInputs

    return _foreign(place, ForeignInputs.model_validate_json(json.dumps(model.inputs)), model.sha256)


def place_of(model: IndexedModel, path: Optional[Path] = None) -> Path:
    """Return where the network is whose embeddings an index holds; see :func:`reopen`."""
    place = Path(model.path) if path is None else path
    if not place.is_file():
        raise InvalidArgumentError(
            "the network of this index is not there any more",
            where=str(place),
            fix="pass its place with --model, or embed all anew with `mindreid search reembed`",
        )
    if file_checksum(place) != model.sha256:
        raise InvalidArgumentError(
            f"this is not the network of the index (SHA-256 {model.sha256[:12]}…)",
            where=str(place),
            fix="pass that one with --model, or embed all anew with `mindreid search reembed`",
        )
    return place


def _is_foreign(path: Path) -> bool:
    return path.suffix == ".onnx" and not path.with_name(path.name + ".json").is_file()


def _open_foreign(path: Path, chosen: Optional[str]) -> AppearanceModel:
    return _foreign(path, foreign_inputs(path, chosen), file_checksum(path))


def _foreign(path: Path, inputs: Any, sha256: str) -> AppearanceModel:
    session = OnnxSession(path, "an embedding network in ONNX")
    shape = session.shape
    expected = (3, inputs.height, inputs.width)
    if len(shape) != 4 or any(isinstance(own, int) and own != said for own, said in zip(shape[1:], expected)):
        raise InvalidArgumentError(
            f"the network takes {shape}, and is said to take [N, 3, {inputs.height}, {inputs.width}]",
            where=str(path),
            fix="pass the right --model-input",
        )
    batch = shape[0] if isinstance(shape[0], int) else 1
    opened = AppearanceModel(
        lambda images: session.run(inputs.planes(images))[0],
        (inputs.height, inputs.width),
        inputs.interpolation,
        batch,
    )
    return opened.describe(path, sha256, inputs.model_dump(mode="json"))


def _quickstart() -> Path:
    for folder in (Path.cwd(), _REPOSITORY):
        if (folder / QUICKSTART).is_file():
            return folder / QUICKSTART
    raise InvalidArgumentError(
        "there is no network yet",
        where=str(QUICKSTART),
        fix="run `bash scripts/quickstart.sh`, or pass an exported one with --model",
    )


def _knows_walkers_only(path: Path, *, is_default: bool) -> bool:
    content = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    trained_on = content.get("trained_on")
    if trained_on is not None:
        return trained_on.get("kind") == WALKERS
    # Earlier versions don't say it: what scripts/quickstart.sh trains, or in a folder like its.
    try:
        return is_default or Path(content["recipe"]["dataset"]["root"]).name == "walkers"
    except (KeyError, TypeError):
        return False
