"""A recipe whose input is clips of tracklets: training, and the mean over a tracklet's clips."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
import yaml
from mindspore import Tensor, nn, ops

from mindreid import zoo
from mindreid.config import load_recipe
from mindreid.data.formats.images import read_image
from mindreid.data.frame_selection import cover_frames, split_tracklet
from mindreid.data.open_dataset import load_dataset, open_dataset
from mindreid.data.transforms import evaluation_transform
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.training.run import train
from mindreid.errors import ConfigError
from mindreid.walkers import synthesize
from tests.engine.toy_methods import PlainObjective

FRAMES, STRIDE, CHUNK = 3, 2, 4


class ClipNetwork(nn.Cell):
    """Colour statistics of all frames of a clip, and a linear map: [B, 3, T, H, W] -> [B, 8]."""

    def __init__(self) -> None:
        super().__init__()
        self.neck = nn.Dense(6, 8)

    def construct(self, clips: Tensor) -> Tensor:
        """Embed clips."""
        mean = ops.mean(clips, (2, 3, 4))
        # Not linear in the frames, so that a mean over clips is not one over frames.
        return self.neck(ops.concat((mean, ops.mean(ops.relu(clips - 0.5), (2, 3, 4)) ** 2), 1))


def clip_network(num_classes: int = 0) -> ClipNetwork:
    """Build the network as the registry does."""
    return ClipNetwork()


@pytest.fixture(autouse=True)
def _clip_method(_toys):
    zoo.MODELS.register("toy_clips", zoo.ModelEntry(network=clip_network, objective=PlainObjective))


@pytest.fixture(scope="module")
def walkers(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips") / "walkers"
    synthesize("ccvid", root, 6, 1, frames=10, cameras=2, size=(32, 16))
    return root


@pytest.fixture
def recipe(walkers, tmp_path):
    content = {
        "model": {"name": "toy_clips"},
        "dataset": {"name": "ccvid", "root": str(walkers)},
        "input": {"height": 24, "width": 12},
        "frames": {"name": "clips", "count": FRAMES, "stride": STRIDE, "chunk": CHUNK},
        "sampler": {"name": "grouped_identities", "persons": 2, "images": 2},
        "augment": [{"name": "flip"}],
        "optimizers": {
            "network": {"name": "adam", "lr": 0.01, "schedule": {"name": "multi_step", "milestones": []}}
        },
        "train": {"epochs": 2, "reader_threads": 2, "evaluate_every": 0},
        "evaluation": {"flip": False, "batch_size": 8},
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(content))
    return lambda *overrides: load_recipe(str(path), overrides)


def test_a_recipe_of_clips_trains_and_evaluates(recipe, tmp_path):
    results = train(recipe(), tmp_path / "run")
    assert list(results) == ["standard", "clothes_changing", "same_clothes"]
    assert all(row["valid_queries"] == row["queries"] == 6 for row in results.values())
    # 3 persons × 2 outfits × 2 cameras, 10 frames in two pieces each: 24 pieces, 2 × 2 a batch.
    steps = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(steps) == 2 * (24 // 4)


def test_a_tracklet_has_the_mean_embedding_of_its_clips(recipe):
    ms.set_seed(1)
    run = EvaluationRun(recipe(), None)
    embeddings = run.extract(run.dataset.gallery)
    assert embeddings.shape == (len(run.dataset.gallery), 8)
    transform = evaluation_transform(run.recipe.input)
    for record, embedding in zip(run.dataset.gallery, embeddings):
        frames = [transform(read_image(path), None) for path in record.paths]
        clips = [np.stack([frames[i] for i in clip], 1) for clip in cover_frames(10, FRAMES, STRIDE)]
        assert len(clips) == 4
        alone = run.network(Tensor(np.stack(clips))).asnumpy()
        np.testing.assert_allclose(embedding, alone.mean(0), rtol=1e-5, atol=1e-6)


def test_the_training_split_is_cut_into_pieces(recipe):
    dataset = open_dataset(recipe())
    assert [len(record.paths) for record in dataset.train[:2]] == [CHUNK, 10 - CHUNK]
    assert {len(record.paths) for record in dataset.query + dataset.gallery} == {10}
    whole = load_dataset("ccvid", str(dataset.root))
    pieces = [piece for record in whole.train for piece in split_tracklet(record, CHUNK)]
    assert dataset.train == tuple(pieces)


def test_tracklets_are_not_read_as_single_images_unnoticed(recipe):
    with pytest.raises(ConfigError, match="'ccvid' are tracklets") as error:
        open_dataset(recipe("frames=null"))
    assert error.value.where == "frames"
