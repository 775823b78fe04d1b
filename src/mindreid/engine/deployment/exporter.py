"""Export of an embedding network to MindIR or ONNX, verified in a fresh process.

What the exported graph takes and returns is described in :mod:`mindreid.engine.deployment.wrappers`. The
batch size is free, and so is the number of frames of a sequence.
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
from mindspore import Tensor, nn

from mindreid.atomic import atomic_path, write_json
from mindreid.config import InputConfig, Recipe
from mindreid.data.sample_loaders import takes_clips
from mindreid.engine.checkpoints.checkpoint_files import Description, load_weights
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.onnx_graph import free_dimensions
from mindreid.engine.deployment.wrappers import Deployable, deployable_network
from mindreid.engine.platform.device import select_device
from mindreid.errors import ExportError, InvalidArgumentError, MissingExtraError

logger = logging.getLogger(__name__)

FORMATS = {"mindir": ".mindir", "onnx": ".onnx"}
#: The operator set that MindSpore's exporter writes, whatever the installed onnx could.
ONNX_OPSET = 11
#: Largest absolute difference of an embedding's values between file and live network, for vectors
#: of unit length.
TOLERANCE = 1e-4
#: The file must not depend on the sizes that it was traced or first run with: batch, frames.
_VERIFIED_SIZES = ((1, 4), (3, 2))
#: Sizes of the static ONNX trace; primes, so that they are told from the other dimensions.
_TRACED_SIZES = (7, 13)


def export_checkpoint(
    recipe: Recipe, checkpoint: Path, path: Path, file_format: str, *, verify: bool = True
) -> float:
    """Export a checkpoint's network in the recipe's precision; see :func:`export_network` for the rest.

    An ONNX file always computes in float32: the operator set's batch norm takes no two types at once,
    and runtimes choose a lower precision by themselves.
    """
    select_device(recipe.device)
    if file_format == "onnx" and recipe.device.amp_level != "O0":
        logger.info("ONNX files compute in float32, mixed precision %s is left out", recipe.device.amp_level)
        recipe = recipe.in_float32()
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
        Ends in ``.mindir`` or ``.onnx``. ``<path>.json`` receives what it takes, size, normalisation,
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
    deployable = deployable_network(network, preprocessing, clips=takes_clips(description.recipe))
    difference = float("nan")
    with atomic_path(path) as temporary:
        _write_graph(deployable, temporary, file_format)
        if verify:
            difference = verify_export(deployable, temporary)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
    beside = {"sha256": digest, "takes": deployable.takes, "input": preprocessing.model_dump(mode="json")}
    write_json(path.with_name(path.name + ".json"), {**beside, **asdict(description)})
    return difference


def verify_export(deployable: Deployable, path: Path) -> float:
    """Compare a file, loaded in a fresh process, with the live network on random images.

    Returns
    -------
    float
        The largest absolute difference over two batch sizes (and two lengths of sequences),
        relative to the mean length of the embedding's vectors.

    Raises
    ------
    ExportError
        If the file does not load, or differs by more than :data:`TOLERANCE`.
    """
    generator = np.random.default_rng(0)
    # Compiled, as files are: launched one by one, operators of float16 round more often.
    compute = ms.jit(deployable.construct)
    worst = 0.0
    for sizes in _VERIFIED_SIZES:
        shape = (*sizes[: deployable.free_dimensions], *deployable.fixed_shape)
        images = generator.integers(0, 256, shape, dtype=np.uint8)
        live = compute(Tensor(images)).asnumpy()
        loaded = _run_in_fresh_process(path, images)
        if loaded.shape != live.shape:
            raise ExportError(
                f"the file gives shape {loaded.shape}, the network {live.shape}", where=path.name
            )
        length = max(float(np.linalg.norm(live, axis=1).mean()), np.finfo(np.float32).tiny)
        # A maximum passes over NaN in one of its arguments; the comparison below must not.
        worst = max(worst, float(np.nan_to_num(np.abs(loaded - live) / length, nan=np.inf).max()))
    if not worst <= TOLERANCE:
        raise ExportError(
            f"the exported file differs from the live network by {worst:.3g}, so it was removed",
            fix="export again; if it stays, the network has a random or mode-dependent operator",
        )
    return worst


def _write_graph(deployable: Deployable, path: Path, file_format: str) -> None:
    free = deployable.free_dimensions
    if file_format == "onnx":
        _require_onnx()
        example = Tensor(np.zeros((*_TRACED_SIZES[:free], *deployable.fixed_shape), np.uint8))
    else:
        example = Tensor(shape=[*[None] * free, *deployable.fixed_shape], dtype=ms.uint8)
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
        # MindSpore writes files that not even their owner may change.
        path.chmod(0o600)
    if file_format == "onnx":
        free_dimensions(path, _TRACED_SIZES[:free])


def _require_onnx() -> None:
    for package in ("onnx", "onnxruntime"):
        try:
            __import__(package)
        except ImportError:
            raise MissingExtraError(package, "onnx", "export to ONNX") from None


def _run_in_fresh_process(path: Path, images: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "images.npy"), Path(folder, "embeddings.npy")
        np.save(source, images)
        command = [
            sys.executable,
            "-m",
            "mindreid.engine.deployment.run_exported",
            str(path.resolve()),
            str(source),
            str(target),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603
        if done.returncode != 0:
            reason = (done.stderr.strip() or "no message").splitlines()[-1]
            raise ExportError(f"the exported file does not run in a fresh process: {reason}")
        return np.load(target)
