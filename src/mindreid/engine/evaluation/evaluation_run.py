"""Evaluate a checkpoint, or the untrained network, and write a result file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Optional

import mindspore as ms
import numpy as np
from mindspore import nn

from mindreid.atomic import write_json
from mindreid.config import Recipe
from mindreid.data.generated_marker import generated_kind
from mindreid.data.open_dataset import open_dataset
from mindreid.data.records import Dataset
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.checkpoints.networks import build_started_network, load_network
from mindreid.engine.evaluation.features import FeatureExtractor, build_extractor
from mindreid.engine.evaluation.protocol_evaluation import evaluate_dataset, without_unknown_protocols
from mindreid.engine.evaluation.protocol_results import ProtocolResult, Results, results_to_json
from mindreid.engine.platform.device import select_device
from mindreid.engine.platform.distributed import join_workers
from mindreid.versions import library_versions

logger = logging.getLogger(__name__)


class EvaluationRun:
    """A recipe's dataset and network with a checkpoint's weights, ready to embed records.

    Parameters
    ----------
    recipe : Recipe
        Says which dataset, network and evaluation.
    checkpoint : Path, optional
        Weights; ``None`` leaves the network untrained, started as training would start it.
    other_dataset : bool
        Whether the dataset took the place of the one that the recipe's protocols are of: those that it
        does not have are left out.
    """

    def __init__(self, recipe: Recipe, checkpoint: Optional[Path], *, other_dataset: bool = False) -> None:
        select_device(recipe.device)
        self.workers = join_workers()
        ms.set_seed(recipe.train.seed)
        self.dataset: Dataset = open_dataset(recipe)
        if other_dataset:
            evaluation = without_unknown_protocols(self.dataset, recipe.evaluation)
            recipe = recipe.model_copy(update={"evaluation": evaluation})
        self.recipe, self.checkpoint = recipe, checkpoint
        self.network, self.description = self._load()
        self.extract: FeatureExtractor = build_extractor(recipe, self.network, self.workers)

    def _load(self) -> tuple[nn.Cell, Description]:
        if self.checkpoint is None:
            return build_started_network(self.recipe), Description.of(self.recipe, num_classes=0)
        return load_network(self.recipe, self.checkpoint)

    def headline(self) -> str:
        """Say what was evaluated on what."""
        weights = f"{self.checkpoint}, epoch {self.description.epoch}" if self.checkpoint else "untrained"
        variant = f" ({self.dataset.variant})" if self.dataset.variant else ""
        return f"{self.recipe.model.name}, {weights}, on {self.dataset.name}{variant}"

    def evaluate(self) -> dict[str, ProtocolResult]:
        """Rank every protocol of the dataset that the recipe asks for (default: all)."""
        return evaluate_dataset(self.extract, self.dataset, self.recipe.evaluation, self.workers)

    def embed(self, split: str) -> np.ndarray:
        """Embed a split's records: float32 ``[N, D]``, not normalised."""
        return self.extract(self.dataset.split(split))

    def write_result(self, path: Path, results: Results, command: str) -> None:
        """Write results as JSON with everything needed to know what was measured."""
        if not self.workers.is_first:
            return
        write_json(
            path,
            {
                "command": command,
                "dataset": {
                    "name": self.dataset.name,
                    "variant": self.dataset.variant,
                    "generated": generated_kind(self.dataset.root),
                },
                "checkpoint": str(self.checkpoint) if self.checkpoint else None,
                "epoch": self.description.epoch,
                "results": results_to_json(results),
                "recipe": self.recipe.as_dict(),
                "versions": library_versions(),
            },
        )
