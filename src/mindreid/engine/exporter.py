"""Export of an embedding network to MindIR or ONNX, verified in a fresh process.

The exported graph takes what a camera gives, uint8 RGB images ``[N, H, W, 3]`` of the recipe's
size, and returns float32 L2-normalised embeddings ``[N, D]``: scaling, normalisation, layout and
norm are inside. The batch size is free. Resizing is left to the caller, with the interpolation
that the description beside the file names.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Union

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.atomic import atomic_path, write_json
from mindreid.config import InputConfig, Recipe
from mindreid.engine.assembly import build_network
from mindreid.engine.checkpoint import Description, load_weights
from mindreid.engine.device import select_device
from mindreid.errors import ExportError, InvalidArgumentError, MissingExtraError

logger = logging.getLogger(__name__)

FORMATS = {"mindir": ".mindir", "onnx": ".onnx"}
#: Largest absolute difference of a unit-length embedding's values between file and live network.
TOLERANCE = 1e-4
#: The file must not depend on the batch size that it was traced or first run with.
_VERIFIED_BATCHES = (1, 3)
#: Batch size of the static ONNX trace; a prime, so that it is told from the other dimensions.
_TRACED_BATCH = 7


class DeployableEmbedding(nn.Cell):
    """An embedding network with its pre-processing and L2 norm inside the graph.

    Parameters
    ----------
    network : nn.Cell
        ``construct(float32 [N, 3, H, W]) -> float32 [N, D]`` or ``[N, D, parts]``.
    preprocessing : InputConfig
        Mean and standard deviation of RGB values in [0, 1].
    """

    def __init__(self, network: nn.Cell, preprocessing: InputConfig) -> None:
        super().__init__()
        self.network = network
        mean, std = np.array(preprocessing.mean, np.float32), np.array(preprocessing.std, np.float32)
        self.scale = Tensor((1 / (255 * std)).reshape(1, 3, 1, 1))
        self.shift = Tensor((-mean / std).reshape(1, 3, 1, 1))

    def construct(self, images: Tensor) -> Tensor:
        """Map uint8 ``[N, H, W, 3]`` to float32 ``[N, D]`` of unit length."""
        planes = ops.transpose(ops.cast(images, ms.float32), (0, 3, 1, 2)) * self.scale + self.shift
        embedding = self.network(planes)
        # sqrt and division, since the ONNX exporter has no rsqrt.
        return embedding / ops.sqrt(ops.ReduceSum(True)(embedding * embedding, 1) + 1e-12)


def export_checkpoint(
    recipe: Recipe, checkpoint: Path, path: Path, file_format: str, *, verify: bool = True
) -> float:
    """Export a checkpoint's network; see :func:`export_network` for what is returned and raised."""
    select_device(recipe.device)
    network = build_network(recipe)
    description = load_weights(checkpoint, network, model=recipe.model.name)
    return export_network(network, description, path, file_format, verify=verify)


def export_network(
    network: nn.Cell,
    description: Description,
    path: Union[str, Path],
    file_format: str,
    *,
    verify: bool = True,
) -> float:
    """Write ``network`` with its pre-processing to ``path``, and a description beside it.

    Parameters
    ----------
    network : nn.Cell
        The inference network, weights loaded.
    description : Description
        Of the checkpoint; its recipe's input section sets size and normalisation.
    path : path
        Ends in ``.mindir`` or ``.onnx``. ``<path>.json`` receives size, normalisation,
        interpolation, the checkpoint's description and the file's SHA-256.
    file_format : str
        "mindir" or "onnx".
    verify : bool
        Reload the file in a fresh process and compare with the live network on random images;
        a file that differs by more than 1e-4 is not left behind.

    Returns
    -------
    float
        The largest absolute difference that was seen, NaN without ``verify``.

    Raises
    ------
    ExportError
        If the graph can't be exported or the file disagrees with the network.
    MissingExtraError
        If ONNX is asked for and the extra ``onnx`` is not installed.
    """
    path = Path(path)
    if FORMATS.get(file_format) != path.suffix:
        raise InvalidArgumentError(
            f"can't write format {file_format!r} to {path.name!r}",
            fix=f"formats and endings are {', '.join(f'{k} {v}' for k, v in FORMATS.items())}",
        )
    preprocessing = InputConfig.model_validate_json(json.dumps(description.recipe["input"]))
    network.set_train(False)
    deployable = DeployableEmbedding(network, preprocessing).set_train(False)
    difference = float("nan")
    with atomic_path(path) as temporary:
        _write_graph(deployable, preprocessing, temporary, file_format)
        if verify:
            difference = verify_export(deployable, preprocessing, temporary)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
    write_json(
        path.with_name(path.name + ".json"),
        {"sha256": digest, "input": preprocessing.model_dump(mode="json"), **asdict(description)},
    )
    return difference


def verify_export(deployable: nn.Cell, preprocessing: InputConfig, path: Path) -> float:
    """Compare a file, loaded in a fresh process, with the live network on random images.

    Returns
    -------
    float
        The largest absolute difference over two batch sizes.

    Raises
    ------
    ExportError
        If the file does not load, or differs by more than :data:`TOLERANCE`.
    """
    generator = np.random.default_rng(0)
    shape = (preprocessing.height, preprocessing.width, 3)
    worst = 0.0
    for batch in _VERIFIED_BATCHES:
        images = generator.integers(0, 256, (batch, *shape), dtype=np.uint8)
        live = deployable(Tensor(images)).asnumpy()
        loaded = _run_in_fresh_process(path, images)
        if loaded.shape != live.shape:
            raise ExportError(
                f"the file gives shape {loaded.shape}, the network {live.shape}", where=path.name
            )
        # A maximum passes over NaN in one of its arguments; the comparison below must not.
        worst = max(worst, float(np.nan_to_num(np.abs(loaded - live), nan=np.inf).max()))
    if not worst <= TOLERANCE:
        raise ExportError(
            f"the exported file differs from the live network by {worst:.3g}, so it was removed",
            fix="export again; if it stays, the network has a random or mode-dependent operator",
        )
    return worst


def _write_graph(deployable: nn.Cell, preprocessing: InputConfig, path: Path, file_format: str) -> None:
    size = (preprocessing.height, preprocessing.width, 3)
    if file_format == "onnx":
        _require_onnx()
        example = Tensor(np.zeros((_TRACED_BATCH, *size), np.uint8))
    else:
        example = Tensor(shape=[None, *size], dtype=ms.uint8)
    # MindSpore refuses to write to a path with a space or a letter beyond ASCII in it.
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, f"network{path.suffix}")
        try:
            ms.export(
                deployable, example, file_name=str(plain.with_suffix("")), file_format=file_format.upper()
            )
        except (RuntimeError, ValueError, TypeError) as error:
            raise ExportError(f"can't export to {file_format}: {str(error).splitlines()[0]}") from None
        shutil.move(plain, path)
    if file_format == "onnx":
        _free_batch_dimension(path)


def _require_onnx() -> None:
    for package in ("onnx", "onnxruntime"):
        try:
            __import__(package)
        except ImportError:
            raise MissingExtraError(package, "onnx", "export to ONNX") from None


def _free_batch_dimension(path: Path) -> None:
    """Turn the traced batch size into a free one, since the exporter takes static shapes only.

    Inputs and outputs get a named first dimension, and a reshape that repeats the traced batch
    size copies it from its input instead.
    """
    import onnx

    model = onnx.load(str(path))
    weights = {constant.name for constant in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        if value.name not in weights:
            value.type.tensor_type.shape.dim[0].dim_param = "N"
    targets = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in targets:
            shape = onnx.numpy_helper.to_array(node.attribute[0].t).copy()
            if len(shape) and shape[0] == _TRACED_BATCH:
                shape[0] = 0
                node.attribute[0].t.CopyFrom(onnx.numpy_helper.from_array(shape))
    onnx.save(model, str(path))


def _run_in_fresh_process(path: Path, images: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "images.npy"), Path(folder, "embeddings.npy")
        np.save(source, images)
        command = [
            sys.executable,
            "-m",
            "mindreid.engine.run_exported",
            str(path.resolve()),
            str(source),
            str(target),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603
        if done.returncode != 0:
            reason = (done.stderr.strip() or "no message").splitlines()[-1]
            raise ExportError(f"the exported file does not run in a fresh process: {reason}")
        return np.load(target)
