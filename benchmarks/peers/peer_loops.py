"""Training loops of others, on a CPU: Simple-CCReID's of CAL, OpenGait's of GaitBase.

Their code is read from a folder that the user names and stays as it is; what needs a GPU is replaced in
the running process alone. :data:`PATCHES` tells what, in words, and goes into the result.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
import types
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import yaml

PATCHES = (
    "NCCL: gloo, one process, no DistributedDataParallel around the networks",
    "cuda(), to(cuda), CUDA's streams and devices: nothing",
    "apex, TensorBoard: modules that do nothing",
    "torchvision's compiled operators, where they don't fit torch: nms and qnms declared, which neither uses",
    "Simple-CCReID: ResNet-50 from random weights; no test and no checkpoint at the end",
    "OpenGait: only the model that is trained is imported; float32; no synchronised batch norm",
)
#: What the gait loop reads: the partition's list of persons.
PARTITION = "CCPG.json"
_LIBRARIES: list[torch.library.Library] = []


class _Plain(torch.nn.Module):
    """Stands for DistributedDataParallel in a group of one."""

    def __init__(self, module: torch.nn.Module, **_options: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Any) -> Any:
        return self.module(*inputs)


def without_gpu() -> None:
    """Let code that asks for a GPU run on the CPU, in a process group of one."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="0")
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    for kind in (torch.Tensor, torch.nn.Module):
        kind.cuda = lambda self, *_, **__: self
        kind.to = _unless_cuda(kind.to)
    torch.cuda.set_device = lambda *_: None
    torch.cuda.current_device = lambda: 0
    torch.cuda.Stream = torch.cuda.current_stream = lambda *_: mock.MagicMock()
    torch.cuda.stream = lambda *_: contextlib.nullcontext()
    torch.nn.parallel.DistributedDataParallel = _Plain
    sys.modules["apex"] = mock.MagicMock()
    sys.modules["torch.utils.tensorboard"] = mock.MagicMock()
    _import_torchvision()


def _import_torchvision() -> None:
    """Import it even where its compiled operators were built for another torch: they are not needed."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        # Kept for as long as the operators shall be known.
        _LIBRARIES.append(torch.library.Library("torchvision", "FRAGMENT"))
        for operator in ("nms", "qnms"):
            _LIBRARIES[-1].define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        importlib.import_module("torchvision")


def _unless_cuda(move: Any) -> Any:
    def moved(self: Any, *arguments: Any, **options: Any) -> Any:
        device = options.get("device", arguments[0] if arguments else None)
        if isinstance(device, int) or getattr(device, "type", None) == "cuda":
            return self
        return move(self, *arguments, **options)

    return moved


def simple_ccreid(folder: Path, size: dict[str, int], data: Path, work: Path) -> list[float]:
    """Train CAL with Simple-CCReID's own ``main``; return the seconds of each epoch."""
    sys.path.insert(0, str(folder))
    main = importlib.import_module("main")
    torchvision = importlib.import_module("torchvision")
    build, train_epoch, seconds = torchvision.models.resnet50, main.train_cal, []
    torchvision.models.resnet50 = lambda **_: build()

    def timed(*arguments: Any) -> None:
        begin = time.perf_counter()
        train_epoch(*arguments)
        seconds.append(time.perf_counter() - begin)

    main.train_cal, main.test, main.save_checkpoint = timed, lambda *_: 0.0, lambda *_: None
    main.logger = mock.MagicMock()
    options = types.SimpleNamespace(
        cfg=str(folder / "configs" / "res50_cels_cal.yaml"),
        root=str(data),
        dataset="ltcc",
        output=str(work),
        **dict.fromkeys(("resume", "eval", "tag", "gpu", "amp")),
    )
    config = importlib.import_module("configs.default_img").get_img_config(options)
    config.defrost()
    config.DATA.HEIGHT, config.DATA.WIDTH = size["height"], size["width"]
    config.DATA.TRAIN_BATCH = size["persons"] * size["images"]
    config.DATA.NUM_INSTANCES, config.DATA.NUM_WORKERS = size["images"], size["workers"]
    config.TRAIN.MAX_EPOCH = size["epochs"]
    config.TRAIN.START_EPOCH_CC = config.TRAIN.START_EPOCH_ADV = 0
    config.TEST.EVAL_STEP = -1
    main.main(config)
    return seconds


def opengait(folder: Path, size: dict[str, int], data: Path, work: Path) -> list[float]:
    """Train GaitBase with OpenGait's own ``run_model``; return the seconds of each ``steps`` steps."""
    sys.path.insert(0, str(folder / "opengait"))
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    if not Path("configs").exists():
        Path("configs").symlink_to(folder / "configs")
    sys.argv = ["main.py"]
    utils = importlib.import_module("utils")
    utils.get_ddp_module = lambda module, *_, **__: module
    models = types.ModuleType("modeling.models")
    models.__path__ = [str(folder / "opengait" / "modeling" / "models")]
    sys.modules["modeling.models"] = importlib.import_module("modeling").models = models
    models.Baseline = importlib.import_module("modeling.models.baseline").Baseline
    main, marks = importlib.import_module("main"), []
    train_step = models.Baseline.train_step

    def marked(self: Any, loss: torch.Tensor) -> bool:
        done = train_step(self, loss)
        marks.append(time.perf_counter())
        return done

    models.Baseline.train_step = marked
    configuration = opengait_configuration(folder, size, data)
    Path("benchmark.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    cfgs = utils.config_loader("benchmark.yaml")
    main.initialization(cfgs, True)
    begin = time.perf_counter()
    main.run_model(cfgs, True)
    ends = marks[size["steps"] - 1 :: size["steps"]]
    return [end - start for start, end in zip([begin, *ends[:-1]], ends)]


def opengait_configuration(folder: Path, size: dict[str, int], data: Path) -> dict[str, Any]:
    """Return GaitBase's configuration for CCPG with the benchmark's data and sizes."""
    path = folder / "configs" / "gaitbase" / "gaitbase_ccpg.yaml"
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))
    configuration["data_cfg"].update(
        dataset_root=str(data), dataset_partition=str(data / PARTITION), num_workers=size["workers"]
    )
    configuration["model_cfg"]["SeparateBNNecks"]["class_num"] = size["classes"]
    trainer = configuration["trainer_cfg"]
    total = size["steps"] * size["epochs"]
    trainer.update(enable_float16=False, sync_BN=False, log_iter=10 * total, save_iter=10 * total)
    trainer["total_iter"] = total
    trainer["sampler"].update(batch_size=[size["persons"], size["images"]], frames_num_fixed=size["frames"])
    return configuration
