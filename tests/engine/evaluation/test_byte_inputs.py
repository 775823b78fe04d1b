"""Evaluation with images that travel as bytes: the same embeddings, a quarter of what is sent."""

from __future__ import annotations

import numpy as np
import pytest
from mindspore import nn
from PIL import Image

from mindreid.config import load_recipe
from mindreid.data.formats.pickles import write_array
from mindreid.data.records import Record
from mindreid.engine.evaluation.features import build_extractor
from mindreid.engine.platform.distributed import Workers


class Corner(nn.Cell):
    """Some pixels of an image or of a sequence's first frame, so that nothing averages out."""

    def construct(self, images):
        return images[:, 0, :4, :4].reshape(images.shape[0], 16)


def write_images(folder):
    rng = np.random.default_rng(0)
    for number in range(5):
        picture = Image.fromarray(rng.integers(0, 256, (50 + number, 30, 3), dtype=np.uint8))
        picture.save(folder / f"{number}.png")
        yield Record((str(folder / f"{number}.png"),), number, 0)


def write_sequences(folder):
    rng = np.random.default_rng(0)
    for number in range(5):
        write_array(folder / f"{number}.pkl", rng.integers(0, 256, (3 + number, 64, 64), np.uint8))
        yield Record((str(folder / f"{number}.pkl"),), number, 0)


@pytest.mark.parametrize(
    ("recipe", "write"), [("trinet/smoke", write_images), ("gaitset/smoke", write_sequences)]
)
def test_embeddings_are_those_of_normalised_images(tmp_path, recipe, write):
    records, embeddings, sent = list(write(tmp_path)), {}, {}
    for on in (False, True):
        extract = build_extractor(
            load_recipe(recipe, [f"device.normalize={str(on).lower()}"]), Corner(), Workers()
        )
        batch = next(extract._batches(records, None))
        sent[on] = batch["images"]
        embeddings[on] = extract(records)
    assert sent[True].dtype == np.uint8
    assert sent[True].nbytes * 4 == sent[False].nbytes
    assert np.ptp(embeddings[True]) > 0.1
    np.testing.assert_allclose(embeddings[True], embeddings[False], rtol=1e-5, atol=1e-5)


class LastFrame(nn.Cell):
    """Some pixels of a sequence's last frame, which is absent where a row was filled up."""

    def construct(self, silhouettes):
        return silhouettes[:, -1, :4, :4].reshape(silhouettes.shape[0], 16)


def test_absent_frames_stay_absent(tmp_path):
    """No byte says that a frame is absent: sequences that are filled up with such travel as before."""
    records = list(write_sequences(tmp_path))
    off, on = (
        build_extractor(load_recipe("gaitgl/smoke", [f"device.normalize={value}"]), LastFrame(), Workers())(
            records
        )
        for value in ("false", "true")
    )
    assert off.min() == -1
    np.testing.assert_array_equal(on, off)
