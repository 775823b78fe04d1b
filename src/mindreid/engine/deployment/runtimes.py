"""What runs an exported file: MindSpore Lite, MindSpore or ONNX Runtime, whichever is installed."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.errors import DeviceError, InvalidArgumentError


class Runtime(ABC):
    """An exported file, ready to run.

    Attributes
    ----------
    name : str
        For users.
    package : str
        What must be installed.
    suffix : str
        Which files it runs.
    """

    name: str
    package: str
    suffix: str

    @abstractmethod
    def __init__(self, path: Path) -> None:
        """Load the file."""

    @abstractmethod
    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Map uint8 inputs, ``[N, H, W, 3]`` for images, to float32 embeddings ``[N, D]``."""

    @classmethod
    def is_installed(cls) -> bool:
        """Tell whether the package can be imported."""
        return importlib.util.find_spec(cls.package) is not None


class LiteRuntime(Runtime):
    """MindSpore Lite, which runs MindIR on Ascend without the framework.

    For Ascend, a MindIR must have one size, or gears that converter_lite compiled.
    """

    name, package, suffix = "MindSpore Lite", "mindspore_lite", ".mindir"

    def __init__(self, path: Path) -> None:
        import mindspore_lite

        context = mindspore_lite.Context()
        context.target = ["ascend"] if _has_ascend() else ["cpu"]
        self._model = mindspore_lite.Model()
        self._model.build_from_file(str(path), mindspore_lite.ModelType.MINDIR, context)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Run; a converted file's batch size is set to that of ``images``, one of its gears."""
        inputs = self._model.get_inputs()
        if list(inputs[0].shape) != list(images.shape):
            self._model.resize(inputs, [list(images.shape)])
            inputs = self._model.get_inputs()
        inputs[0].set_data_from_numpy(images)
        return self._model.predict(inputs)[0].get_data_to_numpy().astype(np.float32)


class MindSporeRuntime(Runtime):
    """MindSpore itself."""

    name, package, suffix = "MindSpore", "mindspore", ".mindir"

    def __init__(self, path: Path) -> None:
        import mindspore as ms

        self._tensor: Any = ms.Tensor
        try:
            self._graph = ms.nn.GraphCell(ms.load(str(path)))
        except (RuntimeError, ValueError):
            raise InvalidArgumentError(
                "this is no whole MindIR file", where=str(path), fix="export it again"
            ) from None

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Run the graph."""
        return self._graph(self._tensor(images)).asnumpy()


class OnnxRuntime(Runtime):
    """ONNX Runtime."""

    name, package, suffix = "ONNX Runtime", "onnxruntime", ".onnx"

    def __init__(self, path: Path) -> None:
        import onnxruntime

        try:
            self._session = onnxruntime.InferenceSession(
                str(path), providers=onnxruntime.get_available_providers()
            )
        except Exception as error:  # its exceptions have no common base class but Exception
            reason = str(error).splitlines()[0]
            raise InvalidArgumentError(
                f"this is no whole ONNX file ({reason})", where=str(path), fix="export it again"
            ) from None
        (source, *_) = self._session.get_inputs()
        self._input = source.name

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Run the session."""
        return self._session.run(None, {self._input: images})[0]


#: In the order in which they are preferred.
RUNTIMES: tuple[type[Runtime], ...] = (LiteRuntime, MindSporeRuntime, OnnxRuntime)


def open_runtime(
    path: Path, *, name: Optional[str] = None, fixed_sizes: bool = False, converted: bool = False
) -> Runtime:
    """Load an exported file with the first runtime that runs such files and is installed.

    Parameters
    ----------
    path : Path
        A ``.mindir`` or ``.onnx`` file.
    name : str, optional
        Of one runtime, to take no other.
    fixed_sizes : bool
        Whether all sizes of the file's input are fixed: MindSpore Lite is handed no other MindIR.
    converted : bool
        Whether converter_lite made the file, which is then for MindSpore Lite alone.

    Raises
    ------
    InvalidArgumentError
        If the file is neither, is damaged, is not for the runtime of that name, or must be converted
        for it.
    DeviceError
        If no runtime for it is installed.
    """
    fitting = [runtime for runtime in RUNTIMES if runtime.suffix == path.suffix]
    if not fitting:
        raise InvalidArgumentError(
            "an exported file ends in .mindir or .onnx", where=str(path), fix="see `mindreid export --help`"
        )
    if converted:
        fitting = [LiteRuntime]
    chosen = [runtime for runtime in fitting if name in (None, runtime.name)]
    if not chosen:
        raise InvalidArgumentError(
            f"{name} does not run {path.suffix} files",
            where=str(path),
            fix=f"choose {' or '.join(runtime.name for runtime in fitting)}",
        )
    if not (fixed_sizes or converted):
        if name == LiteRuntime.name:
            raise InvalidArgumentError(
                f"{name} is handed no MindIR whose sizes are free",
                where=str(path),
                fix="export it with --batch-size, or run converter_lite and pass --converted-from",
            )
        chosen = [runtime for runtime in chosen if runtime is not LiteRuntime]
    for runtime in chosen:
        if runtime.is_installed():
            return runtime(path)
    raise DeviceError(
        f"no runtime for {path.suffix} files is installed",
        where=str(path),
        fix=f"install {' or '.join(runtime.package for runtime in chosen)}",
    )


def _has_ascend() -> bool:
    return Path("/dev/davinci_manager").exists()
