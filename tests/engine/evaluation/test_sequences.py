"""Embeddings of records with many frames."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn, ops
from PIL import Image

from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import read_image
from mindreid.data.formats.pickles import write_array
from mindreid.data.records import Record
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.transforms import evaluation_transform
from mindreid.engine.evaluation.features import FeatureExtractor

LENGTHS = (3, 9, 5, 12, 3, 7, 4)


class SetNetwork(nn.Cell):
    """The maximum over time of a projection in two parts."""

    def __init__(self):
        super().__init__()
        self.weights = ms.Tensor(np.random.default_rng(0).normal(size=(64 * 44, 6)), ms.float32)

    def construct(self, silhouettes):
        frames = silhouettes.shape[1]
        projected = ops.matmul(silhouettes.reshape(-1, 64 * 44), self.weights)
        return ops.amax(projected.reshape(-1, frames, 3, 2), 1)


class MeanColour(nn.Cell):
    def construct(self, images):
        return images.mean((2, 3))


def extractor(network, inputs, batch_size, frames):
    return FeatureExtractor(
        network,
        evaluation_transform(inputs),
        batch_size=batch_size,
        flip=False,
        reader_threads=2,
        load=sample_loaders(Component(**frames), inputs).evaluation,
        frame_size=inputs.channels * inputs.height * inputs.width,
    )


@pytest.mark.parametrize("batch_size", [1, 8, 40])
def test_a_sequence_has_the_embedding_of_all_its_frames(tmp_path, batch_size):
    rng, records, expected = np.random.default_rng(0), [], []
    network = SetNetwork()
    for i, length in enumerate(LENGTHS):
        frames = rng.integers(0, 256, (length, 64, 64), np.uint8)
        write_array(tmp_path / f"{i}.pkl", frames)
        records.append(Record((str(tmp_path / f"{i}.pkl"),), i, 0))
        alone = ms.Tensor(frames[None, ..., 10:54] / np.float32(255))
        expected.append(network(alone).asnumpy()[0])
    inputs = InputConfig(kind="silhouettes", height=64, width=44)
    extract = extractor(network, inputs, batch_size, {"name": "unordered", "lengths": (4, 8, 12)})
    features = extract(records)
    assert features.shape == (7, 3, 2)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-3)


def test_graphs_are_reused_for_sequences_of_many_lengths(tmp_path):
    from mindspore.common.api import ms_compile_cache

    records = []
    for i, length in enumerate(range(1, 25)):
        write_array(tmp_path / f"{i}.pkl", np.zeros((length, 64, 64), np.uint8))
        records.append(Record((str(tmp_path / f"{i}.pkl"),), i, 0))
    inputs = InputConfig(kind="silhouettes", height=64, width=44)
    extract = extractor(SetNetwork(), inputs, 16, {"name": "unordered", "lengths": (8, 16, 24)})
    before = len(ms_compile_cache)
    extract(records)
    assert len(ms_compile_cache) - before == 3
    extract(records[::-1])
    assert len(ms_compile_cache) - before == 3


def test_frame_embeddings_of_a_tracklet_are_averaged(tmp_path):
    rng, records, expected = np.random.default_rng(0), [], []
    inputs = InputConfig(height=8, width=4)
    transform = evaluation_transform(inputs)
    for i, length in enumerate((3, 1, 6)):
        paths = tuple(str(tmp_path / f"{i}-{frame}.png") for frame in range(length))
        for path in paths:
            Image.fromarray(rng.integers(0, 256, (16, 8, 3), dtype=np.uint8)).save(path)
        records.append(Record(paths, i, 0))
        frames = [transform(read_image(path), np.random.default_rng()) for path in paths]
        expected.append(np.mean(frames, axis=(0, 2, 3)))
    features = extractor(MeanColour(), inputs, 4, {"name": "single", "limit": 6})(records)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
