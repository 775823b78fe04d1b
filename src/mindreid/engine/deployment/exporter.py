"""Export of an embedding network to MindIR, ONNX or AIR, verified in a fresh process.

What the exported graph takes and returns is described in :mod:`mindreid.engine.deployment.wrappers`. The
batch size is free, and so is the number of frames of a sequence, unless they are fixed by
:class:`mindreid.engine.deployment.export_sizes.ExportSizes`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, Optional, Union

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

from mindreid.atomic import atomic_path, write_json
from mindreid.config import InputConfig, Recipe
from mindreid.data.sample_loaders import takes_clips
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.checkpoints.networks import load_network
from mindreid.engine.deployment import mindir_graph, onnx_graph
from mindreid.engine.deployment.air_files import check_air
from mindreid.engine.deployment.export_sizes import ExportSizes
from mindreid.engine.deployment.wrappers import Deployable, deployable_network
from mindreid.engine.platform.compilation import compile_function
from mindreid.engine.platform.device import select_device
from mindreid.errors import DeviceError, ExportError, InvalidArgumentError, MissingExtraError
from mindreid.layers.precision import store_half

logger = logging.getLogger(__name__)

FORMATS = {"mindir": ".mindir", "onnx": ".onnx", "air": ".air"}
#: The operator set that MindSpore's exporter writes, whatever the installed onnx could.
ONNX_OPSET = 11
#: Largest absolute difference of an embedding's values between file and live network, for vectors
#: of unit length.
TOLERANCE = 1e-4
#: Sizes of the static ONNX trace; primes, so that they are told from the other dimensions.
_TRACED_SIZES = (7, 13, 17, 19)

Precision = Literal["float32", "float16"]


def export_checkpoint(
    recipe: Recipe,
    checkpoint: Path,
    path: Path,
    file_format: str,
    *,
    sizes: ExportSizes = ExportSizes(),  # noqa: B008 - immutable
    precision: Optional[Precision] = None,
    verify: bool = True,
) -> float:
    """Export a checkpoint's network; see :func:`export_network` for the rest.

    Parameters
    ----------
    precision : {"float32", "float16"}, optional
        What the file computes in, by default the recipe's level of mixed precision. In "float16" the
        weights of convolutions and linear maps are stored, too. An ONNX file always computes in
        float32: the operator set's batch norm takes no two types at once, and runtimes choose a lower
        precision by themselves.

    Raises
    ------
    InvalidArgumentError
        If an ONNX file of float16 is asked for.
    """
    device = select_device(recipe.device)
    if file_format == "air" and device.target != "Ascend":
        raise DeviceError(
            f"AIR files are written on an Ascend device, this one is a {device.target}",
            fix="export with --format mindir, which converter_lite makes into what Ascend runs",
        )
    if precision is not None or file_format == "onnx":
        recipe = _without_mixed_precision(recipe, file_format, precision)
    network, description = load_network(recipe, checkpoint)
    _warn_of_what_stays(recipe, description)
    # What is written is the recipe's network, whatever the weights were trained in.
    description = replace(description, network=dict(recipe.model.network))
    if precision == "float16":
        store_half(network)
    level = "float32" if recipe.device.amp_level == "O0" else recipe.device.amp_level
    return export_network(
        network, description, path, file_format, sizes=sizes, precision=precision or level, verify=verify
    )


def _warn_of_what_stays(recipe: Recipe, description: Description) -> None:
    """Warn where the recipe asks for what a file has as its weights were trained with."""
    trained, now = description.recipe, recipe.as_dict()
    if trained["input"] != now["input"] or trained["evaluation"]["metric"] != now["evaluation"]["metric"]:
        logger.warning(
            "the file prepares images and compares them as its weights were trained; the recipe's `input` "
            "and `evaluation.metric` differ and do not count"
        )


def _without_mixed_precision(recipe: Recipe, file_format: str, precision: Optional[Precision]) -> Recipe:
    if file_format == "onnx" and precision == "float16":
        raise InvalidArgumentError(
            "ONNX files compute in float32",
            fix="leave out --precision; runtimes lower it by themselves, see docs/deployment.md",
        )
    if precision is None and recipe.device.amp_level != "O0":
        logger.info("ONNX files compute in float32, mixed precision %s is left out", recipe.device.amp_level)
    return recipe.in_float32()


def export_network(
    network: nn.Cell,
    description: Description,
    path: Union[str, Path],
    file_format: str,
    *,
    sizes: ExportSizes = ExportSizes(),  # noqa: B008 - immutable
    precision: str = "float32",
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
        Ends in ``.mindir``, ``.onnx`` or ``.air``. ``<path>.json`` receives what it takes, size,
        normalisation, interpolation, which steps are inside the graph, precision, the checkpoint's
        description and the file's SHA-256. With a MindIR of fixed sizes or gears comes
        ``<path>.converter.cfg``, the configuration with which converter_lite makes it Ascend's.
    file_format : str
        "mindir", "onnx" or "air".
    sizes : ExportSizes
        Which of the input's sizes are fixed; of AIR files, all must be.
    precision : str
        What the network computes in, for the description: "float32", "float16" or a level of mixed
        precision.
    verify : bool
        Reload the file in a fresh process and compare with the live network on random images;
        a file that differs by more than 1e-4 is not left behind. Nothing runs AIR files: of them, the
        outermost structure is always read, and no more.

    Returns
    -------
    float
        The largest absolute difference that was seen, NaN without ``verify`` and of AIR files.

    Raises
    ------
    ExportError
        If the graph can't be exported or the file disagrees with the network.
    InvalidArgumentError
        If format and ending, or format, sizes and network, do not fit together.
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
    leading = _leading_sizes(deployable, sizes, file_format)
    difference = float("nan")
    with atomic_path(path) as temporary:
        _write_graph(deployable, leading, temporary, file_format)
        if verify and file_format != "air":
            difference = verify_export(deployable, temporary, sizes)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
    if file_format == "mindir":
        mindir_graph.write_converter_configuration(
            path, (*leading, *deployable.fixed_shape), sizes.dynamic_batch, half=precision == "float16"
        )
    beside = {
        "sha256": digest,
        "takes": deployable.takes,
        "shape": [*leading, *deployable.fixed_shape],
        "batch_sizes": sizes.batches,
        "frames": sizes.frames,
        "precision": precision,
        "preprocessing": dict(deployable.preprocessing),
        "input": preprocessing.model_dump(mode="json"),
    }
    write_json(path.with_name(path.name + ".json"), {**beside, **asdict(description)})
    return difference


def _leading_sizes(deployable: Deployable, sizes: ExportSizes, file_format: str) -> tuple[Optional[int], ...]:
    leading = sizes.leading(deployable.free_dimensions, deployable.frame_stride)
    if file_format != "mindir" and sizes.dynamic_batch:
        raise InvalidArgumentError(
            f"gears of the batch size are for MindIR, not for {file_format}",
            fix="leave --dynamic-batch out, or pass --format mindir",
        )
    if file_format == "air" and None in leading:
        raise InvalidArgumentError(
            "an AIR file's sizes are fixed", fix="pass --batch-size N, and of sequences --frames N"
        )
    return leading


def verify_export(
    deployable: Deployable,
    path: Path,
    sizes: ExportSizes = ExportSizes(),  # noqa: B008 - immutable
) -> float:
    """Compare a file, loaded in a fresh process, with the live network on random images.

    Returns
    -------
    float
        The largest absolute difference over two batch sizes (and two lengths of sequences), or those
        that the file is fixed to, relative to the mean length of the embedding's vectors.

    Raises
    ------
    ExportError
        If the file does not load, or differs by more than :data:`TOLERANCE`.
    """
    generator = np.random.default_rng(0)
    # Compiled, as files are: launched one by one, operators of float16 round more often.
    compute = compile_function(deployable.construct)
    worst = 0.0
    for leading in sizes.examples(deployable.free_dimensions, deployable.frame_stride):
        shape = (*leading, *deployable.fixed_shape)
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


def _write_graph(
    deployable: Deployable, leading: Sequence[Optional[int]], path: Path, file_format: str
) -> None:
    traced: Sequence[Optional[int]] = leading
    if file_format == "onnx":
        _require_onnx()
        primes = iter(size for size in _TRACED_SIZES if size not in leading)
        # Of frames, a prime is left after they were joined.
        strides = (1, deployable.frame_stride)
        traced = [size or (next(primes) + 1) * stride - 1 for size, stride in zip(leading, strides)]
    example = Tensor(shape=[*traced, *deployable.fixed_shape], dtype=ms.uint8)
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
        free = [None if size else trace for size, trace in zip(leading, traced)]
        onnx_graph.free_dimensions(path, free, deployable.frame_stride)
        onnx_graph.unfold_norms(path)
        onnx_graph.name_ends(path)
    elif file_format == "mindir":
        mindir_graph.name_input(path)
    else:
        check_air(path)


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
