"""The device: chosen once, and everything that differs between targets in one place."""

from __future__ import annotations

import functools
import logging
import os
from dataclasses import dataclass
from typing import Optional

import mindspore as ms

from mindreid.config import DeviceConfig
from mindreid.engine.platform.compilation import choose_jit_level
from mindreid.errors import DeviceError
from mindreid.layers.precision import PrecisionLevel

logger = logging.getLogger(__name__)

TARGETS = ("Ascend", "GPU", "CPU")


@dataclass(frozen=True)
class Device:
    """What the engine needs to know of the chosen target.

    Attributes
    ----------
    target : str
        "Ascend", "GPU" or "CPU".
    amp_level : str
        Level of automatic mixed precision that will be used there.
    """

    target: str
    amp_level: PrecisionLevel = "O0"


def select_device(config: DeviceConfig, device_id: Optional[int] = None) -> Device:
    """Make ``config.target`` MindSpore's device; "auto" takes the first that is there.

    Parameters
    ----------
    config : DeviceConfig
        Target and mixed precision.
    device_id : int, optional
        Which accelerator; by default the environment's ``DEVICE_ID``, or the first. Workers of ``msrun``
        have one each.

    Raises
    ------
    DeviceError
        If this MindSpore build has no support for the target, the target lacks the precision or the
        jit level, or ``DEVICE_ID`` is no number.
    """
    target = _available_target(config.target)
    if target == "CPU" and config.amp_level != "O0":
        logger.warning("mixed precision %s is slower than float32 on CPU", config.amp_level)
    try:
        _set_device(target, _device_id(target) if device_id is None else device_id)
    except (RuntimeError, ValueError, TypeError) as error:
        raise DeviceError(f"can't use the device {target}: {str(error).splitlines()[0]}") from None
    choose_jit_level(config.jit_level, target)
    if target == "CPU":
        # Asynchronous launches cost small CPU kernels up to 20 times their own time.
        ms.runtime.launch_blocking()
    return Device(target, config.amp_level)


@functools.lru_cache(maxsize=1)
def _set_device(target: str, device_id: Optional[int]) -> None:
    """Set the device, unless it is what was set last: after workers have joined, that is refused."""
    ms.set_device(target) if device_id is None else ms.set_device(target, device_id)


def _device_id(target: str) -> Optional[int]:
    """Which of several accelerators the user chose; None: MindSpore's choice."""
    text = os.environ.get("DEVICE_ID", "").strip()
    if not text or target == "CPU" or "MS_WORKER_NUM" in os.environ:
        return None
    if not (text.isascii() and text.isdigit()):
        raise DeviceError(
            "the number of a device is 0, 1, …", where=f"DEVICE_ID={text}", fix="correct or unset it"
        )
    return int(text)


def _available_target(wanted: str) -> str:
    if wanted == "auto":
        return str(ms.get_context("device_target"))
    if not ms.hal.is_available(wanted):
        present = [target for target in TARGETS if ms.hal.is_available(target)]
        raise DeviceError(
            f"this MindSpore {ms.__version__} can't use {wanted}",
            where=f"available here: {', '.join(present)}",
            fix=f"install MindSpore for {wanted}, or pass --set device.target=auto",
        )
    return wanted
